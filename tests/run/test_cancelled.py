"""An output in which larger numbers cancel carries their rounding, which the steps of the noise may not show."""

import numpy as np
import pytest

from gradcheck import check
from gradcheck.base.arrays import Array

W, B = -1.8829080367785338, -0.6799313816069117
X = np.array([[-2.1649149431124197], [-0.3507626590119174], [-0.09995571337805247]])  # W x + b is -0.02 in the middle


class Dense:
    def __init__(self, off: float = 0.0) -> None:
        self.W, self.b, self.off = np.array([[W]]), np.array([B]), off

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.asarray(x @ self.W + self.b)

    def backward(self, d: Array) -> Array:
        self.dW, self.db = self.x.T @ d, d.sum(0)
        dx = d @ self.W.T
        dx[1] *= 1 + self.off
        return np.asarray(dx)


@pytest.mark.parametrize("seed", [0, 15, 32, 53])  # at which nothing of it shows, or at one end alone
def test_a_correct_layer_passes(seed: int) -> None:
    assert check(Dense(), X, seed=seed).verdict == "pass"


@pytest.mark.parametrize("seed", [0, 15, 32, 53])
def test_a_wrong_entry_there_is_found(seed: int) -> None:
    result = check(Dense(off=1e-7), X, seed=seed)
    assert result.leaves["input"].wrong == ((1, 0),)
