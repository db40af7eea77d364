"""A large parameter is copied once, whoever needs it back; and it is put back bit for bit."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

from gradcheck.base.large import BLOCK, identical, saved
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.layer import layer_subject

SIDE = 1200


class Large:
    def __init__(self) -> None:
        self.W = np.random.default_rng(0).normal(size=(SIDE, SIDE)) / SIDE

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, dy: Any) -> Any:
        self.dW = self.x.T @ dy
        return dy @ self.W.T


class Updating(Large):
    def backward(self, dy: Any, lr: Any = None) -> Any:
        dx = dy @ self.W.T
        self.W -= lr * (self.x.T @ dy)
        return dx


def test_unchanged_arrays_share_one_copy() -> None:
    array = np.zeros(BLOCK + 1)
    one, other = saved(array), saved(array)
    assert one is other
    array[-1] = 1.0
    assert saved(array) is not one
    assert not identical(saved(array), one)
    small = np.zeros(3)
    assert saved(small) is not saved(small)


@pytest.mark.parametrize("style", [Large, Updating])
def test_a_session_makes_no_copy_of_its_own(style: Any) -> None:
    layer = style()
    before, size = layer.W.copy(), layer.W.nbytes
    held = Snapshot(layer)
    subject = layer_subject(layer, np.random.default_rng(1).normal(size=(2, SIDE)), 0)
    tracemalloc.start()
    try:
        subject.forward()
        assert tracemalloc.get_traced_memory()[1] < 0.5 * size
    finally:
        tracemalloc.stop()
    held.restore()
    assert identical(layer.W, before)
