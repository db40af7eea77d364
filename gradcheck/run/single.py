"""One file for another program than the command line: what cases there are, and what they come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gradcheck.gather.bases import inherited_names
from gradcheck.gather.config import ExpectedFault
from gradcheck.gather.problem import Problem
from gradcheck.gather.targets import Source, resolve
from gradcheck.run.campaign import Plan, checks_of, with_neighbours
from gradcheck.run.expected import marked, vanished
from gradcheck.run.outcome import CampaignResult, TargetCheck
from gradcheck.run.visit import Visit


@dataclass(frozen=True)
class Listing:
    """What a file has to be checked. cases: class -> the names of its own cases, none where it cannot be built."""

    cases: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Single:
    """One file, and with what its classes are checked.

    source: the file, as it is spelled in reports · plan: its options, time limit, expected faults and the words of a
    replay (its targets mean nothing here) · inherited: the names that classes elsewhere have as bases.
    """

    source: Source
    plan: Plan
    inherited: frozenset[str]

    def listing(self) -> Listing:
        """The file's cases, named in a child process."""
        visit = self._visited(self.source, listing=True)
        names = {label: tuple(result.name for result in results) for label, results in visit.results().items()}
        return Listing(names, tuple(visit.problems), tuple(visit.notes))

    def check(self, label: str | None = None) -> dict[str, CampaignResult]:
        """All cases of one class, or of every class, by class, in a child process.

        A problem of the file as a whole is each class's; of the expected faults, each has those that name it.
        """
        visit = self._visited(replace(self.source, only=label))
        checks = [marked(check, self.plan.expected) for check in checks_of(self.plan, visit)]
        labels = [*visit.results()] if label is None else [label]
        return {name: self._of_class(name, labels, checks, visit.problems) for name in labels}

    def _of_class(
        self, label: str, labels: Sequence[str], checks: Sequence[TargetCheck], problems: Sequence[Problem]
    ) -> CampaignResult:
        others = {self.source.label(name) for name in labels} - {self.source.label(label)}
        mine = tuple(check for check in checks if check.label == label)
        named = [fault for fault in self._watched() if fault.label == label]
        own = tuple(problem for problem in problems if problem.target not in others)
        return CampaignResult(mine, own, tuple(vanished(named, mine, frozenset())))

    def of_file(self) -> list[ExpectedFault]:
        """The expected faults that are of this file alone, but of no class of it."""
        return [fault for fault in self._watched() if fault.label is None]

    def ownerless(self, listing: Listing) -> list[ExpectedFault]:
        """The expected faults of this file alone, where it no longer has their class, or any."""
        if listing.problems:
            return []
        there = {label for label, cases in listing.cases.items() if cases}
        return [fault for fault in self._watched() if (fault.label not in there if fault.label else not there)]

    def _watched(self) -> list[ExpectedFault]:
        """Of a fault that may show in any of several files, no single one can say that it has vanished."""
        alone = frozenset({str(self.source.path.resolve())})
        return [fault for fault in self.plan.expected if fault.files == alone]

    def _visited(self, source: Source, *, listing: bool = False) -> Visit:
        visit = Visit(source, self.plan.options, self.plan.timeout, self.inherited, listing=listing)
        visit.complete()
        return visit


def source_of(file: Path, base: Path) -> Source:
    """The file, spelled from the folder `base` where it lies below it."""
    found = resolve(str(file.relative_to(base)) if file.is_relative_to(base) else str(file), base)
    if isinstance(found, Problem):
        raise FileNotFoundError(found.message)
    return found[0]


def inherited_in(targets: Sequence[str], base: Path) -> frozenset[str]:
    """The names that classes in these files and folders, and beside them, have as bases."""
    found = [resolve(target, base) for target in targets]
    return inherited_names(with_neighbours(source for one in found if not isinstance(one, Problem) for source in one))


def of_case(checks: Sequence[TargetCheck], own: Sequence[str], case: str) -> list[TargetCheck]:
    """The checks of one case: its own and all up to the next own case of the class.

    own: the names of the class's own cases, as they were listed; what comes before the first of them is the first's.
    """
    found: dict[str, list[TargetCheck]] = {name: [] for name in own}
    at = own[0]
    for check in checks:
        at = check.result.name if check.result.name in found else at
        found[at].append(check)
    return found[case]
