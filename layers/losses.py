"""The mean squared error, and its derivative with respect to the prediction."""

from typing import Any

import numpy as np

from layers.shapes import Array, require_shape


def mse(y_true: Array, y_pred: Array) -> np.floating[Any]:
    """Return the mean of (y_true - y_pred)² over all entries, a scalar.

    Raises:
        ValueError: y_true and y_pred, of any shape, do not have the same one.
    """
    require_shape("mse", "y_pred of the shape of y_true,", np.shape(y_true), np.shape(y_pred))
    error: np.floating[Any] = np.mean(np.subtract(y_true, y_pred) ** 2)
    return error


def mse_prime(y_true: Array, y_pred: Array) -> Array:
    """Return dE/dy_pred = 2 (y_pred - y_true) / size, of the shape of y_pred.

    `size` is the number of entries, the one that the mean in `mse` divides by.

    Raises:
        ValueError: y_true and y_pred, of any shape, do not have the same one.
    """
    require_shape("mse_prime", "y_pred of the shape of y_true,", np.shape(y_true), np.shape(y_pred))
    gradient: Array = 2 * np.subtract(y_pred, y_true) / np.size(y_true)
    return gradient
