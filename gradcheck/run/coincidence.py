"""A small leaf whose gradient is a plain sum of dY: another sum may be the same number by chance, dY being coarse.

dY holds multiples of randomness.GRAIN, and so do sums of it: two of them over different axes are equal once
in a thousand times. Under another dY they are not.
"""

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.randomness import GRAIN, signed, stream
from gradcheck.judge.verdict import Verdict
from gradcheck.numeric.lines import EntryLine, entry_unit
from gradcheck.numeric.rungs import Sampler
from gradcheck.run.measure import Measured, Point
from gradcheck.subjects.leaf import Leaf

_FEW = 4  # entries: more of them are not all equal by chance
_STEP = 2.0**-4  # of the leaf's unit: what only adds a leaf up is linear in it
AGAIN = "another cotangent"  # the stream of the other dY


def coincides(point: Point, measured: Measured) -> bool:
    """Does a small leaf pass that disagrees under another dY? Two forwards an entry of such leaves, one backward."""
    if measured.fails or point.options.fixed:
        return False
    few = [leaf for leaf in point.subject.leaves if leaf.size <= _FEW and _is_sum(point, leaf)]
    passing = [leaf for leaf in few if measured.comparisons[leaf.name].verdict is Verdict.PASS]
    if not passing or point.output.size < 2:
        return False
    other = signed(stream(point.options.seed, AGAIN), point.output.shape)
    try:
        given = point.subject.vjp(other)
        return any(_differs(point, leaf, given.get(leaf.name), other) for leaf in passing)
    except LayerError:
        return False


def _is_sum(point: Point, leaf: Leaf) -> bool:
    """Is every entry of its gradient such a multiple?"""
    given = point.gradients[leaf.name]
    if given is None or given.shape != leaf.shape or not np.any(given):
        return False
    return bool(np.all(np.isfinite(given)) and np.all(given % GRAIN == 0))


def _differs(point: Point, leaf: Leaf, given: Array | None, other: Array) -> bool:
    if given is None or given.shape != leaf.shape:
        return True
    sampler, unit = Sampler(point.subject.forward, other.ravel(), point.output.ravel(), point.noise), entry_unit(leaf)
    lines = (EntryLine(leaf, flat, unit) for flat in range(leaf.size))
    rungs = [sampler.rung(line, _STEP * unit, sampler.nothing_moved()) for line in lines]
    told = [(a, rung.central) for a, rung in zip(given.flat, rungs, strict=True) if rung is not None]
    return any(abs(a - slope) > GRAIN / 2 for a, slope in told)  # two different sums differ by twice that at least
