"""Derivatives along random directions through one leaf: an error anywhere in the leaf shows in every one of them.

A Gaussian direction misses an error vector d at threshold t with probability about 0.8 t / |d|, k of them with the
k-th power; a direction of signs never misses a single entry.
"""

import math
from collections.abc import Iterator

import numpy as np

from gradcheck.base.precision import power_of_two
from gradcheck.numeric.directions import Direction, gaussian, signs
from gradcheck.numeric.estimate import Estimate
from gradcheck.numeric.lines import DirectionLine, Part, entry_unit
from gradcheck.numeric.peel import STARTS, Peel
from gradcheck.numeric.rungs import Sampler
from gradcheck.subjects.leaf import Leaf

_FINER = 64  # starts that are so much finer than one that sufficed are tried after it


def directions(leaf: Leaf, generator: np.random.Generator) -> Iterator[tuple[str, Direction]]:
    """(kind, v) of each direction that a screen takes; one Gaussian at most through a vast leaf."""
    yield "gaussian", gaussian(leaf.shape, generator)
    yield "signs", signs(leaf.shape, generator)
    yield ("signs", signs(leaf.shape, generator)) if leaf.vast else ("gaussian", gaussian(leaf.shape, generator))


class Slopes:
    """Derivatives of one leaf along directions; each tells the next the steps to begin with."""

    def __init__(self, sampler: Sampler, leaf: Leaf) -> None:
        self.sampler, self.leaf = sampler, leaf
        self.size = 0.0  # the largest sum |G_j| |slope_j| that any step has shown
        self.kinked = False
        self._unit = entry_unit(leaf)
        self._starts: tuple[float, ...] = STARTS

    def along(self, v: Direction, expected: float = math.nan) -> Estimate:
        """<G, dy/dv>; v is not normalised. expected: what it is held against, see confirm.py."""
        line = DirectionLine([Part(self.leaf, v)], self._unit / power_of_two(v.largest))
        peel = Peel(self.sampler, line, self._starts)
        with line.away():
            estimate = peel.estimate(expected)
        self.size = max(self.size, peel.size)
        self.kinked |= len(peel.began) > 1 or estimate.kink
        if peel.began:
            self._starts = (*peel.began, *(start for start in STARTS if start < peel.began[-1] / _FINER))
        return estimate
