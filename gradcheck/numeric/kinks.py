"""A kink at the point: each output has a slope on either side, and every value between is legal."""

from collections.abc import Sequence

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.numeric.estimate import UNKNOWN, Estimate
from gradcheck.numeric.rungs import Rung, Sampler

_TINY = 1e-300


def one_sided(sampler: Sampler, rungs: Sequence[Rung], wide: Rung) -> Estimate:
    """sum_j G_j [d-_j, d+_j]; a slope that grows like 1/h is a jump of the output: that side does not count.

    rungs: all that were taken along the line · wide: one that shows the kink.
    """
    pair = _two_steps(rungs, wide)
    if pair is None:
        return UNKNOWN
    far, close = pair
    ratio = far.h / close.h
    sides = ((far.left, close.left), (far.right, close.right))
    noise = 4 * close.rounding / max(float(np.max(sampler.weight, initial=0.0)), _TINY)
    grows = [np.abs(c) > 0.7 * ratio * np.abs(f) + noise for f, c in sides]
    if bool(np.any(grows[0] & grows[1])):
        return UNKNOWN
    slopes = [c + (c - f) / (ratio - 1) for f, c in sides]
    left, right = np.where(grows[0], slopes[1], slopes[0]), np.where(grows[1], slopes[0], slopes[1])
    gaps = [np.where(grown, 0.0, np.abs(c - f)) for grown, (f, c) in zip(grows, sides, strict=True)]
    error = float(sampler.weight @ (gaps[0] + gaps[1])) + 2 * close.rounding
    return _estimate(sampler.g, left, right, error, grows[0] | grows[1])


def _two_steps(rungs: Sequence[Rung], wide: Rung) -> tuple[Rung, Rung] | None:
    """The two smallest different steps that rounding leaves precise; the two largest where none is."""
    steps = {rung.h: rung for rung in rungs}
    precise = [rung for rung in steps.values() if rung.rounding < 1e-9 * abs(wide.jump)]
    chosen = sorted(precise if len(precise) >= 2 else steps.values(), key=lambda rung: -rung.h)
    if len(chosen) < 2:
        return None
    return (chosen[-2], chosen[-1]) if len(precise) >= 2 else (chosen[0], chosen[1])


def _estimate(g: Array, left: Array, right: Array, error: float, jumping: Array) -> Estimate:
    terms = np.stack([g * left, g * right])
    low, high = float(terms.min(0).sum()), float(terms.max(0).sum())
    apart = np.abs(right - left) > 1e-6 * np.maximum(np.abs(right), np.abs(left)) + _TINY
    return Estimate((low + high) / 2, error, low, high, kink=True, jumping=apart | jumping)
