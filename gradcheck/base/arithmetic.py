"""Numbers from integer arithmetic alone: the same on every machine and under every version of numpy.

Baselines stand on them: a generator's stream may change with numpy's version.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

from gradcheck.base.arrays import Array, Index

_MOST_BITS = 23  # every value is then exact in float32
SIGNS = 8


def words(purpose: str, count: int) -> NDArray[np.uint64]:
    """64 scrambled bits for each of `count` places (splitmix64: Steele, Lea and Flood, 2014)."""
    start = np.uint64(zlib.crc32(purpose.encode()) << 32)
    z = (np.arange(count, dtype=np.uint64) + start) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def numerators(purpose: str, count: int, bits: int = _MOST_BITS) -> NDArray[np.int64]:
    """Odd integers in (-2**bits, 2**bits), no two alike among the first 2**bits: ties would be kinks.

    Three rounds of xor-shift and odd multiplication permute the integers below 2**bits.
    """
    mask, half = np.int64(2**bits - 1), np.int64(bits // 2)
    k = (np.arange(count, dtype=np.int64) + np.int64(zlib.crc32(purpose.encode()))) & mask
    for factor in (0x2C1B3C6D, 0x297A2D39, 0x1B56C4E9):
        k = ((k ^ (k >> half)) * np.int64(factor)) & mask
    return np.asarray(2 * (k ^ (k >> half)) + 1 - 2**bits)


def values(purpose: str, shape: Index, dtype: np.dtype[np.floating], *, positive: bool = False) -> Array:
    """An array with exact entries in (-0.5, 0.5), never 0; in (0, 0.5) where positive."""
    return as_values(numerators(purpose, _size(shape), bits_of(dtype)), shape, dtype, positive=positive)


def as_values(numbers: NDArray[np.int64], shape: Index, dtype: np.dtype[np.floating], *, positive: bool) -> Array:
    """The values that these numerators stand for."""
    bits = bits_of(dtype)
    exact = (numbers + 2**bits) / 2 ** (bits + 2) if positive else numbers / 2 ** (bits + 1)
    return np.asarray(exact.astype(dtype).reshape(shape))


def bits_of(dtype: np.dtype[np.floating]) -> int:
    """As many bits as the type holds exactly, no more than float32 does."""
    return min(int(np.finfo(dtype).nmant), _MOST_BITS)


def cotangent(shape: Index) -> Array:
    """Entries in +-[0.5, 1.5), multiples of 2**-8, signs mixed."""
    w = words("cotangent", _size(shape))
    magnitude = 0.5 + (w & np.uint64(255)).astype(np.float64) / 256.0
    return np.where(w >> np.uint64(63), -magnitude, magnitude).reshape(shape)


def projections(gradient: Array) -> tuple[float, ...]:
    """The sums of the entries (C order) under eight fixed patterns of signs."""
    flat = np.ascontiguousarray(gradient, dtype=np.float64).ravel()
    w = words("projections", flat.size)
    with np.errstate(all="ignore"):
        return tuple(float(np.sum(np.where(w >> np.uint64(63 - j) & np.uint64(1), -flat, flat))) for j in range(SIGNS))


def below(limit: int, purpose: str, shape: Index) -> Array:
    """Integers in [0, limit)."""
    return (words(purpose, _size(shape)) >> np.uint64(16)).astype(np.int64).reshape(shape) % limit


def _size(shape: Index) -> int:
    return int(np.prod(shape, dtype=np.int64))
