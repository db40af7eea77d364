"""Every entry of a leaf: a ladder of halving central differences, extrapolated, with its error bar.

D(h) = <G, y(+h) - y(-h)> / 2h and D(h) = D + c2 h**2 + c4 h**4 ..., so Richardson's table removes one power
of h**2 a column. A ladder is believed only where the asymmetry of the two sides fades with the step; at a
kink both one-sided slopes are measured for each output, and sum_j G_j [d-_j, d+_j] is what is legal.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import EPS, power_of_two, scale
from gradcheck.subjects.leaf import Leaf

_RUNGS = 6
_SEGMENTS = (5, 14, 24, 34)  # a ladder starts at scale / 2**these


@dataclass(frozen=True)
class Estimate:
    """value: derivative (NaN: none) · error: its bar · low, high: legal slopes at a kink."""

    value: float
    error: float
    low: float
    high: float
    kink: bool = False


_UNKNOWN = Estimate(np.nan, np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class _Rung:
    h: float
    central: float
    jump: float  # <G, slope on the right - slope on the left>
    rounding: float
    right: Array
    left: Array


class Measure:
    """Derivatives of <cotangent, forward()> with respect to single entries of leaves."""

    def __init__(self, forward: Callable[[], Array], cotangent: Array, output: Array, noise: float) -> None:
        self._forward, self._g, self._y = forward, cotangent.ravel(), output.ravel()
        self._noise = noise  # of one output, relative to its size

    def entry(self, leaf: Leaf, flat: int) -> Estimate:
        """The derivative at one entry; its value is put back whatever happens."""
        saved = leaf.array.flat[flat].item()
        unit = scale(leaf.array)
        starts = [power_of_two(unit) / 2.0**s for s in _SEGMENTS]
        if saved and abs(saved) < unit / 16:
            starts.insert(1, power_of_two(abs(saved)) / 32)
        best = _UNKNOWN
        for start in starts:
            rungs: list[_Rung] = []
            best = min(best, self._climb(leaf, flat, saved, start, rungs), key=_bar)
            if not np.isnan(best.error) and best.error <= 1e-10 * abs(best.value) + 8 * rungs[-1].rounding:
                return best
        return best if not np.isnan(best.error) else self._kink(leaf, flat, saved, power_of_two(unit) / 2.0**17)

    def _climb(self, leaf: Leaf, flat: int, saved: float, start: float, rungs: list[_Rung]) -> Estimate:
        best, row = _UNKNOWN, [np.nan]
        for k in range(_RUNGS):
            rung = self._rung(leaf, flat, saved, start / 2**k)
            if rung is None:
                continue
            rungs.append(rung)
            last, row = row, [rung.central]
            for m in range(min(len(rungs) - 1, 4)):
                row.append(row[m] + (row[m] - last[m]) / (4.0 ** (m + 1) - 1))
            if len(rungs) >= 3 and _smooth(rungs):
                bar = abs(row[-1] - last[-1]) + 2 * rung.rounding
                best = min(best, Estimate(row[-1], bar, row[-1], row[-1]), key=_bar)
                if bar < 8 * rung.rounding:
                    break
        return best

    def _kink(self, leaf: Leaf, flat: int, saved: float, h: float) -> Estimate:
        """Both one-sided slopes of each output, linear extrapolation of two steps; a jump's side is dropped."""
        wide, near = self._rung(leaf, flat, saved, h), self._rung(leaf, flat, saved, h / 2)
        if wide is None or near is None:
            return _UNKNOWN
        sides = []
        for far, close in ((wide.left, near.left), (wide.right, near.right)):
            sides.append(2 * close - far)
        jumps = [np.abs(c) > 1.5 * np.abs(f) for f, c in ((wide.left, near.left), (wide.right, near.right))]
        left = np.where(jumps[0], sides[1], sides[0])
        right = np.where(jumps[1], sides[0], sides[1])
        terms = np.stack([self._g * left, self._g * right])
        low, high = float(terms.min(0).sum()), float(terms.max(0).sum())
        error = float(np.abs(self._g) @ (np.abs(near.left - wide.left) + np.abs(near.right - wide.right)))
        if np.any(jumps[0] & jumps[1]):
            return _UNKNOWN
        return Estimate((low + high) / 2, error + 2 * near.rounding, low, high, kink=True)

    def _rung(self, leaf: Leaf, flat: int, saved: float, h: float) -> _Rung | None:
        try:
            leaf.put(flat, saved + h)
            up = leaf.array.flat[flat].item() - saved
            plus = self._forward().ravel()
            leaf.put(flat, saved - h)
            down = saved - leaf.array.flat[flat].item()
            minus = self._forward().ravel()
        except LayerError:
            return None
        finally:
            leaf.put(flat, saved)
        if up <= 0 or down <= 0 or plus.shape != self._y.shape or minus.shape != self._y.shape:
            return None
        rise, fall = plus - self._y, self._y - minus
        if not (np.all(np.isfinite(rise)) and np.all(np.isfinite(fall))):
            return None
        right, left = rise / up, fall / down
        moved = (rise != 0) | (fall != 0)
        size = np.maximum(np.abs(self._y), np.maximum(np.abs(plus), np.abs(minus)))
        noise = float(np.abs(self._g * size) @ (self._noise * moved + EPS / 2 * ~moved))
        central = float(self._g @ (plus - minus)) / (up + down)
        return _Rung(h, central, float(self._g @ (right - left)), 3 * noise / h, right, left)


def _bar(estimate: Estimate) -> float:
    return np.inf if np.isnan(estimate.error) else estimate.error


def _smooth(rungs: list[_Rung]) -> bool:
    a, b, c = rungs[-3:]
    fades = abs(c.jump) <= max(0.65 * abs(b.jump), c.rounding)
    falls = abs(c.central - b.central) <= max(0.35 * abs(b.central - a.central), c.rounding)
    return fades and falls
