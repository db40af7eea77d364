"""When a ladder of halving steps is believed, and the extrapolated value with its bar."""

from collections.abc import Sequence

from gradcheck.numeric.estimate import UNKNOWN, Estimate, smooth
from gradcheck.numeric.rungs import Rung

_COLUMNS = 4
_SQUARE = 0.35  # successive differences of D fall at least nearly as h**2
_LINEAR = 0.65  # or as h
_SLIGHT = 1e-9  # of the slopes that the widest step shows: two sides that differ by less need not be told apart
_SHED = 16  # an asymmetry that falls faster at one halving was a kink's, which now lies behind


def bar(estimate: Estimate) -> float:
    """The error bar; infinite where there is none."""
    return estimate.error if estimate.known else float("inf")


def jumps(rungs: Sequence[Rung]) -> bool:
    """Do the two sides differ by the same at every step: a kink at the point or near it?"""
    if len(rungs) < 3:
        return False
    a, b, c = rungs[-3:]
    steady = abs(c.jump) > 0.9 * abs(b.jump) > 0.8 * abs(a.jump)
    return steady and abs(c.jump) > max(10 * c.rounding, 1e-9 * c.size)


def clear(rungs: Sequence[Rung]) -> Sequence[Rung]:
    """The rungs after the last kink that the halving steps have left behind: wider ones say nothing of the point.

    The asymmetry of a smooth function falls as h or h**3; one that vanishes at one halving was a kink between both.
    """
    for k in range(len(rungs) - 1, 0, -1):
        wide, close = rungs[k - 1], rungs[k]
        if abs(close.jump) + 4 * close.rounding < abs(wide.jump) / _SHED:
            return rungs[k:]
    return rungs


def believed(rungs: Sequence[Rung]) -> Estimate:
    """What the last rungs of one ladder prove; UNKNOWN where they prove nothing.

    The asymmetry of the two sides must fade with the step (or be below the rounding r), and the successive
    differences of D must fall as h**2 or be below r. Where they fall only as h, the two sides are extrapolated
    apart; where these agree their mean is the derivative.
    """
    rungs = clear(rungs)
    if len(rungs) < 3:
        return UNKNOWN
    b, c = rungs[-2:]
    # y+ - 2 y0 + y- carries four times the rounding of (y+ - y-) / 2, and a jump that small moves D by 2 r at most.
    if abs(c.jump) > max(_LINEAR * abs(b.jump), 4 * c.rounding):
        return _slightly_bent(rungs)
    central = [rung.central for rung in rungs]
    if _falls(central[-3:], _SQUARE, c.rounding):
        value, change = extrapolated(central, 4.0)
        return min(smooth(value, change + 2 * c.rounding), _plateau(rungs[-3:]), key=bar)
    return _both_sides(rungs) if _falls(central[-3:], _LINEAR, c.rounding) else UNKNOWN


def _slightly_bent(rungs: Sequence[Rung]) -> Estimate:
    """Beside the middle of x|x| the slopes of both sides differ for good, and by next to nothing.

    One-sided ladders see that difference as a part of their values; the bar takes it in whole.
    """
    bend = max(abs(rung.jump) for rung in rungs)
    if bend > _SLIGHT * max(rung.size for rung in rungs):
        return UNKNOWN
    found = _both_sides(rungs, bend)
    return smooth(found.value, found.error + bend)


def own_side(ladder: Sequence[Rung], near: Rung, between: Sequence[Rung] = ()) -> Estimate:
    """The slope of the side that the point lies on, where a kink is near it.

    Away from the kink that side is smooth over large steps, so its one-sided ladder is precise; a step nearer
    than the kink need only tell which of the two sides it is. UNKNOWN where it fits both or none.
    between: rungs of steps between, which must show the same slope on that side: where softmax saturates, what looks
    like a jump is smooth, and curved too closely for the wide steps to see.
    """
    c = ladder[-1]
    found = []
    for sign in (-1, 1):
        side = [rung.central + sign * rung.jump / 2 for rung in ladder]
        value, gap = extrapolated(side, 2.0)
        error = gap + 4 * c.rounding
        seen = [(near.central, near.rounding), *((r.central + sign * r.jump / 2, r.rounding) for r in between)]
        straight = all(abs(value - slope) <= error + 2 * rounding for slope, rounding in seen)
        if _falls(side[-3:], _LINEAR, 2 * c.rounding) and straight:
            found.append(smooth(value, error))
    return found[0] if len(found) == 1 else UNKNOWN


def _plateau(rungs: Sequence[Rung]) -> Estimate:
    """Three plain values that agree: the widest step carries the least rounding."""
    first = rungs[0]
    spread = max(abs(rung.central - first.central) for rung in rungs)
    return smooth(first.central, spread + 2 * first.rounding) if spread <= first.rounding else UNKNOWN


def extrapolated(values: Sequence[float], power: float) -> tuple[float, float]:
    """Richardson's table of a halving ladder: (value, last change) of the column that changed least.

    power: by how much the leading error falls at each halving, 4 for h**2; the next columns remove
    power**2, power**3, ... (Ridders 1982: a column's error is its largest difference to its two neighbours).
    """
    row = [values[0]]
    best = (values[-1], float("inf"))
    for value in values[1:]:
        last, row = row, [value]
        best = (value, abs(value - last[0]))
        for m in range(min(len(last), _COLUMNS)):
            row.append(row[m] + (row[m] - last[m]) / (power ** (m + 1) - 1))
            change = max(abs(row[m + 1] - row[m]), abs(row[m + 1] - last[m]))
            if m + 1 < len(last):
                change = abs(row[m + 1] - last[m + 1])
            if change <= best[1]:
                best = (row[m + 1], change)
    return best


def _falls(values: Sequence[float], factor: float, rounding: float) -> bool:
    a, b, c = values
    return abs(c - b) <= max(factor * abs(b - a), rounding)


def _both_sides(rungs: Sequence[Rung], bend: float = 0.0) -> Estimate:
    """The two one-sided ladders extrapolated apart, D +- jump / 2; their mean where they agree.

    bend: by how much they may differ beyond rounding.
    """
    c = rungs[-1]
    sides = [[rung.central + sign * rung.jump / 2 for rung in rungs] for sign in (-1, 1)]
    if not all(_falls(side[-3:], _LINEAR, 2 * c.rounding) for side in sides):
        return UNKNOWN
    (left, gap), (right, other) = (extrapolated(side, 2.0) for side in sides)
    if abs(left - right) > gap + other + 4 * c.rounding + 2 * bend:
        return UNKNOWN
    return smooth((left + right) / 2, max(gap, other, abs(left - right) / 2) + 2 * c.rounding)
