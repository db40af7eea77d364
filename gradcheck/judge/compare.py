"""Analytic against numeric: tolerance, masks and verdict of one leaf."""

import math
from collections.abc import Sequence

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.precision import eps, scale
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.verdict import Verdict
from gradcheck.numeric.entries import Estimate
from gradcheck.subjects.leaf import Leaf


def default_rtol(dtype: np.dtype[np.floating]) -> float:
    """1e-9 in float64; 1e-5 in float32, about a hundred of its epsilons; the same for float16."""
    return {8: 1e-9, 4: 1e-5}.get(dtype.itemsize, 1e-9 if dtype.itemsize > 8 else 1e-2)


def compare(
    leaf: Leaf,
    analytic: Array | None,
    estimates: Sequence[Estimate],
    *,
    analytic_error: float,
    rtol: float,
    unit: float,
) -> Comparison:
    """|a - n| <= rtol * max(|a|, |n|) + 1e-9 * rms(n) + k * (error of n + error of a), entry by entry.

    unit: sum |G_j y_j|, so that unit / scale(leaf) is the leaf's natural scale.
    """
    low, high, error, value = (
        np.array([getattr(e, name) for e in estimates]).reshape(leaf.shape)
        for name in ("low", "high", "error", "value")
    )
    kink = np.array([e.kink for e in estimates], dtype=bool).reshape(leaf.shape)
    fits = analytic is not None and analytic.shape == leaf.shape
    a = analytic if fits and analytic is not None else np.zeros(leaf.shape)
    numeric = np.where(kink, np.clip(np.nan_to_num(a), low, high), value)
    known = np.isfinite(numeric) & np.isfinite(error)
    rms = float(np.sqrt(np.mean(numeric[known] ** 2))) if known.any() else 0.0
    base = rtol * np.maximum(np.abs(a), np.abs(numeric)) + 1e-9 * rms
    k = max(1.0, math.sqrt(2 * math.log(max(leaf.size, 1) / 1e-6)) / 3.3)
    total = k * (error + analytic_error)
    # Where the output is 0 (ReLU at 0) its size tells nothing; the slopes themselves do.
    slopes = np.nan_to_num(np.maximum(np.abs(low), np.abs(high)))
    natural = max(unit / scale(leaf.array), float(slopes.max(initial=0.0)))
    difference = np.abs(a - numeric)
    bad = ~np.isfinite(a) & known
    wrong = bad | (known & ~(difference <= base + total))
    limit = natural * (1e-6 if eps(leaf.array.dtype) < 1e-12 else 1e-2)
    undecided = ~wrong & (~known | ((total > base) & (total > limit)))
    vacuous = known & ~wrong & (np.maximum(np.abs(a), np.abs(numeric)) <= total)
    verdict = _verdict(fits or analytic is None, wrong, undecided)
    return Comparison(
        leaf.name, leaf.role, analytic, numeric, error, np.full(leaf.shape, analytic_error), base + total,
        wrong, undecided, kink, vacuous, natural, verdict,
    )  # fmt: skip


def _verdict(fits: bool, wrong: Array, undecided: Array) -> Verdict:
    if not fits or wrong.any():
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE if undecided.any() else Verdict.PASS
