"""A layer from its class and arguments, at an input; a torch.nn.Module as PyTorch calls it."""

import copy
import sys
from collections.abc import Mapping
from typing import Any

from gradcheck.gather.frameworks.classes import MODULE, framework_class
from gradcheck.gather.frameworks.table import framework_specimen
from gradcheck.gather.specimen import LayerSpecimen


def made(cls: type, arguments: Mapping[str, Any]) -> Any:
    """An object of the class; of a torch.nn.Module in float64, in which more digits can be compared."""
    given = copy.deepcopy(dict(arguments))
    if framework_class(cls) != MODULE:
        return cls(**given)
    torch = sys.modules["torch"]
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return cls(**given)
    finally:
        torch.set_default_dtype(usual)


def at_input(layer: Any, x: Any) -> LayerSpecimen:
    """The layer at x; a module of a framework as that calls it."""
    known = framework_specimen(layer, x) if framework_class(type(layer)) == MODULE else None
    return known if isinstance(known, LayerSpecimen) else LayerSpecimen(layer, x)
