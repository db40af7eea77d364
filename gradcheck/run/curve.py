"""Error against step at the worst entry of a failing leaf: it tells a wrong gradient from a wrong step."""

import math

from gradcheck.judge.verdict import Verdict
from gradcheck.numeric.ladder import Climb
from gradcheck.numeric.lines import EntryLine, entry_unit
from gradcheck.run.leaves import worst_first
from gradcheck.run.measure import Measured, Point
from gradcheck.run.result import Curve
from gradcheck.subjects.leaf import Leaf

STEPS = 23
_WIDEST = 2.0**-1  # in units of the leaf; each further step is a quarter of the one before


def step_curves(point: Point, measured: Measured) -> dict[str, tuple[Curve, Curve]]:
    """Leaf name -> (step, |D(step) - measured|) and (step, |D(step) - yours|), of the failing leaves.

    Two forwards for each step that the leaf's ladder has not taken.
    """
    return {
        leaf.name: curves
        for leaf in point.subject.leaves
        if measured.comparisons[leaf.name].verdict is Verdict.FAIL and (curves := _curves(point, measured, leaf))
    }


def _curves(point: Point, measured: Measured, leaf: Leaf) -> tuple[Curve, Curve] | None:
    c = measured.comparisons[leaf.name]
    order = worst_first(c)
    if not order.size or not math.isfinite(value := float(c.numeric.flat[order[0]])):
        return None
    flat = int(order[0])
    slopes = _slopes(point, measured, leaf, flat)
    given = math.nan if c.analytic is None or c.analytic.shape != leaf.shape else float(c.analytic.flat[flat])
    error = tuple((h, abs(slope - value)) for h, slope in slopes)
    return error, tuple((h, abs(slope - given)) for h, slope in slopes) if math.isfinite(given) else ()


def _slopes(point: Point, measured: Measured, leaf: Leaf, flat: int) -> Curve:
    """(step, D(step)), the widest step first."""
    found = measured.found.get(leaf.name)
    known = dict(found.slopes.get(flat, ())) if found is not None else {}
    unit = entry_unit(leaf)
    climb = Climb(point.sampler(), EntryLine(leaf, flat, unit))
    wanted = (_WIDEST * unit / 4.0**k for k in range(STEPS))
    rungs = [climb.rung(h) for h in wanted if h not in known]
    known |= {rung.h: rung.central for rung in rungs if rung is not None}
    return tuple(sorted(known.items(), reverse=True))
