"""Running one family in the child: which reading fits, then each case and what is added to it."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from gradcheck.base.errors import Failure
from gradcheck.base.failures import failure_of
from gradcheck.gather.family import Family, Reading
from gradcheck.gather.load import seed_everything
from gradcheck.gather.specimen import Case, LayerSpecimen
from gradcheck.judge.verdict import Verdict
from gradcheck.run.check import check_case
from gradcheck.run.expand import expand
from gradcheck.run.messages import Key
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.leaf import Role

_SMALL = 60  # entries of all leaves together: a case of this size is cheap to try at further points
STOPPED = frozenset({"Timeout", "Exit", "Killed"})  # failures that cost a process


class Line(Protocol):
    """The line to the parent, and what earlier children of this file have told it."""

    def known(self, key: Key) -> CheckResult | Failure | None:
        """What is settled already."""
        ...

    def started(self, key: Key, name: str) -> None:
        """A step begins: the time limit counts from here."""
        ...

    def settled(self, key: Key, result: CheckResult) -> None:
        """A case has its result."""
        ...


@dataclass
class Checked:
    """A case of the family with its result; notes come to it from cases that are no checks of their own."""

    case: Case
    result: CheckResult
    notes: list[str] = field(default_factory=list)

    @property
    def failed_to_run(self) -> bool:
        """Did it end in verdict `error`?"""
        return self.result.verdict is Verdict.ERROR

    @property
    def final(self) -> CheckResult:
        """The result with the notes of the cases that it stands for."""
        return replace(self.result, notes=(*self.result.notes, *dict.fromkeys(self.notes)))


@dataclass(frozen=True)
class FamilyRun:
    """Everything that running a family needs.

    path: the file to name where a result names none · refused: kinds of added cases, such as "[batch of 3]",
    at which a class that we built has raised: they are not tried at its other shapes · ranks: of the leaves
    of cases that have had the special points · judge: in place of a check, one that only tries the case
    fitting: the reading that fits, once it is known.
    """

    family: Family
    options: Options
    line: Line
    path: str
    refused: set[str] = field(default_factory=set)
    ranks: set[tuple[int, ...]] = field(default_factory=set)
    judge: Callable[[Case, Options], CheckResult] | None = None
    fitting: list[Reading] = field(default_factory=list)

    def own(self) -> list[Checked]:
        """The own cases alone, of the reading that fits."""
        return list(self._fitting(list(self.family.readings()))[1].values())

    def run(self) -> list[Checked]:
        """The checks in order: each own case, then the cases added to it.

        Raises:
            CannotBuildError: there is no case.
        """
        number, own = self._fitting(list(self.family.readings()))
        checks: list[Checked] = []
        for position, checked in own.items():
            checked.case = replace(checked.case, index=len(checks))
            checks.append(checked)
            if not checked.failed_to_run:
                self._add(number, position, checked, checks)
        return checks

    def _fitting(self, readings: list[Reading]) -> tuple[int, dict[int, Checked]]:
        """The first reading that works at sizes all distinct, else at any, else the likeliest."""
        tried: dict[int, dict[int, Checked]] = {}
        for number, reading in enumerate(readings):
            tried[number] = self._own(number, reading)
            if self.family.authored or _works(tried[number], reading.distinct) or _stopped(tried[number]):
                break
        else:
            number = next((n for n, own in tried.items() if _works(own, len(own))), 0)
        own = tried[number]
        self.fitting[:] = readings[number : number + 1]
        return number, own if self.family.authored else _tolerant(own, readings[number].notes)

    def _own(self, number: int, reading: Reading) -> dict[int, Checked]:
        own: dict[int, Checked] = {}
        for position, case in enumerate(reading.cases):
            own[position] = self._check(Key("case", self.family.label, number, position), case)
            if not self.family.authored and _stopped(own):
                break  # one time limit is enough to wait for
        return own

    def _add(self, number: int, position: int, parent: Checked, checks: list[Checked]) -> None:
        """The added cases of one; one that raises is a note of its parent's."""
        for added, case in enumerate(self._added(number, position, parent), start=1):
            kind = case.name.removeprefix(parent.case.name).strip()
            if kind in self.refused and not self.family.authored:
                continue
            key = Key("case", self.family.label, number, position, added)
            with self.untouched(parent.case):
                checked = self._check(key, replace(case, index=len(checks)))
            if not checked.failed_to_run:
                checks.append(checked)
                continue
            self.refused.add(kind)
            parent.notes.append(f"{kind}: {_raised(checked)}; no check")
            if _stopped({0: checked}):
                break

    def _added(self, number: int, position: int, parent: Checked) -> list[Case]:
        key = Key("points", self.family.label, number, position)
        failure = self.line.known(key)
        if not isinstance(failure, Failure):
            self.line.started(key, parent.case.name)
            try:
                return self._expanded(parent)
            except BaseException as error:  # sys.exit() in a constructor costs the points alone
                failure = failure_of(error)
        parent.notes.append(f"no further points were tried: {failure.kind}: {failure.message}")
        return []

    def _expanded(self, parent: Checked) -> list[Case]:
        """The cases added to one; looking for them leaves no trace on an author's own object."""
        leaves = [] if self.options.fixed else parent.result.leaves.values()  # the fixed point is point enough
        parameters = {leaf.name for leaf in leaves if leaf.role == Role.PARAMETER}
        points = self._gets_points(parent.result) and not self.options.fixed
        with self.untouched(parent.case):
            built = not self.family.authored
            return expand(parent.case, built=built, points=points, parameters=parameters, options=self.options)

    def _gets_points(self, result: CheckResult) -> bool:
        """Every small case, and of the large ones the first of each rank: points are to be cheap."""
        ranks = tuple(len(leaf.shape) for leaf in result.leaves.values())
        first = ranks not in self.ranks
        self.ranks.add(ranks)
        return first or result.entries <= _SMALL

    @contextmanager
    def untouched(self, case: Case) -> Iterator[None]:
        """Puts back what an added case changes on the object that an author's case hands out again and again."""
        specimen = case.build() if self.family.authored and case.parent is None else None
        before = Snapshot(specimen.layer) if isinstance(specimen, LayerSpecimen) else None
        try:
            yield
        finally:
            if before is not None:
                before.restore()

    def _check(self, key: Key, case: Case) -> Checked:
        """Run one case, or take what an earlier child has settled."""
        settled = self.line.known(key)
        if isinstance(settled, Failure):
            return Checked(case, self._error(case, settled))
        if settled is not None:
            return Checked(case, settled)
        self.line.started(key, case.name)
        seed_everything(self.options.seed)
        result = self.judged(case)
        result = replace(result, name=case.name, path=result.path or self.path)
        self.line.settled(key, result)
        return Checked(case, result)

    def judged(self, case: Case) -> CheckResult:
        """The check; a KeyboardInterrupt or the like that the layer raises is its error as any other."""
        try:
            return (self.judge or check_case)(case, self.options)
        except BaseException as error:
            return self._error(case, failure_of(error))

    def _error(self, case: Case, failure: Failure) -> CheckResult:
        return CheckResult(case.name, Verdict.ERROR, error=failure, seed=self.options.seed, path=self.path)


def _works(own: Mapping[int, Checked], first: int) -> bool:
    return any(not checked.failed_to_run for position, checked in own.items() if position < first)


def _stopped(own: Mapping[int, Checked]) -> bool:
    return any(c.result.error is not None and c.result.error.kind in STOPPED for c in own.values())


def _tolerant(own: dict[int, Checked], refused: tuple[str, ...]) -> dict[int, Checked]:
    """Of a class that works at some shapes, those where it raises are notes; of others, each error once."""
    working = {position: checked for position, checked in own.items() if not checked.failed_to_run}
    kept = working or _each_once(own)
    if working and all(_single(checked) for checked in working.values()):
        return dict(sorted({**working, **_each_once(own)}.items()))  # x @ dY for x.T @ dY works there, and only there
    if kept:
        kept[min(kept)].notes += [*refused, *(_failures(own.values()) if working else ())]
    return kept


def _single(checked: Checked) -> bool:
    """Has every leaf one entry? Such a case alone verifies nothing."""
    leaves = checked.result.leaves.values()
    return bool(leaves) and all(math.prod(leaf.shape) == 1 for leaf in leaves)


def _failures(checks: Iterable[Checked]) -> Iterator[str]:
    """One note for each thing that was raised, with the cases in which it was."""
    names: dict[str, list[str]] = {}
    for checked in checks:
        if checked.failed_to_run:
            names.setdefault(_raised(checked), []).append(checked.case.name)
    return (f"{', '.join(cases)}: {reason}; no check" for reason, cases in names.items())


def _each_once(own: Mapping[int, Checked]) -> dict[int, Checked]:
    """One case for each place and kind of error."""
    kept: dict[tuple[str, str | None], int] = {}
    for position, checked in own.items():
        error = checked.result.error
        if error is not None:
            kept.setdefault((error.kind, error.where), position)
    return {position: own[position] for position in kept.values()}


def _raised(checked: Checked) -> str:
    """`raises ValueError: shapes ... (file.py:12)`."""
    error = checked.result.error
    if error is None:
        return "cannot be run"
    where = f" ({error.where})" if error.where else ""
    return error.message if error.kind in STOPPED else f"raises {error.kind}: {error.message}{where}"
