"""Conventions that installed packages bring along: the entry-point group `gradcheck.conventions`.

Each entry point is a Convention, used for layers that have the methods which it names, or a function of a layer that
gives its Convention, or None for a layer that it does not know.
"""

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from gradcheck.base.errors import UsageError
from gradcheck.base.failures import failure_of
from gradcheck.subjects.convention import Convention

GROUP = "gradcheck.conventions"
_HINT = "mend that package, or uninstall it"


def installed_convention(layer: Any) -> Convention | None:
    """That of the first package that knows the layer (or the class; functions are asked about objects only).

    Raises:
        UsageError: an entry point cannot be loaded, is no Convention, or its function raises.
    """
    cls = layer if isinstance(layer, type) else type(layer)
    for point, found in _points():
        if isinstance(found, Convention):
            if fits(cls, found):
                return found
        elif not isinstance(layer, type):
            chosen = _asked(point, found, layer)
            if chosen is not None:
                return chosen
    return None


def fits(cls: type, declared: Convention | None) -> bool:
    """Has a class everything that the convention names of it, forward and backward first of all?"""
    if declared is None or (declared.forward is None and declared.backward is None):
        return False
    fields = (declared.forward, declared.backward, declared.reset, declared.mode)
    return all(not isinstance(field, str) or callable(getattr(cls, field, None)) for field in fields)


@cache
def _points() -> tuple[tuple[EntryPoint, Any], ...]:
    return tuple((point, _loaded(point)) for point in entry_points(group=GROUP))


def _loaded(point: EntryPoint) -> Convention | Callable[[Any], Any]:
    try:
        found = point.load()
    except BaseException as error:  # SystemExit included
        failure = failure_of(error, theirs=True)
        raise UsageError(f"{_title(point)} cannot be loaded: {failure.kind}: {failure.message}; {_HINT}") from error
    if isinstance(found, Convention):
        if not any(isinstance(field, str) for field in (found.forward, found.backward)):
            raise UsageError(f"{_title(point)} names no method, so it would be taken for every layer's; {_HINT}")
        return found
    if not callable(found):
        raise UsageError(f"{_title(point)} is a {type(found).__name__}, neither a Convention nor a function; {_HINT}")
    return found  # type: ignore[no-any-return]  # it is callable


def _asked(point: EntryPoint, function: Callable[[Any], Any], layer: Any) -> Convention | None:
    try:
        chosen = function(layer)
    except (Exception, SystemExit) as error:
        failure = failure_of(error, theirs=True)
        message = f"{_title(point)} raises {failure.kind} for a {type(layer).__name__}: {failure.message}; {_HINT}"
        raise UsageError(message) from error
    if chosen is not None and not isinstance(chosen, Convention):
        raise UsageError(f"{_title(point)} gives a {type(chosen).__name__}, not a Convention or None; {_HINT}")
    return chosen


def _title(point: EntryPoint) -> str:
    package = point.dist.name if point.dist is not None else "a package"
    return f"entry point {point.name!r} = {point.value!r} of {package} (group {GROUP})"
