"""Large arrays: worked on a block at a time, copied once; the copy of a vast one lies in a temporary file."""

import contextlib
import mmap
import os
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

import numpy as np

from gradcheck.base.arrays import Array

T = TypeVar("T")

BLOCK = 1 << 18  # entries that are worked on at a time where a whole temporary copy would cost too much
_MOST_AT_ONCE = 4  # blocks: memory is not read faster by more
VAST = 10_000_000  # a leaf of more entries is never copied but to restore it


def vast(size: int) -> bool:
    """Is a leaf of so many entries never copied but to restore it?"""
    return size > VAST


def blocks(values: Array) -> Iterator[Array]:
    """The entries in C order, at most BLOCK at a time, flat; views where the memory allows."""
    values = np.asarray(values)  # an np.matrix has two axes whatever is done to it
    flat = values.reshape(-1) if values.flags.c_contiguous or values.size <= BLOCK else values.flat
    file = None if values.flags.writeable else _file_of(values)
    for low in range(0, values.size, BLOCK):
        yield flat[low : low + BLOCK]
        if file is not None:
            _release(file)


def each(work: Callable[..., T], *arrays: Array) -> list[T]:
    """What `work(first, *blocks)` gives for the blocks of arrays of one size, in C order; first: flat index.

    On a vast array several processors work at once, so that a check of it is not all waiting for one.
    """
    if 0 < arrays[0].size <= BLOCK:  # nearly always, and often
        return [work(0, *(np.asarray(array).reshape(-1) for array in arrays))]
    starts = range(0, arrays[0].size, BLOCK)
    flat = [array.reshape(-1) for array in map(np.asarray, arrays) if array.flags.c_contiguous]
    if len(flat) < len(arrays) or not vast(arrays[0].size):
        return [work(first, *parts) for first, *parts in zip(starts, *map(blocks, arrays), strict=True)]
    files = [file for array in arrays if not array.flags.writeable and (file := _file_of(array)) is not None]

    def done(some: range) -> list[T]:
        found = []
        for first in some:
            found.append(work(first, *(array[first : first + BLOCK] for array in flat)))
            for file in files:
                _release(file)
        return found

    count = min(_MOST_AT_ONCE, os.cpu_count() or 1)
    share = -(-len(starts) // (8 * count))
    shares = [starts[low : low + share] for low in range(0, len(starts), share)]
    with ThreadPoolExecutor(count) as pool:  # each as the caller treats overflow
        running = [pool.submit(copy_context().run, done, some) for some in shares]
        return [one for some in running for one in some.result()]


def put(target: Array, values: Array) -> None:
    """Set every entry; values that are not of the target's shape are broadcast. No temporary copies."""
    if target.size <= BLOCK or values.shape != target.shape:
        target[...] = values
    elif not target.flags.c_contiguous:
        fill(target, blocks(values))
    else:
        each(lambda _, there, here: np.copyto(there, here, casting="unsafe"), target, values)


def fill(target: Array, values: Iterable[Array]) -> None:
    """Set every entry from consecutive flat blocks, in C order."""
    target = np.asarray(target)
    flat, low = target.reshape(-1) if target.flags.c_contiguous else target.flat, 0
    for block in values:
        flat[low : low + block.size] = block
        low += block.size


def add(target: Array, values: Array, change: Callable[[int, Array], Array]) -> None:
    """Set every entry to that of `values` and a change.

    change: (flat index of the first, these values) -> the changes of some entries in C order; asked for in any order.
    """
    if target.flags.c_contiguous:
        each(lambda first, there, here: np.add(here, change(first, here), out=there, casting="unsafe"), target, values)
    else:
        fill(target, (here + change(n * BLOCK, here) for n, here in enumerate(blocks(values))))


def identical(one: Array, other: Array) -> bool:
    """The same shape, type and bits, entry by entry; no temporary copies."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.size > BLOCK and not _same_bits(next(blocks(one)), next(blocks(other))):
        return False
    return all(each(lambda _, a, b: _same_bits(a, b), one, other))


def largest(values: Array) -> float:
    """The largest magnitude, 0 where there are no entries; NaN where one is."""
    return float(np.max(each(lambda _, block: np.max(np.abs(block)), values), initial=0.0))


def saved(array: Array) -> Array:
    """A copy. A large array that has not changed since shares, read-only, the one copy that somebody still holds."""
    if array.size <= min(BLOCK, VAST) or array.dtype == object:
        return np.array(array, order="C")
    for known in _held(array):
        if identical(known, array):
            return known
    copy = spilled(array) if vast(array.size) else array.copy()
    copy.flags.writeable = False
    _SAVED[id(array), bool(_held(array)) and vast(array.size)] = copy
    return copy


def unmoved(array: Array) -> Array | None:
    """A copy as `saved` gives; None where the array holds other numbers than the first copy that somebody holds."""
    known = _SAVED.get((id(array), False))
    if known is None:
        return saved(array)
    return known if identical(known, array) else None


def spilled(array: Array, *, writeable: bool = False) -> Array:
    """A copy in a file that has no name, of no memory until it is read; in memory where no file can be written.

    writeable: what is written into the copy stays in memory, the file as it is.
    """
    try:
        with tempfile.TemporaryFile() as file:
            for block in blocks(array):
                file.write(np.ascontiguousarray(block).data)
            file.flush()
            access = mmap.ACCESS_COPY if writeable else mmap.ACCESS_READ
            mapped = mmap.mmap(file.fileno(), array.nbytes, access=access)
    except OSError:
        return array.copy()
    return np.ndarray(array.shape, array.dtype, buffer=mapped)


# A vast array that somebody has moved has a second copy: the first must not be written anew when it is back.
_SAVED: "weakref.WeakValueDictionary[tuple[int, bool], Array]" = weakref.WeakValueDictionary()


def _held(array: Array) -> list[Array]:
    found = (_SAVED.get((id(array), second)) for second in (False, True))
    return [copy for copy in found if copy is not None]


def _same_bits(one: Array, other: Array) -> bool:
    return bool(np.array_equal(_bits(one), _bits(other)))


def _bits(block: Array) -> Array:
    return np.ascontiguousarray(block).view(f"u{block.itemsize}" if block.itemsize in (1, 2, 4, 8) else np.uint8)


def _file_of(values: Array) -> mmap.mmap | None:
    base: object = values
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None


def _release(file: mmap.mmap) -> None:
    """What has been read of the file counts as our memory no longer."""
    with contextlib.suppress(AttributeError, OSError):  # not every system knows it
        file.madvise(mmap.MADV_DONTNEED)
