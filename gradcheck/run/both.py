"""One result of two: a layer in float32, and the same with its arrays cast up to float64 (upcast.py)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from gradcheck.base.arrays import Index
from gradcheck.base.precision import eps
from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.diagnose.suspect import gradient_name
from gradcheck.judge.verdict import Verdict, worst
from gradcheck.run.result import CheckResult, LeafResult

_CARRIED = {4: 64 * eps(np.float32), 2: 8 * eps(np.float16)}  # by itemsize: of the largest entry, for its rounding
_HERE_ALONE = frozenset({"non-finite", "shape-mismatch"})  # overflow, say: a fault in float32 whatever float64 shows
MARK = "float64"  # of a leaf whose numbers are those in float64


def both(single: CheckResult, double: CheckResult) -> CheckResult:
    """That in float32, unless float64 decides what it left open or shows more than it may hide."""
    if double.verdict is Verdict.PASS:
        if single.verdict is Verdict.FAIL:
            return _lost(single)
        return _as_double(single, double) if single.verdict is Verdict.INCONCLUSIVE else single
    if double.verdict is Verdict.FAIL and any(_at_fault(single, double)):
        return _as_double(single, double)
    return single


def _at_fault(single: CheckResult, double: CheckResult) -> Iterator[bool]:
    """For each leaf that fails in float64: is it a fault of float32's formula?"""
    failing = {finding.leaf for finding in double.findings if finding.severity is Severity.ERROR}
    for name, leaf in double.leaves.items():
        if leaf.verdict is Verdict.FAIL:
            yield _is_fault(leaf, single.leaves[name])
        elif name in failing:
            yield True


def _is_fault(leaf: LeafResult, own: LeafResult) -> bool:
    """Is a leaf off by more than constants rounded to float32 may make it, and float32's gradient the same there?

    A constant that is np.float32 in forward and a Python float in backward is one number in float32, and two here.
    """
    wrong = _wrong(leaf)
    least = _CARRIED[np.dtype(own.dtype).itemsize] * _largest(leaf)
    shared = [w for w in wrong if not abs(_given(own, w.key, w.analytic) - w.analytic) > w.gap / 2]
    return not wrong or any(not w.gap <= least for w in shared)


def _as_double(single: CheckResult, double: CheckResult) -> CheckResult:
    """The result in float64; what its own rounding to float32 may explain there is no fault."""
    leaves, excused = {}, set()
    for name, leaf in double.leaves.items():
        own = single.leaves[name]
        if leaf.verdict is Verdict.FAIL and own.verdict is not Verdict.FAIL and not _is_fault(leaf, own):
            leaves[name] = own
            excused.add(name)
        else:
            leaves[name] = replace(leaf, dtype=own.dtype, note=_marked(leaf, MARK))
    findings = tuple(finding for finding in double.findings if finding.leaf not in excused)
    return _judged(replace(double, leaves=MappingProxyType(leaves), findings=findings, notes=single.notes))


def _lost(single: CheckResult) -> CheckResult:
    """What is right in float64 and fails in float32 is lost to rounding: a warning where that is of float32's size."""
    spoiled = {finding.leaf for finding in single.findings if finding.severity is Severity.ERROR}
    if any(f.severity is Severity.ERROR and f.cause in _HERE_ALONE for f in single.findings):
        return single
    found, leaves = [f for f in single.findings if f.severity is not Severity.ERROR], dict(single.leaves)
    places = {finding.leaf: finding.where for finding in single.findings}
    for name, leaf in single.leaves.items():
        if leaf.verdict is Verdict.FAIL or name in spoiled:
            found.append(_finding(leaf, places.get(name)))
            leaves[name] = leaf if found[-1].severity is Severity.ERROR else _forgiven(leaf)
    return _judged(replace(single, findings=tuple(found), leaves=MappingProxyType(leaves)))


def _finding(leaf: LeafResult, where: str | None) -> Finding:
    off = max((w.gap for w in _wrong(leaf)), default=0.0) / (_largest(leaf) or 1.0)
    summed = max(leaf.natural_scale / (_largest(leaf) or 1.0), 1.0)
    slight = np.dtype(leaf.dtype) == np.float32 and off <= _CARRIED[4] * summed
    text = (
        f"{gradient_name(leaf.name)} is right in float64, with the layer's arrays cast up at the same point, and off "
        f"by {off:.2g} of its largest entry in {leaf.dtype}: the formula is right, and its rounding is lost. "
    )
    text += (
        "Check it in float64." if slight else "Look for large terms that cancel in backward, or check it in float64."
    )
    return Finding("precision-lost", leaf.name, text, Severity.WARNING if slight else Severity.ERROR, where=where)


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
