"""One file for another program than the command line: what cases there are, and what they come to."""

from dataclasses import dataclass, replace
from pathlib import Path

from gradcheck.gather.bases import inherited_names
from gradcheck.gather.problem import Problem
from gradcheck.gather.targets import Source, resolve
from gradcheck.run.campaign import Plan, checks_of, with_neighbours
from gradcheck.run.expected import marked, vanished
from gradcheck.run.outcome import CampaignResult
from gradcheck.run.visit import Visit


@dataclass(frozen=True)
class Listing:
    """What a file has to be checked. cases: class -> the names of its own cases."""

    cases: dict[str, tuple[str, ...]]
    problems: tuple[Problem, ...] = ()


def list_file(plan: Plan, file: Path, base: Path) -> Listing:
    """The cases of a Python file, named in a child process. base: what relative names are relative to."""
    visit = _visited(plan, _source(file, base), listing=True)
    names = {label: tuple(result.name for result in results) for label, results in visit.results().items()}
    return Listing(names, tuple(visit.problems))


def check_class(plan: Plan, file: Path, base: Path, label: str, *, first: bool) -> CampaignResult:
    """All cases of one class of the file.

    first: it is the file's first, which answers for the expected faults that name no class.
    """
    source = _source(file, base)
    visit = _visited(plan, source, only=label)
    checks = [marked(check, plan.expected) for check in checks_of(plan, visit)]
    faults = [fault for fault in plan.expected if fault.label == label]
    gone = vanished(faults, checks, frozenset())
    unnamed = [fault for fault in plan.expected if fault.label is None and str(file.resolve()) in fault.files]
    if first and unnamed:
        whole = _visited(plan, source)
        others = [marked(check, plan.expected) for check in checks_of(plan, whole)]
        gone += vanished(unnamed, others, frozenset())
    return CampaignResult(tuple(checks), tuple(visit.problems), tuple(gone), tuple(visit.notes))


def _source(file: Path, base: Path) -> Source:
    spelled = str(file.relative_to(base)) if file.is_relative_to(base) else str(file)
    found = resolve(spelled, base)
    if isinstance(found, Problem):
        raise FileNotFoundError(found.message)
    return found[0]


def _visited(plan: Plan, source: Source, *, listing: bool = False, only: str | None = None) -> Visit:
    narrowed = source if only is None else replace(source, only=only)
    inherited = inherited_names(with_neighbours([source]))
    visit = Visit(narrowed, plan.options, plan.timeout, inherited, listing=listing)
    visit.complete()
    return visit
