"""Machine precision and the sizes that steps are taken in."""

import math

import numpy as np
from numpy.typing import DTypeLike

from gradcheck.base.arrays import Array
from gradcheck.base.large import each

EPS = float(np.finfo(np.float64).eps)


def eps(dtype: DTypeLike) -> float:
    """Machine epsilon of a float dtype, never below float64's: outputs are contracted in float64."""
    kind = np.dtype(dtype)
    return max(EPS, float(np.finfo(kind).eps)) if np.issubdtype(kind, np.floating) else EPS


def least_normal(*, single: bool) -> float:
    """The smallest normal number of float32 or float64: what is below it is rounded without regard to its size."""
    return float(np.finfo(np.float32 if single else np.float64).tiny)


def power_of_two(x: float) -> float:
    """The largest power of two that is at most x, for x > 0."""
    return math.ldexp(1.0, math.frexp(x)[1] - 1)


def scale(values: Array) -> float:
    """Rms of the nonzero finite entries; 1 where there are none. The unit in which steps are taken."""
    parts = each(lambda _, block: _squares(block), np.asarray(values))
    count, largest = sum(part[0] for part in parts), max((part[1] for part in parts), default=0.0)
    if count == 0:
        return 1.0
    # Divided by the largest first: entries of 1e200 must not overflow when squared.
    return largest * float(np.sqrt(sum(mean * (most / largest) ** 2 for _, most, mean in parts) / count))


def _squares(block: Array) -> tuple[int, float, float]:
    """How many entries are nonzero and finite, the largest of them, the sum of squares in units of it."""
    flat = np.abs(block, dtype=np.float64)
    largest = float(flat.max(initial=0.0))
    if not np.isfinite(largest):
        flat = flat[np.isfinite(flat)]
        largest = float(flat.max(initial=0.0))
    if not largest:
        return 0, 0.0, 0.0
    count = int(np.count_nonzero(flat))
    flat /= largest
    return count, largest, float(np.sum(np.square(flat, out=flat)))
