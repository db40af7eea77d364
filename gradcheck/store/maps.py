"""A leaf of any size as a picture of at most 64 x 64 cells."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.store.numbers import to_json

SIDE = 64


def block_maxima(values: Array, measured: Array) -> list[list[Any]]:
    """The largest magnitude of each block, with its sign; null where a block holds no measured entry.

    values, measured (bool): any shape, taken as (product of the leading axes, last axis), 1-D as one
    row. A NaN that was measured is the largest of all.
    """
    kept, known = _blocks(_flat(values), np.nan), _blocks(_flat(measured), False)
    magnitude = np.where(np.isnan(kept), np.inf, np.abs(kept))
    magnitude = np.where(known, magnitude, -1.0)
    at = np.argmax(magnitude, axis=-1, keepdims=True) if magnitude.size else np.zeros((*kept.shape[:2], 1), int)
    largest, seen = (np.take_along_axis(a, at, -1)[..., 0] for a in (kept, known))
    pairs = zip(largest.tolist(), seen.tolist(), strict=True)
    return [[to_json(v) if s else None for v, s in zip(*row, strict=True)] for row in pairs]


def block_counts(indices: Sequence[Index], shape: Index) -> list[list[int]]:
    """How many of these entries each block of the same picture holds."""
    marked = np.zeros(shape, dtype=np.int64)
    if indices:
        marked[tuple(np.array(indices, dtype=np.int64).reshape(len(indices), len(shape)).T)] = 1
    counts: list[list[int]] = _blocks(_flat(marked), 0).sum(axis=-1).tolist()
    return counts


def _flat(values: Array) -> Array:
    """2-D: one row for 0-d and 1-D, else the leading axes together."""
    return values.reshape(-1, values.shape[-1]) if values.ndim > 1 and values.size else values.reshape(1, -1)


def _blocks(picture: Array, fill: float) -> Array:
    """(rows, columns) -> (R, C, entries of a block), R and C at most SIDE, the last blocks filled up."""
    high, wide = (-(-length // SIDE) or 1 for length in picture.shape)
    ends = [(0, -picture.shape[0] % high), (0, -picture.shape[1] % wide)]
    full = np.pad(picture, ends, constant_values=fill)
    parts = full.reshape(full.shape[0] // high, high, full.shape[1] // wide, wide).swapaxes(1, 2)
    return parts.reshape(*parts.shape[:2], high * wide)
