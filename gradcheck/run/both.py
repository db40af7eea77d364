"""One result of two: a layer in float32, and the same with its arrays cast up to float64 (upcast.py)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcheck.base.arrays import Index
from gradcheck.base.precision import eps
from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.diagnose.suspect import gradient_name
from gradcheck.judge.verdict import Verdict, worst
from gradcheck.run.result import CheckResult, LeafResult

_CARRIED = {4: 64 * eps(np.float32), 2: 8 * eps(np.float16)}  # by itemsize: of the largest entry, for its rounding
_SHAKEN = 8.0  # times what a last place of the point makes: float32 rounds more than once
_MANY, _REST = 4, 0.01  # entries, and the share of their errors' squares that one factor leaves
_HERE_ALONE = frozenset({"non-finite", "shape-mismatch"})  # overflow, say: a fault in float32 whatever float64 shows
MARK = "float64"  # of a leaf whose numbers are those in float64


def both(single: CheckResult, double: CheckResult, low: np.dtype[Any], shaken: Mapping[str, float]) -> CheckResult:
    """That in float32, unless float64 decides what it left open or shows more than it may hide.

    low: the float type that is not float64 · shaken: by leaf, how far its last place moves the gradient in float64.
    """
    if double.verdict is Verdict.FAIL:
        return _wrong_there(single, double, low) if any(_at_fault(single, double, low)) else single
    here_alone = any(f.severity is Severity.ERROR and f.cause in _HERE_ALONE for f in single.findings)
    return single if here_alone else _not_wrong(single, double, low, shaken)


def _not_wrong(
    single: CheckResult, double: CheckResult, low: np.dtype[Any], shaken: Mapping[str, float]
) -> CheckResult:
    """Nothing is wrong in float64. What fails in float32 for all that is rounding: lost, unless nothing keeps it."""
    places = {finding.leaf: finding.where for finding in single.findings}
    leaves, found, kept = {}, [], set()
    for name, there in double.leaves.items():
        own = single.leaves.get(name)
        if own is None and there.verdict is Verdict.INCONCLUSIVE:
            continue
        leaves[name] = _as_low(there, own, low)
        if own is not None and own.verdict is Verdict.PASS:
            leaves[name] = _passing(own, there, low)
        if own is None or own.verdict is not Verdict.FAIL:
            continue
        lost = _lost(own, there, low, shaken.get(name, 0.0), places.get(name))
        other = lost is not None and lost.severity is Severity.ERROR and _by_one_factor(own)
        if other or not _settles(there, own):
            leaves[name] = own
            kept.add(name)
        elif lost is not None:
            leaves[name] = own if lost.severity is Severity.ERROR else _forgiven(own)
            found.append(lost)
    found = [f for f in single.findings if f.severity is not Severity.ERROR or f.leaf in kept] + found
    return _judged(replace(single, findings=tuple(found), leaves=MappingProxyType(leaves)))


def _passing(own: LeafResult, there: LeafResult, low: np.dtype[Any]) -> LeafResult:
    """Float32's own, unless it has compared nothing: then float64's, which fails what float32 may carry at least."""
    if there.verdict is not Verdict.PASS or "vacuous" not in own.note or "vacuous" in there.note:
        return own
    least = float(np.fmax(there.detectable, _CARRIED[low.itemsize] * _largest(there)))
    return replace(_as_low(there, own, low), detectable=least)


def _settles(there: LeafResult, own: LeafResult) -> bool:
    """Is float64 far surer of what is wrong in float32 than by how much that is wrong?"""
    if there.verdict is Verdict.PASS:
        return True
    return all(_allowed(there, w.key) < w.gap / 4 for w in _wrong(own))


def _by_one_factor(own: LeafResult) -> bool:
    """Is all that is wrong in float32 one factor? That is no rounding, but another formula for that type."""
    wrong = [w for w in _wrong(own) if np.isfinite(w.gap)]
    numeric, off = np.array([w.numeric for w in wrong]), np.array([w.analytic - w.numeric for w in wrong])
    if len(wrong) < _MANY or not np.any(numeric):
        return False
    rest = off - numeric * (off @ numeric) / (numeric @ numeric)
    return bool(rest @ rest < _REST * (off @ off))


def _lost(own: LeafResult, there: LeafResult, low: np.dtype[Any], shaken: float, where: str | None) -> Finding | None:
    """How far float32's gradient is from that in float64; None where a last place of the point makes as much.

    A warning where that is of the size of roundings.
    """
    largest = _largest(there) or 1.0
    off = max((abs(w.analytic - _given(there, w.key, np.nan)) for w in _wrong(own)), default=0.0)
    if off <= _CARRIED[low.itemsize] * largest + _SHAKEN * shaken:
        return None
    slight = low == np.float32 and off <= _CARRIED[4] * there.natural_scale
    text = (
        f"{gradient_name(own.name)} is right in float64, with the layer's arrays cast up at the same point, and in "
        f"{low} off by {off / largest:.2g} of its largest entry: the formula is right, and its rounding is lost. "
    )
    text += (
        "Check it in float64." if slight else "Look for large terms that cancel in backward, or check it in float64."
    )
    return Finding("precision-lost", own.name, text, Severity.WARNING if slight else Severity.ERROR, where=where)


def _at_fault(single: CheckResult, double: CheckResult, low: np.dtype[Any]) -> Iterator[bool]:
    """For each leaf that fails in float64: is it a fault of float32's formula?"""
    failing = {finding.leaf for finding in double.findings if finding.severity is Severity.ERROR}
    for name, leaf in double.leaves.items():
        if leaf.verdict is Verdict.FAIL:
            yield _is_fault(leaf, single.leaves.get(name, leaf), low)
        elif name in failing:
            yield True


def _is_fault(leaf: LeafResult, own: LeafResult, low: np.dtype[Any]) -> bool:
    """Is a leaf off by more than constants rounded to float32 may make it, and float32's gradient the same there?

    A constant that is np.float32 in forward and a Python float in backward is one number in float32, and two here.
    """
    wrong = _wrong(leaf)
    least = _CARRIED[low.itemsize] * _largest(leaf)
    shared = [w for w in wrong if not abs(_given(own, w.key, w.analytic) - w.analytic) > w.gap / 2]
    return not wrong or any(not w.gap <= least for w in shared)


def _wrong_there(single: CheckResult, double: CheckResult, low: np.dtype[Any]) -> CheckResult:
    """The result in float64; what its own rounding to float32 may explain there is no fault."""
    leaves, excused = {}, set()
    for name, leaf in double.leaves.items():
        own = single.leaves.get(name)
        excusable = leaf.verdict is Verdict.FAIL and own is not None and own.verdict is not Verdict.FAIL
        if own is not None and excusable and not _is_fault(leaf, own, low):
            leaves[name] = own
            excused.add(name)
        else:
            leaves[name] = _as_low(leaf, own, low)
    findings = tuple(finding for finding in double.findings if finding.leaf not in excused)
    return _judged(replace(double, leaves=MappingProxyType(leaves), findings=findings, notes=single.notes))


def _as_low(there: LeafResult, own: LeafResult | None, low: np.dtype[Any]) -> LeafResult:
    return replace(there, dtype=str(low) if own is None else own.dtype, note=_marked(there, MARK))


def _forgiven(leaf: LeafResult) -> LeafResult:
    return replace(leaf, verdict=Verdict.PASS, wrong=(), note=_marked(leaf, "precision"))


def _judged(result: CheckResult) -> CheckResult:
    parts = [leaf.verdict for leaf in result.leaves.values()] + [finding.verdict for finding in result.findings]
    return replace(result, verdict=worst(parts))


@dataclass(frozen=True)
class _Wrong:
    """What is wrong at one entry, by its index, or along one direction, by its number."""

    key: Index | int
    analytic: float
    numeric: float

    @property
    def gap(self) -> float:
        return abs(self.analytic - self.numeric)


def _wrong(leaf: LeafResult) -> list[_Wrong]:
    places = [_Wrong(at, _given(leaf, at, 0.0), _measured(leaf, at)) for at in leaf.wrong]
    return places + [_Wrong(i, p.analytic, p.numeric) for i, p in enumerate(leaf.probes) if p.wrong]


def _given(leaf: LeafResult, key: Index | int, otherwise: float) -> float:
    """The analytic value at an entry or along a direction; otherwise where that is not at hand."""
    if isinstance(key, int):
        return float(leaf.probes[key].analytic) if key < len(leaf.probes) else otherwise
    if key in leaf.located:
        return leaf.located[key].analytic
    return otherwise if leaf.analytic is None else float(leaf.analytic[key])


def _allowed(leaf: LeafResult, key: Index | int) -> float:
    """The tolerance at an entry or along a direction; infinite where that is not at hand."""
    if isinstance(key, int):
        return leaf.probes[key].tolerance if key < len(leaf.probes) else np.inf
    return np.inf if leaf.tolerance is None else float(np.nan_to_num(leaf.tolerance[key], nan=np.inf))


def _measured(leaf: LeafResult, at: Index) -> float:
    if at in leaf.located:
        return leaf.located[at].numeric
    return float("nan") if leaf.numeric is None else float(leaf.numeric[at])


def _largest(leaf: LeafResult) -> float:
    """The largest entry, or of a screened leaf the gradient's length along a direction."""
    sizes = [max(abs(p.analytic), abs(p.numeric), p.typical) for p in leaf.probes]
    if leaf.numeric is not None:
        sizes += list(np.abs(leaf.numeric[np.isfinite(leaf.numeric)]))
    return max(sizes, default=0.0)


def _marked(leaf: LeafResult, mark: str) -> str:
    return ", ".join([leaf.note, mark] if leaf.note else [mark])
