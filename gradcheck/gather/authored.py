"""What a module's own gradcheck_cases() yields."""

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

from gradcheck.base.failures import failure_of
from gradcheck.base.looking import look
from gradcheck.gather.cases import draw
from gradcheck.gather.conventions import Chooser
from gradcheck.gather.family import Family, Reading
from gradcheck.gather.frameworks.table import framework_specimen
from gradcheck.gather.handed import specimen_of
from gradcheck.gather.naming import call, callable_name, describe, distinct, parameters_of, recovered
from gradcheck.gather.problem import Problem
from gradcheck.gather.specimen import Case, FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.subjects.convention import Convention
from gradcheck.subjects.spelling import is_network, paired_method_names

_EXPECTED = "expected a layer, (layer, x) or (forward, backward, arguments)"
_FEW = 6  # examples of a strategy that are checked without --search
_MOST = 2000  # cases that one module may yield: an endless generator must come to an end


def own_cases(module: ModuleType) -> Any | None:
    """The module's gradcheck_cases, if it is its own and not an imported one."""
    function = vars(module).get("gradcheck_cases")
    return function if getattr(function, "__module__", module.__name__) == module.__name__ else None


def collect(
    function: Any, target: str, chooser: Chooser | None = None, strategies: dict[str, list[Any]] | None = None
) -> tuple[list[tuple[str, Specimen]], list[Problem], list[str]]:
    """(family label, specimen) for every item; what could not be understood or raised; what has nothing to check.

    strategies: gets the hypothesis strategies that were returned or yielded, by the labels of what they draw; a few
    examples of each are items.
    """
    drawn = {} if strategies is None else strategies
    specimens: list[tuple[str, Specimen]] = []
    problems: list[Problem] = []
    notes: list[str] = []
    for number, (item, strategy) in enumerate(_items(function, target, problems)):
        what = f"item {number} of gradcheck_cases() is"
        if _is_empty(item):
            notes.append(f"{target}: {what} an empty {type(item).__name__}: not checked")
            continue
        try:
            specimens.append(understood(item, chooser))
            _remember(strategy, drawn, specimens[-1][0])
        except (TypeError, ValueError) as error:
            problems.append(_bad(target, f"{what} {error}"))
    if not specimens and not problems:
        message = f"nothing found to check: gradcheck_cases() yields none; {_EXPECTED}"
        problems.append(Problem(target, "Nothing", message))
    return specimens, problems, notes


def families(
    specimens: list[tuple[str, Specimen]],
    strategies: Mapping[str, Sequence[Any]] | None = None,
    chooser: Chooser | None = None,
) -> list[Family]:
    """The specimens by label, in the order in which the labels come first."""
    grouped: dict[str, list[Specimen]] = {}
    for label, specimen in specimens:
        grouped.setdefault(label, []).append(specimen)
    drawn = {label: partial(_drawn, own, chooser) for label, own in (strategies or {}).items()}
    return [Family(label, True, partial(_readings, group, drawn.get(label))) for label, group in grouped.items()]


def _drawn(strategies: Sequence[Any], chooser: Chooser | None, _: bool) -> Any:
    from gradcheck.gather.strategic import author_cases  # noqa: PLC0415 -- hypothesis is loaded for a search alone

    return author_cases(strategies, lambda item: understood(item, chooser), name_of)


def _items(function: Any, target: str, problems: list[Problem]) -> Iterator[tuple[Any, Any]]:
    """What it yields, each with the strategy that drew it or None; what keeps it from yielding more is a problem."""
    try:
        made = function()
        made = [made] if is_strategy(made) else made
        if _is_one_case(made):
            problems.append(_bad(target, "gradcheck_cases() returns one case; return a list of cases, or yield it"))
        elif not isinstance(made, Iterable):
            problems.append(_bad(target, f"gradcheck_cases() returns {describe(made)}, which is not iterable"))
        else:
            for item in _first(made, target, problems):
                yield from _examples(item) if is_strategy(item) else [(item, None)]
    except BaseException as error:
        if isinstance(error, GeneratorExit):
            raise
        failure = failure_of(error)
        message = f"gradcheck_cases() raises {failure.kind}: {failure.message}"
        problems.append(Problem(target, failure.kind, message, failure.where))


def _remember(strategy: Any, drawn: dict[str, list[Any]], label: str) -> None:
    """That this strategy draws things of this label; None draws nothing."""
    if strategy is not None and not any(strategy is other for other in drawn.get(label, ())):
        drawn.setdefault(label, []).append(strategy)


def is_strategy(thing: Any) -> bool:
    """Is it a strategy of hypothesis, which whoever made it has imported?"""
    loaded = sys.modules.get("hypothesis.strategies")
    return loaded is not None and isinstance(thing, loaded.SearchStrategy)


def _examples(strategy: Any) -> list[tuple[Any, Any]]:
    from gradcheck.gather.drawing import few  # noqa: PLC0415 -- as above

    return [(example, strategy) for example in few(strategy, _FEW)]


def _is_empty(item: Any) -> bool:
    """A network to which no layer has been added."""
    return is_network(item) and not item.layers


def _first(made: Iterable[Any], target: str, problems: list[Problem]) -> Iterator[Any]:
    for number, item in enumerate(made):
        if number == _MOST:
            problems.append(_bad(target, f"gradcheck_cases() yields more than {_MOST} cases: the rest is not checked"))
            return
        yield item


def _is_one_case(made: Any) -> bool:
    """A tuple that is a pair or a triple itself: `return layer, x` for `return [(layer, x)]`."""
    if not isinstance(made, tuple) or all(map(_is_understood, made)):
        return False
    return _is_understood(made)


def _is_understood(item: Any) -> bool:
    try:
        understood(item)
    except (TypeError, ValueError):
        return False
    return True


def _bad(target: str, message: str) -> Problem:
    return Problem(target, "BadCase", f"{message}; {_EXPECTED}")


def understood(item: Any, chooser: Chooser | None = None) -> tuple[str, Specimen]:
    """(family label, specimen) of one item; TypeError or ValueError where it is none."""
    if isinstance(item, tuple | list):
        return _sequence(list(item), chooser)
    return _layer(item, None, _chosen(chooser, item))


def _chosen(chooser: Chooser | None, thing: Any) -> Convention | None:
    return None if chooser is None else chooser.of(thing, type(thing).__name__)


def _sequence(item: list[Any], chooser: Chooser | None) -> tuple[str, Specimen]:
    if len(item) == 3 and callable(item[0]) and callable(item[1]):
        arguments = item[2] if isinstance(item[2], tuple | list) else (item[2],)
        return callable_name(item[0]), FunctionSpecimen(item[0], item[1], tuple(arguments))
    if len(item) == 3 and callable(item[0]) and item[1] is None and isinstance(item[2], tuple | list):
        return _layer(item[0], tuple(item[2]))  # (loss, gradient) from one call
    if len(item) == 3 and isinstance(item[2], Convention):
        return _layer(*item)
    if len(item) == 2:
        return _layer(item[0], item[1], _chosen(chooser, item[0]))
    raise ValueError(f"a sequence of {len(item)}: {describe(item)}")


def _layer(layer: Any, x: Any, declared: Convention | None = None) -> tuple[str, Specimen]:
    known = framework_specimen(layer, x, declared)
    if isinstance(known, FunctionSpecimen) or (known is not None and known.x is not None):
        return _label(known), known
    if isinstance(layer, type):
        raise TypeError(f"the class {layer.__name__}, not an object of it")
    if _needs_arguments(layer) and not isinstance(x, tuple):
        raise TypeError(f"{describe(layer)} of type function, which has no forward and backward")
    made = specimen_of(layer, x, declared)
    if isinstance(made, FunctionSpecimen):
        return callable_name(layer), made
    layer = made.layer
    declared = made.convention
    if declared is None and paired_method_names(layer) is None and not is_network(layer):
        raise TypeError(f"{describe(layer)} of type {type(layer).__name__}, which has no forward and backward")
    if x is None and look(layer, "input_shape") is None:
        x = _first_input(layer)
    if x is None and look(layer, "input_shape") is None:
        raise ValueError(f"a {type(layer).__name__} without an attribute input_shape and without an input x beside it")
    return type(layer).__name__, LayerSpecimen(layer, x, declared)


def _label(specimen: Specimen) -> str:
    layer = specimen.layer if isinstance(specimen, LayerSpecimen) else None
    return callable_name(specimen.forward) if isinstance(specimen, FunctionSpecimen) else type(layer).__name__


def _needs_arguments(thing: Any) -> bool:
    """A function that is called with something; one without parameters makes a layer."""
    return inspect.isroutine(thing) and any(p.default is p.empty for p in parameters_of(thing))


def _first_input(layer: Any) -> Any:
    """Of a network, an input for its first layer."""
    first = layer.layers[0] if is_network(layer) and layer.layers else None
    shape = look(first, "input_shape")
    return draw(tuple(shape)) if isinstance(shape, tuple | list) else None


def _readings(group: list[Specimen], drawn: Callable[[bool], Any] | None) -> list[Reading]:
    names = distinct(map(name_of, group))
    cases = [Case(name, number, partial(_same, s)) for number, (name, s) in enumerate(zip(names, group, strict=True))]
    cases = [replace(c, arguments=_arguments(s)) for c, s in zip(cases, group, strict=True)]
    return [Reading(tuple(cases), len(cases), drawn=drawn)]


def _same(specimen: Specimen) -> Specimen:
    """The author's own object each time: the engine leaves no trace on it."""
    return specimen


def _arguments(specimen: Specimen) -> dict[str, Any]:
    return recovered(specimen.layer) if isinstance(specimen, LayerSpecimen) else {}


def name_of(specimen: Specimen) -> str:
    """`Dense(n_in=3, n_out=2) at array((4, 3), float64)`."""
    if isinstance(specimen, LayerSpecimen):
        name = call(type(specimen.layer).__name__, recovered(specimen.layer))
        return name if specimen.x is None else f"{name} at {describe(specimen.x)}"
    names = [p.name for p in parameters_of(specimen.forward)]
    names += [f"argument{number}" for number in range(len(names), len(specimen.arguments))]
    return call(callable_name(specimen.forward), dict(zip(names, specimen.arguments, strict=False)))
