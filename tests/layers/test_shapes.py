import re
from typing import Any

import numpy as np
import pytest

from layers import (
    ActivationLayer,
    ConvLayer,
    DropoutLayer,
    FCLayer,
    FlattenLayer,
    Layer,
    MaxPoolLayer,
    mse,
    mse_prime,
    tanh,
    tanh_prime,
)

CONSTRUCTORS: dict[str, tuple[Any, tuple[Any, ...], str]] = {
    "fc-input-no-row": (FCLayer, ((3,), (1, 2)), "FCLayer: expected input_shape (1, i), got (3,)"),
    "fc-input-batch": (FCLayer, ((2, 3), (1, 2)), "FCLayer: expected input_shape (1, i), got (2, 3)"),
    "fc-output": (FCLayer, ((1, 3), (1, 0)), "FCLayer: expected output_shape (1, j), got (1, 0)"),
    "fc-sizes": (FCLayer, (3, 2), "FCLayer: expected input_shape (1, i), got 3"),
    "activation": (ActivationLayer, (3, tanh, tanh_prime), "ActivationLayer: expected input_shape (n, ...), got 3"),
    "activation-0": (
        ActivationLayer,
        ((1, 0), tanh, tanh_prime),
        "ActivationLayer: expected input_shape (n, n), got (1, 0)",
    ),
    "conv-flat": (ConvLayer, ((4, 4), (2, 2), 1), "ConvLayer: expected input_shape (i, j, d), got (4, 4)"),
    "conv-kernel": (ConvLayer, ((4, 4, 1), (2,), 1), "ConvLayer: expected kernel_shape (m, n), got (2,)"),
    "conv-large": (
        ConvLayer,
        ((4, 5, 2), (5, 5), 1),
        "ConvLayer: kernel_shape (5, 5) does not fit into input_shape (4, 5, 2)",
    ),
    "conv-depth": (ConvLayer, ((4, 4, 1), (2, 2), 0), "ConvLayer: expected (layer_depth,) of the form (k,), got (0,)"),
    "pool-flat": (MaxPoolLayer, ((4, 4),), "MaxPoolLayer: expected input_shape (i, j, d), got (4, 4)"),
    "pool-large": (
        MaxPoolLayer,
        ((2, 2, 1), (3, 2)),
        "MaxPoolLayer: pool_shape (3, 2) does not fit into input_shape (2, 2, 1)",
    ),
    "pool-stride": (MaxPoolLayer, ((4, 4, 1), (2, 2), (0, 1)), "MaxPoolLayer: expected stride (m, n), got (0, 1)"),
    "flatten": (FlattenLayer, ((2, -1),), "FlattenLayer: expected input_shape (n, n), got (2, -1)"),
    "flatten-float": (FlattenLayer, ((2.0,),), "FlattenLayer: expected input_shape (n,), got (2.0,)"),
    "dropout": (DropoutLayer, ((0,),), "DropoutLayer: expected input_shape (n,), got (0,)"),
}


@pytest.mark.parametrize(("make", "arguments", "message"), CONSTRUCTORS.values(), ids=CONSTRUCTORS.keys())
def test_a_constructor_names_the_shapes_that_do_not_fit(make: Any, arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make(*arguments)


def layers() -> list[tuple[Layer, str]]:
    """Make one layer of each class, with the input shape that it asks for, as it is spelled."""
    return [
        (FCLayer((1, 3), (1, 2)), "(N, 3)"),
        (ActivationLayer((1, 3), tanh, tanh_prime), "(N, 3)"),
        (ActivationLayer((3,), tanh, tanh_prime), "(3,)"),
        (ConvLayer((5, 6, 2), (2, 3), 4), "(5, 6, 2)"),
        (MaxPoolLayer((5, 6, 2)), "(5, 6, 2)"),
        (FlattenLayer((5, 6, 2)), "(5, 6, 2)"),
        (FlattenLayer((1, 3)), "(1, 3)"),
        (DropoutLayer((1, 3), seed=0), "(N, 3)"),
        (DropoutLayer((2, 3), seed=0), "(2, 3)"),
    ]


CASES = pytest.mark.parametrize(("layer", "spelled"), layers(), ids=lambda value: type(value).__name__)


@CASES
def test_forward_names_the_shape_that_it_expected(layer: Layer, spelled: str) -> None:
    name = type(layer).__name__
    with pytest.raises(ValueError, match=f"^{re.escape(f'{name}: expected input of shape {spelled}, got (1, 4)')}$"):
        layer.forward_propagation(np.ones((1, 4)))


@CASES
def test_backward_names_the_shape_that_it_expected(layer: Layer, spelled: str) -> None:
    output = layer.forward_propagation(np.ones(layer.input_shape))
    message = f"{type(layer).__name__}: expected output_error of shape {output.shape}, got (1, 7)"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        layer.backward_propagation(np.ones((1, 7)), 0.1)


@pytest.mark.parametrize("layer", [layer for layer, _ in layers()], ids=lambda layer: type(layer).__name__)
def test_backward_before_forward_says_so(layer: Layer) -> None:
    message = f"{type(layer).__name__}: backward_propagation was called before forward_propagation"
    with pytest.raises(RuntimeError, match=f"^{message}$"):
        layer.backward_propagation(np.ones(layer.output_shape), 0.1)


def test_a_gradient_of_one_row_does_not_pass_for_a_batch() -> None:
    layer = FCLayer((1, 3), (1, 2))
    layer.forward_propagation(np.ones((3, 3)))
    with pytest.raises(ValueError, match=r"^FCLayer: expected output_error of shape \(3, 2\), got \(1, 2\)$"):
        layer.backward_propagation(np.ones((1, 2)), 0.1)


@pytest.mark.parametrize("loss", [mse, mse_prime])
def test_a_loss_names_both_shapes(loss: Any) -> None:
    message = rf"^{loss.__name__}: expected y_pred of the shape of y_true, \(3, 1\), got \(3,\)$"
    with pytest.raises(ValueError, match=message):
        loss(np.ones((3, 1)), np.ones(3))


def test_numpy_integers_are_sizes() -> None:
    assert FCLayer((1, np.int64(3)), (1, np.int64(2))).weights.shape == (3, 2)  # type: ignore[arg-type]
