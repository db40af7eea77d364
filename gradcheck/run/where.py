"""Where the user's backward stands: "file.py:41"."""

import inspect
from pathlib import Path
from typing import Any

from gradcheck.gather.specimen import LayerSpecimen, Specimen
from gradcheck.subjects.spelling import paired_method_names


def place_of_backward(specimen: Specimen) -> str | None:
    """`file.py:41`, where backward is defined; None where there is no source to name."""
    place = source_of_backward(specimen)
    return None if place is None else f"{Path(place[0]).name}:{place[1]}"


def source_of_backward(specimen: Specimen) -> tuple[str, int] | None:
    """The same with the whole path."""
    function = _backward_of(specimen)
    try:
        file = inspect.getsourcefile(inspect.unwrap(function))
        code = getattr(inspect.unwrap(function), "__code__", None)
        line = inspect.getsourcelines(function)[1] if code is None else code.co_firstlineno
    except (TypeError, OSError):
        return None
    return None if file is None else (file, line)


def _backward_of(specimen: Specimen) -> Any:
    """None for an unknown name, and for a backward that a framework has and not the user."""
    if not isinstance(specimen, LayerSpecimen):
        return specimen.backward or specimen.forward
    names = paired_method_names(specimen.layer)
    declared = None if specimen.convention is None else specimen.convention.backward
    named = declared if declared is not None else None if names is None else names[1]
    function = getattr(type(specimen.layer), named, None) if isinstance(named, str) else named
    ours = (getattr(function, "__module__", None) or "").startswith("gradcheck.")
    return None if ours else function
