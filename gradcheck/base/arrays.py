"""The array type used in signatures, and what counts as a float array."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Index = tuple[int, ...]


def is_float_array(value: object) -> bool:
    """True for a real floating-point ndarray (not a subclass with other semantics of indexing)."""
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating)
