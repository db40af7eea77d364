"""A comparison as the immutable result of its leaf."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.probe import Probe, detectable, missed
from gradcheck.run.result import Curve, EntryComparison, LeafResult


def leaf_result(c: Comparison, dtype: np.dtype[Any], curves: tuple[Curve, Curve] | None = None) -> LeafResult:
    """Wrong entries worst first, digits, the smallest error that would have been caught, marks.

    curves: of its worst entry, how far plain differences are from what was measured, and from what was given.
    """
    curve, distance = curves or ((), ())
    if c.probes:
        return _screened(c, dtype, curve, distance)
    arrays = [None if a is None else _frozen(a) for a in (_shaped(c), c.numeric, c.error, c.tolerance)]
    order = worst_first(c)
    wrong = tuple(_index(int(flat), c.numeric.shape) for flat in order[c.wrong.ravel()[order]])
    first = _entry(c, _index(int(order[0]), c.numeric.shape)) if order.size else None
    analytic, numeric, error, tolerance = arrays
    known = np.isfinite(c.tolerance)
    return LeafResult(
        name=c.name, role=c.role, shape=c.numeric.shape, dtype=str(dtype), verdict=c.verdict,
        analytic=analytic, numeric=numeric, error=error, tolerance=tolerance, wrong=wrong, worst=first,
        checked=c.numeric.size, agreement_digits=_digits(first),
        detectable=float(np.max(c.tolerance[known])) if known.any() else np.nan,
        note=", ".join(_marks(c)), curve=curve, distance=distance,
        natural_scale=c.natural_scale,
    )  # fmt: skip


def unmeasured(leaves: Iterable[LeafResult]) -> list[str]:
    """The note of a check without a single entry: an empty batch, or integers alone."""
    return [] if any(leaf.entries for leaf in leaves) else [_UNMEASURED]


_UNMEASURED = "nothing was measured: there is no float input or parameter with an entry, so this pass promises nothing"


def worst_first(c: Comparison) -> Array:
    """Flat indices of the entries that were compared: of a screened leaf those that were found wrong."""
    if not c.probes:
        return np.argsort(-_excess(c), kind="stable") if c.numeric.size else np.array([], dtype=int)
    found = np.flatnonzero(c.wrong) if c.wrong.any() else np.zeros(0, dtype=int)
    gaps = [abs(float(_given(c).flat[i]) - float(c.numeric.flat[i])) / c.tolerance.flat[i] for i in found]
    return found[np.argsort(-np.nan_to_num(gaps), kind="stable")]


def _screened(c: Comparison, dtype: np.dtype[Any], curve: Curve, distance: Curve) -> LeafResult:
    """A leaf held against derivatives along directions; its worst entry is one that was located."""
    wrong = tuple(_index(int(flat), c.numeric.shape) for flat in worst_first(c))
    worst = _entry(c, wrong[0]) if wrong else None
    return LeafResult(
        name=c.name, role=c.role, shape=c.numeric.shape, dtype=str(dtype), verdict=c.verdict,
        wrong=wrong, worst=worst, located=MappingProxyType({at: _entry(c, at) for at in wrong}), checked=c.numeric.size,
        agreement_digits=_digits(worst) if worst is not None else min(map(_probe_digits, c.probes)),
        detectable=detectable(c.probes), method="screen", directions=len(c.probes),
        miss_probability=missed(c.probes), probes=c.probes, note=", ".join(_probe_marks(c)),
        curve=curve, distance=distance,
        natural_scale=c.natural_scale,
    )  # fmt: skip


def _probe_marks(c: Comparison) -> list[str]:
    vacuous = all(p.vacuous for p in c.probes)
    kink, noisy = any(p.kink for p in c.probes), any(p.undecided for p in c.probes)
    marks = [("kink", kink), ("noisy", noisy), ("vacuous", vacuous)]
    return [*(mark for mark, there in marks if there), *c.notes]


def _probe_digits(probe: Probe) -> float:
    return _digits(EntryComparison((), probe.analytic, probe.numeric, probe.error, probe.tolerance))


def _marks(c: Comparison) -> list[str]:
    marks = [mark for mark, mask in (("kink", c.kink), ("noisy", c.undecided)) if mask.any()]
    vacuous = bool(c.vacuous.size) and bool(c.vacuous.all())
    return [*marks, *(["vacuous"] if vacuous else []), *c.notes]


def _shaped(c: Comparison) -> Array | None:
    return c.analytic if c.analytic is not None and c.analytic.shape == c.numeric.shape else None


def _given(c: Comparison) -> Array:
    """The analytic gradient; zeros where nothing of the right shape was supplied."""
    shaped = _shaped(c)
    return np.zeros(c.numeric.shape) if shaped is None else shaped


def _excess(c: Comparison) -> Array:
    with np.errstate(all="ignore"):
        excess = np.nan_to_num(np.abs(_given(c) - c.numeric) / c.tolerance, nan=0.0, posinf=np.inf).ravel()
    excess[(c.wrong & ~np.isfinite(_given(c))).ravel()] = np.inf
    return np.asarray(np.where(c.wrong.ravel(), excess + 1e-300, np.minimum(excess, 1e300) * 1e-300))


def _entry(c: Comparison, index: Index) -> EntryComparison:
    return EntryComparison(index, *(float(v[index]) for v in (_given(c), c.numeric, c.error, c.tolerance)))


def _digits(entry: EntryComparison | None) -> float:
    """-log10 of the relative difference, capped by the error bar; 0 where one of the two is not finite."""
    if entry is None or not np.isfinite(entry.analytic) or not np.isfinite(entry.numeric):
        return 0.0
    size = max(abs(entry.analytic), abs(entry.numeric))
    gap = max(entry.difference, entry.numeric_error if np.isfinite(entry.numeric_error) else 0.0)
    return max(0.0, float(-np.log10(gap / size))) if size > 0 and gap > 0 else 16.0  # in this order: no -0.0


def _index(flat: int, shape: Index) -> Index:
    return tuple(int(i) for i in np.unravel_index(flat, shape))


def _frozen(array: Array) -> Array:
    copy = np.array(array)
    copy.flags.writeable = False
    return copy
