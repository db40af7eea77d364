"""An estimate that contradicts the analytic value must hold at a far smaller step too.

Halving steps may all fall on one phase of an oscillation: one ladder in some twenty takes a fast one for a slow one.
Two values that agree need no such doubt.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.numeric.estimate import UNKNOWN, Estimate
from gradcheck.numeric.rungs import Rung

_DOUBT = 4.0  # bars that the expected value lies outside before it counts as a contradiction
_SURE = 8.0  # times that the rounding of the small step must be below the contradiction
_UNEVEN = 0.7  # the small step is no halving of the others
_SMALLEST, _FARTHER = 2.0**-44, 8.0  # in units of the line; times the step, while it shows nothing but rounding
_APART = 64.0  # times smaller than the widest step, or it tells nothing new
_AGAIN = (30, 25, 20, 15, 10, 5)  # binary orders above the small step, at which a ladder begins again


@dataclass(frozen=True, eq=False)
class Steps:
    """What can be asked of a line. unit: of its steps · g: the cotangent.

    rung: one pair of evaluations · again: what a ladder says, by its first step.
    """

    unit: float
    g: Array
    rung: Callable[[float], Rung | None]
    again: Callable[[float], Estimate]


def confirmed(steps: Steps, taken: Sequence[Rung], found: Estimate, expected: float) -> Estimate:
    """The estimate where a small step bears it out; what a ladder of smaller steps says where it does not.

    taken: rungs of `found` · expected: the analytic value, NaN for none. UNKNOWN where no ladder agrees with the
    small step.
    """
    gap = max(found.low - expected, expected - found.high)
    if not gap > _DOUBT * found.error or not taken:
        return found
    close = _close(steps, taken, found, gap)
    if close is None or _within(_slope(close, steps.g, found), found, gap):
        return found
    widest = max(r.h for r in taken)
    for order in _AGAIN:
        start = close.h * 2.0**order
        other = steps.again(start) if start < widest else UNKNOWN
        if other.known and _within(_slope(close, steps.g, other), other, gap):
            return other
    return UNKNOWN


def _close(steps: Steps, taken: Sequence[Rung], found: Estimate, gap: float) -> Rung | None:
    """The smallest step whose rounding is far below the gap; None where truncation would be as large there."""
    widest = max(taken, key=lambda r: r.h)
    noise = max(r.rounding * r.h for r in taken)
    curved = abs(widest.central - found.value) / widest.h**2
    h = _UNEVEN * max(2 * _SURE * noise / gap, _SMALLEST * steps.unit)
    while h < widest.h / _APART and curved * h**2 < gap / _SURE:
        close = steps.rung(h)
        if close is not None and close.rounding < gap / _SURE:
            return close
        h *= _FARTHER
    return None


def _slope(close: Rung, g: Array, found: Estimate) -> float:
    """Of the small step; at a kink of each output's flatter side, for the other may be a jump."""
    if not found.kink:
        return close.central
    return float(g @ np.where(np.abs(close.right) <= np.abs(close.left), close.right, close.left))


def _within(slope: float, found: Estimate, gap: float) -> bool:
    """Is the slope that of the estimate rather than the expected one?"""
    return found.low - gap / 2 <= slope <= found.high + gap / 2
