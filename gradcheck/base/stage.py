"""What the check that runs in this process is at, for whoever shows progress. Nothing is ever decided by it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Protocol


class Counted(Protocol):
    """Whoever counts the calls of the user's code."""

    forward: int


@dataclass(frozen=True)
class Doing:
    """What was going on at one moment.

    what: a leaf's name, or a step in words · done, total: of `unit`, both 0 where nothing is counted
    forward: evaluations of this check so far.
    """

    what: str = ""
    done: int = 0
    total: int = 0
    unit: str = "entries"
    forward: int = 0


class Stage:
    """Written by the check as it goes, a few attributes and no more; read from another thread."""

    def __init__(self) -> None:
        self.begin("")

    def begin(self, what: str, calls: Counted | None = None) -> None:
        """Another check, or a step between two. calls: counts its forwards."""
        self._calls = calls
        self.at(what)

    def at(self, what: str, total: int = 0, unit: str = "entries") -> None:
        """A part of it begins."""
        self.what, self.done, self.total, self.unit = what, 0, total, unit

    def now(self) -> Doing:
        """A copy."""
        forward = 0 if self._calls is None else self._calls.forward
        return Doing(self.what, min(self.done, self.total), self.total, self.unit, forward)


NOW = Stage()  # one a process: checks that run side by side are processes of their own


@contextmanager
def ticking(seconds: float, tell: Callable[[Doing], object]) -> Iterator[None]:
    """Calls `tell` every so many seconds, from a thread of its own, until the context is left or it raises OSError."""
    over = Event()

    def run() -> None:
        try:
            while not over.wait(seconds):
                tell(NOW.now())
        except OSError:  # whoever listened has gone
            return

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
