"""Random directions through a leaf, of one byte an entry, and parts of them.

Codes are odd whole numbers, so that no entry of a direction is 0; a code of 0 leaves an entry out. One byte an entry
lets a leaf of 1e8 have several directions beside it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from gradcheck.base.arrays import Array, Index
from gradcheck.base.large import BLOCK, blocks
from gradcheck.base.randomness import coins

_UNIT = 1 / 40  # of a Gaussian: +-1/40 to +-127/40
_MOST = 127


def _quantiles() -> Array:
    """The codes of 65536 Gaussian values of equal probability: looked up, they cost a fifth of drawing."""
    values = ndtri((np.arange(1 << 16) + 0.5) / (1 << 16))
    return np.asarray(np.clip(2 * np.floor(values / (2 * _UNIT)) + 1, -_MOST, _MOST), dtype=np.int8)


_QUANTILES = _quantiles()


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

    def blocks(self) -> Iterator[Array]:
        """The entries in C order, flat, BLOCK at a time."""
        for low in range(0, self.codes.size, BLOCK):
            part = self.codes[low : low + BLOCK] * self.unit
            yield part if self.ramp is None else part * self._weights(self.ramp, low, part.size)

    def times(self, step: float) -> Iterator[Array]:
        """Step * v in flat blocks, C order; a block is good until the next."""
        room = np.empty(min(BLOCK, self.codes.size))
        for low in range(0, self.codes.size, BLOCK):
            codes = self.codes[low : low + BLOCK]
            part = np.multiply(codes, step * self.unit, out=room[: codes.size])
            if self.ramp is not None:
                part *= self._weights(self.ramp, low, part.size)
            yield part

    def dot(self, values: Array) -> float:
        """<values, v>; values: of the leaf's shape. Entries that v leaves out count nothing, finite or not."""
        total = 0.0
        for v, x in zip(self.blocks(), blocks(values), strict=True):
            part = float(v @ x)
            total += part if np.isfinite(part) else float(np.sum(np.where(v != 0, v * np.nan_to_num(x), 0.0)))
        return total

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
        total = 0.0
        for v, w in zip(self.blocks(), blocks(weights), strict=True):
            with np.errstate(all="ignore"):
                weighted = v * w
                part = float(weighted @ weighted)
                if not np.isfinite(part):
                    weighted[~np.isfinite(weighted)] = 0.0
                    part = float(weighted @ weighted)
            total += part
        return float(np.sqrt(total))

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
        found: Array = _QUANTILES[generator.integers(0, _QUANTILES.size, size=count, dtype=np.uint16)]
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
