"""Where the user's backward stands: "file.py:41"."""

import inspect
from pathlib import Path

from gradcheck.gather.specimen import LayerSpecimen, Specimen
from gradcheck.subjects.spelling import paired_method_names


def place_of_backward(specimen: Specimen) -> str | None:
    """File and line of backward's definition; None where there is no source to name."""
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
        file, line = inspect.getsourcefile(function), inspect.getsourcelines(function)[1]  # type: ignore[arg-type]
    except (TypeError, OSError):
        return None
    return None if file is None else f"{Path(file).name}:{line}"
