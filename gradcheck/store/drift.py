"""A baseline against what is measured now: structure exactly, numbers within rounding, no verdict worse."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gradcheck.judge.verdict import Verdict
from gradcheck.run.fingerprint import DOUBLE, HALF, SINGLE, GradientPrint
from gradcheck.store.baselines import Baseline, CaseBaseline, LeafBaseline

ALLOWED = {DOUBLE: 1e-9, SINGLE: 1e-4, HALF: 1e-2}  # of the norm
_ROUNDINGS = 8  # times the error bar of the gradient itself, where that is more: ill-conditioned layers


@dataclass(frozen=True)
class Drift:
    """One thing that is not as it was.

    leaf: "" for the whole case, case: "" for the whole layer · what: "verdict", "shape", "sum 3" (a projection), ...
    before, now: numbers where both are · share, allowed: of the norm, for numbers · factor: now / before, where
    the whole gradient was multiplied.
    """

    case: str
    leaf: str
    what: str
    before: float | str
    now: float | str
    share: float | None = None
    allowed: float | None = None
    factor: float | None = None


def drifts(before: Baseline, now: Baseline) -> list[Drift]:
    """Everything that differs, case by case."""
    found = [] if before.seed == now.seed else [Drift("", "", "seed", str(before.seed), str(now.seed))]
    found += _membership("", "", "case", before.cases, now.cases)
    for name, case in now.cases.items():
        if name in before.cases:
            found += _of_case(name, before.cases[name], case)
    return found


def better(before: Baseline, now: Baseline) -> list[str]:
    """Names of the cases whose verdict has improved."""
    pairs = (
        (name, before.cases[name].verdict, case.verdict) for name, case in now.cases.items() if name in before.cases
    )
    return [name for name, then, verdict in pairs if verdict.rank < then.rank]


def _of_case(name: str, before: CaseBaseline, now: CaseBaseline) -> list[Drift]:
    if before.error != now.error:
        return [Drift(name, "", "outcome", _outcome(before), _outcome(now))]
    if before.origin != now.origin:
        return [Drift(name, "", "point", _short(before.origin), _short(now.origin))]
    found = _membership(name, "leaf", "leaf", before.leaves, now.leaves)
    for leaf, present in now.leaves.items():
        if leaf in before.leaves:
            found += _of_leaf(name, leaf, before.leaves[leaf], present)
    if _worse(before.verdict, now.verdict) and not any(drift.what == "verdict" for drift in found):
        found.append(Drift(name, "", "verdict", before.verdict.value, now.verdict.value))
    return found


def _membership(
    case: str, level: str, what: str, before: Mapping[str, object], now: Mapping[str, object]
) -> list[Drift]:
    """Names that are on one side only."""

    def drift(name: str, then: str, here: str) -> Drift:
        return Drift(case, name, what, then, here) if level else Drift(name, "", what, then, here)

    gone = [drift(name, "there", "gone") for name in before if name not in now]
    return gone + [drift(name, "-", "new") for name in now if name not in before]


def _of_leaf(case: str, name: str, before: LeafBaseline, now: LeafBaseline) -> list[Drift]:
    found = [Drift(case, name, what, then, here) for what, then, here in _structure(before, now) if then != here]
    if not found and before.gradient is not None and now.gradient is not None:
        found += _numbers(case, name, before.gradient, now.gradient)
    if _worse(before.verdict, now.verdict):
        found.append(Drift(case, name, "verdict", before.verdict.value, now.verdict.value))
    return found


def _structure(before: LeafBaseline, now: LeafBaseline) -> Iterator[tuple[str, str, str]]:
    yield "role", before.role, now.role
    yield "shape", str(before.shape), str(now.shape)
    yield "dtype", before.dtype, now.dtype
    yield "gradient", _gradient(before.gradient), _gradient(now.gradient)
    if before.gradient is not None and now.gradient is not None:
        yield "precision", before.gradient.precision, now.gradient.precision


def _numbers(case: str, name: str, before: GradientPrint, now: GradientPrint) -> list[Drift]:
    """The number that has moved farthest, where one has moved too far."""
    if now.shape is None or (before.vacuous and now.vacuous):
        return []  # nothing supplied; or rounding alone, which no two machines share
    allowed = _allowed(before, now)
    moved = [(_gap(then, here), what, then, here) for what, then, here in _pairs(before, now)]
    if all(gap <= allowed for gap, *_ in moved):
        return []
    gap, what, then, here = max(moved, key=lambda entry: math.inf if math.isnan(entry[0]) else entry[0])
    factor = _factor(before, now)
    return [Drift(case, name, what, then, here, _share(gap, now.norm), _share(allowed, now.norm), factor)]


def _allowed(before: GradientPrint, now: GradientPrint) -> float:
    """By what was measured now: a file cannot widen it, unless its gradient was rounding alone."""
    rounding = max(now.rounding, before.rounding if before.vacuous else 0.0)
    allowed = max(_ROUNDINGS * rounding, ALLOWED[now.precision] * now.norm)
    return allowed if math.isfinite(allowed) else 0.0


def _pairs(before: GradientPrint, now: GradientPrint) -> Iterator[tuple[str, float, float]]:
    for i, (then, here) in enumerate(zip(before.projections, now.projections, strict=True)):
        yield f"sum {i + 1}", then, here
    yield "norm", before.norm, now.norm
    yield "largest", before.largest, now.largest


def _gap(then: float, here: float) -> float:
    """How far apart: 0 for two infinities of one sign and for two NaN, NaN (never small enough) for one NaN."""
    if then == here or (math.isnan(then) and math.isnan(here)):
        return 0.0
    return abs(then - here)


def _share(gap: float, norm: float) -> float:
    return gap / norm if norm > 0 else math.inf


def _factor(before: GradientPrint, now: GradientPrint) -> float | None:
    """The k of now = k before, where one k fits all that was kept."""
    then = [value for _, value, _ in _pairs(before, now)]
    here = [value for _, _, value in _pairs(before, now)]
    size = math.fsum(v * v for v in then)
    if not 0 < size < math.inf or not all(map(math.isfinite, here)):
        return None
    k = math.fsum(a * b for a, b in zip(then, here, strict=True)) / size
    left = max(abs(b - k * a) for a, b in zip(then, here, strict=True))
    moved = max(abs(b - a) for a, b in zip(then, here, strict=True))
    return k if left <= 1e-3 * moved else None


def _worse(before: Verdict, now: Verdict) -> bool:
    return now.rank > before.rank


def _outcome(case: CaseBaseline) -> str:
    return case.verdict.value if case.error is None else f"raises {case.error}"


def _short(origin: str | None) -> str:
    return "none" if origin is None else origin[:12]


def _gradient(gradient: GradientPrint | None) -> str:
    if gradient is None:
        return "not measured"
    return "none" if gradient.shape is None else str(gradient.shape)
