"""What a user hands over, a thing and what it is to be checked at, as a specimen."""

import inspect
from functools import partial
from typing import Any

from gradcheck.base.errors import UsageError
from gradcheck.gather.frameworks.table import framework_specimen
from gradcheck.gather.installed import installed_convention
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.subjects.convention import Convention
from gradcheck.subjects.spelling import positional


def specimen_of(thing: Any, x: Any, convention: Convention | None = None) -> Specimen:
    """A layer and its input; a function without parameters that makes the layer; one that gives value and gradients.

    What a framework knows to differentiate (a Module, a Function, a function with a custom_vjp) is one of them.

    Raises:
        UsageError: a class whose constructor needs something.
    """
    known = framework_specimen(thing, x, convention)
    if known is not None:
        return known
    if convention is None and not inspect.isroutine(thing) and not isinstance(thing, type | partial):
        convention = installed_convention(thing)
    required = [p for p in positional(thing) or [] if p.default is p.empty]
    if isinstance(thing, type):
        return LayerSpecimen(_made(thing, required), x, convention)
    if not isinstance(thing, partial) and not inspect.isroutine(thing):
        return LayerSpecimen(thing, x, convention)
    if not required and positional(thing) is not None and (x is None or not positional(thing)):
        return LayerSpecimen(thing(), x, convention)
    arguments = tuple(x) if isinstance(x, tuple | list) else (x,)
    return FunctionSpecimen(thing, None, arguments, convention)


def _made(cls: type, required: list[inspect.Parameter]) -> Any:
    """An object of a class that needs nothing (one of static methods, say)."""
    if required:
        needs = f"{cls.__name__}({', '.join(p.name for p in required)})"
        raise UsageError(f"layer={cls.__name__}: a class, not a layer; hand over an object of it, {needs}")
    return cls()
