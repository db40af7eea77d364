"""The negative control, in every run: the analytic gradient with one planted error must fail."""

from dataclasses import replace

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.judge.compare import Yardstick, compare
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.verdict import Verdict
from gradcheck.numeric.estimate import LeafEstimates
from gradcheck.subjects.leaf import Leaf

_PLANTED = 4.0  # times the tolerance of the entry
_UNCAUGHT = "its negative control passes: an error planted on purpose was not caught"


def controlled(c: Comparison, leaf: Leaf, found: LeafEstimates, yardstick: Yardstick) -> Comparison:
    """A leaf that passes, if a spoiled copy of its gradient fails; else inconclusive: nothing would be caught.

    Arithmetic alone: forward is not called.
    """
    at = _telling(c)
    if c.verdict is not Verdict.PASS or at is None:
        return c
    spoiled = np.array(c.analytic, dtype=np.float64)
    high = float(found.high.flat[at])  # on a kink nothing below it is wrong
    spoiled.flat[at] = high + _PLANTED * (float(c.tolerance.flat[at]) + yardstick.rtol * abs(high))
    if compare(leaf, spoiled, found, yardstick, c.analytic_error).verdict is Verdict.FAIL:
        return c
    return replace(c, verdict=Verdict.INCONCLUSIVE, notes=(*c.notes, _UNCAUGHT))


def controlled_screen(c: Comparison) -> Comparison:
    """The same for a screened leaf: an error of one entry, planted in every direction, must show in one of them."""
    if c.verdict is not Verdict.PASS or not c.probes:
        return c
    planted = [p.analytic + _PLANTED * p.tolerance for p in c.probes]
    if all(p.tolerance == 0.0 for p in c.probes) or any(
        abs(a - p.numeric) > p.tolerance for a, p in zip(planted, c.probes, strict=True)
    ):
        return c
    return replace(c, verdict=Verdict.INCONCLUSIVE, notes=(*c.notes, _UNCAUGHT))


def _telling(c: Comparison) -> int | None:
    """The entry with the largest gradient that was measured; None where nothing was."""
    if not c.comparable or c.numeric.size == 0:
        return None
    sizes: Array = np.where(np.isfinite(c.tolerance) & np.isfinite(c.numeric), np.abs(c.numeric), -1.0)
    at = int(np.argmax(sizes))
    return at if sizes.flat[at] >= 0.0 and c.tolerance.flat[at] > 0.0 else None
