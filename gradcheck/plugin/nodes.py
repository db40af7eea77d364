"""The collection tree: a file, its classes, an item a case."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gradcheck.base.errors import GradcheckError, GradientMismatch, UsageError
from gradcheck.gather.config import ExpectedFault
from gradcheck.gather.problem import Problem
from gradcheck.plugin.files import left_out
from gradcheck.plugin.records import Json, check_facts, problem_facts
from gradcheck.plugin.state import state_of
from gradcheck.render.check_text import error_text
from gradcheck.render.items import item_text
from gradcheck.render.wording import unique
from gradcheck.run.campaign import nowhere
from gradcheck.run.outcome import TargetCheck
from gradcheck.run.single import Listing, of_case
from gradcheck.store.record import fault_record

_MARKER = "gradcheck"


class CannotCheckError(GradcheckError):
    """What could not be checked at all; the message is for the user as it stands."""


def file_node(path: Path, parent: pytest.Collector) -> "GradcheckFile | None":
    """The collector of a Python file, None where it is not looked into."""
    state = state_of(parent.config)
    reason = left_out(path, parent.config.getini("python_files"), named=parent.session.isinitpath(path))
    if reason is None:
        state.asked += 1
        return GradcheckFile.from_parent(parent, path=path)
    if not reason:
        state.bare.append(path)
    else:
        state.notes.append(f"{path.relative_to(state.here) if path.is_relative_to(state.here) else path} {reason}")
    return None


def nothing_found(session: pytest.Session) -> "ProblemItem | None":
    """Where every file was read and there was nothing in any of them: an item that says so."""
    state = state_of(session.config)
    narrowed = any("::" in argument for argument in session.config.args)
    if state.found or state.asked != state.read or narrowed:
        return None
    message = "nothing found to check: no layer class, no pair of functions and no gradcheck_cases() in these paths"
    problem = Problem(" ".join(session.config.args), "Nothing", message)
    return ProblemItem.from_parent(session, name="gradcheck", problem=problem_facts(problem))


class GradcheckFile(pytest.File):
    """A Python file with its layers, known once a child process has imported it."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Its problems, then its classes."""
        state = state_of(self.config)
        try:
            listing, single = state.listing(self.path), state.file(self.path)
        except UsageError as error:
            raise self.CollectError(f"gradcheck: {error}") from None
        problems = [*map(problem_facts, listing.problems), *map(_ownerless, single.ownerless(listing))]
        problems += map(_nowhere, state.nowhere(self.path))
        of_class = {single.source.label(label): label for label in listing.cases}
        own = [problem for problem in problems if problem["target"] not in of_class]
        yield from _problems(self, own)
        for label, name in zip(listing.cases, node_names(listing.cases), strict=True):
            mine = [problem for problem in problems if of_class.get(problem["target"]) == label]
            yield GradcheckClass.from_parent(self, name=name, label=label, listing=listing, problems=mine)


class GradcheckClass(pytest.Collector):
    """A class, or a pair of functions, with its cases."""

    def __init__(self, *, label: str, listing: Listing, problems: Sequence[Json], **known: Any) -> None:
        super().__init__(**known)
        self._label, self._cases, self._problems = label, listing.cases[label], problems

    def collect(self) -> Iterator[pytest.Item]:
        """What keeps it from being checked, then an item a case."""
        yield from _problems(self, self._problems)
        for case, name in zip(self._cases, node_names(self._cases), strict=True):
            yield CaseItem.from_parent(self, name=name, label=self._label, own=self._cases, case=case)


class GradcheckItem(pytest.Item):
    """What all our items have in common. facts: for the end of the session, plain data."""

    def __init__(self, **known: Any) -> None:
        super().__init__(**known)
        self.facts: Json = {}
        self.add_marker(_MARKER)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands in the output."""
        return self.path, 0, f"[gradcheck] {self.name}"


class ProblemItem(GradcheckItem):
    """Something that could not be checked: an error, whatever else is checked."""

    def __init__(self, *, problem: Json, **known: Any) -> None:
        super().__init__(**known)
        self._problem = problem

    def setup(self) -> None:
        """It fails here, so that it is an error and no failure."""
        self.facts = {"problems": [self._problem]}
        raise CannotCheckError(_said(self._problem))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands in the output: of a problem's name alone nobody knows whose it is."""
        return self.path, 0, f"[gradcheck] {self.nodeid}"

    def runtest(self) -> None:
        """Nothing is left to do."""


class CaseItem(GradcheckItem):
    """One case of a class; the cases that are added to it are judged here too. label: of its class."""

    def __init__(self, *, label: str, own: Sequence[str], case: str, **known: Any) -> None:
        super().__init__(**known)
        self.label, self._own, self._case = label, own, case

    def setup(self) -> None:
        """Check the whole class, unless another of its items has: its cases explain each other."""
        state = state_of(self.config)
        outcome = state.outcome(self.path, self.label)
        update = state.update(self.path, self.label)
        self.facts = {"problems": [problem_facts(problem) for problem in outcome.problems], "baselines": [update]}
        stopped = [_said(problem) for problem in self.facts["problems"] + (update or {}).get("problems", [])]
        stopped += [
            f"problem: the baseline {name}: {message}" for name, message in (update or {}).get("damaged", {}).items()
        ]
        if stopped:
            raise CannotCheckError("\n\n".join(dict.fromkeys(stopped)))

    def runtest(self) -> None:
        """Judge the checks of this case."""
        state = state_of(self.config)
        outcome = state.outcome(self.path, self.label)
        checks = of_case(outcome.checks, self._own, self._case)
        first = self._case == self._own[0]
        gone = state.vanished(self.path, self.label) if first else []
        self.facts |= {
            "checks": [check_facts(check) for check in checks],
            "vanished": [fault_record(fault) for fault in gone],
            "file": str(self.path.resolve()),
            "label": self.label,
        }
        self._judge(checks, gone)

    def _judge(self, checks: list[TargetCheck], gone: Sequence[ExpectedFault]) -> None:
        strict = self.config.getoption("runxfail")
        expected = [check for check in checks if check.expected]
        wrong = [check for check in checks if not check.result.passed and (strict or not check.expected)]
        if wrong or gone:
            raise GradientMismatch(
                item_text(self.facts["checks"], self.facts["vanished"], str(state_of(self.config).here))
            )
        if expected:
            pytest.xfail(f"expected: {expected[0].reason}")
        if not checks:
            raise pytest.skip.Exception(self._why_none(), _use_item_location=True)

    def _why_none(self) -> str:
        """What its class's notes say of a case that raised where others did not."""
        checks = state_of(self.config).outcome(self.path, self.label).checks
        notes = [note for check in checks for note in check.result.notes if self._case in note]
        return notes[0] if notes else f"{self._case}: it is not among the cases that were checked"


def node_names(names: Iterable[str]) -> list[str]:
    """As parts of a node id, no two alike: `::` divides these parts, and a bracket begins pytest's own parameters."""
    plain = [re.sub(r":{2,}", ":", name).replace("[", "(").replace("]", ")") for name in names]
    return list(unique(plain, "{name} #{number}"))


def _problems(parent: pytest.Collector, problems: Sequence[Json]) -> Iterator[ProblemItem]:
    names = node_names(problem["kind"] for problem in problems)
    return (
        ProblemItem.from_parent(parent, name=name, problem=problem)
        for name, problem in zip(names, problems, strict=True)
    )


def _said(problem: Json) -> str:
    return textwrap.dedent(error_text(problem))


def _nowhere(fault: ExpectedFault) -> Json:
    return problem_facts(nowhere(fault))


def _ownerless(fault: ExpectedFault) -> Json:
    what = fault.label or "something to check"
    message = f"[[tool.gradcheck.expected]] names {what}, which the file does not have; mend or delete the entry"
    return problem_facts(Problem(fault.target, "ExpectedFault", message))
