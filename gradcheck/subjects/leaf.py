"""A leaf: one array whose gradient is checked."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.base.large import add, put, saved, vast
from gradcheck.base.precision import scale
from gradcheck.base.randomness import signed


class Role(StrEnum):
    """What a leaf is to its layer."""

    INPUT = "input"
    PARAMETER = "parameter"


@dataclass(eq=False)
class Leaf:
    """One named array, perturbed in place where the user's code reads it.

    array: the array itself (the user's own for a parameter, the subject's point for an input); of any
    strides, memory order and float dtype; 0-d where the user keeps a Python float
    publish: writes the 0-d value back to where the user's code reads a Python float; None for arrays.
    """

    name: str
    role: Role
    array: Array
    publish: Callable[[float], None] | None = None

    @property
    def shape(self) -> Index:
        """Length of every axis."""
        return self.array.shape

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.array.size

    @property
    def vast(self) -> bool:
        """Is it so large that nothing of its size may be held but one gradient and one copy to restore it?"""
        return vast(self.size)

    def values(self) -> Array:
        """The present values, read-only. A large leaf that has not changed since the last call shares that copy."""
        copy = saved(self.array)
        copy.flags.writeable = False
        return copy

    def write(self, values: Array) -> None:
        """Set every entry, keeping memory, strides and flags."""
        with _writeable(self.array):
            put(self.array, values)
        self.published()

    def displace(self, values: Array, step: float, generator: np.random.Generator) -> None:
        """Set every entry to one of `values` and a random kick. step: in units of their scale."""
        kick = step * scale(values) * signed(generator, values.shape)
        self.write((values + kick).astype(values.dtype))

    def shift(self, values: Array, change: Callable[[int, Array], Array]) -> None:
        """Set every entry to one of `values` and a change; change: see base.large.add."""
        with _writeable(self.array):
            add(self.array, values, change)
        self.published()

    def put(self, flat: int, value: float) -> None:
        """Set one entry, counted in C order whatever the memory order."""
        if self.array.flags.writeable:
            self.array.flat[flat] = value
        else:
            with _writeable(self.array):
                self.array.flat[flat] = value
        self.published()

    def moved(self, flat: Array, values: Array) -> Array:
        """Set some entries, counted in C order; what they really hold then."""
        with _writeable(self.array):
            self.array.flat[flat] = values
        self.published()
        return np.asarray(self.array.flat[flat])

    def published(self) -> None:
        """Let the user's code see a Python float's value."""
        if self.publish is not None:
            self.publish(float(self.array))


@contextmanager
def kept(leaves: Sequence[Leaf]) -> Iterator[list[tuple[Leaf, Array]]]:
    """(leaf, its values now) of each; the values are put back in the end, whatever happens in between."""
    saved = [(leaf, leaf.values()) for leaf in leaves]
    try:
        yield saved
    finally:
        for leaf, values in saved:
            leaf.write(values)


@contextmanager
def _writeable(array: Array) -> Iterator[None]:
    """A read-only array may be moved too; it is read-only again afterwards."""
    locked = not array.flags.writeable
    if locked:
        array.flags.writeable = True
    try:
        yield
    finally:
        if locked:
            array.flags.writeable = False
