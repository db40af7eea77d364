from typing import Any

import numpy as np
import pytest
from scipy.signal import convolve2d, correlate2d

from layers import ConvLayer
from layers.article import ConvLayer as ArticleConvLayer

SHAPES = pytest.mark.parametrize(
    ("input_shape", "kernel_shape", "layer_depth"),
    [
        ((5, 6, 3), (2, 3), 2),
        ((4, 4, 1), (3, 2), 4),
        ((3, 5, 2), (3, 5), 3),
        ((3, 4, 2), (1, 1), 1),
        ((2, 2, 2), (2, 2), 2),
    ],
)


def test_attributes() -> None:
    layer = ConvLayer((5, 6, 3), (2, 3), 4)
    assert layer.input_shape == (5, 6, 3)
    assert layer.output_shape == (4, 4, 4)
    assert layer.kernel_shape == (2, 3)
    assert (layer.input_depth, layer.layer_depth) == (3, 4)
    assert layer.weights.shape == (2, 3, 3, 4)
    assert layer.bias.shape == (4,)
    assert layer.weights.min() >= -0.5
    assert layer.weights.max() < 0.5


@SHAPES
def test_forward_against_scipy(input_shape: Any, kernel_shape: Any, layer_depth: int, rng: np.random.Generator) -> None:
    layer = ConvLayer(input_shape, kernel_shape, layer_depth)
    x = rng.normal(size=input_shape)
    expected = np.zeros(layer.output_shape) + layer.bias
    for k in range(layer_depth):
        for d in range(input_shape[2]):
            expected[:, :, k] += correlate2d(x[:, :, d], layer.weights[:, :, d, k], "valid")
    np.testing.assert_allclose(layer.forward_propagation(x), expected, atol=1e-14)


@SHAPES
def test_backward_against_scipy(
    input_shape: Any, kernel_shape: Any, layer_depth: int, rng: np.random.Generator
) -> None:
    layer = ConvLayer(input_shape, kernel_shape, layer_depth)
    x, dy = rng.normal(size=input_shape), rng.normal(size=layer.output_shape)
    weights, bias = layer.weights.copy(), layer.bias.copy()
    dx, dw = np.zeros(input_shape), np.zeros(weights.shape)
    for k in range(layer_depth):
        for d in range(input_shape[2]):
            dx[:, :, d] += convolve2d(dy[:, :, k], weights[:, :, d, k], "full")
            dw[:, :, d, k] = correlate2d(x[:, :, d], dy[:, :, k], "valid")
    layer.forward_propagation(x)
    np.testing.assert_allclose(layer.backward_propagation(dy, 0.5), dx, atol=1e-14)
    np.testing.assert_allclose(layer.weights, weights - 0.5 * dw, atol=1e-14)
    np.testing.assert_allclose(layer.bias, bias - 0.5 * dy.sum(axis=(0, 1)), atol=1e-14)


@SHAPES
def test_gradients(
    input_shape: Any, kernel_shape: Any, layer_depth: int, rng: np.random.Generator, check_layer: Any
) -> None:
    check_layer(ConvLayer(input_shape, kernel_shape, layer_depth), rng.normal(size=input_shape), ("weights", "bias"))


def test_it_is_the_articles_layer_where_the_depths_are_one(rng: np.random.Generator) -> None:
    ours, article = ConvLayer((5, 6, 1), (2, 3), 1), ArticleConvLayer((5, 6, 1), (2, 3), 1)
    article.weights, article.bias = ours.weights.copy(), ours.bias.copy()
    x, dy = rng.normal(size=(5, 6, 1)), rng.normal(size=(4, 4, 1))
    np.testing.assert_allclose(ours.forward_propagation(x), article.forward_propagation(x), atol=1e-14)
    np.testing.assert_allclose(ours.backward_propagation(dy, 0.5), article.backward_propagation(dy, 0.5), atol=1e-14)
    np.testing.assert_allclose(ours.weights, article.weights, atol=1e-14)
    np.testing.assert_allclose(ours.bias, article.bias, atol=1e-14)


def test_it_stays_right_for_strided_memory(rng: np.random.Generator) -> None:
    layer = ConvLayer((4, 5, 2), (2, 2), 3)
    x = rng.normal(size=(4, 5, 2))
    np.testing.assert_array_equal(
        layer.forward_propagation(np.asfortranarray(x)), layer.forward_propagation(np.ascontiguousarray(x))
    )


def test_float32_stays() -> None:
    layer = ConvLayer((4, 5, 2), (2, 3), 3)
    layer.weights, layer.bias = layer.weights.astype(np.float32), layer.bias.astype(np.float32)
    y = layer.forward_propagation(np.ones((4, 5, 2), dtype=np.float32))
    dx = layer.backward_propagation(y, 0.1)
    assert {a.dtype for a in (y, dx, layer.weights, layer.bias)} == {np.dtype(np.float32)}
