"""Which truths a loss is checked at, from what its forward takes."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check
from gradcheck.gather.cases import readings


class CrossEntropy:
    """Ids or one-hot rows; of a mixture -log(sum(p * y)) has another derivative. factor: 1 is right."""

    def __init__(self, factor: float = 1.0) -> None:
        self.scale = factor

    def forward(self, y_pred: Any, y_true: Any) -> Any:
        chosen = y_pred[range(len(y_pred)), y_true] if y_true.ndim == 1 else np.sum(y_pred * y_true, axis=1)
        return -np.mean(np.log(chosen))

    def backward(self, y_pred: Any, y_true: Any) -> Any:
        rows = np.eye(y_pred.shape[1])[y_true] if y_true.ndim == 1 else y_true * self.scale
        return -rows / y_pred / len(y_pred)


class Squares:
    def forward(self, y_pred: Any, y_true: Any) -> Any:
        return np.mean((y_pred - y_true) ** 2)

    def backward(self, y_pred: Any, y_true: Any) -> Any:
        return 2 * (y_pred - y_true) / y_pred.size


def truths(cls: type) -> list[str]:
    return [case.name.rpartition(" with ")[2] for case in readings(cls, [], "losses.py")[0].cases]


def test_a_loss_of_classes_is_checked_at_one_hot_rows_and_at_ids() -> None:
    assert truths(CrossEntropy) == ["a one-hot truth"] * 3 + ["ids"] * 3
    made: list[Any] = [case.build() for case in readings(CrossEntropy, [], "losses.py")[0].cases]
    assert all(check(case.layer, case.x).passed for case in made)
    wrong = [check(CrossEntropy(2.0), case.x).verdict.value for case in made]
    assert wrong == ["fail"] * 3 + ["pass"] * 3


def test_another_loss_is_checked_at_truths_between() -> None:
    assert truths(Squares) == ["a truth of its shape"] * 3


class SoftmaxLoss:
    """nnfs: `dvalues` of the loss's backward is the softmax that forward keeps in `output`."""

    def __init__(self, times: float = 1.0) -> None:
        self.times = times

    def forward(self, inputs: Any, y_true: Any) -> Any:
        e = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
        return -np.mean(np.log(self.output[range(len(inputs)), y_true]))

    def backward(self, dvalues: Any, y_true: Any) -> None:
        self.dinputs = dvalues.copy()
        self.dinputs[range(len(dvalues)), y_true] -= 1
        self.dinputs = self.times * self.dinputs / len(dvalues)


@pytest.mark.parametrize(("times", "verdict"), [(1.0, "pass"), (3.0, "fail")])
def test_what_a_loss_keeps_of_its_prediction_is_what_its_backward_gets(times: float, verdict: str) -> None:
    x = (np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 2, 1, 2]))
    assert check(SoftmaxLoss(times), x).verdict == verdict
