"""A baseline: what a refactor must not change of one layer, as data and as JSON (schema 1).

Schema 1 is only ever added to; keys that a reader does not know are passed over.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradcheck.base.arithmetic import SIGNS
from gradcheck.base.arrays import Index
from gradcheck.gather.naming import distinct
from gradcheck.judge.verdict import Verdict
from gradcheck.run.fingerprint import DOUBLE, HALF, SINGLE, GradientPrint
from gradcheck.run.outcome import TargetCheck
from gradcheck.run.result import CheckResult, LeafResult
from gradcheck.store import strict
from gradcheck.store.numbers import Json, to_json
from gradcheck.store.strict import MalformedError

SCHEMA = 1
_VERDICTS = tuple(v.value for v in Verdict)
_BROKEN_LIST = re.compile(r"\[\n\s+([^\[\]{}\n]*(?:\n\s+[^\[\]{}\n]*)*)\n\s+\]")


class NewerError(MalformedError):
    """Nothing is wrong with the file but that it comes from a newer gradcheck."""


@dataclass(frozen=True)
class LeafBaseline:
    """One leaf. gradient: None where forward cannot be replayed, so that nothing was measured."""

    role: str
    shape: Index
    dtype: str
    verdict: Verdict
    agreement_digits: float
    gradient: GradientPrint | None


@dataclass(frozen=True)
class CaseBaseline:
    """One case. error: the kind of what it raised, or None · origin: hash of the point's integers, or None."""

    verdict: Verdict
    error: str | None
    origin: str | None
    leaves: Mapping[str, LeafBaseline]


@dataclass(frozen=True)
class Baseline:
    """One layer. target: path:Class, the path relative to the folder of the configuration, or module:Class."""

    target: str
    seed: int
    environment: Mapping[str, str]
    cases: Mapping[str, CaseBaseline]


def baselines_of(
    checks: Iterable[TargetCheck], folder: Path, *, seed: int, environment: Mapping[str, str]
) -> dict[str, Baseline]:
    """By target: what a run at the fixed point has found. folder: of the configuration."""
    groups: dict[str, list[CheckResult]] = {}
    for check in checks:
        groups.setdefault(identity(check, folder), []).append(check.result)
    return {target: Baseline(target, seed, environment, _cases(results)) for target, results in groups.items()}


def identity(check: TargetCheck, folder: Path) -> str:
    """The check's target, spelled the same from every folder and on every machine."""
    spelled, _, label = check.target.rpartition(":")
    return f"{path_identity(spelled, check.file, folder)}:{label}"


def path_identity(spelled: str, file: str, folder: Path) -> str:
    """A file below the folder by its path from there, an installed module by its dotted name."""
    below = os.path.relpath(os.path.realpath(file), os.path.realpath(folder))
    installed = below.startswith(os.pardir) and not spelled.endswith(".py")
    return spelled if installed else Path(below).as_posix()


def slug(target: str) -> str:
    """A file name for a target: readable, and another for every other target."""
    readable = re.sub(r"[^a-z0-9]+", "-", target.lower()).strip("-")[:80]
    return f"{readable}.{hashlib.sha256(target.encode(errors='backslashreplace')).hexdigest()[:16]}.json"


def to_text(baseline: Baseline) -> str:
    """Sorted JSON; lists of plain values on one line."""
    record = {
        "schema": SCHEMA,
        "target": baseline.target,
        "seed": baseline.seed,
        "environment": dict(baseline.environment),
        "cases": {name: _case_record(case) for name, case in baseline.cases.items()},
    }
    text = json.dumps(record, indent=1, sort_keys=True, allow_nan=False)
    return _BROKEN_LIST.sub(lambda match: f"[{' '.join(match[1].split())}]", text) + "\n"


def from_bytes(data: bytes) -> Baseline:
    """The baseline in a file's content.

    Raises:
        MalformedError: it is no baseline.
        NewerError: it is of a newer schema.
    """
    record = strict.parsed(data)
    schema = strict.whole(strict.item(record, "schema", "the file"), "schema")
    if schema > SCHEMA:
        raise NewerError(
            f"has schema {schema}, this gradcheck reads {SCHEMA}: it was written by a newer version; upgrade gradcheck"
        )
    if schema < SCHEMA:
        raise MalformedError(f"has schema {schema}; expected {SCHEMA}")
    environment = strict.table(strict.item(record, "environment", "the file"), "environment")
    return Baseline(
        target=strict.text(strict.item(record, "target", "the file"), "target"),
        seed=strict.whole(strict.item(record, "seed", "the file"), "seed"),
        environment={key: strict.text(value, f"environment.{key}") for key, value in environment.items()},
        cases=_read_all(strict.item(record, "cases", "the file"), "cases", _read_case),
    )


def _cases(results: list[CheckResult]) -> dict[str, CaseBaseline]:
    names = distinct(result.name for result in results)
    return {name: _case(result) for name, result in zip(names, results, strict=True)}


def _case(result: CheckResult) -> CaseBaseline:
    prints = result.fingerprint
    gradients = {} if prints is None else prints.leaves
    return CaseBaseline(
        verdict=result.verdict,
        error=None if result.error is None else result.error.kind,
        origin=None if prints is None else prints.origin,
        leaves={name: _leaf(leaf, gradients.get(name)) for name, leaf in result.leaves.items()},
    )


def _leaf(leaf: LeafResult, gradient: GradientPrint | None) -> LeafBaseline:
    return LeafBaseline(
        str(leaf.role), tuple(leaf.shape), leaf.dtype, leaf.verdict, round(leaf.agreement_digits, 1), gradient
    )


def _case_record(case: CaseBaseline) -> Json:
    return {
        "verdict": case.verdict.value,
        "error": case.error,
        "point": case.origin,
        "leaves": {name: _leaf_record(leaf) for name, leaf in case.leaves.items()},
    }


def _leaf_record(leaf: LeafBaseline) -> Json:
    return {
        "role": leaf.role,
        "shape": list(leaf.shape),
        "dtype": leaf.dtype,
        "verdict": leaf.verdict.value,
        "agreement_digits": to_json(leaf.agreement_digits),
        "gradient": None if leaf.gradient is None else _gradient_record(leaf.gradient),
    }


def _gradient_record(gradient: GradientPrint) -> Json:
    return {
        "shape": None if gradient.shape is None else list(gradient.shape),
        "precision": gradient.precision,
        "norm": to_json(gradient.norm),
        "largest": to_json(gradient.largest),
        "projections": [to_json(p) for p in gradient.projections],
        "rounding": to_json(gradient.rounding),
        "vacuous": gradient.vacuous,
    }


def _read_all(value: object, place: str, read: Callable[[Json, str], Any]) -> dict[str, Any]:
    return {
        name: read(strict.table(one, f"{place}[{strict.short(name)}]"), f"{place}[{strict.short(name)}]")
        for name, one in strict.table(value, place).items()
    }


def _read_case(record: Json, place: str) -> CaseBaseline:
    error, origin = strict.item(record, "error", place), strict.item(record, "point", place)
    return CaseBaseline(
        verdict=_verdict(record, place),
        error=None if error is None else strict.text(error, f"{place}.error"),
        origin=None if origin is None else strict.text(origin, f"{place}.point"),
        leaves=_read_all(strict.item(record, "leaves", place), f"{place}.leaves", _read_leaf),
    )


def _read_leaf(record: Json, place: str) -> LeafBaseline:
    gradient = strict.item(record, "gradient", place)
    return LeafBaseline(
        role=strict.text(strict.item(record, "role", place), f"{place}.role"),
        shape=strict.shape(strict.item(record, "shape", place), f"{place}.shape"),
        dtype=strict.text(strict.item(record, "dtype", place), f"{place}.dtype"),
        verdict=_verdict(record, place),
        agreement_digits=strict.number(strict.item(record, "agreement_digits", place), f"{place}.agreement_digits"),
        gradient=None if gradient is None else _read_gradient(strict.table(gradient, place), f"{place}.gradient"),
    )


def _read_gradient(record: Json, place: str) -> GradientPrint:
    def number(key: str) -> float:
        return strict.number(strict.item(record, key, place), f"{place}.{key}")

    shape = strict.item(record, "shape", place)
    precision = strict.one_of(strict.item(record, "precision", place), (DOUBLE, SINGLE, HALF), f"{place}.precision")
    if shape is None:
        return GradientPrint(None, precision)
    listed = strict.sequence(strict.item(record, "projections", place), f"{place}.projections")
    if len(listed) != SIGNS:
        raise MalformedError(f"{place}.projections: expected {SIGNS} numbers, got {len(listed)}")
    bare = GradientPrint(strict.shape(shape, f"{place}.shape"), precision)
    return replace(
        bare,
        norm=number("norm"),
        largest=number("largest"),
        projections=tuple(strict.number(p, f"{place}.projections[{i}]") for i, p in enumerate(listed)),
        rounding=number("rounding"),
        vacuous=strict.truth(strict.item(record, "vacuous", place), f"{place}.vacuous"),
    )


def _verdict(record: Json, place: str) -> Verdict:
    return Verdict(strict.one_of(strict.item(record, "verdict", place), _VERDICTS, f"{place}.verdict"))
