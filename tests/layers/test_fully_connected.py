from typing import Any

import numpy as np
import pytest

from layers import FCLayer


def test_forward_is_x_w_plus_b() -> None:
    layer = FCLayer((1, 2), (1, 3))
    layer.weights = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    layer.bias = np.array([[0.5, 0.0, -0.5]])
    np.testing.assert_array_equal(layer.forward_propagation(np.array([[1.0, 10.0]])), [[41.5, 52.0, 62.5]])


@pytest.mark.parametrize("n", [1, 2, 5])
def test_gradients(n: int, rng: np.random.Generator, check_layer: Any) -> None:
    check_layer(FCLayer((1, 3), (1, 2)), rng.normal(size=(n, 3)), ("weights", "bias"))


def test_an_empty_batch_changes_nothing() -> None:
    layer = FCLayer((1, 3), (1, 2))
    weights = layer.weights.copy()
    assert layer.forward_propagation(np.ones((0, 3))).shape == (0, 2)
    assert layer.backward_propagation(np.ones((0, 2)), 0.1).shape == (0, 3)
    np.testing.assert_array_equal(layer.weights, weights)


def test_parameters_start_uniform_and_seeded_by_the_global_generator() -> None:
    np.random.seed(7)
    layer = FCLayer((1, 40), (1, 50))
    np.random.seed(7)
    np.testing.assert_array_equal(layer.weights, np.random.rand(40, 50) - 0.5)
    np.testing.assert_array_equal(layer.bias, np.random.rand(1, 50) - 0.5)


def test_the_input_gradient_is_of_the_weights_before_the_update() -> None:
    layer = FCLayer((1, 3), (1, 2))
    weights = layer.weights.copy()
    layer.forward_propagation(np.ones((1, 3)))
    dx = layer.backward_propagation(np.array([[1.0, 2.0]]), learning_rate=10.0)
    np.testing.assert_array_equal(dx, np.array([[1.0, 2.0]]) @ weights.T)


def test_float32_stays() -> None:
    layer = FCLayer((1, 3), (1, 2))
    layer.weights, layer.bias = layer.weights.astype(np.float32), layer.bias.astype(np.float32)
    y = layer.forward_propagation(np.ones((2, 3), dtype=np.float32))
    dx = layer.backward_propagation(y, 0.1)
    assert {a.dtype for a in (y, dx, layer.weights, layer.bias)} == {np.dtype(np.float32)}
