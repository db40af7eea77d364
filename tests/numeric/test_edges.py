"""Near the edge of a root or a logarithm an entry bends far within the scale of its leaf: that is no noise."""

import numpy as np
import pytest

from gradcheck import check
from tests.numeric.test_noise import EPS, measured
from tests.thinned import thinned

POINT = np.array([[0.19, 2.7e-4, 0.13, 6.3e-18], [0.026, 0.42, 1.2e-4, 0.65]])
LOG = np.array([[0.19, 4e6, 12.0, 7e-6], [350.0, 0.026, 8e4, 0.65]])
PAIRS = {
    "sqrt": (np.sqrt, lambda d, x: d / 2 / np.sqrt(x), POINT),
    "cross-entropy": (lambda x: -np.log(x).sum(), lambda d, x: -d / x, POINT),
    "log": (np.log, lambda d, x: d / x, LOG),
}


@pytest.mark.parametrize("seed", thinned(range(5), 3))
@pytest.mark.parametrize("name", PAIRS)
def test_a_steep_entry_is_judged(name: str, seed: int) -> None:
    forward, backward, x = PAIRS[name]
    assert check(forward, backward, (x,), seed=seed).passed

    steepest = np.unravel_index(np.argmin(x), x.shape)  # the others' share of the leaf's gradient is below its floor

    def wrong(d, x):
        made = backward(d, x)
        made[steepest] *= 1 + 1e-4
        return made

    assert check(forward, wrong, (x,), seed=seed).leaves["input"].wrong == (steepest,)


def test_a_bend_is_no_noise() -> None:
    found = measured(np.sqrt, POINT.ravel())
    assert found.relative == EPS
    assert np.all(found.absolute <= 8 * EPS * np.sqrt(POINT.ravel()))


@pytest.mark.parametrize("level", [1e-3, 1e-9])
def test_noise_of_one_output_is_its_own(level: float) -> None:
    rng = np.random.default_rng(0)

    def forward(x):
        made = 1 + np.tanh(x)
        made[3] += level * rng.normal()
        return made

    found = measured(forward, np.linspace(-1, 1, 40))
    assert 0.2 * level < found.absolute[3] < 5 * level


def test_noise_of_every_output_is_that_of_all() -> None:
    rng = np.random.default_rng(0)
    found = measured(lambda x: (1 + np.tanh(x)) * (1 + 1e-3 * rng.normal(size=x.shape)), np.linspace(-1, 1, 40))
    assert 3e-4 < found.relative < 3e-3


class Swish:
    """Its sigmoid is computed in float32, whatever the input is: flat to the finest steps."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor

    def forward(self, x):
        self.x = x
        self.s = 1 / (1 + np.exp(-x, dtype=np.float32))
        return x * self.s

    def backward(self, dy):
        return self.factor * dy * (self.s + self.x * self.s * (1 - self.s))


class Halved(Swish):
    """What the finest steps see: the sigmoid as a constant."""

    def backward(self, dy):
        return dy * self.s


@pytest.mark.parametrize("seed", range(20))
def test_stairs_of_float32_inside_are_no_slope(seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(4, 6))
    assert check(Swish(), x, seed=seed).passed
    assert not check(Swish(1.01), x, seed=seed).passed


def test_a_backward_that_takes_stairs_for_a_constant_is_wrong() -> None:
    x = np.random.default_rng(0).normal(size=(4, 6))
    assert not check(Halved(), x).passed
