"""A Convention that a module, the configuration or an installed package declares, put into every case."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcheck.base.errors import UsageError
from gradcheck.base.failures import failure_of
from gradcheck.gather.config import NamedConvention
from gradcheck.gather.family import Family, Reading
from gradcheck.gather.installed import fits, installed_convention
from gradcheck.gather.problem import Problem
from gradcheck.gather.specimen import Case, LayerSpecimen, Specimen
from gradcheck.subjects.convention import Convention, resolve_convention

NAME = "gradcheck_convention"


@dataclass(frozen=True)
class Chooser:
    """Which Convention is a layer's, if any.

    own: the module's gradcheck_convention, for everything in it · targeted: (label or None for all, convention) that
    the configuration names for this file · listed: those that it lists, for the layers that they fit.
    """

    own: Convention | None = None
    targeted: tuple[tuple[str | None, Convention], ...] = ()
    listed: tuple[Convention, ...] = ()

    def of(self, thing: Any, label: str) -> Convention | None:
        """That of a layer, of its class, or of a function (label: its name)."""
        named = (convention for only, convention in self.targeted if only in (None, label))
        chosen = self.own or next(named, None)
        if chosen is None and not callable(getattr(thing, "__code__", None)):
            cls = thing if isinstance(thing, type) else type(thing)
            chosen = next((c for c in self.listed if fits(cls, c)), None) or installed_convention(thing)
        return chosen

    def builds(self, cls: type) -> bool:
        """Is a class a layer by its convention: has it everything that this names?"""
        return fits(cls, self.of(cls, cls.__name__))


def chooser_of(module: ModuleType, path: Path, configured: Sequence[NamedConvention]) -> tuple[Chooser, list[Problem]]:
    """What is declared for a module, and what could not be loaded of the configuration's.

    Raises:
        UsageError: the module's own gradcheck_convention is neither a Convention nor the "module:name" of one.
    """
    own = resolve_convention(vars(module).get(NAME))
    targeted: list[tuple[str | None, Convention]] = []
    listed: list[Convention] = []
    problems: list[Problem] = []
    for named in configured:
        if named.files is not None and str(path.resolve()) not in named.files:
            continue
        try:
            found = _loaded(named)
        except UsageError as error:
            problems.append(Problem(named.config, "Convention", f"[tool.gradcheck] conventions: {error}"))
            continue
        if named.files is None:
            listed.append(found)
        else:
            targeted.append((named.label, found))
    return Chooser(own, tuple(targeted), tuple(listed)), problems


def with_convention(family: Family, chooser: Chooser) -> Family:
    """The family, its cases under the convention; a case that has one of its own keeps it."""
    return replace(family, readings=partial(_readings, family, chooser))


def _loaded(named: NamedConvention) -> Convention:
    """The Convention of the text "module:name", its module looked for beside the configuration first.

    Raises:
        UsageError: it is none, cannot be imported, or does not tell which layers it is for.
    """
    if named.folder not in sys.path:
        sys.path.insert(0, named.folder)
    try:
        found = resolve_convention(named.text)
    except UsageError:
        raise
    except BaseException as error:  # SystemExit of the user's module included
        failure = failure_of(error, theirs=True)
        place = "" if failure.where is None else f" ({failure.where})"
        raise UsageError(f"{named.text!r}: importing it raises {failure.kind}: {failure.message}{place}") from error
    if not isinstance(found, Convention):
        raise UsageError(f"{named.text!r} is no Convention")
    if named.files is None and not any(isinstance(field, str) for field in (found.forward, found.backward)):
        raise UsageError(
            f"{named.text!r} names no method in forward or backward, so it does not tell which layers it is for; name "
            f'them: write the table [tool.gradcheck.conventions] with lines "file.py:Class" = {named.text!r}'
        )
    return found


def _readings(family: Family, chooser: Chooser) -> Sequence[Reading]:
    return [_reading(reading, family.label, chooser) for reading in family.readings()]


def _reading(reading: Reading, label: str, chooser: Chooser) -> Reading:
    cases = tuple(_case(case, label, chooser) for case in reading.cases)
    drawn = None if reading.drawn is None else partial(_drawn, reading.drawn, label, chooser)
    return replace(reading, cases=cases, drawn=drawn)


def _drawn(drawn: Callable[[bool], Any], label: str, chooser: Chooser, batch: bool) -> Any:
    return drawn(batch).map(lambda found: _example(found, label, chooser))


def _example(found: Any, label: str, chooser: Chooser) -> Any:
    """An example of a search, and the wider ones that it is held against."""
    wider = tuple(partial(lambda make: _example(make(), label, chooser), make) for make in found.wider)
    return replace(found, case=_case(found.case, label, chooser), wider=wider)


def _case(case: Case, label: str, chooser: Chooser) -> Case:
    return replace(case, build=partial(_built, case, label, chooser))


def _built(case: Case, label: str, chooser: Chooser) -> Specimen:
    specimen = case.build()
    if specimen.convention is not None:
        return specimen
    thing = specimen.layer if isinstance(specimen, LayerSpecimen) else specimen.forward
    return replace(specimen, convention=chooser.of(thing, label))
