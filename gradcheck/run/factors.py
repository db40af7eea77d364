"""Writing the name of a factor, found over a family, into the findings of its failing checks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from gradcheck.diagnose.factors import Observation, named, shapes_seen
from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.naming import AVERAGED, Counts, counts_of, with_name
from gradcheck.gather.specimen import Case, FunctionSpecimen, Specimen
from gradcheck.judge.verdict import Verdict
from gradcheck.run.adopt import adopted
from gradcheck.run.check import check_case
from gradcheck.run.options import Options
from gradcheck.run.rebuilt import Shape, arguments_of, further_shapes, shape_of
from gradcheck.run.result import CheckResult, LeafResult

_MOST = 4  # shapes that are built to tell two names apart
_FACTORED = frozenset({"constant-factor", "wrong-reduction"})


class Judged(Protocol):
    """A case that was checked."""

    @property
    def case(self) -> Case:
        """How it is built."""
        ...


@dataclass(eq=False)
class _Seen:
    """One case: its result, and its quantities. mode: factors of train say nothing about eval."""

    result: CheckResult
    symbols: Mapping[str, float]
    mode: str | None = None
    special: bool = False


@dataclass(eq=False)
class _Family:
    """All cases of one class. source: what further shapes are built from, None where nothing can be."""

    cases: list[_Seen]
    source: Specimen | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    _shapes: list[Shape] | None = None
    _rebuilt: dict[int, _Seen | None] = field(default_factory=dict)

    @property
    def shapes(self) -> list[Shape]:
        """Further shapes: built once, not checked."""
        if self._shapes is None:
            self._shapes = [] if self.source is None else list(further_shapes(self.source, self.arguments))[:_MOST]
        return self._shapes

    def rebuilt(self, mode: str | None) -> Iterator[_Seen]:
        """The further shapes, each checked when its turn comes."""
        for number, shape in enumerate(self.shapes):
            if number not in self._rebuilt:
                self._rebuilt[number] = _checked(shape, self.cases[0].result.seed)
            seen = self._rebuilt[number]
            if seen is not None:
                yield replace(seen, mode=mode)

    @property
    def rebuilt_so_far(self) -> list[_Seen | None]:
        """Those that were checked already."""
        return list(self._rebuilt.values())


def name_factors(results: Sequence[CheckResult], checks: Sequence[Judged] | None = None) -> list[CheckResult]:
    """The results of one family, `expression` and `tied` filled in, vague findings replaced by the telling ones.

    checks: the cases in the same order, from which further shapes are built where a tie is left.
    """
    cases = [check.case for check in checks] if checks else [None] * len(results)
    special = [case is not None and case.point is not None for case in cases]
    settled = adopted(results, special)
    if not any(_wants_name(finding) for result in settled for finding in result.findings):
        return settled
    family = _family(settled, cases)
    return [_averaged(_all_named(seen, family)) for seen in family.cases]


def name_alone(result: CheckResult, specimen: Specimen) -> CheckResult:
    """One check's result with its factors named, over further shapes where its layer can be built again."""
    if not any(_wants_name(finding) for finding in result.findings):
        return result
    arguments = {} if isinstance(specimen, FunctionSpecimen) else arguments_of(specimen.layer)
    seen = _Seen(result, shape_of(specimen, arguments).symbols)
    return _averaged(_all_named(seen, _Family([seen], specimen, arguments)))


def _all_named(seen: _Seen, family: _Family) -> CheckResult:
    result = seen.result
    return replace(result, findings=tuple(_named(finding, seen, family) for finding in result.findings))


def _family(results: Sequence[CheckResult], cases: Sequence[Case | None]) -> _Family:
    seen = [_seen(result, case) for result, case in zip(results, cases, strict=True)]
    for case, result in zip(cases, results, strict=True):
        if case is not None and any(_wants_name(f) for f in result.findings) and case.point is None:
            specimen = _specimen(case)
            if specimen is not None:
                return _Family(seen, specimen, _arguments(case, specimen))
    return _Family(seen)


def _seen(result: CheckResult, case: Case | None) -> _Seen:
    if case is None:
        return _Seen(result, result.symbols)
    specimen = _specimen(case)
    known = result.symbols if specimen is None else shape_of(specimen, _arguments(case, specimen)).symbols
    return _Seen(result, known, case.mode, case.point is not None)


def _specimen(case: Case) -> Specimen | None:
    """Built once more; it could be built for the check."""
    try:
        return case.build()
    except Exception:
        return None


def _arguments(case: Case, specimen: Specimen) -> Mapping[str, Any]:
    if isinstance(specimen, FunctionSpecimen):
        return {}
    if case.arguments and case.part is None:
        return case.arguments
    return arguments_of(specimen.layer)


def _checked(shape: Shape, seed: int) -> _Seen | None:
    result = check_case(Case("rebuilt", 0, lambda: shape.specimen), Options(seed))
    return None if result.verdict is Verdict.ERROR else _Seen(result, shape.symbols)


def _wants_name(finding: Finding) -> bool:
    return finding.cause in _FACTORED and finding.factor is not None and finding.expression is None


def _named(finding: Finding, seen: _Seen, family: _Family) -> Finding:
    """The finding with its factor's name and, of a bias, how often forward counts it."""
    if not _wants_name(finding):
        return finding
    observations, names = _name(finding.leaf, seen.mode, family)
    refused = sum(case is None for case in family.rebuilt_so_far)
    return with_name(finding, names, shapes_seen(observations), _counts(finding, family), refused=refused)


def _name(leaf: str, mode: str | None, family: _Family) -> tuple[list[Observation], tuple[str, ...]]:
    """What fits every shape of the family; further shapes are checked while there is a tie, or one shape alone."""
    found = [_observation(case, leaf) for case in family.cases if case.mode == mode]
    observations = [observation for observation in found if observation is not None]
    further = [shape.own for shape in family.shapes]
    names = named(observations, further)
    for case in family.rebuilt(mode):
        if shapes_seen(observations) > 1 and len(names) <= 1 and _varied(names, observations):
            break
        observation = _observation(case, leaf)
        if observation is not None:
            observations.append(observation)
            names = named(observations, further)
    return observations, names


def _varied(names: Sequence[str], observations: Sequence[Observation]) -> bool:
    """Has every quantity in the name had more than one value? Else it may stand for a number."""
    return all(
        len({o.symbols.get(symbol) for o in observations}) > 1
        for name in names
        for symbol in observations[0].symbols
        if symbol in name
    )


def _observation(seen: _Seen, leaf: str) -> Observation | None:
    """The factor of the leaf in one case: 1 where it passed and there was something to compare."""
    judged = seen.result.leaves.get(leaf)
    if judged is None or not seen.symbols:
        return None
    finding = _finding(seen, leaf)
    if finding is not None and finding.factor:
        return Observation(finding.factor, seen.symbols, _slack(judged))
    return Observation(1.0, seen.symbols, _slack(judged)) if not seen.special and _passed(judged) else None


def _finding(seen: _Seen, leaf: str) -> Finding | None:
    return next((f for f in seen.result.findings if f.leaf == leaf and f.factor is not None), None)


def _passed(leaf: LeafResult) -> bool:
    """Passed, and not because there was nothing to see."""
    return (
        leaf.verdict is Verdict.PASS
        and "vacuous" not in leaf.note
        and leaf.numeric is not None
        and bool(np.any(leaf.numeric))
    )


def _slack(leaf: LeafResult) -> float:
    """How far off, relatively, a factor of this leaf may be."""
    return {"float32": 1e-4, "float16": 1e-2}.get(leaf.dtype, 1e-7)


def _counts(finding: Finding, family: _Family) -> Counts | None:
    """How often forward adds a bias and backward counts it, named over every shape seen so far."""
    if finding.counts is None or finding.factor is None:
        return None
    seen = [*family.cases, *(case for case in family.rebuilt_so_far if case is not None)]
    pairs = [(f, case.symbols) for case in seen if (f := _finding(case, finding.leaf)) is not None]
    forward = [Observation(f.counts, symbols) for f, symbols in pairs if f.counts is not None]
    backward = [Observation(f.counts * (f.factor or 0), symbols) for f, symbols in pairs if f.counts is not None]
    further = [shape.own for shape in family.shapes]
    return counts_of(finding.factor, finding.counts, named(forward, further), named(backward, further))


def _averaged(result: CheckResult) -> CheckResult:
    """A note on the convention where every parameter is averaged over the batch and dE/dX is right."""
    parameters = {leaf.name for leaf in result.leaves.values() if leaf.role == "parameter"}
    by_batch = {f.leaf for f in result.findings if f.cause == "constant-factor" and f.expression == "1 / N"}
    if not parameters or by_batch != parameters or len(result.findings) != len(parameters):
        return result
    findings = tuple(replace(f, message=f"{f.message} {AVERAGED}") for f in result.findings)
    return replace(result, findings=findings)
