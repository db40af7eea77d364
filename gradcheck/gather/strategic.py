"""What the hypothesis strategies of a gradcheck_cases() draw, as examples of a search."""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gradcheck.gather.drawing import Drawn
from gradcheck.gather.naming import parameters_of, recovered
from gradcheck.gather.specimen import Case, FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.gather.written import UnwritableError, Written, code_of

_MISSING = object()
Understood = Callable[[Any], tuple[str, Specimen]]


def author_cases(
    strategies: Sequence[SearchStrategy[Any]], understood: Understood, name_of: Callable[[Specimen], str]
) -> SearchStrategy[Drawn]:
    """Any example of any of the strategies. understood: an item's label and specimen · name_of: the specimen's name."""
    return st.one_of(list(strategies)).map(partial(_example, understood, name_of))


def _example(understood: Understood, name_of: Callable[[Specimen], str], item: Any) -> Drawn:
    label, specimen = understood(item)
    arguments = recovered(specimen.layer) if isinstance(specimen, LayerSpecimen) else {}
    case = Case(name_of(specimen), 0, partial(_same, specimen), arguments=arguments)
    try:
        return Drawn(case, label, written_of(specimen), options=arguments)
    except UnwritableError:
        return Drawn(case, label, options=arguments)


def _same(specimen: Specimen) -> Specimen:
    return specimen


def written_of(specimen: Specimen) -> Written:
    """A specimen as Python; UnwritableError where it cannot be said."""
    names: set[str] = set()
    if isinstance(specimen, FunctionSpecimen):
        home = str(specimen.forward.__module__)
        parts = (specimen.forward, specimen.backward, tuple(specimen.arguments))
        return Written(tuple(code_of(part, home, names) for part in parts), frozenset(names), home)
    cls = type(specimen.layer)
    made = _made(specimen.layer, names)
    x = [] if specimen.x is None else [code_of(specimen.x, cls.__module__, names)]
    return Written((made, *x), frozenset(names), cls.__module__)


def _made(layer: Any, names: set[str]) -> str:
    """The constructor's call, its arguments read back from attributes of the same name, defaults left out."""
    cls = type(layer)
    names.add(cls.__name__)
    arguments = []
    for parameter in parameters_of(cls):
        value = getattr(layer, parameter.name, _MISSING)
        if value is _MISSING and parameter.default is inspect.Parameter.empty:
            raise UnwritableError(f"{cls.__name__} does not keep {parameter.name}")
        if value is not _MISSING and value is not parameter.default:
            arguments.append(f"{parameter.name}={code_of(value, cls.__module__, names)}")
    return f"{cls.__name__}({', '.join(arguments)})"
