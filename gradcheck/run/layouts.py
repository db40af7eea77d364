"""The same numbers in other memory layouts."""

from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck.gather.specimen import FunctionSpecimen, Specimen


def contiguous(specimen: Specimen) -> Specimen | None:
    """The specimen with copies of its input arrays in C order; None where they are so already."""
    if isinstance(specimen, FunctionSpecimen):
        changed = tuple(_copy(argument) for argument in specimen.arguments)
        same = all(new is old for new, old in zip(changed, specimen.arguments, strict=True))
        return None if same else replace(specimen, arguments=changed)
    x = _copy(specimen.x)
    return None if x is specimen.x else replace(specimen, x=x)


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray) and not value.flags.c_contiguous:
        return np.ascontiguousarray(value)
    return value
