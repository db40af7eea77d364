"""NaN and infinity from backward: `non-finite`, whatever the sign, the leaf, its size and its style."""

import numpy as np
import pytest

from gradcheck import check

BAD = {"inf": [np.inf], "-inf": [-np.inf], "nan": [np.nan], "both": [np.inf, -np.inf], "mixed": [np.nan, np.inf]}


class Scale:
    def __init__(self, size, dtype, bad=()):
        self.w, self.bad = np.linspace(1, 2, size, dtype=dtype), bad

    def forward(self, x):
        self.x = x
        return x * self.w

    def backward(self, dy):
        self.dw = (dy * self.x).sum(0)
        self.dw[: len(self.bad)] = self.bad
        return dy * self.w


class ScaleInput(Scale):
    def backward(self, dy):
        self.dw = (dy * self.x).sum(0)
        dx = dy * self.w
        dx[0, : len(self.bad)] = self.bad
        return dx


class Updating(Scale):
    def backward(self, dy, learning_rate):
        dx, dw = dy * self.w, (dy * self.x).sum(0)
        dw[: len(self.bad)] = self.bad
        self.w -= learning_rate * dw
        return dx


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("size", [4, 300])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("cls", "leaf"), [(Scale, "w"), (ScaleInput, "input"), (Updating, "w")])
def test_what_backward_gives_that_is_not_finite_fails(cls, leaf, dtype, size, bad):
    x = np.random.default_rng(0).normal(size=(3, size)).astype(dtype)
    result = check(cls(size, dtype, bad), x)
    assert (result.verdict, [(f.cause, f.leaf) for f in result.findings]) == ("fail", [("non-finite", leaf)])
    found = result.leaves[leaf]
    assert (found.verdict, len(found.wrong)) == ("fail", len(bad))
    assert np.isfinite([found.worst.numeric, found.worst.numeric_error, found.worst.tolerance]).all()


@pytest.mark.parametrize("size", [4, 300])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("cls", [Scale, ScaleInput, Updating])
def test_the_correct_twin_passes(cls, dtype, size):
    x = np.random.default_rng(0).normal(size=(3, size)).astype(dtype)
    assert check(cls(size, dtype), x).passed
