"""One finding for one fault of a family: what the telling shapes show stands in the others too.

At special points (all zeros), and at sizes of 1, several causes look alike. There a leaf that fails takes the
finding of the case that tells most, as long as its own says less.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.suspect import gradient_name
from gradcheck.diagnose.words import entries, number
from gradcheck.run.result import CheckResult, LeafResult

_VAGUE = frozenset({"located", "unrecognised", "border-wrong"})
_ENOUGH = 6  # entries that stand above the noise: from these on a case speaks for itself
_LOUD = 100.0


def adopted(results: Sequence[CheckResult], special: Sequence[bool]) -> list[CheckResult]:
    """The results, vague or ill-founded findings replaced. special: was the input a special point?"""
    best = {leaf: _best(leaf, results, special) for leaf in _failing(results)}
    return [_adopting(r, s, best) for r, s in zip(results, special, strict=True)]


def _adopting(result: CheckResult, special: bool, best: dict[str, tuple[CheckResult, Finding] | None]) -> CheckResult:
    findings = tuple(_settled(f, result, special, best.get(f.leaf)) for f in result.findings)
    return replace(result, findings=findings)


def _settled(finding: Finding, result: CheckResult, special: bool, best: tuple[CheckResult, Finding] | None) -> Finding:
    leaf = result.leaves.get(finding.leaf)
    if best is None or leaf is None or best[1].cause == finding.cause or best[0] is result:
        return finding
    if _telling(leaf) >= _ENOUGH and not special and finding.cause not in _VAGUE:
        return finding
    factor = _factor(leaf) if best[1].factor is not None else None
    message = f"{best[1].message} (Seen at {best[0].name}; here less can be told.)"
    if factor is not None and best[1].cause == "constant-factor":
        message = _again(leaf, factor, best[0].name)
    return replace(best[1], message=message, factor=factor)


def _again(leaf: LeafResult, factor: float, name: str) -> str:
    """The same factor with the numbers of this case."""
    size = int(np.sum(np.isfinite(leaf.numeric))) if leaf.numeric is not None else 0
    return (
        f"{gradient_name(leaf.name)} is {number(factor)} times the numeric gradient at {entries(size)}, as at {name}."
    )


def _failing(results: Sequence[CheckResult]) -> list[str]:
    return list(dict.fromkeys(finding.leaf for result in results for finding in result.findings))


def _best(leaf: str, results: Sequence[CheckResult], special: Sequence[bool]) -> tuple[CheckResult, Finding] | None:
    """The named finding of the case with the most telling entries, at no special point."""
    found = [
        (_telling(result.leaves[leaf]), result, finding)
        for result, point in zip(results, special, strict=True)
        for finding in result.findings
        if not point and finding.leaf == leaf and leaf in result.leaves and finding.cause not in _VAGUE
    ]
    most = max(found, key=lambda item: item[0], default=None)
    return None if most is None or most[0] < _ENOUGH else most[1:]


def _telling(leaf: LeafResult) -> int:
    if leaf.analytic is None or leaf.numeric is None or leaf.tolerance is None:
        return 0
    with np.errstate(invalid="ignore"):
        larger = np.maximum(np.abs(leaf.analytic), np.abs(leaf.numeric))
        return int(np.sum(larger > _LOUD * leaf.tolerance))


def _factor(leaf: LeafResult) -> float | None:
    """The k of a = k n here, where there is one."""
    if leaf.analytic is None or leaf.numeric is None or leaf.tolerance is None:
        return None
    a, n = leaf.analytic.ravel().astype(np.float64), leaf.numeric.ravel()
    known = np.isfinite(n) & np.isfinite(a)
    if not np.any(n[known]):
        return None
    k = float(a[known] @ n[known] / (n[known] @ n[known]))
    right = np.abs(a - k * n)[known] <= 4 * (1 + abs(k)) * leaf.tolerance.ravel()[known]
    return k if bool(np.all(right)) else None
