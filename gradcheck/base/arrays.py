"""The array type used in signatures, and what counts as a float array."""

import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Index = tuple[int, ...]

BLOCK = 1 << 18  # entries that are worked on at a time where a whole temporary copy would cost too much
VAST = 10_000_000  # a leaf of more entries is never copied but to restore it


def blocks(values: Array) -> Iterator[Array]:
    """The entries in C order, at most BLOCK at a time, flat; views where the memory allows."""
    flat = values.reshape(-1) if values.flags.c_contiguous or values.size <= BLOCK else values.flat
    for low in range(0, values.size, BLOCK):
        yield flat[low : low + BLOCK]


def identical(one: Array, other: Array) -> bool:
    """The same shape, type and bits, entry by entry; no temporary copies."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    pairs = zip(blocks(one), blocks(other), strict=True)
    return all(a.tobytes() == b.tobytes() for a, b in pairs)


def saved(array: Array) -> Array:
    """A copy. A large array that has not changed since shares, read-only, the one copy that somebody still holds."""
    if array.size <= BLOCK or array.dtype == object:
        return array.copy()
    known = _SAVED.get(id(array))
    if known is not None and identical(known, array):
        return known
    copy = array.copy()
    copy.flags.writeable = False
    _SAVED[id(array)] = copy
    return copy


_SAVED: "weakref.WeakValueDictionary[int, Array]" = weakref.WeakValueDictionary()


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
