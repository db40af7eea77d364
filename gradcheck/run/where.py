"""Where the user's backward stands: "file.py:41"."""

import inspect
from pathlib import Path

from gradcheck.gather.specimen import LayerSpecimen, Specimen
from gradcheck.subjects.spelling import paired_method_names


def place_of_backward(specimen: Specimen) -> str | None:
    """`file.py:41`, where backward is defined; None where there is no source to name."""
    place = source_of_backward(specimen)
    return None if place is None else f"{Path(place[0]).name}:{place[1]}"


def source_of_backward(specimen: Specimen) -> tuple[str, int] | None:
    """The same with the whole path."""
    if isinstance(specimen, LayerSpecimen):
        names = paired_method_names(specimen.layer)
        function = None if names is None else getattr(type(specimen.layer), names[1], None)
        declared = None if specimen.convention is None else specimen.convention.backward
        if declared is not None:
            function = getattr(type(specimen.layer), declared, None) if isinstance(declared, str) else declared
            if (getattr(function, "__module__", None) or "").startswith(
                "gradcheck."
            ):  # a framework's: nothing of the user's
                return None
    else:
        function = inspect.unwrap(specimen.backward or specimen.forward)
    try:
        file = inspect.getsourcefile(inspect.unwrap(function))  # type: ignore[arg-type]
        code = getattr(inspect.unwrap(function), "__code__", None)  # type: ignore[arg-type]
        line = inspect.getsourcelines(function)[1] if code is None else code.co_firstlineno  # type: ignore[arg-type]
    except (TypeError, OSError):
        return None
    return None if file is None else (file, line)
