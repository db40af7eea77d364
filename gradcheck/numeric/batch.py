"""Entries that move different outputs: measured together, by one pair of evaluations.

Where row i of the output hangs on row i of the leaf alone, column j of all rows moves at once; where the layer is
element-wise, everything does. Proven by moving: for each bit of the row's number, the rows that have it move and the
outputs of all others must stay as they are, bit for bit, and the other way round.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import scale
from gradcheck.base.stage import NOW
from gradcheck.numeric.rungs import Sampler
from gradcheck.subjects.leaf import Leaf

SIDES = 1e-2  # the two sides of a plain difference differ by less than this share of their slopes
_FAR = 0.25  # a row that moves, moves by that, in scales of the leaf
_LEAST = 8  # rows below which the proof costs about as much as it saves


@dataclass(frozen=True)
class Rows:
    """A leaf of count rows of width entries, each row of which moves its own part of the output alone.

    owner: the row that each raveled output hangs on.
    """

    count: int
    width: int
    owner: Array

    def column(self, j: int) -> Array:
        """Flat indices of the entries that move together."""
        return np.arange(self.count) * self.width + j

    def sums(self, terms: Array) -> Array:
        """Sum over the outputs of each row; terms: one an output."""
        return np.bincount(self.owner, weights=terms, minlength=self.count)


@dataclass(eq=False)
class Pairs:
    """Plain central differences of some entries: flat indices, values, roundings; even: do the sides agree?"""

    flat: Array
    value: Array
    rounding: Array
    even: Array


def together(sampler: Sampler, leaf: Leaf, rows: Rows, flat: Array, step: float) -> Pairs:
    """Plain central differences, a column of all rows at a time.

    flat: the entries that are asked for.
    """
    found = {int(j): _column(sampler, leaf, rows, int(j), step) for j in np.unique(flat % rows.width)}
    picked = [tuple(part[i // rows.width] for part in found[i % rows.width]) for i in flat.tolist()]
    value, rounding, even = (np.array(part) for part in zip(*picked, strict=True))
    return Pairs(flat, value, rounding, even.astype(bool))


def _column(sampler: Sampler, leaf: Leaf, rows: Rows, j: int, step: float) -> tuple[Array, Array, Array]:
    members, saved = rows.column(j), leaf.values()
    NOW.done += rows.count
    here = saved.reshape(-1)[members]
    try:
        up = leaf.moved(members, here + step) - here
        plus = sampler.forward().ravel()
        down = here - leaf.moved(members, here - step)
        minus = sampler.forward().ravel()
    except LayerError:
        return np.full(rows.count, np.nan), np.full(rows.count, np.nan), np.zeros(rows.count)
    finally:
        leaf.write(saved)
    y = sampler.y
    with np.errstate(all="ignore"):
        right, left = (plus - y) / up[rows.owner], (y - minus) / down[rows.owner]
        largest = np.maximum(np.maximum(np.abs(plus), np.abs(minus)), np.abs(y))
        noise = sampler.weight * sampler.noise.of(largest) * ((plus != y) | (minus != y))
        value, rounding = rows.sums(sampler.g * (plus - minus)) / (up + down), 3 * rows.sums(noise) / step
        apart = rows.sums(sampler.weight * np.abs(right - left))
        slopes = rows.sums(sampler.weight * np.maximum(np.abs(right), np.abs(left)))
    return value, rounding, np.isfinite(value) & (apart <= SIDES * slopes + 2 * rounding)


def independent_rows(forward: Callable[[], Array], leaf: Leaf, output: Array) -> Rows | None:
    """The rows of a leaf that do not meet in the output; None where that is not so, or would save nothing.

    output: forward's at the present point, of its own shape.
    """
    for count in _candidates(leaf.shape, output.shape):
        if _proven(forward, leaf, output.ravel(), count):
            owner = np.arange(output.size) // (output.size // count)
            return Rows(count, leaf.size // count, owner)
    return None


def _candidates(leaf: Index, output: Index) -> list[int]:
    """Numbers of rows that would fit, most first: every entry a row of its own, or the first axis."""
    found = [int(np.prod(leaf))] if leaf == output else []
    if len(leaf) > 1 and output and leaf[0] == output[0]:
        found.append(leaf[0])
    return [count for count in dict.fromkeys(found) if count >= _LEAST]


def _proven(forward: Callable[[], Array], leaf: Leaf, y: Array, count: int) -> bool:
    number = np.arange(count)
    saved = leaf.values()
    size = scale(saved)
    try:
        for bit in range((count - 1).bit_length()):
            for side in (0, 1):
                moved = (number >> bit) % 2 == side
                far = np.repeat(moved, leaf.size // count).reshape(leaf.shape) * (_FAR * size)
                leaf.write((saved + far).astype(saved.dtype))
                there = forward().ravel()
                still = ~np.repeat(moved, y.size // count)
                if there.shape != y.shape or not np.array_equal(there[still], y[still], equal_nan=True):
                    return False
    except LayerError:
        return False
    finally:
        leaf.write(saved)
    return True
