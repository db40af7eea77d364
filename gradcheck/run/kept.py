"""The arrays that a forward leaves for its backward, and those that it is handed, by names for a message."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.subjects.spelling import positional
from gradcheck.subjects.subject import Subject

_CACHE = "cache"
_MOST = 32  # of one container


def kept_arrays(subject: Subject, specimen: Specimen) -> dict[str, Array]:
    """Float arrays that a layer has in its own attributes after forward, parameters aside, or a function in its cache.

    One in a dict, a tuple or a list goes by its key or index: `cache['z']`, `cache[0]`.
    """
    with subject.session() as session:
        session.forward()
        if isinstance(specimen, FunctionSpecimen):
            found = dict(_in_cache(session.returned))
        else:
            leaves = {leaf.name for leaf in subject.leaves}
            own = getattr(specimen.layer, "__dict__", {})
            found = {name: v for key, value in own.items() for name, v in _opened(key, value) if name not in leaves}
        return {name: np.array(v) for name, v in found.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f"}


def handed_arrays(specimen: Specimen) -> dict[str, Array]:
    """What forward is handed, where that are several things: by their names, else by their place, counted from 0."""
    function = specimen if isinstance(specimen, FunctionSpecimen) else None
    given = specimen.x if isinstance(specimen, LayerSpecimen) else specimen.arguments
    names = [] if function is None else [p.name for p in positional(function.forward) or []]
    if isinstance(given, tuple):
        given = {names[i] if i < len(names) else f"argument {i}": value for i, value in enumerate(given)}
    pairs = given.items() if isinstance(given, dict) else ()
    return {str(name): value.copy() for name, value in pairs if isinstance(value, np.ndarray)}


def _in_cache(returned: Any) -> Iterator[tuple[str, Any]]:
    """(`cache[1]`, its array) of a forward that returns its output and a cache."""
    if not isinstance(returned, tuple) or len(returned) != 2:
        return
    yield from _opened(_CACHE, returned[1])


def _opened(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """(name, value), or that of each of the things in it."""
    if isinstance(value, tuple | list):
        yield from ((f"{name}[{number}]", one) for number, one in enumerate(value[:_MOST]))
    elif isinstance(value, dict):
        yield from ((f"{name}[{key!r}]", one) for key, one in islice(value.items(), _MOST))
    else:
        yield name, value
