"""What a run's record reads of an outcome (run/outcome.py): every dataclass with these fields will do."""

# ruff: noqa: D102 -- the docstring of each class speaks of its fields

from collections.abc import Sequence
from typing import Protocol

from gradcheck.run.result import CheckResult


class CheckView(Protocol):
    """One check of a target.

    index: counts its class's cases from 0 · reason: why its fault is expected · replay: the command that
    runs it again.
    """

    @property
    def target(self) -> str: ...
    @property
    def index(self) -> int: ...
    @property
    def result(self) -> CheckResult: ...
    @property
    def expected(self) -> bool: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def replay(self) -> str | None: ...


class ProblemView(Protocol):
    """What could not be checked, and why; output: what the user's code had printed."""

    @property
    def target(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def where(self) -> str | None: ...
    @property
    def output(self) -> str: ...


class FaultView(Protocol):
    """An expected fault, as the configuration lists it."""

    @property
    def target(self) -> str: ...
    @property
    def leaf(self) -> str: ...
    @property
    def cause(self) -> str: ...
    @property
    def reason(self) -> str: ...


class OutcomeView(Protocol):
    """A whole run.

    vanished: the expected faults that no longer show · notes: of targets, not of checks · interrupted: by Ctrl-C,
    so that more was to come.
    """

    @property
    def checks(self) -> Sequence[CheckView]: ...
    @property
    def problems(self) -> Sequence[ProblemView]: ...
    @property
    def vanished(self) -> Sequence[FaultView]: ...
    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def interrupted(self) -> bool: ...
