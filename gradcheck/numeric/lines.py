"""Lines through the point, along which forward is sampled: one entry of a leaf, or a direction through leaves."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gradcheck.base.precision import EPS, eps, power_of_two, scale
from gradcheck.numeric.directions import Direction
from gradcheck.subjects.leaf import Leaf

_UNEVEN = 2.0**-0.25  # steps 2**-k would be whole periods of sin(2**n pi x), which networks do encode positions by


class Line(Protocol):
    """unit: what steps are fractions of · own: |x_i| of a single entry, 0 elsewhere.

    blur: how far off a moved point is for the rounding of its entries, in steps; 0 where the step taken is known.
    """

    unit: float
    own: float
    blur: float

    def move(self, step: float) -> float:
        """Go there; the step really taken, after rounding."""
        ...

    def back(self) -> None:
        """Return to the point, bit for bit."""
        ...


class EntryLine:
    """One entry, counted in C order."""

    blur = 0.0

    def __init__(self, leaf: Leaf, flat: int, unit: float) -> None:
        self._leaf, self._flat = leaf, flat
        self._saved = leaf.array.flat[flat].item()
        self.unit, self.own = unit, abs(self._saved)

    def move(self, step: float) -> float:
        """See Line.move."""
        self._leaf.put(self._flat, self._saved + step)
        return float(self._leaf.array.flat[self._flat].item() - self._saved)

    def back(self) -> None:
        """See Line.back."""
        self._leaf.put(self._flat, self._saved)


@dataclass(eq=False)
class Part:
    """The share of one leaf in a direction: v has the leaf's shape."""

    leaf: Leaf
    v: Direction


class DirectionLine:
    """saved + step * v in several leaves at once; v is in the unit of each leaf's own scale."""

    own = 0.0

    def __init__(self, parts: Sequence[Part], unit: float) -> None:
        self._parts = parts
        self._saved = [part.leaf.values() for part in parts]
        self.unit = unit
        self._away = False
        self.blur = max((_blur(part) for part in parts), default=0.0)

    def move(self, step: float) -> float:
        """See Line.move; the rounding of float64 entries is part of the measured noise."""
        for part, saved in zip(self._parts, self._saved, strict=True):
            part.leaf.shift(saved, part.v.times(step))
        return step

    @contextmanager
    def away(self) -> Iterator[None]:
        """`back` waits for the end: to write a vast leaf costs more than forward, and nobody looks at it in between."""
        self._away = all(part.leaf.vast for part in self._parts)
        try:
            yield
        finally:
            self._away = False
            self.back()

    def back(self) -> None:
        """See Line.back."""
        if self._away:
            return
        for part, saved in zip(self._parts, self._saved, strict=True):
            part.leaf.write(saved)


def _blur(part: Part) -> float:
    """Of a float32 leaf: forward need not compute in float32, so that its noise says nothing of the point's."""
    coarse = eps(part.leaf.array.dtype)
    if coarse <= EPS or not part.v.count:
        return 0.0
    rms = part.v.norm(np.broadcast_to(np.asarray(1.0), part.v.shape)) / math.sqrt(part.v.count)
    return coarse / 4 * scale(part.leaf.array) / rms


def entry_unit(leaf: Leaf) -> float:
    """The unit of steps in a leaf's entries: rms of its nonzero entries, down to a power of two, and uneven."""
    return _UNEVEN * power_of_two(scale(leaf.array))


def direction(leaf: Leaf, v: Direction) -> DirectionLine:
    """A direction in one leaf; the largest step moves no entry farther than a step of EntryLine would."""
    return DirectionLine([Part(leaf, v)], entry_unit(leaf) / power_of_two(v.largest))
