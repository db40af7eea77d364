import math
from typing import Any

import numpy as np
import pytest

from layers import FlattenLayer


@pytest.mark.parametrize("shape", [(5,), (1, 4), (2, 3, 4)])
def test_there_and_back(shape: tuple[int, ...], rng: np.random.Generator, check_layer: Any) -> None:
    layer = FlattenLayer(shape)
    x = rng.normal(size=shape)
    assert layer.output_shape == (1, math.prod(shape))
    y = layer.forward_propagation(x)
    np.testing.assert_array_equal(y, x.reshape(1, -1))
    np.testing.assert_array_equal(layer.backward_propagation(y, 0.1), x)
    check_layer(layer, x)


def test_memory_order_does_not_matter(rng: np.random.Generator) -> None:
    x = rng.normal(size=(2, 3, 4))
    y = FlattenLayer((2, 3, 4)).forward_propagation(np.asfortranarray(x))
    np.testing.assert_array_equal(y, x.reshape(1, -1))


def test_nothing_is_shared_with_the_caller() -> None:
    layer = FlattenLayer((2, 2))
    x, dy = np.ones((2, 2)), np.ones((1, 4))
    assert not np.shares_memory(layer.forward_propagation(x), x)
    assert not np.shares_memory(layer.backward_propagation(dy, 0.1), dy)


def test_float32_stays() -> None:
    layer = FlattenLayer((2, 2))
    y = layer.forward_propagation(np.ones((2, 2), dtype=np.float32))
    assert y.dtype == layer.backward_propagation(y, 0.1).dtype == np.float32
