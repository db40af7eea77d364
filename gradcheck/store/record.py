"""Results as plain JSON data, schema 1 (CONTRACT.md); json.dumps(allow_nan=False) takes all of it.

Schema 1 is only ever added to. Keys that the text report needs beyond the contract's: a check's
`path`, `index` and `reason`, a leaf's `wrong_entries`, the `output` of an error and of a problem, a run's
`expected_vanished`, `notes`, `interrupted` and `folder` (what relative paths are relative to). The other reports
need: a leaf's `maps.wrong` (how many wrong entries a block holds) and `distance` (as `curve`, from yours in place of
measured), a check's `backward` (path and line of its definition), a run's `options` (strict, allow_inconclusive).
Of a failure that a search has found, a check's `paste` is {"case": a gradcheck_cases() for the module, "test": a file
for pytest}, both as text; of every other check, and where the case cannot be written down, it is null.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.base.errors import Failure
from gradcheck.diagnose.finding import Finding
from gradcheck.judge.verdict import Verdict
from gradcheck.run.result import CheckResult, Curve, EntryComparison, LeafResult
from gradcheck.store.maps import block_counts, block_maxima
from gradcheck.store.numbers import Json, to_json
from gradcheck.store.outcome_view import CheckView, FaultView, OutcomeView, ProblemView

SCHEMA = 1
LISTED = 8  # wrong entries that are listed one by one


def check_record(
    result: CheckResult,
    *,
    target: str = "",
    expected: bool = False,
    reason: str | None = None,
    replay: str | None = None,
    index: int | None = None,
) -> Json:
    """One check as data: target and case, verdict, leaves, findings best first, cost, replay."""
    return {
        "target": target,
        "case": result.name,
        "verdict": result.verdict.value,
        "expected": expected,
        "reason": reason,
        "error": None if result.error is None else error_record(result.error),
        "notes": list(result.notes),
        "leaves": [_leaf(leaf) for leaf in result.leaves.values()],
        "findings": [_finding(finding) for finding in result.findings],
        "evaluations": result.evaluations.as_dict(),
        "seconds": to_json(result.seconds),
        "replay": replay,
        "path": result.path,
        "backward": None if result.backward is None else {"path": result.backward[0], "line": result.backward[1]},
        "index": index,
        "paste": None if result.paste is None else {"case": result.paste.case, "test": result.paste.test},
    }


def run_record(
    outcome: OutcomeView, *, seed: int, version: str, folder: str = "", options: Mapping[str, bool] | None = None
) -> Json:
    """A whole run as data: the summary, what could not be checked, every check; options: strict, allow_inconclusive."""
    checks = [target_record(check) for check in outcome.checks]
    return {
        "schema": SCHEMA,
        "gradcheck": version,
        "seed": int(seed),
        "summary": summary(checks),
        "problems": [problem_record(problem) for problem in outcome.problems],
        "checks": checks,
        "expected_vanished": [fault_record(fault) for fault in outcome.vanished],
        "notes": list(outcome.notes),
        "interrupted": outcome.interrupted,
        "folder": folder,
        "options": dict(options or {}),
    }


def summary(checks: Sequence[Json]) -> Json:
    """How many of each verdict; an expected check counts under its verdict and under `expected`."""
    counts = Counter(check["verdict"] for check in checks)
    kinds = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR)
    return {kind.value: counts[kind.value] for kind in kinds} | {"expected": sum(c["expected"] for c in checks)}


def target_record(check: CheckView) -> Json:
    """One check of a target as data."""
    return check_record(
        check.result,
        target=check.target,
        expected=check.expected,
        reason=check.reason,
        replay=check.replay,
        index=check.index,
    )


def problem_record(problem: ProblemView) -> Json:
    """What could not be checked."""
    return _named(problem, "target", "kind", "message", "where", "output")


def fault_record(fault: FaultView) -> Json:
    """An expected fault."""
    return _named(fault, "target", "leaf", "cause", "reason")


def _named(item: object, *names: str) -> Json:
    return {name: getattr(item, name) for name in names}


def error_record(failure: Failure) -> Json:
    """What user code raised: kind, message, where, and what it printed."""
    return {"kind": failure.kind, "message": failure.message, "where": failure.where, "output": failure.output}


def _leaf(leaf: LeafResult) -> Json:
    record = {
        "name": leaf.name,
        "role": str(leaf.role),
        "shape": _indices(leaf.shape),
        "dtype": leaf.dtype,
        "method": leaf.method,
        "verdict": leaf.verdict.value,
        "entries": leaf.entries,
        "checked": int(leaf.checked),
        "wrong": len(leaf.wrong),
        "worst": None if leaf.worst is None else _entry(leaf.worst),
        "agreement_digits": to_json(leaf.agreement_digits),
        "detectable": to_json(leaf.detectable),
        "directions": int(leaf.directions),
        "miss_probability": to_json(leaf.miss_probability),
        "note": leaf.note,
    }
    return record | _failure(leaf) if leaf.verdict is Verdict.FAIL else record


def _failure(leaf: LeafResult) -> Json:
    """What only a failing leaf has: the first wrong entries, the maps, the curve."""
    entries = [_located(leaf, index) for index in leaf.wrong[:LISTED]]
    return {
        "wrong_entries": entries,
        "maps": _maps(leaf),
        "curve": _pairs(leaf.curve),
        "distance": _pairs(leaf.distance),
    }


def _pairs(curve: Curve) -> list[list[float | int | str | None]]:
    return [[to_json(h), to_json(error)] for h, error in curve]


def _located(leaf: LeafResult, index: Index) -> Json:
    """One wrong entry; what was not measured, or not supplied, is null."""
    names = ("analytic", "numeric", "numeric_error", "tolerance")
    arrays = (leaf.analytic, leaf.numeric, leaf.error, leaf.tolerance)
    if tuple(index) in leaf.located:
        return _entry(leaf.located[tuple(index)])
    pairs = zip(names, arrays, strict=True)
    values = {name: None if a is None else to_json(float(a[index])) for name, a in pairs}
    return {"index": _indices(index), **values}


def _entry(entry: EntryComparison) -> Json:
    return {
        "index": _indices(entry.index),
        "analytic": to_json(entry.analytic),
        "numeric": to_json(entry.numeric),
        "numeric_error": to_json(entry.numeric_error),
        "tolerance": to_json(entry.tolerance),
    }


def _maps(leaf: LeafResult) -> Json:
    """Block maxima of both gradients and their difference, null where not measured; how many are wrong in a block."""
    analytic, numeric = _of_shape(leaf.analytic, leaf.shape), _of_shape(leaf.numeric, leaf.shape)
    maps: Json = {"analytic": None, "numeric": None, "difference": None}
    if analytic is not None:
        maps["analytic"] = block_maxima(analytic, np.ones(leaf.shape, dtype=bool))
    if numeric is not None:
        maps["numeric"] = block_maxima(numeric, ~np.isnan(numeric))
    if analytic is not None and numeric is not None:
        with np.errstate(all="ignore"):
            maps["difference"] = block_maxima(analytic - numeric, ~np.isnan(numeric))
    return maps | {"wrong": block_counts(leaf.wrong, leaf.shape)}


def _of_shape(values: Array | None, shape: Index) -> Array | None:
    return None if values is None or values.shape != tuple(shape) else np.asarray(values, dtype=np.float64)


def _finding(finding: Finding) -> Json:
    return {
        "cause": finding.cause,
        "severity": finding.severity.value,
        "leaf": finding.leaf,
        "factor": to_json(finding.factor),
        "expression": finding.expression,
        "tied": list(finding.tied),
        "message": finding.message,
        "where": finding.where,
    }


def _indices(index: Iterable[int]) -> list[int]:
    return [int(i) for i in index]
