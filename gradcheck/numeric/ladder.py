"""A ladder of halving steps along one line, extrapolated, and believed only where the differences behave.

D(h) = D + c2 h**2 + c4 h**4 ..., so each column of Richardson's table removes one power of h**2; one-sided slopes
have all powers of h. The bar is the extrapolation's last change + 2 r, with r the rounding at the smallest step.
"""

from itertools import pairwise

import numpy as np

from gradcheck.base.precision import power_of_two
from gradcheck.numeric.belief import bar, believed, clear, jumps, own_side
from gradcheck.numeric.confirm import Steps, confirmed
from gradcheck.numeric.estimate import UNKNOWN, Estimate
from gradcheck.numeric.kinks import one_sided
from gradcheck.numeric.lines import Line
from gradcheck.numeric.rungs import Rung, Sampler

RUNGS = 6
_MORE = 4  # rungs more, where kinks left behind have made wider ones useless
_STARTS = (5, 14, 24, 34)  # a ladder starts at unit / 2**these, one after the other until one is believed
_APART, _BETWEEN = 8, 4  # steps between, and how many, which must show the side that wider ones show
_CURVED = 6  # so many where the two sides of a kink at the point are curved
_LOOSE = 1e-6  # of the slopes: a side of a kink told no better may be a phase of an oscillation
_SMALLEST = 44  # kinks nearer than unit / 2**this are at the point


class Climb:
    """All that is known of one line."""

    def __init__(self, sampler: Sampler, line: Line) -> None:
        self.sampler, self.line = sampler, line
        self.moved = sampler.nothing_moved()
        self.rungs: list[Rung] = []  # of every ladder, in the order taken
        self.widest = 0.0

    def estimate(self, expected: float = np.nan) -> Estimate:
        """The derivative, with one-sided slopes at a kink. expected: what it is held against, see confirm.py."""
        best, beside = UNKNOWN, UNKNOWN
        for start in self._starts():
            rungs, found = self._ladder(start)
            if not found.known and jumps(rungs):
                found = self._at_kink(rungs)
                beside = UNKNOWN if found.kink else found
                if found.known and (found.kink or bar(found) <= _LOOSE * max(rung.size for rung in rungs)):
                    best = min(best, found, key=bar)
                    break
            best = min(best, found, key=bar)
            if found.known and bar(found) <= 1e-10 * abs(found.value) + 8 * rungs[-1].rounding:
                break
        if best is not beside:  # which a small step has told already
            steps = Steps(self.line.unit, self.sampler.g, self.rung, lambda start: self._ladder(start)[1])
            found, best = best, confirmed(steps, list(self.rungs), best, expected)
            self.sampler.overturned |= best is not found
        return self._finished(best)

    def rung(self, h: float) -> Rung | None:
        """One pair of evaluations, kept."""
        rung = self.sampler.rung(self.line, h, self.moved)
        if rung is not None:
            self.widest = max(self.widest, rung.h)
            self.rungs.append(rung)
        return rung

    def _starts(self) -> list[float]:
        unit, own = self.line.unit, self.line.own
        starts = [unit / 2.0**s for s in _STARTS]
        if own and own < unit / 16:
            starts.append(unit * power_of_two(own / unit) / 32)
        return sorted(starts, reverse=True)

    def _ladder(self, start: float) -> tuple[list[Rung], Estimate]:
        rungs: list[Rung] = []
        best = UNKNOWN
        for k in range(RUNGS + _MORE):
            if len(clear(rungs)) >= RUNGS or (k >= RUNGS and len(clear(rungs)) == len(rungs)):
                break
            rung = self.rung(start / 2**k)
            if rung is None:
                continue
            rungs.append(rung)
            best = min(best, believed(rungs), key=bar)
            if best.known and best.error < 8 * rung.rounding:
                break
            if not best.known and jumps(rungs):
                break  # smaller steps of this ladder would show the same kink
        return rungs, best

    def _at_kink(self, ladder: list[Rung]) -> Estimate:
        """Is the kink at the point, or at a distance that a smaller step can tell?

        ladder: halving steps that all reach across the kink; the last one shows it clearly.
        """
        wide = ladder[-1]
        rung = self._decisive(wide)
        if rung is not None and abs(rung.jump) > 0.5 * abs(wide.jump):
            return self._both_sides(wide)
        beside = UNKNOWN if rung is None else own_side(ladder, rung, self._between(rung.h, wide.h))
        if beside.known:
            return beside
        low, high = (rung.h if rung is not None else self.line.unit / 2.0**_SMALLEST), wide.h
        while high > 2 * low:  # the largest step on the point's own side of the kink
            middle = low * max(2.0, power_of_two(float(np.sqrt(high / low))))
            tried = self.rung(middle)
            if tried is None or abs(tried.jump) > max(0.05 * abs(wide.jump), tried.rounding):
                high = middle
            else:
                low = middle
        return self._ladder(low)[1]

    def _both_sides(self, wide: Rung) -> Estimate:
        """The slopes on either side; where a side is curved, of steps so small that it is straight."""
        found = one_sided(self.sampler, self.rungs, wide)
        if bar(found) > _LOOSE * wide.size:
            steps = [wide, *self._between(0.0, wide.h, _CURVED)]
            tried = (one_sided(self.sampler, pair, wide) for pair in pairwise(steps))
            best = min(found, *tried, key=bar)
            return best if bar(best) <= _LOOSE * wide.size else found
        return found

    def _between(self, near: float, wide: float, most: int = _BETWEEN) -> list[Rung]:
        """Rungs between a step that tells the side of a kink and those that reach across it."""
        steps = [wide / _APART**k for k in range(1, most + 1)]
        found = [self.rung(h) for h in steps if h > near]
        return [rung for rung in found if rung is not None]

    def _decisive(self, wide: Rung) -> Rung | None:
        """The smallest step whose rounding is under a tenth of the jump."""
        h = self.line.unit * power_of_two(max(2.0**-_SMALLEST, self.line.own / self.line.unit * 2.0**-50))
        while h < wide.h:
            rung = self.rung(h)
            if rung is not None and rung.rounding < 0.1 * abs(wide.jump):
                return rung
            h *= 8
        return None

    def _finished(self, best: Estimate) -> Estimate:
        """Outputs that no step changed may be rounded flat; with the plain differences."""
        if not best.known:
            return best
        hidden = self._hidden()
        if hidden > best.error and self.widest < self.line.unit / 2 ** (_STARTS[0] + 1):
            self._glance()
            hidden = self._hidden()
        slopes = tuple((r.h, r.central) for r in self.rungs)
        return Estimate(
            best.value, best.error + hidden, best.low, best.high, kink=best.kink, jumping=best.jumping, slopes=slopes
        )

    def _hidden(self) -> float:
        return self.sampler.hidden(self.moved) / self.widest if self.widest else 0.0

    def _glance(self) -> None:
        """Where wide steps to both sides fail, at the edge of a root, one side tells which outputs a step moves."""
        for start in self._starts():
            for h in (start, -start):
                step = self.sampler.glance(self.line, h, self.moved) if start > self.widest else 0.0
                if step:
                    self.widest = max(self.widest, step)
                    return
