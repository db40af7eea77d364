"""A family: all the cases of one class, and how they may be read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradcheck.gather.problem import Problem
from gradcheck.gather.specimen import Case

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Arguments = Mapping[str, Any]


class CannotBuildError(Exception):
    """No case can be made: the problem says why and what to write instead."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, eq=False)
class Reading:
    """One way to understand a constructor's parameters, as cases over several shapes.

    distinct: how many of the cases, from the first on, have all sizes distinct · notes: shapes that the
    constructor refused · drawn: for a search, makes a strategy of gather.drawing's Drawn, at any sizes and options (its
    argument: three rows in place of the article's one too?); None where there is none.
    """

    cases: tuple[Case, ...]
    distinct: int = 1
    notes: tuple[str, ...] = ()
    drawn: "Callable[..., SearchStrategy[Any]] | None" = None


@dataclass(frozen=True, eq=False)
class Family:
    """The cases of one class or one pair of functions.

    label: class name, or the forward's name · authored: the module's gradcheck_cases names them, so that
    each must work; else a shape that the class was not made for is a note · readings: makes the cases,
    likeliest reading first; raises CannotBuildError.
    """

    label: str
    authored: bool
    readings: Callable[[], Sequence[Reading]]


@dataclass(frozen=True, eq=False)
class Offer:
    """What a module has to be checked. notes: what is not checked, and why."""

    families: tuple[Family, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
