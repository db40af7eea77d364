"""A seeded stream per purpose: adding a check never shifts the numbers of another."""

import zlib
from collections.abc import Callable

import numpy as np

from gradcheck.base.arrays import Array, Index

GRAIN = 2.0**-8  # what `signed` draws multiples of


def stream(seed: int, *purpose: object) -> np.random.Generator:
    """An independent generator for (seed, purpose...), the same on every machine and version."""
    words = [zlib.crc32(str(part).encode()) for part in purpose]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def parted(generator: np.random.Generator) -> Callable[[int], np.random.Generator]:
    """A generator for each part of something, by its number: the same whatever part is asked for first."""
    key = int(generator.integers(1 << 32))
    return lambda number: np.random.default_rng([key, number])


def coins(generator: np.random.Generator, size: int) -> Array:
    """Random +1 and -1, as int8; of one random bit each, for leaves of 1e8 entries."""
    bits = np.frombuffer(generator.bytes(-(-size // 8)), dtype=np.uint8)
    drawn = np.unpackbits(bits, count=size).view(np.int8)
    drawn *= 2  # in place: a byte an entry is an eighth of a vast leaf
    drawn -= 1
    return drawn


def signed(generator: np.random.Generator, shape: Index) -> Array:
    """Random values in +-[0.5, 1.5), multiples of GRAIN.

    Never near zero, never all of one sign by design; few bits, so that sums and power-of-two
    multiples of them are exact in float32 too.
    """
    magnitude = 0.5 + generator.integers(0, int(1 / GRAIN), size=shape) * GRAIN
    return np.asarray(np.where(generator.random(shape) < 0.5, -magnitude, magnitude), dtype=np.float64)
