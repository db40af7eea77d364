"""What one pytest process knows: of each file its cases, of each class its checks, each found out once."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gradcheck.gather.config import ExpectedFault
from gradcheck.gather.problem import Problem
from gradcheck.plugin.baselines import Told, updated
from gradcheck.plugin.records import Json
from gradcheck.plugin.settings import settings_for
from gradcheck.run.expected import vanished
from gradcheck.run.outcome import CampaignResult
from gradcheck.run.single import Listing, Single, inherited_in, source_of

_GONE = CampaignResult(problems=(Problem("", "Gone", "the class is no longer there; it was when cases were listed"),))


@dataclass
class State:
    """What is remembered.

    notes: of files, for the end · asked, read: files that were collected, and whose cases were · found: in how many
    there was something · wanted: of each file, the classes of which items will run · bare: files without code
    watched: what watched.py goes by.
    """

    config: pytest.Config
    notes: list[str] = field(default_factory=list)
    asked: int = 0
    read: int = 0
    found: int = 0
    wanted: dict[Path, set[str]] = field(default_factory=dict)
    bare: list[Path] = field(default_factory=list)
    watched: Json | None = None
    _files: dict[Path, Single] = field(default_factory=dict)
    _listings: dict[Path, Listing] = field(default_factory=dict)
    _outcomes: dict[tuple[Path, str], CampaignResult] = field(default_factory=dict)
    _inherited: frozenset[str] | None = None
    _told: set[Path | None] = field(default_factory=set)
    _updated: set[tuple[Path, str]] = field(default_factory=set)

    @property
    def here(self) -> Path:
        """What the paths in reports are relative to: the folder where pytest was called."""
        return Path(self.config.invocation_params.dir)

    def file(self, path: Path) -> Single:
        """A file and with what it is checked; UsageError where a setting makes no sense."""
        if path not in self._files:
            inherited = self._bases() | inherited_in([str(path)], self.here)
            self._files[path] = Single(source_of(path, self.here), settings_for(self.config, path).plan, inherited)
        return self._files[path]

    def listing(self, path: Path) -> Listing:
        """The cases of a file."""
        if path not in self._listings:
            listing = self._listings[path] = self.file(path).listing()
            self.read += 1
            self.found += bool(listing.cases or listing.problems)
            self.notes += listing.notes
        return self._listings[path]

    def outcome(self, path: Path, label: str) -> CampaignResult:
        """All checks of a class; of its problems those that the file did not have when its cases were listed."""
        if (path, label) not in self._outcomes:
            said = {(problem.kind, problem.message) for problem in self.listing(path).problems}
            found = self.file(path).check(None if self._wants_all(path) else label)
            for name, outcome in found.items():
                new = tuple(problem for problem in outcome.problems if (problem.kind, problem.message) not in said)
                self._outcomes.setdefault((path, name), replace(outcome, problems=new))
        return self._outcomes.setdefault((path, label), _GONE)

    def _wants_all(self, path: Path) -> bool:
        """Will this process run items of every class of the file? Then one child process may check them all."""
        if hasattr(self.config, "workerinput") and self.config.workerinput["gradcheck"]["dist"] != "loadfile":
            return False  # pytest-xdist sends other classes elsewhere
        return {label for label, cases in self.listing(path).cases.items() if cases} <= self.wanted.get(path, set())

    def vanished(self, path: Path, label: str) -> list[ExpectedFault]:
        """The expected faults that a class no longer shows; the file's first answers for those that name none."""
        gone = list(self.outcome(path, label).vanished)
        labels = [name for name, cases in self.listing(path).cases.items() if cases]
        unnamed = self.file(path).of_file()
        if not unnamed or label != labels[0]:
            return gone
        checks = [check for name in labels for check in self.outcome(path, name).checks]
        whole = frozenset() if self.listing(path).problems else frozenset({str(path.resolve())})
        return gone + vanished(unnamed, checks, whole)

    def expected(self) -> list[ExpectedFault]:
        """The expected faults under which the files stand that were collected."""
        return list(dict.fromkeys(fault for file in self._files.values() for fault in file.plan.expected))

    def counts(self) -> dict[str, int]:
        """How many items each file has that could be read, all its classes."""
        read = {path: found for path, found in self._listings.items() if not found.problems}
        counted = {str(path.resolve()): sum(map(len, found.cases.values())) for path, found in read.items()}
        return counted | {str(path.resolve()): 0 for path in self.bare}

    def nowhere(self, path: Path) -> list[ExpectedFault]:
        """The expected faults whose file there is not: for the first file under a configuration."""
        place = settings_for(self.config, path).config.file
        told, self._told = place in self._told, self._told | {place}
        return [] if told else [fault for fault in self.file(path).plan.expected if not fault.files]

    def update(self, path: Path, label: str) -> Told | None:
        """With --gradcheck-update: the class's baseline, once; what became of it."""
        if not self.config.getoption("gradcheck_update") or (path, label) in self._updated:
            return None
        self._updated.add((path, label))
        settings, single = settings_for(self.config, path), self.file(path)
        fixed = replace(single, plan=replace(single.plan, options=settings.fixed, expected=()))
        return updated(fixed.check(label)[label], settings, self.config.rootpath)

    def _bases(self) -> frozenset[str]:
        if self._inherited is None:
            places = [argument.partition("::")[0] for argument in self.config.args]
            self._inherited = inherited_in(places, self.here)
        return self._inherited


_STATE = pytest.StashKey[State]()


def state_of(config: pytest.Config) -> State:
    """The one of this process."""
    return config.stash.setdefault(_STATE, State(config))
