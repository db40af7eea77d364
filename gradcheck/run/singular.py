"""Entries at which forward itself has no finite slope (a root at 0): a gradient of infinity is right there.

One-sided slopes at five steps, each 64 times smaller than the last: those of a smooth function, and of both sides of a
kink, settle; those of log h and h**-a go on growing, each by the same factor more. A jump grows as 1 / h, and so does
an oscillation that the steps are too wide for: neither is singular.
"""

from dataclasses import dataclass, replace

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.diagnose.suspect import gradient_name
from gradcheck.diagnose.words import indices
from gradcheck.judge.compare import judged
from gradcheck.judge.comparison import Comparison
from gradcheck.numeric.lines import EntryLine, entry_unit
from gradcheck.numeric.rungs import Sampler
from gradcheck.run.measure import Point
from gradcheck.subjects.leaf import Leaf

_STEPS = (6, 12, 18, 24, 30)  # powers of 1/2 of the leaf's unit
_GROWS = (0.95, 48.0)  # times the last rise: |x|**(1.02) still settles, 1 / h rises 64 times as much
_EVEN = 1.5  # and by no more than so many times another factor from step to step
_CLEAR = 16.0  # times what rounding may do
_MOST = 256  # entries that are asked; where all of these are singular, so are the others


@dataclass(frozen=True)
class Excused:
    """A comparison whose singular entries are neither right nor wrong; note: which they are, None where none is."""

    comparison: Comparison
    note: str | None = None


def without_singular(point: Point, leaf: Leaf, comparison: Comparison) -> Excused:
    """Set aside what is infinite for forward too; a leaf of nothing else is undecided, as is a finite value there."""
    a = comparison.analytic
    if a is None or a.shape != leaf.shape or leaf.vast:
        return Excused(comparison)
    unbounded = ~np.isfinite(a)
    asked = np.asarray(unbounded | (comparison.undecided & np.isnan(comparison.numeric)))
    singular = _singular(point.sampler(), leaf, asked)
    if not singular.any():
        return Excused(comparison)
    aside, kept = singular & unbounded, ~singular
    left = (comparison.undecided & ~aside) | (singular if aside.all() else False)
    numeric, error = (np.where(kept, values, np.nan) for values in (comparison.numeric, comparison.error))
    settled = judged(
        replace(
            comparison,
            numeric=numeric,
            error=error,
            wrong=comparison.wrong & kept,
            kink=comparison.kink & kept,
            undecided=np.asarray(left),
        )
    )
    return Excused(settled, _NOTE.format(symbol=gradient_name(leaf.name), places=indices(singular)))


_NOTE = "{symbol} is not judged at {places}: forward itself has no finite slope there, on one side or both"


def _singular(sampler: Sampler, leaf: Leaf, asked: Array) -> Array:
    """Mask of the entries asked for on one side of which, or both, the slopes of forward are not finite."""
    mask = np.zeros(leaf.shape, dtype=bool)
    places = np.flatnonzero(asked)
    for flat in places[:_MOST]:
        line = EntryLine(leaf, int(flat), entry_unit(leaf))
        mask.flat[flat] = any(_grows(sampler, line, sign) for sign in (1.0, -1.0))
    mask.flat[places[_MOST:]] = bool(places.size) and bool(mask.flat[places[:_MOST]].all())
    return mask


def _grows(sampler: Sampler, line: EntryLine, sign: float) -> bool:
    """Do the slopes of some output go on growing on this side, or has forward no value there at all?"""
    found = [_slopes(sampler, line, sign * line.unit / 2.0**k) for k in _STEPS]
    sides = [side for side in found if side is not None]
    if not sides:
        return True
    if len(sides) < len(_STEPS):
        return False
    slopes, doubt = np.stack([s for s, _ in sides]), np.stack([d for _, d in sides])
    rises = np.diff(np.abs(slopes), axis=0)
    clear = np.all(rises > _CLEAR * doubt[1:], axis=0) & (sampler.weight > 0)
    with np.errstate(all="ignore"):
        factors = rises[1:] / rises[:-1]
        low, high = factors.min(axis=0), factors.max(axis=0)
        growing = (low >= _GROWS[0]) & (high <= _GROWS[1]) & (high <= _EVEN * low)
    return bool(np.any(clear & growing))


def _slopes(sampler: Sampler, line: EntryLine, step: float) -> tuple[Array, Array] | None:
    """The slope of each output to one side, and its rounding; None where forward raises or is not finite."""
    try:
        taken = line.move(step)
        there = sampler.forward().ravel()
    except LayerError:
        return None
    finally:
        line.back()
    if not taken or there.shape != sampler.y.shape or not np.all(np.isfinite(there)):
        return None
    rounding = sampler.noise.of(np.maximum(np.abs(there), np.abs(sampler.y)))
    return (there - sampler.y) / taken, rounding / abs(taken)
