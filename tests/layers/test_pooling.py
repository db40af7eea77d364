from typing import Any

import numpy as np
import pytest

from layers import MaxPoolLayer

SHAPES = pytest.mark.parametrize(
    ("input_shape", "pool_shape", "stride"),
    [
        ((4, 6, 2), (2, 2), None),
        ((5, 7, 3), (2, 2), None),
        ((5, 6, 2), (3, 2), (1, 1)),
        ((7, 6, 1), (2, 1), (3, 2)),
        ((3, 4, 2), (3, 4), None),
        ((3, 4, 2), (1, 1), None),
    ],
)


@SHAPES
def test_forward_against_a_loop(input_shape: Any, pool_shape: Any, stride: Any, rng: np.random.Generator) -> None:
    layer = MaxPoolLayer(input_shape, pool_shape, stride)
    x = rng.normal(size=input_shape)
    expected = np.zeros(layer.output_shape)
    for row, column, d in np.ndindex(layer.output_shape):
        top, left = row * layer.stride[0], column * layer.stride[1]
        expected[row, column, d] = x[top : top + pool_shape[0], left : left + pool_shape[1], d].max()
    np.testing.assert_array_equal(layer.forward_propagation(x), expected)


@SHAPES
def test_gradients(input_shape: Any, pool_shape: Any, stride: Any, check_layer: Any) -> None:
    x = np.random.default_rng(3).permutation(np.prod(input_shape)).reshape(input_shape) / 8
    check_layer(MaxPoolLayer(input_shape, pool_shape, stride), x)


def test_the_stride_is_the_window_by_default() -> None:
    layer = MaxPoolLayer((7, 7, 2), (2, 3))
    assert layer.stride == (2, 3)
    assert layer.output_shape == (3, 2, 2)


def test_leftovers_at_the_edge_are_dropped() -> None:
    layer = MaxPoolLayer((3, 3, 1))
    x = np.arange(9.0).reshape(3, 3, 1)
    np.testing.assert_array_equal(layer.forward_propagation(x), [[[4.0]]])
    dx = layer.backward_propagation(np.array([[[5.0]]]), 0.1)
    np.testing.assert_array_equal(dx[:, :, 0], [[0, 0, 0], [0, 5, 0], [0, 0, 0]])


def test_at_a_tie_the_first_entry_gets_the_gradient() -> None:
    layer = MaxPoolLayer((2, 4, 1))
    x = np.array([[1.0, 1.0, 0.0, 2.0], [1.0, 1.0, 2.0, 2.0]])[:, :, np.newaxis]
    layer.forward_propagation(x)
    dx = layer.backward_propagation(np.array([[[3.0], [4.0]]]), 0.1)
    np.testing.assert_array_equal(dx[:, :, 0], [[3, 0, 0, 4], [0, 0, 0, 0]])


def test_overlapping_windows_accumulate() -> None:
    layer = MaxPoolLayer((3, 3, 1), (2, 2), (1, 1))
    x = np.zeros((3, 3, 1))
    x[1, 1] = 1.0
    layer.forward_propagation(x)
    dx = layer.backward_propagation(np.array([[[1.0], [2.0]], [[4.0], [8.0]]]), 0.1)
    np.testing.assert_array_equal(dx[:, :, 0], [[0, 0, 0], [0, 15, 0], [0, 0, 0]])


def test_negative_images_have_maxima_too() -> None:
    np.testing.assert_array_equal(MaxPoolLayer((2, 2, 1)).forward_propagation(np.full((2, 2, 1), -3.0)), [[[-3.0]]])


def test_backward_uses_what_forward_saw() -> None:
    layer = MaxPoolLayer((1, 2, 1), (1, 2))
    x = np.array([[[1.0], [2.0]]])
    layer.forward_propagation(x)
    x[:] = x[:, ::-1].copy()
    np.testing.assert_array_equal(layer.backward_propagation(np.ones((1, 1, 1)), 0.1), [[[0.0], [1.0]]])


def test_float32_stays() -> None:
    layer = MaxPoolLayer((4, 4, 2))
    y = layer.forward_propagation(np.ones((4, 4, 2), dtype=np.float32))
    assert y.dtype == layer.backward_propagation(y, 0.1).dtype == np.float32
