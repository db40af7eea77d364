"""The error bar of a ladder holds where the true derivative is known, kinks on the way included."""

from typing import Any

import numpy as np
import pytest

from gradcheck.numeric.directional import along
from gradcheck.numeric.noise import measure_noise
from gradcheck.numeric.rungs import Sampler
from gradcheck.subjects.leaf import Leaf, Role

RNG = np.random.default_rng(1)
W = RNG.normal(size=(40, 30))


def relu(x):
    return np.maximum(x, 0)


# name -> (f, vector-Jacobian product, size of x)
FUNCTIONS: dict[str, Any] = {
    "linear": (lambda x: x @ W, lambda x, g: W @ g, 40),
    "tanh": (np.tanh, lambda x, g: g * (1 - np.tanh(x) ** 2), 30),
    "fast": (lambda x: np.sin(50 * x), lambda x, g: 50 * g * np.cos(50 * x), 30),
    "1000 relus": (relu, lambda x, g: g * (x > 0), 1000),
    "relu network": (lambda x: relu(x @ W), lambda x, g: W @ (g * (x @ W > 0)), 40),
    "exponential": (lambda x: np.exp(3 * x), lambda x, g: 3 * g * np.exp(3 * x), 30),
    "offset": (lambda x: 1e6 + np.tanh(x), lambda x, g: g * (1 - np.tanh(x) ** 2), 30),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_true_derivative_is_within_the_bar(name):
    f, vjp, size = FUNCTIONS[name]
    rng = np.random.default_rng(3)
    held = [bar_holds(f, vjp, Leaf("x", Role.INPUT, rng.normal(size=size)), rng) for _ in range(200)]
    assert False not in held
    assert held.count(None) <= 2


def bar_holds(f, vjp, leaf, rng):
    """None where nothing could be told."""
    y = f(leaf.array)
    g, v = rng.normal(size=y.shape), rng.normal(size=leaf.shape)
    noise = measure_noise(lambda: f(leaf.array), [leaf], g, y, rng)
    estimate = along(Sampler(lambda: f(leaf.array), g, y, noise), leaf, v)
    terms = vjp(leaf.array, g) * v
    gap = abs(estimate.value - terms.sum())
    return bool(gap <= estimate.error + 1e-15 * np.abs(terms).sum()) if estimate.known else None


BENT = {
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "x + x|x|": lambda x: x + x * np.abs(x),
    "x + two curvatures": lambda x: x + np.where(x > 0, 3 * x**2, -(x**2)),
}


@pytest.mark.parametrize("name", BENT)
def test_where_the_curvature_jumps_the_bar_holds(name):
    """The differences fall as h there, not as h**2: an extrapolation in h**2 would claim too much."""
    f = BENT[name]
    leaf = Leaf("x", Role.INPUT, np.array([0.0, 0.7]))
    y, g = f(leaf.array), np.array([1.0, 0.5])
    noise = measure_noise(lambda: f(leaf.array), [leaf], g, y, np.random.default_rng(0))
    estimate = along(Sampler(lambda: f(leaf.array), g, y, noise), leaf, np.array([1.0, 0.0]))
    assert abs(estimate.value - 1.0) <= estimate.error
    assert estimate.error < 1e-8
