"""Backward's own rounding is not taken for what is not linear, nor the reverse."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check
from reports.correct import Attention
from reports.soundness import drawn

SATURATED = 1079  # a row of its softmax is 1, 2e-15, 2e-43; dE/dWq is 1e-7 where dY v^T is 600 and cancels


class Bent(Attention):
    """What it gives Wq hangs on how large the second row of dY is beside the largest."""

    def backward(self, dy: Any) -> Any:
        dx = super().backward(dy)
        self.dWq *= 1 + dy[1, 0] / np.abs(dy).max()
        return dx


class Offset:
    """1000 + 1e-8 w: a gradient far below the natural scale. excess: of |dY|, in backward."""

    def __init__(self, excess: float) -> None:
        self.w = np.array([1.0, -2.0, 0.5, 1.5])
        self.excess = excess

    def forward(self, x: Any) -> Any:
        return 1000.0 * x + 1e-8 * self.w

    def backward(self, dy: Any) -> Any:
        self.dw = 1e-8 * (dy + self.excess * np.abs(dy))
        return 1000.0 * dy


def causes(result: Any) -> set[tuple[str, str]]:
    return {(finding.leaf, finding.cause) for finding in result.findings}


def test_what_cancels_in_a_saturated_softmax_rounds() -> None:
    result = check(*drawn("attention", SATURATED), seed=SATURATED)
    assert (str(result.verdict), causes(result)) == ("pass", set())


def test_what_does_not_round_in_a_saturated_softmax_is_not_linear() -> None:
    layer, x = drawn("attention", SATURATED)
    layer.__class__ = Bent
    result = check(layer, x, seed=SATURATED)
    assert str(result.verdict) == "fail"
    assert ("Wq", "not-linear-upstream") in causes(result), str(result)


@pytest.mark.parametrize(("excess", "verdict"), [(0.0, "pass"), (0.1, "fail")])
def test_a_bend_far_below_the_natural_scale_is_no_rounding(excess: float, verdict: str) -> None:
    result = check(Offset(excess), np.array([1.0, 1.1, 0.9, 1.3]))
    assert str(result.verdict) == verdict
    assert (("w", "not-linear-upstream") in causes(result)) is (excess > 0)
