"""Analytic against numeric: tolerance, masks and verdict of one leaf."""

import math
from dataclasses import dataclass, replace

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.precision import EPS, least_normal, scale
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.probe import Probe
from gradcheck.judge.verdict import Verdict
from gradcheck.numeric.estimate import LeafEstimates
from gradcheck.subjects.leaf import Leaf

_FLOOR = 1e-9  # of the rms of the leaf's gradient


@dataclass(frozen=True)
class Yardstick:
    """What |a - n| is held against.

    rtol: relative tolerance · unit: sum |G_j y_j|, so that unit / scale(leaf) is the leaf's natural scale
    single: does forward compute in float32, or is the leaf kept in it?
    """

    rtol: float
    unit: float
    single: bool = False

    @property
    def limit(self) -> float:
        """The largest error, in natural scales, that still decides something."""
        return 1e-2 if self.single else 1e-6

    @property
    def least(self) -> float:
        """The smallest error that there can be."""
        return least_normal(single=self.single)


def default_rtol(dtype: np.dtype[np.floating], *, single: bool = False) -> float:
    """1e-9 in float64; 1e-5 in float32, about a hundred of its epsilons; 1e-2 in float16."""
    if dtype.itemsize <= 2:
        return 1e-2
    return 1e-5 if dtype.itemsize == 4 or single else 1e-9


def many(size: int) -> float:
    """K = max(1, sqrt(2 ln(n / 1e-6)) / 3.3): honest over n comparisons, otherwise not growing with n."""
    return max(1.0, math.sqrt(2 * math.log(max(size, 1) / 1e-6)) / 3.3)


def compare(
    leaf: Leaf, analytic: Array | None, found: LeafEstimates, yardstick: Yardstick, analytic_error: Array
) -> Comparison:
    """|a - n| <= rtol * max(|a|, |n|) + 1e-9 * rms(n) + k * (error of n + error of a), entry by entry.

    No error is below the smallest normal number.
    analytic_error: of the leaf's shape. At a kink n is the legal value nearest to a.
    """
    fits = analytic is not None and analytic.shape == leaf.shape
    a = analytic if fits and analytic is not None else np.zeros(leaf.shape)
    with np.errstate(all="ignore"):
        numeric = np.where(found.kink, np.clip(np.nan_to_num(a), found.low, found.high), found.value)
        known = np.isfinite(numeric) & np.isfinite(found.error)
        rms = float(np.sqrt(np.mean(numeric[known] ** 2))) if known.any() else 0.0
        size = np.maximum(np.where(np.isfinite(a), np.abs(a), 0.0), np.abs(numeric))
        base = yardstick.rtol * size + _FLOOR * rms
        total = np.maximum(many(leaf.size) * (found.error + analytic_error), yardstick.least)
        slopes = np.nan_to_num(np.maximum(np.abs(found.low), np.abs(found.high)))
        natural = max(yardstick.unit / scale(leaf.array), float(slopes.max(initial=0.0)), found.size)
        close = np.abs(a - numeric) <= base + total
        wrong = known & (~np.isfinite(a) | ~close)
        # natural = 0: the output is 0 and no step moves it (dead units); agreement within rounding is all there is.
        wide = (total > base) & (total > yardstick.limit * natural) & (natural > yardstick.least / EPS)
        undecided = ~wrong & (~known | wide)
        vacuous = known & ~wrong & (np.maximum(np.abs(a), np.abs(numeric)) <= total)
    # Arithmetic makes a scalar of a 0-d array; a leaf that is one number has arrays as any other.
    tolerance, wrong, undecided, vacuous = (np.asarray(v) for v in (base + total, wrong, undecided, vacuous))
    compared = Comparison(
        leaf.name, leaf.role, analytic, numeric, found.error, analytic_error, tolerance,
        wrong, undecided, found.kink, vacuous, natural, Verdict.PASS,
    )  # fmt: skip
    return judged(compared)


def judged(c: Comparison) -> Comparison:
    """The comparison with the verdict that its masks have."""
    fits = c.analytic is None or c.analytic.shape == c.numeric.shape
    if not fits or c.wrong.any() or any(probe.wrong for probe in c.probes):
        return replace(c, verdict=Verdict.FAIL)
    open_ = c.undecided.any() or not _decided(c.probes)
    return replace(c, verdict=Verdict.INCONCLUSIVE if open_ else Verdict.PASS)


def _decided(probes: tuple[Probe, ...]) -> bool:
    """Of a screened leaf: has a Gaussian direction decided, and no direction given reason to doubt it?"""
    if not probes:
        return True
    return all(not p.undecided for p in probes) or sum(not p.undecided for p in probes if p.kind == "gaussian") > 1
