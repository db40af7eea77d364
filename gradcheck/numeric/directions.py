"""Random directions through a leaf, of one byte an entry, and parts of them.

Codes are odd whole numbers, so that no entry of a direction is 0; a code of 0 leaves an entry out. One byte an entry
lets a leaf of 1e8 have several directions beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.base.large import blocks, each
from gradcheck.base.randomness import coins

_UNIT = 1 / 40  # of a Gaussian: +-1/40 to +-127/40
_MOST = 127


@cache
def _quantiles() -> Array:
    """The codes of 65536 Gaussian values of equal probability: looked up, they cost a fifth of drawing."""
    from scipy.special import ndtri  # noqa: PLC0415 -- scipy takes long to load

    values = ndtri((np.arange(1 << 16) + 0.5) / (1 << 16))
    return np.asarray(np.clip(2 * np.floor(values / (2 * _UNIT)) + 1, -_MOST, _MOST), dtype=np.int8)


@dataclass(frozen=True, eq=False)
class Ramp:
    """A weight that grows from 1 / n to 1 along one axis of a box; low: first coordinate, length: n of them."""

    axis: int
    low: int
    length: int


@dataclass(frozen=True, eq=False)
class Direction:
    """v = codes * unit, times a ramp where there is one; codes: flat, one an entry in C order."""

    shape: Index
    codes: Array
    unit: float
    ramp: Ramp | None = None

    @property
    def largest(self) -> float:
        """The largest |v|; 1 where there is none."""
        found = max((float(np.max(np.abs(c.astype(np.int16) if c.dtype == np.int8 else c), initial=0.0))
                     for c in blocks(self.codes)), default=0.0)  # fmt: skip
        return found * self.unit or 1.0

    def part(self, first: int, count: int, step: float = 1.0) -> Array:
        """Some entries of step * v in C order, flat."""
        part = np.multiply(self.codes[first : first + count], step * self.unit, dtype=np.float64)
        return part if self.ramp is None else part * self._weights(self.ramp, first, part.size)

    def times(self, step: float) -> Callable[[int, Array], Array]:
        """The change of some entries, see Leaf.shift."""
        return lambda first, here: self.part(first, here.size, step)

    def dot(self, values: Array) -> float:
        """<values, v>; values: of the leaf's shape. Entries that v leaves out count nothing, finite or not."""

        def part(first: int, x: Array) -> float:
            v = self.part(first, x.size)
            found = float(np.sum(v * x))  # not BLAS: its own threads and those of `each` would wait for one another
            return found if np.isfinite(found) else float(np.sum(np.where(v != 0, v * np.nan_to_num(x), 0.0)))

        return float(sum(each(part, values)))

    def entry(self, flat: int) -> float:
        """V at one place."""
        weight = 1.0 if self.ramp is None else float(self._weights(self.ramp, flat, 1)[0])
        return float(self.codes[flat]) * self.unit * weight

    def ramped(self, ramp: Ramp) -> "Direction":
        """The same with weights along an axis."""
        return replace(self, ramp=ramp)

    @property
    def count(self) -> int:
        """How many entries are not left out."""
        return int(np.count_nonzero(self.codes))

    def norm(self, weights: Array) -> float:
        """sqrt(sum (w v)**2); weights: of the leaf's shape, what is not finite counts nothing."""

        def part(first: int, w: Array) -> float:
            with np.errstate(all="ignore"):
                weighted = self.part(first, w.size) * w
                found = float(np.sum(np.square(weighted)))
                return found if np.isfinite(found) else float(np.sum(np.square(weighted[np.isfinite(weighted)])))

        return float(np.sqrt(sum(each(part, weights))))

    def members(self) -> Array:
        """Flat indices of the entries that are not left out."""
        return np.flatnonzero(self.codes)

    def within(self, box: Sequence[tuple[int, int]]) -> "Direction":
        """Only the entries of a box, (first, past the last) coordinate of each axis."""
        place = tuple(slice(low, high) for low, high in box)
        codes = np.zeros_like(self.codes)
        codes.reshape(self.shape)[place] = self.codes.reshape(self.shape)[place]
        return replace(self, codes=codes)

    def split(self, parts: int, generator: np.random.Generator) -> list["Direction"]:
        """The entries dealt out at random."""
        dealt = generator.integers(0, parts, size=self.codes.size, dtype=np.int8)
        return [replace(self, codes=np.where(dealt == part, self.codes, 0).astype(np.int8)) for part in range(parts)]

    def _weights(self, ramp: Ramp, low: int, count: int) -> Array:
        stride = int(np.prod(self.shape[ramp.axis + 1 :], dtype=np.int64))
        coordinate = np.arange(low, low + count) // stride % self.shape[ramp.axis]
        return (coordinate - ramp.low + 1) / ramp.length


def gaussian(shape: Index, generator: np.random.Generator) -> Direction:
    """Gaussian entries, rounded to odd multiples of 1/40, at most 127/40."""

    def drawn(count: int) -> Array:
        codes = _quantiles()
        found: Array = codes[generator.integers(0, codes.size, size=count, dtype=np.uint16)]
        return found

    return Direction(shape, _codes(shape, drawn), _UNIT)


def signs(shape: Index, generator: np.random.Generator) -> Direction:
    """Entries of +1 and -1."""
    return Direction(shape, _codes(shape, lambda count: coins(generator, count)), 1.0)


def _codes(shape: Index, drawn: Callable[[int], Array]) -> Array:
    """A block at a time: what is drawn with passes through more memory than a vast leaf's codes take."""
    codes = np.empty(int(np.prod(shape, dtype=np.int64)), dtype=np.int8)
    for block in blocks(codes):
        block[:] = drawn(block.size)
    return codes


def given(v: Array) -> Direction:
    """A direction given entry by entry, of the leaf's shape."""
    return Direction(v.shape, np.asarray(v, dtype=np.float64).reshape(-1), 1.0)
