"""Which baselines a run speaks of: those below its targets; and of which it could not tell whether they are used."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gradcheck.gather.problem import Problem
from gradcheck.gather.targets import Source, resolve, split_class
from gradcheck.store.baselines import path_identity


@dataclass(frozen=True)
class Scope:
    """What the targets mean. folder: of the configuration · here: what the targets are relative to.

    targets: as typed; none for everything.
    """

    folder: Path
    here: Path
    targets: tuple[str, ...] = ()
    _meant: list[tuple[str, str | None]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        for target in self.targets:
            self._meant.extend(self._places(target))

    def covers(self, identity: str) -> bool:
        """Is the baseline one of a layer that the targets may have?"""
        return not self.targets or _among(identity, self._meant)

    def untold(self, problems: Iterable[Problem], identity: str) -> bool:
        """Did something go wrong with the baseline's own file or class? Then it is not unused."""
        troubled = [place for problem in problems for place in self._places(problem.target)]
        return _among(identity, [place for place in troubled if self._is_there(place[0])])

    def _places(self, target: str) -> list[tuple[str, str | None]]:
        """(path or module, class) of everything that a target names, as identities spell it."""
        where, only = split_class(target, self.here)
        found = resolve(target, self.here)
        sources: Sequence[Source] = [] if isinstance(found, Problem) else found
        paths = [path_identity(source.spelled, str(source.path), self.folder) for source in sources]
        own = path_identity(where if where.endswith(".py") else f"{where}.py", str(self.here / where), self.folder)
        return [(path, only) for path in (own, *paths)]

    def _is_there(self, path: str) -> bool:
        return not path.endswith(".py") or (self.folder / path).exists()


def _among(identity: str, places: Iterable[tuple[str, str | None]]) -> bool:
    path, _, label = identity.rpartition(":")
    return any(only in (None, label) and _is_below(path, place) for place, only in places)


def _is_below(path: str, place: str) -> bool:
    """The same file or module, or one in the folder."""
    return place in (path, ".") or path.startswith(f"{place}/")
