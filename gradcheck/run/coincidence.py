"""A small leaf whose gradient is a plain sum of dY: another sum may be the same number by chance, dY being coarse.

dY holds multiples of 2**-8 (randomness.signed), and so do sums of it: two of them over different axes are equal once
in a thousand times. Under another dY they are not.
"""

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import power_of_two, scale
from gradcheck.base.randomness import signed, stream
from gradcheck.judge.verdict import Verdict
from gradcheck.run.measure import Measured, Point
from gradcheck.subjects.leaf import Leaf

_FEW = 4  # entries: more of them are not all equal by chance
_BITS = 256.0
_STEP = 2.0**-4  # of the leaf's scale: what only adds a leaf up is linear in it
_APART = 2.0**-9  # half of what two different sums differ by at least


def coincides(point: Point, measured: Measured) -> bool:
    """Does a small leaf pass that disagrees under another dY? Two forwards an entry of such leaves, one backward."""
    if measured.fails or point.options.fixed:
        return False
    few = [leaf for leaf in point.subject.leaves if leaf.size <= _FEW and _is_sum(point, leaf)]
    passing = [leaf for leaf in few if measured.comparisons[leaf.name].verdict is Verdict.PASS]
    if not passing or point.output.size < 2:
        return False
    other = signed(stream(point.options.seed, "another cotangent"), point.output.shape)
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
    return bool(np.all(np.isfinite(given)) and np.all(given * _BITS == np.round(given * _BITS)))


def _differs(point: Point, leaf: Leaf, given: Array | None, other: Array) -> bool:
    if given is None or given.shape != leaf.shape:
        return True
    step, g = power_of_two(scale(leaf.array)) * _STEP, other.ravel()
    for flat in range(leaf.size):
        saved = leaf.array.flat[flat].item()
        try:
            leaf.put(flat, saved + step)
            plus = point.subject.forward()
            leaf.put(flat, saved - step)
            minus = point.subject.forward()
        finally:
            leaf.put(flat, saved)
        if plus.shape != other.shape or minus.shape != other.shape:
            return True
        slope = float(g @ (np.asarray(plus, dtype=np.float64) - minus).ravel()) / (2 * step)
        if abs(float(given.flat[flat]) - slope) > _APART:
            return True
    return False
