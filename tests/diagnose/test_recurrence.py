"""What every step hands to its weighted sums is found from the gradients, and says what is wrong with one of them."""

from typing import Any

import pytest

from gradcheck import check
from tests.planted.unseen_norms import ROWS as SAMPLES
from tests.planted.unseen_norms import THREE as NORMED
from tests.planted.unseen_norms import BatchNorm, layernorm
from tests.planted.unseen_recurrent import CELLS, GRU, RNN, ROWS, STEPS, Peephole, lstm


@pytest.mark.parametrize(
    ("bug", "leaf", "cause", "words"),
    [
        ("b", "b", "overwritten-contribution", "is the contribution of step 0 alone"),
        ("Wx", "Wx", "overwritten-contribution", "step"),
        ("state", "Wh", "time-step-wrong", "multiplies dz of each step by the state of that step, h[t]"),
        ("truncated", "Wh", "time-step-wrong", "lacks the steps before step 2: backward's loop ends too early"),
        ("carry", "Wh", "time-step-wrong", "backward hands nothing from a step to the step before it"),
        ("point", "input", "wrong-local-derivative", "the derivative of h[t] by its sum as 1 - z**2, of z before tanh"),
    ],
)
def test_a_recurrence_says_what_is_wrong(bug: str, leaf: str, cause: str, words: str) -> None:
    found = {finding.leaf: finding for finding in check(RNN(bug), STEPS).findings}
    assert found[leaf].cause == cause
    assert words in found[leaf].message
    assert not check(RNN(), STEPS).findings


@pytest.mark.parametrize(
    ("bug", "words"),
    [("cell", "1 - tanh(c)**2"), ("out", "takes c where"), ("order", "in the order [1, 0, 2, 3]")],
)
def test_the_gates_of_a_cell_are_told_apart(bug: str, words: str) -> None:
    assert all(words in finding.message for finding in check(*lstm(bug), CELLS).findings)
    assert check(*lstm(), CELLS).passed


def test_two_steps_are_enough_where_all_of_them_are_too_many_unknowns() -> None:
    (finding,) = check(GRU("ungated"), ROWS).findings
    assert (finding.leaf, finding.cause) == ("params['Un']", "elementwise-factor")
    assert "multiplies that state by a gate first" in finding.message


def test_where_dx_is_right_nothing_is_said_of_what_the_steps_hand_on() -> None:
    (finding,) = check(Peephole("bias"), ROWS).findings
    assert (finding.leaf, finding.cause) == ("bi", "unrecognised")


@pytest.mark.parametrize(
    ("made", "x", "words"),
    [
        (BatchNorm("axis"), SAMPLES, "takes the mean of dY over axis 1, but forward normalises over axis 0"),
        (layernorm("gamma"), NORMED, "lacks gamma"),
    ],
)
def test_a_normalisation_is_recognised(made: Any, x: Any, words: str) -> None:
    result = check(*made, x) if isinstance(made, tuple) else check(made, x)
    assert words in result.findings[0].message
