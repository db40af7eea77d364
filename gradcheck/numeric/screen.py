"""Derivatives along random directions through one leaf: an error anywhere in the leaf shows in every one of them.

A Gaussian direction misses an error vector d at threshold t with probability about 0.8 t / |d|, k of them with the
k-th power; a direction of signs never misses a single entry.
"""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import VAST
from gradcheck.numeric.directions import Direction, gaussian, signs
from gradcheck.numeric.estimate import Estimate
from gradcheck.numeric.ladder import Climb
from gradcheck.numeric.lines import DirectionLine, Part, entry_unit
from gradcheck.numeric.rungs import Sampler
from gradcheck.base.precision import power_of_two
from gradcheck.subjects.leaf import Leaf


def directions(leaf: Leaf, generator: np.random.Generator) -> Iterator[tuple[str, Direction]]:
    """(kind, v) of each direction that a screen takes; one Gaussian at most through a vast leaf."""
    yield "gaussian", gaussian(leaf.shape, generator)
    yield "signs", signs(leaf.shape, generator)
    yield ("signs", signs(leaf.shape, generator)) if leaf.size > VAST else ("gaussian", gaussian(leaf.shape, generator))


class Slopes:
    """Derivatives of one leaf along directions; each tells the next the step to begin with."""

    def __init__(self, sampler: Sampler, leaf: Leaf) -> None:
        self.sampler, self.leaf = sampler, leaf
        self.size = 0.0  # the largest sum |G_j| |slope_j| that any step has shown
        self.kinked = False
        self._unit = entry_unit(leaf)
        self._begin: float | None = None

    def along(self, v: Direction) -> Estimate:
        """<G, dy/dv>; v is not normalised."""
        line = DirectionLine([Part(self.leaf, v)], self._unit / power_of_two(v.largest))
        climb = Climb(self.sampler, line, self._begin)
        estimate = climb.estimate()
        self.size = max(self.size, *(rung.size for rung in climb.rungs), 0.0)
        if estimate.known:
            self._begin = climb.begun / line.unit
            self.kinked |= estimate.kink or len(climb.rungs) > 12
        return estimate
