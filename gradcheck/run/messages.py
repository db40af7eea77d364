"""What parent and child tell each other: plain data over a pipe."""

import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gradcheck.base.errors import Failure
from gradcheck.base.stage import Doing
from gradcheck.gather.problem import Problem
from gradcheck.gather.targets import Source
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult


@dataclass(frozen=True)
class Key:
    """Where in a file the child is.

    step: "start", "import", "cases", "build", "case", "points", "factors", "power", "search" or "end"
    label: the family · reading, own, added: which reading of it, which of its cases (from 0), which added case of
    that one (0: the case itself).
    """

    step: str
    label: str = ""
    reading: int = 0
    own: int = 0
    added: int = 0


Known = Mapping[Key, CheckResult | Failure]  # results of earlier children of the same file, and what stopped them


@dataclass(frozen=True)
class Job:
    """One file for one child.

    known: what is settled already · finished: families that are done · listing: the own cases are only
    named, and tried where a class may be read in several ways · ticks: tell what is being done, twice a second.
    """

    source: Source
    options: Options
    inherited: frozenset[str] = frozenset()
    known: Known = field(default_factory=dict)
    finished: frozenset[str] = frozenset()
    listing: bool = False
    ticks: bool = False


@dataclass(frozen=True)
class Started:
    """A step begins, and with it the time limit. printed: length of the captured output so far."""

    key: Key
    name: str
    printed: int


@dataclass(frozen=True)
class Settled:
    """A case has its result; more of its family may come. printed: as in Started, by now."""

    key: Key
    result: CheckResult
    printed: int | None = None


@dataclass(frozen=True)
class Finished:
    """A family is done: its checks in order, factors named. problem: it could not be built."""

    label: str
    results: tuple[CheckResult, ...] = ()
    problem: Problem | None = None


@dataclass(frozen=True)
class Remarks:
    """What the module has besides checks. families: how many there are to check · printed: as in Started, by now."""

    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    families: int = 0
    printed: int | None = None


@dataclass(frozen=True)
class Tick:
    """What is being done, for progress alone: the time limit goes on."""

    doing: Doing


Message = Started | Settled | Finished | Remarks | Tick


def plain(result: CheckResult) -> CheckResult:
    """The same with dicts for its mappings: views of mappings cannot be pickled."""
    leaves = {name: replace(leaf, located=dict(leaf.located)) for name, leaf in result.leaves.items()}
    return replace(result, leaves=leaves, symbols={k: float(v) for k, v in result.symbols.items()})


def to_bytes(message: Message | Job) -> bytes:
    """For the pipe."""
    return pickle.dumps(message)


def from_bytes(data: bytes) -> Any:
    """The message again; only our own types and numpy's are let in, so that no user module is imported here."""
    return _OwnTypes(io.BytesIO(data)).load()


class _OwnTypes(pickle.Unpickler):
    _ROOTS = frozenset({"gradcheck", "numpy", "builtins", "collections", "pathlib", "copyreg"})

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] not in self._ROOTS:
            raise pickle.UnpicklingError(f"{module}.{name} does not belong in a result")
        return super().find_class(module, name)
