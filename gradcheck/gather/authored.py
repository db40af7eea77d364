"""What a module's own gradcheck_cases() yields."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

from gradcheck.gather.failures import failure_of
from gradcheck.gather.family import Family, Reading
from gradcheck.gather.naming import call, callable_name, describe, distinct, parameters_of, recovered
from gradcheck.gather.problem import Problem
from gradcheck.gather.specimen import Case, FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.subjects.spelling import paired_method_names

_EXPECTED = "expected a layer, (layer, x) or (forward, backward, arguments)"


def own_cases(module: ModuleType) -> Any | None:
    """The module's gradcheck_cases, if it is its own and not an imported one."""
    function = vars(module).get("gradcheck_cases")
    return function if getattr(function, "__module__", module.__name__) == module.__name__ else None


def collect(function: Any, target: str) -> tuple[list[tuple[str, Specimen]], list[Problem]]:
    """(family label, specimen) for every item, and what could not be understood or raised."""
    specimens: list[tuple[str, Specimen]] = []
    problems: list[Problem] = []
    for number, item in enumerate(_items(function, target, problems)):
        try:
            specimens.append(_understood(item))
        except (TypeError, ValueError) as error:
            message = f"item {number} of gradcheck_cases() is {error}; {_EXPECTED}"
            problems.append(Problem(target, "BadCase", message))
    if not specimens and not problems:
        problems.append(
            Problem(target, "Nothing", f"nothing found to check: gradcheck_cases() yields nothing; {_EXPECTED}")
        )
    return specimens, problems


def families(specimens: list[tuple[str, Specimen]]) -> list[Family]:
    """The specimens by label, in the order in which the labels come first."""
    grouped: dict[str, list[Specimen]] = {}
    for label, specimen in specimens:
        grouped.setdefault(label, []).append(specimen)
    return [Family(label, True, partial(_readings, group)) for label, group in grouped.items()]


def is_network(value: object) -> bool:
    """An object with attributes layers, loss and loss_prime."""
    return isinstance(getattr(value, "layers", None), list | tuple) and all(
        hasattr(value, name) for name in ("loss", "loss_prime")
    )


def _items(function: Any, target: str, problems: list[Problem]) -> Iterator[Any]:
    try:
        yield from function()
    except BaseException as error:
        if isinstance(error, GeneratorExit):
            raise
        failure = failure_of(error)
        message = f"gradcheck_cases() raises {failure.kind}: {failure.message}"
        problems.append(Problem(target, failure.kind, message, failure.where))


def _understood(item: Any) -> tuple[str, Specimen]:
    if isinstance(item, tuple | list):
        return _sequence(list(item))
    return _layer(item, None)


def _sequence(item: list[Any]) -> tuple[str, Specimen]:
    if len(item) == 3 and callable(item[0]) and callable(item[1]):
        arguments = item[2] if isinstance(item[2], tuple | list) else (item[2],)
        return callable_name(item[0]), FunctionSpecimen(item[0], item[1], tuple(arguments))
    if len(item) == 2:
        return _layer(item[0], item[1])
    raise ValueError(f"a sequence of {len(item)}: {describe(item)}")


def _layer(layer: Any, x: Any) -> tuple[str, Specimen]:
    if isinstance(layer, type):
        raise TypeError(f"the class {layer.__name__}, not an object of it")
    if paired_method_names(layer) is None and not is_network(layer):
        raise TypeError(f"{describe(layer)} of type {type(layer).__name__}, which has no forward and backward")
    if x is None and not hasattr(layer, "input_shape") and not is_network(layer):
        raise ValueError(f"a {type(layer).__name__} without an attribute input_shape and without an input x beside it")
    return type(layer).__name__, LayerSpecimen(layer, x)


def _readings(group: list[Specimen]) -> list[Reading]:
    names = distinct(map(_name, group))
    cases = [Case(name, number, partial(_same, s)) for number, (name, s) in enumerate(zip(names, group, strict=True))]
    cases = [replace(c, arguments=_arguments(s)) for c, s in zip(cases, group, strict=True)]
    return [Reading(tuple(cases), len(cases))]


def _same(specimen: Specimen) -> Specimen:
    """The author's own object each time: the engine leaves no trace on it."""
    return specimen


def _arguments(specimen: Specimen) -> dict[str, Any]:
    return recovered(specimen.layer) if isinstance(specimen, LayerSpecimen) else {}


def _name(specimen: Specimen) -> str:
    if isinstance(specimen, LayerSpecimen):
        name = call(type(specimen.layer).__name__, recovered(specimen.layer))
        return name if specimen.x is None else f"{name} at {describe(specimen.x)}"
    names = [p.name for p in parameters_of(specimen.forward)]
    names += [f"argument{number}" for number in range(len(names), len(specimen.arguments))]
    return call(callable_name(specimen.forward), dict(zip(names, specimen.arguments, strict=False)))
