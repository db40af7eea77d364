"""Numpy's global generator is put back bit for bit, whatever was drawn; outputs that a layer writes over are kept."""

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck import check
from gradcheck.subjects.guard import RandomState


def state() -> bytes:
    return pickle.dumps(np.random.get_state(legacy=False))


@pytest.mark.parametrize("stored", [False, True], ids=["nothing in store", "a Gaussian in store"])
@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda: np.random.rand(3), id="uniform"),
        pytest.param(np.random.randn, id="one Gaussian"),
        pytest.param(lambda: np.random.randn(2), id="two Gaussians"),
        pytest.param(lambda: np.random.seed(4), id="a seed"),
        pytest.param(lambda: np.random.shuffle(list(range(9))), id="a shuffle"),
        pytest.param(lambda: None, id="nothing"),
    ],
)
def test_the_global_generator_is_put_back(draw: Callable[[], Any], *, stored: bool) -> None:
    np.random.seed(7)
    if stored:
        np.random.randn()
    before, kept = state(), RandomState(object())
    draw()
    assert kept.unchanged() is (state() == before)
    kept.restore()
    assert state() == before
    assert kept.unchanged()


class OneBuffer:
    """Hands out the same array every time, also as the gradient."""

    def __init__(self) -> None:
        self.W = np.random.default_rng(0).normal(size=(5, 4))
        self.out, self.back = np.zeros((2, 4)), np.zeros((2, 5))

    def forward(self, x: Any) -> Any:
        self.x = x
        np.tanh(x @ self.W, out=self.out)
        return self.out

    def backward(self, dy: Any) -> Any:
        d = dy * (1 - self.out**2)
        self.dW = self.x.T @ d
        np.matmul(d, self.W.T, out=self.back)
        return self.back


@pytest.mark.parametrize("method", ["entries", "screen"])
def test_an_output_may_be_written_over_by_the_next_forward(method: str) -> None:
    result = check(OneBuffer(), np.random.default_rng(1).normal(size=(2, 5)), method=method)
    assert result.passed, str(result)
