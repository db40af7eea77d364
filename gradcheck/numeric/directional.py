"""Derivatives along a direction through one leaf."""

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.numeric.directions import given
from gradcheck.numeric.estimate import UNKNOWN, Estimate
from gradcheck.numeric.kinks import one_sided
from gradcheck.numeric.ladder import Climb
from gradcheck.numeric.lines import direction
from gradcheck.numeric.rungs import Sampler
from gradcheck.subjects.leaf import Leaf

_FARTHER = 2.0**-10  # a step that shows which outputs move at all
_NEAR = (2.0**-20, 2.0**-22, 2.0**-24)  # steps at a point that is known to be on a kink


def along(sampler: Sampler, leaf: Leaf, v: Array) -> Estimate:
    """<G, dy/dv> by a ladder; v has the leaf's shape and is not normalised."""
    return Climb(sampler, direction(leaf, given(v))).estimate()


def sides_along(sampler: Sampler, leaf: Leaf, v: Array) -> Estimate:
    """What is legal along v at a point on a kink: both one-sided slopes of every output."""
    climb = Climb(sampler, direction(leaf, given(v)))
    rungs = [rung for step in _NEAR if (rung := climb.rung(step * climb.line.unit)) is not None]
    if len(rungs) < 2:
        return UNKNOWN
    return one_sided(sampler, rungs, rungs[0])


def moves_elsewhere(sampler: Sampler, leaf: Leaf, flat: int) -> Array:
    """Mask of the outputs that move when every entry of the leaf but one does."""
    v = np.ones(leaf.shape)
    v.flat[flat] = 0.0
    if not np.any(v):
        return sampler.nothing_moved()
    climb = Climb(sampler, direction(leaf, given(v)))
    climb.rung(_FARTHER * climb.line.unit)
    return climb.moved
