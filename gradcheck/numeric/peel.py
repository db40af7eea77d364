"""A directional derivative, each output taken at the widest step that is smooth for it.

A direction moves all entries at once, so that somebody's kink lies within any wide step; but it bends few of the
outputs. Outputs that are straight on both sides of a wide step are taken there, where rounding is small, and only
what is left goes on to finer steps. Kinks at the point itself are left in the end, with a slope on either side.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.numeric.belief import bar, believed, jumps
from gradcheck.numeric.confirm import Steps, confirmed
from gradcheck.numeric.estimate import UNKNOWN, Estimate
from gradcheck.numeric.kinks import one_sided
from gradcheck.numeric.lines import Line
from gradcheck.numeric.rungs import Rung, Sampler

STARTS = (2.0**-5, 2.0**-14, 2.0**-24, 2.0**-34)  # first steps of the ladders, in units of the line
_RUNGS = 6
_FADES = 0.65  # the two sides of a smooth output meet as the step halves
_NEAR = 2.0**-40  # kinks nearer than this are at the point


class Peel:
    """Ladders along one line, each for the outputs that the ones before have left."""

    def __init__(self, sampler: Sampler, line: Line, starts: Sequence[float] = STARTS) -> None:
        """starts: first steps of the ladders in units of the line, wide ones first."""
        self._sampler, self._line, self._starts = sampler, line, starts
        self._left = np.ones(sampler.y.shape, dtype=bool)
        self._moved = sampler.nothing_moved()
        self.rungs: list[Rung] = []
        self.began: list[float] = []  # first steps of the ladders that told something

    @property
    def size(self) -> float:
        """The largest sum |G_j| |slope_j| that a step has shown."""
        return max((rung.size for rung in self.rungs), default=0.0)

    def estimate(self, expected: float = np.nan) -> Estimate:
        """The derivative; with one-sided slopes where a kink is at the point. expected: see confirm.py."""
        found = self._estimate()
        steps = Steps(self._line.unit, self._sampler.g, self._whole, self._again)
        sure = confirmed(steps, self.rungs, found, expected)
        self._sampler.overturned |= sure is not found
        return sure

    def _whole(self, h: float) -> Rung | None:
        """A pair of evaluations, all outputs together."""
        return self._sampler.rung(self._line, h, self._moved)

    def _again(self, start: float) -> Estimate:
        return Peel(self._sampler, self._line, (start / self._line.unit,)).estimate()

    def _estimate(self) -> Estimate:
        total, best = _NOTHING, UNKNOWN
        for start in self._starts:
            rungs = self._ladder(start)
            found = self._believed(rungs)
            best = min(best, found, key=bar)
            if found.known and bar(found) <= 1e-10 * abs(found.value) + 8 * rungs[-1].rounding:
                self.began.append(rungs[-3].h / self._line.unit)
                break
            straight = UNKNOWN if best.known else self._straight(rungs)
            if straight.known:
                self.began.append(start)
                total = _sum(total, straight)
            if self.rungs and not np.any(self._left & self._moved):
                return self._finished(total)
        return self._finished(_sum(total, best if best.known else self._at_kink()))

    def _ladder(self, start: float) -> list[Rung]:
        """Rungs of the outputs that are left, until they are believed or show a kink."""
        rungs: list[Rung] = []
        for k in range(_RUNGS):
            rung = self._sampler.rung(self._line, start * self._line.unit / 2**k, self._moved)
            if rung is None:
                continue
            self.rungs.append(rung)
            rungs.append(self._of(rung, self._left))
            found = self._believed(rungs)
            if (found.known and found.error < 8 * rungs[-1].rounding) or (not found.known and self._bent(rungs)):
                break
        return rungs

    def _believed(self, rungs: Sequence[Rung]) -> Estimate:
        """As of one slope; but the two sides of every output must meet, for jumps of many outputs may cancel."""
        if len(rungs) < 3:
            return UNKNOWN
        apart = [self._apart(rung) for rung in self.rungs[-2:]]
        return believed(rungs) if apart[1] <= max(_FADES * apart[0], 4 * rungs[-1].rounding) else UNKNOWN

    def _apart(self, rung: Rung) -> float:
        """Sum |G_j| |right_j - left_j| over the outputs that are left."""
        return float((self._sampler.weight * self._left) @ np.abs(rung.right - rung.left))

    def _bent(self, rungs: Sequence[Rung]) -> bool:
        """Smaller steps of this ladder would show the same kinks."""
        return jumps(rungs) or (len(rungs) == _RUNGS // 2 and bool(np.any(self._flat() & self._moved)))

    def _straight(self, rungs: Sequence[Rung]) -> Estimate:
        """What the straight outputs give together; they are then left no longer."""
        if len(rungs) < 3:
            return UNKNOWN
        flat = self._flat()
        found = believed([self._of(rung, flat) for rung in self.rungs[-3:]]) if np.any(flat) else UNKNOWN
        if found.known:
            self._left &= ~flat
        return found

    def _flat(self) -> Array:
        """Mask of the outputs that are left and on which the last three rungs agree, both sides of each."""
        last = self.rungs[-3:]
        slopes = [slope for rung in last for slope in (rung.right, rung.left)]
        noise = 2 * self._noise(last[-1]) / last[-1].h
        return np.asarray(self._left & (np.maximum.reduce(slopes) - np.minimum.reduce(slopes) <= 2 * noise))

    def _noise(self, rung: Rung) -> Array:
        """Of each output at the points of a rung."""
        reach = np.abs(self._sampler.y) + rung.h * np.maximum(np.abs(rung.right), np.abs(rung.left))
        return self._sampler.noise.of(reach)

    def _of(self, rung: Rung, mask: Array) -> Rung:
        """A rung of some outputs."""
        if np.all(mask):
            return rung
        g = np.where(mask, self._sampler.g, 0.0)
        noise = float(np.abs(g) @ (self._noise(rung) * self._moved))
        central, jump = float(g @ (rung.right + rung.left)) / 2, float(g @ (rung.right - rung.left))
        size = float(np.abs(g) @ np.maximum(np.abs(rung.right), np.abs(rung.left)))
        return replace(rung, central=central, jump=jump, rounding=3 * noise / rung.h, size=size)

    def _at_kink(self) -> Estimate:
        """Slopes on either side of what no step has shown to be straight or smooth."""
        near = self._sampler.rung(self._line, _NEAR * self._line.unit, self._moved)
        rungs = [self._of(rung, self._left) for rung in [*self.rungs, *([near] if near is not None else [])]]
        if len(rungs) < 2:
            return UNKNOWN
        wide = max(rungs, key=lambda rung: abs(rung.jump) / (rung.rounding or 1.0))
        if rungs[-1].rounding < 0.1 * abs(wide.jump) and abs(rungs[-1].jump) < 0.5 * abs(wide.jump):
            return UNKNOWN  # a kink beside the point, at a distance that no ladder has fitted
        return one_sided(self._sampler.of(self._left), rungs, wide)

    def _finished(self, found: Estimate) -> Estimate:
        """Outputs that no step changed may be rounded flat."""
        if not found.known or not self.rungs:
            return UNKNOWN
        hidden = self._sampler.hidden(self._moved) / max(rung.h for rung in self.rungs)
        return replace(found, error=found.error + hidden)


_NOTHING = Estimate(0.0, 0.0, 0.0, 0.0)


def _sum(one: Estimate, other: Estimate) -> Estimate:
    return Estimate(
        one.value + other.value, one.error + other.error, one.low + other.low, one.high + other.high,
        kink=one.kink or other.kink,
    )  # fmt: skip
