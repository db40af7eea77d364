"""Rows of operations drawn at random: right ones pass, one step that hands on 1.01 times its gradient fails."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check
from reports.trials import judged
from tests.api.tapes import Tape
from tests.thinned import thinned

LEAST = 1e-3  # of a gradient: what must not pass


def gradients(tape: Tape) -> list[Any]:
    """Of the input and of every parameter, for one dY."""
    output = tape.forward(tape.x)
    dx = tape.backward(np.random.default_rng(1).normal(size=output.shape))
    return [dx, *(getattr(tape, name) for name in sorted(vars(tape)) if name.startswith("dW"))]


def shows(right: Tape, wrong: Tape) -> bool:
    """Does the fault change any gradient? That of the first step, of no input, does not."""
    pairs = zip(gradients(right), gradients(wrong), strict=True)
    return any(np.max(np.abs(a - b)) > LEAST * np.max(np.abs(a)) > 1e-15 for a, b in pairs)


@pytest.mark.parametrize("seed", thinned(range(120), 3))
def test_any_row_of_operations(seed: int) -> None:
    right = Tape(seed)
    assert check(right, right.x).verdict == "pass"
    wrong = Tape(seed, wrong=seed % len(right.steps))
    if shows(Tape(seed), Tape(seed, wrong=wrong.wrong)):
        look = check if seed % 4 == 0 else judged  # the rest of their diagnosis is tests/planted's business
        assert look(wrong, wrong.x).verdict == "fail"


@pytest.mark.parametrize("seed", thinned(range(1000, 1040), 2))
def test_any_row_of_operations_in_float32(seed: int) -> None:
    right = Tape(seed, np.float32)
    assert check(right, right.x).verdict == "pass"
