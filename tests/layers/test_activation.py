from typing import Any

import numpy as np
import pytest

from layers import (
    ActivationLayer,
    relu,
    relu_prime,
    sigmoid,
    sigmoid_prime,
    softplus,
    softplus_prime,
    tanh,
    tanh_prime,
)
from layers.activation import PAIRS

EACH_PAIR = pytest.mark.parametrize(("activation", "activation_prime"), PAIRS, ids=lambda f: f.__name__)


def test_values() -> None:
    x = np.array([-1.0, 0.5])
    np.testing.assert_allclose(tanh(x), [-0.7615941559557649, 0.46211715726000975])
    np.testing.assert_allclose(sigmoid(x), [0.2689414213699951, 0.6224593312018546])
    np.testing.assert_array_equal(relu(x), [0.0, 0.5])
    np.testing.assert_allclose(softplus(x), [0.31326168751822286, 0.9740769841801067])


def test_the_limits_of_large_arguments() -> None:
    x = np.array([-1e3, 1e3])
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_array_equal(tanh(x), [-1, 1])
        np.testing.assert_array_equal(tanh_prime(x), [0, 0])
        np.testing.assert_array_equal(sigmoid(x), [0, 1])
        np.testing.assert_array_equal(sigmoid_prime(x), [0, 0])
        np.testing.assert_array_equal(relu(x), [0, 1e3])
        np.testing.assert_array_equal(relu_prime(x), [0, 1])
        np.testing.assert_array_equal(softplus(x), [0, 1e3])
        np.testing.assert_array_equal(softplus_prime(x), [0, 1])


def test_sigmoid_is_precise_far_out() -> None:
    x = np.array([-700.0, -40.0])
    np.testing.assert_allclose(sigmoid(x), np.exp(x), rtol=1e-12)
    np.testing.assert_allclose(sigmoid_prime(-x), np.exp(x), rtol=1e-12)
    np.testing.assert_allclose(softplus(x), np.exp(x), rtol=1e-12)


def test_the_kink_of_relu_has_the_slope_from_the_left() -> None:
    np.testing.assert_array_equal(relu_prime(np.array([-0.0, 0.0])), [0.0, 0.0])


@EACH_PAIR
def test_prime_is_the_derivative(activation: Any, activation_prime: Any, numeric_gradient: Any) -> None:
    x = np.linspace(-5.0, 5.0, 12).reshape(3, 4)
    numeric = numeric_gradient(lambda: float(activation(x).sum()), x)
    np.testing.assert_allclose(activation_prime(x), numeric, atol=1e-9)


@EACH_PAIR
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_stays(activation: Any, activation_prime: Any, dtype: Any) -> None:
    layer = ActivationLayer((2, 3), activation, activation_prime)
    y = layer.forward_propagation(np.linspace(-1e3, 1e3, 6, dtype=dtype).reshape(2, 3))
    assert y.dtype == layer.backward_propagation(y, 0.1).dtype == dtype


@EACH_PAIR
@pytest.mark.parametrize("shape", [(1, 4), (3, 4)])
def test_gradients(
    activation: Any, activation_prime: Any, shape: Any, rng: np.random.Generator, check_layer: Any
) -> None:
    check_layer(ActivationLayer((1, 4), activation, activation_prime), rng.normal(size=shape))


def test_an_image_passes() -> None:
    x = np.linspace(-1, 1, 24).reshape(2, 3, 4)
    np.testing.assert_array_equal(ActivationLayer((2, 3, 4), tanh, tanh_prime).forward_propagation(x), np.tanh(x))
