from typing import Any

import numpy as np
import pytest

from layers import mse, mse_prime


def test_values() -> None:
    y_true, y_pred = np.array([[1.0, 2.0]]), np.array([[3.0, 1.0]])
    assert mse(y_true, y_pred) == 2.5
    np.testing.assert_array_equal(mse_prime(y_true, y_pred), [[2.0, -1.0]])


@pytest.mark.parametrize("shape", [(), (1,), (1, 3), (4, 2), (2, 3, 2)])
def test_prime_is_the_derivative(shape: tuple[int, ...], rng: np.random.Generator, numeric_gradient: Any) -> None:
    y_true, y_pred = rng.normal(size=shape), np.array(rng.normal(size=shape))
    numeric = numeric_gradient(lambda: float(mse(y_true, y_pred)), y_pred)
    np.testing.assert_allclose(mse_prime(y_true, y_pred), numeric, atol=1e-9)


def test_float32_stays() -> None:
    y = np.ones((2, 2), dtype=np.float32)
    assert mse(y, 2 * y).dtype == mse_prime(y, 2 * y).dtype == np.float32


def test_whole_numbers_pass() -> None:
    np.testing.assert_array_equal(mse_prime(np.array([1, 2]), np.array([1, 3])), [0.0, 1.0])
