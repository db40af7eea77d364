"""The array type used in signatures, and what counts as a float array."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Index = tuple[int, ...]


def is_float_array(value: object) -> bool:
    """True for a real floating-point ndarray (not a subclass with other semantics of indexing)."""
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating)


def another(x: Any) -> Any:
    """Other numbers of the same shape: the entries in reverse order, or 1.125 times as large where that is the same.

    What is no array comes back as it is.
    """
    if not isinstance(x, np.ndarray):
        return x
    turned = x.ravel()[::-1].reshape(x.shape)
    if x.dtype.kind == "f" and np.array_equal(turned, x):
        return np.asarray(x * np.asarray(1.125, x.dtype))
    return np.array(turned)
