"""The rows over which a layer sums: an axis, several axes together, a group of channels."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.forms import subsets
from gradcheck.diagnose.words import axes


@dataclass(frozen=True)
class Rows:
    """An array of `shape`, split into `split`, whose axes `along` are one row.

    words: `axis 1`, `axes 2 and 3` · share: how many axes a row has, in hundredths: the larger row is the simpler
    description of what is the same along all of it.
    """

    split: Index
    along: Index
    words: str
    first: bool = False
    share: float = 0.0

    @property
    def length(self) -> int:
        """Entries of one row."""
        return int(np.prod([self.split[axis] for axis in self.along]))

    def blocks(self, values: Array) -> Array:
        """One line a row."""
        ends = range(-len(self.along), 0)
        return np.moveaxis(values.reshape(self.split), self.along, ends).reshape(-1, self.length)

    def apply(self, values: Array, move: Callable[[Array], Array]) -> Array:
        """A function of the lines, back in the array's own shape."""
        kept = [n for axis, n in enumerate(self.split) if axis not in self.along]
        lines = move(self.blocks(values)).reshape(*kept, *(self.split[axis] for axis in self.along))
        return np.moveaxis(lines, range(-len(self.along), 0), self.along).reshape(values.shape)

    def spread(self, values: Array, reduce: Callable[..., Array] = np.mean) -> Array:
        """The mean, or the sum, of each row at every entry of it."""
        return self.apply(values, lambda rows: np.broadcast_to(reduce(rows, axis=1, keepdims=True), rows.shape))


def row_sets(shape: Index, *, single: bool = False) -> Iterator[Rows]:
    """Every axis, then several together, then groups of channels (axis 1, or the last) with all that follows."""
    for chosen in subsets(len(shape)):
        if (single and len(chosen) > 1) or (len(chosen) > 1 and any(shape[axis] == 1 for axis in chosen)):
            continue
        yield Rows(shape, chosen, axes(chosen), first=0 in chosen, share=len(chosen) / 100)
    if not single and len(shape) >= 2:
        for axis in sorted({1, len(shape) - 1}):
            yield from _channel_groups(shape, axis)


def _channel_groups(shape: Index, axis: int) -> Iterator[Rows]:
    channels = shape[axis]
    for groups in (g for g in range(2, channels) if channels % g == 0):
        split = (*shape[:axis], groups, channels // groups, *shape[axis + 1 :])
        along = tuple(a for a in range(1, len(split)) if a != axis)
        yield Rows(split, along, f"each group of {channels // groups} channels", share=len(along) / 100)
