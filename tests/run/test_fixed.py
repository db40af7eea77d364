"""The fixed point of a baseline leaves no trace in the layer."""

import random

import numpy as np
import pytest

from gradcheck.gather.specimen import LayerSpecimen
from gradcheck.judge.verdict import Verdict
from gradcheck.run.check import check_specimen
from gradcheck.run.options import Options


class Affine:
    def __init__(self, fault: str = "") -> None:
        self.W = np.asfortranarray(np.arange(6.0).reshape(2, 3))
        self.W.flags.writeable = False
        self.b = np.zeros(3, dtype=np.float32)
        self.fault = fault

    def forward(self, x: np.ndarray) -> np.ndarray:
        if self.fault == "forward" and abs(self.W[0, 1]) < 0.5:
            raise ValueError("not there")
        self.x = x
        return np.asarray(x @ self.W + self.b)

    def backward(self, dout: np.ndarray) -> np.ndarray:
        if self.fault == "backward" and abs(self.W[0, 1]) < 0.5:
            raise ValueError("not there")
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return np.asarray(dout @ self.W.T)


@pytest.mark.parametrize("fault", ["", "forward", "backward"])
def test_nothing_is_left_of_it(fault: str) -> None:
    layer, x = Affine(fault), np.zeros((4, 2))
    W, b = layer.W, layer.b
    before = (W.tobytes(), b.tobytes(), x.tobytes(), set(vars(layer)), random.getstate(), repr(np.random.get_state()))
    result = check_specimen(LayerSpecimen(layer, x), "Affine", Options(fixed=True))
    assert result.verdict is (Verdict.ERROR if fault else Verdict.PASS), result.error
    assert (layer.W is W, layer.b is b, W.flags.writeable, W.flags.f_contiguous) == (True, True, False, True)
    after = (W.tobytes(), b.tobytes(), x.tobytes(), set(vars(layer)), random.getstate(), repr(np.random.get_state()))
    assert after == before


def test_the_gradients_are_those_of_the_point_and_not_of_the_layer() -> None:
    first, second = Affine(), Affine()
    second.W = first.W + 5.0
    one, two = (
        check_specimen(LayerSpecimen(each, np.zeros((4, 2))), "", Options(fixed=True)) for each in (first, second)
    )
    assert one.fingerprint is not None
    assert set(one.fingerprint.leaves) == {"input", "W", "b"}
    assert one.fingerprint == two.fingerprint
