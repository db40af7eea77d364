"""Error against step of a failing leaf: truncation, rounding and the plateau of a wrong gradient are all in it."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check
from gradcheck.render.charts import regions
from gradcheck.run.curve import STEPS
from gradcheck.store.record import check_record


class Tanh:
    """tanh(x W), whose dW is `factor` times what it should be, at the entries of `at`."""

    def __init__(self, shape: tuple[int, int], factor: float, at: Any = ...) -> None:
        self.W = np.random.default_rng(0).normal(size=shape) / np.sqrt(shape[0])
        self.factor, self.at = factor, at

    def forward(self, x: Any) -> Any:
        self.x, self.y = x, np.tanh(x @ self.W)
        return self.y

    def backward(self, dout: Any) -> Any:
        d = dout * (1 - self.y**2)
        self.dW = self.x.T @ d
        self.dW[self.at] *= self.factor
        return d @ self.W.T


X = np.random.default_rng(1).normal(size=(2, 5))
WRONG = 1 + 1e-3


def test_a_failing_leaf_has_all_steps_and_both_curves() -> None:
    result = check(Tanh((5, 3), WRONG), X)
    leaf = result.leaves["W"]
    assert len(leaf.curve) >= STEPS
    assert [step for step, _ in leaf.curve] == [step for step, _ in leaf.distance]
    assert leaf.curve[0][0] / leaf.curve[-1][0] == 4.0 ** (STEPS - 1)
    assert leaf.worst is not None
    gap = leaf.worst.difference
    best = min(error for _, error in leaf.curve)
    assert best < 1e-6 * gap
    assert leaf.curve[0][1] > 1e3 * best  # truncation
    assert leaf.curve[-1][1] > 1e3 * best  # rounding
    flat = [far for _, far in leaf.distance if abs(far / gap - 1) < 0.1]
    assert len(flat) >= STEPS // 2  # whatever the step: the plateau
    assert set(regions(leaf.curve, gap)) == {"rounding", "truncation", "plateau"}


def test_the_curve_is_paid_by_the_diagnosis() -> None:
    wrong, right = (check(Tanh((5, 3), factor), X) for factor in (WRONG, 1.0))
    assert wrong.evaluations.diagnosis_forward >= STEPS
    assert right.evaluations.diagnosis_forward == 0
    assert all(leaf.curve == leaf.distance == () for leaf in right.leaves.values())


def test_a_leaf_that_passes_beside_one_that_fails_has_none() -> None:
    result = check(Tanh((5, 3), WRONG), X)
    assert result.leaves["input"].curve == ()
    record = check_record(result)["leaves"]
    assert [("curve" in leaf, "distance" in leaf) for leaf in record] == [(False, False), (True, True)]


def test_a_screened_leaf_has_the_curve_of_the_entry_that_was_found() -> None:
    result = check(Tanh((40, 30), 2.0, (7, 9)), np.random.default_rng(1).normal(size=(1, 40)))
    leaf = result.leaves["W"]
    assert (leaf.method, leaf.wrong) == ("screen", ((7, 9),))
    assert leaf.worst is not None
    assert min(error for _, error in leaf.curve) < 1e-6 * leaf.worst.difference
    assert abs(leaf.distance[8][1] / leaf.worst.difference - 1) < 0.1


@pytest.mark.parametrize("spoil", [np.nan, None], ids=["NaN", "shape"])
def test_a_gradient_without_a_value_has_no_distance(spoil: float | None) -> None:
    class Odd(Tanh):
        def backward(self, dout: Any) -> Any:
            dx = super().backward(dout)
            self.dW = self.dW.T if spoil is None else self.dW * spoil
            return dx

    leaf = check(Odd((5, 3), 1.0), X).leaves["W"]
    assert str(leaf.verdict) == "fail"
    assert len(leaf.curve) >= STEPS
    assert leaf.distance == ()
