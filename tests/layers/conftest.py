"""What the tests of the layers share: a central difference, and the gradients of a layer that updates itself."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from layers import Layer

Array = NDArray[Any]
Scalar = Callable[[], float]
Differentiate = Callable[[Scalar, Array], Array]
CheckLayer = Callable[..., None]


@pytest.fixture(autouse=True)
def _seeded() -> None:
    np.random.seed(0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def numeric_gradient() -> Differentiate:
    """Return d f() / d array, by central differences; f reads the array, whose entries are moved in place."""
    return _numeric_gradient


@pytest.fixture
def check_layer(rng: np.random.Generator) -> CheckLayer:
    """Compare every gradient of a layer, at a point x, with central differences of <Y, dY>."""

    def check(layer: Layer, x: Array, parameters: tuple[str, ...] = ()) -> None:
        dy = rng.normal(size=layer.forward_propagation(x).shape)

        def error() -> float:
            return float(np.sum(layer.forward_propagation(x) * dy))

        expected = {name: _numeric_gradient(error, getattr(layer, name)) for name in parameters}
        expected_dx = _numeric_gradient(error, x)
        before = {name: getattr(layer, name).copy() for name in parameters}
        layer.forward_propagation(x)
        x_before, dy_before = x.copy(), dy.copy()
        dx = layer.backward_propagation(dy, learning_rate=0.5)

        np.testing.assert_allclose(dx, expected_dx, atol=1e-8)
        for name in parameters:
            np.testing.assert_allclose((before[name] - getattr(layer, name)) / 0.5, expected[name], atol=1e-8)
        np.testing.assert_array_equal(x, x_before)
        np.testing.assert_array_equal(dy, dy_before)

    return check


def _numeric_gradient(f: Scalar, array: Array, step: float = 2.0**-17) -> Array:
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + step
        above = f()
        array[index] = kept - step
        below = f()
        array[index] = kept
        gradient[index] = (above - below) / (2 * step)
    return gradient
