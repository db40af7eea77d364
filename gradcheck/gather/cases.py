"""A class without gradcheck_cases: built from its constructor's parameter names, over several shapes."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from gradcheck.base.arithmetic import below
from gradcheck.base.arrays import Array
from gradcheck.base.errors import Failure
from gradcheck.base.failures import failure_of
from gradcheck.base.looking import look
from gradcheck.base.randomness import stream
from gradcheck.gather.array_parameters import array_names, array_ways
from gradcheck.gather.construct import (
    WINDOW,
    activation,
    activation_prime,
    arguments_for,
    unknown_parameters,
    wants_activation,
)
from gradcheck.gather.family import CannotBuildError, Reading
from gradcheck.gather.frameworks.classes import MODULE, framework_class
from gradcheck.gather.layouts import Layout, Way, ways
from gradcheck.gather.losses import is_loss, loss_readings
from gradcheck.gather.made import at_input, made
from gradcheck.gather.naming import call, describe, distinct, parameters_of
from gradcheck.gather.problem import Problem
from gradcheck.gather.sizes import SETS, Sizes
from gradcheck.gather.snippet import class_snippet, method_snippet
from gradcheck.gather.specimen import Case, LayerSpecimen
from gradcheck.subjects.spelling import is_switch_name, paired_method_names

Pair = tuple[Any, Any]
_MOST_PAIRS = 4  # activations that a layer is tried with


def readings(cls: type, pairs: Sequence[Pair], target: str) -> list[Reading]:
    """The cases of a class, likeliest reading first.

    pairs: activations of the class's module with their derivatives.

    Raises:
        CannotBuildError: a parameter's name is unknown, forward takes several inputs, or the constructor
            raises at every shape.
    """
    unknown = [name for name in unknown_parameters(cls) if name not in array_names(cls)]
    if unknown:
        raise _cannot(cls, target, f"no value is known for its parameter {', '.join(unknown)}")
    inputs = required_inputs(cls)
    if is_loss(inputs):
        try:
            return loss_readings(cls, inputs)
        except Exception as error:  # a constructor of the user's
            raise _raising(cls, target, (f"{cls.__name__}()", failure_of(error))) from error
    if len(inputs) > 1:
        raise _many_inputs(cls, target, inputs)
    found = [_reading(cls, way, pairs) for way in array_ways(cls) or ways(cls)]
    built = [reading for reading, _ in found if reading.cases]
    if not built:
        raise _raising(cls, target, found[0][1][0])
    return built


def draw(shape: tuple[int, ...], integer: int = 0) -> Array:
    """An input of this shape, always the same: normal, or indices below `integer`, which baselines keep."""
    if integer:
        return below(integer, "input", shape)
    return stream(0, "input", shape, integer).normal(size=shape)


def specimen(cls: type, arguments: Mapping[str, Any], layout: Layout) -> LayerSpecimen:
    """A fresh layer; its input is drawn by the engine where the layer tells its input_shape."""
    layer = made(cls, arguments)
    tells = _is_shape(look(layer, "input_shape")) and not layout.integer
    return at_input(layer, None if tells else draw(layout.x, layout.integer))


def _reading(cls: type, way: Way, pairs: Sequence[Pair]) -> tuple[Reading, list[tuple[str, Failure]]]:
    """The cases that could be built, and what the others raised."""
    cases: list[Case] = []
    refused: list[tuple[str, Failure]] = []
    number = 0
    for sizes, arguments, layout in _plans(cls, way, pairs):
        name = call(cls.__name__, arguments)
        try:
            built = specimen(cls, arguments, layout)
        except BaseException as error:  # sys.exit() in a constructor too
            refused.append((name, failure_of(error)))
            continue
        title = name if built.x is None else f"{name} at {describe(built.x)}"
        cases.append(Case(title, len(cases), partial(specimen, cls, arguments, layout), arguments=arguments))
        number += sizes.distinct
    names = distinct(case.name for case in cases)
    named = tuple(replace(case, name=name) for case, name in zip(cases, names, strict=True))
    return Reading(named, number, tuple(_refusals(refused)), partial(_drawn, cls, way, pairs)), refused


def _drawn(cls: type, way: Way, pairs: Sequence[Pair], batch: bool, **fixed: Any) -> Any:
    from gradcheck.gather.drawing import class_cases  # noqa: PLC0415 -- hypothesis is loaded for a search alone

    return class_cases(cls, way, pairs[:_MOST_PAIRS], batch=batch, fixed=fixed)


def _refusals(refused: Sequence[tuple[str, Failure]]) -> Iterator[str]:
    """One note for each thing that the constructor raised, with the calls that it raised it at."""
    calls: dict[str, list[str]] = {}
    for name, failure in refused:
        calls.setdefault(f"{failure.kind}: {failure.message}", []).append(name)
    return (f"{', '.join(names)} cannot be built: {reason}" for reason, names in calls.items())


def _plans(cls: type, way: Way, pairs: Sequence[Pair]) -> Iterator[tuple[Sizes, dict[str, Any], Layout]]:
    """Every set of sizes in every layout, each different call once; the first set with each activation."""
    seen: set[str] = set()
    offered = list(pairs[:_MOST_PAIRS]) or [(activation, activation_prime)]
    chosen = offered if wants_activation(cls) else offered[:1]
    windowed = any(p.name in WINDOW for p in parameters_of(cls))
    for number, sizes in enumerate(s for s in SETS if windowed or not s.windows):
        for layout in way(sizes):
            for f, f_prime in chosen if number == 0 else chosen[:1]:
                given = {"activation": f, "activation_prime": f_prime} | dict(layout.given)
                arguments = arguments_for(cls, sizes, given)
                key = f"{call('', arguments)}{layout.x}"
                if key not in seen:
                    seen.add(key)
                    yield sizes, arguments, layout


def _is_shape(value: object) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(length, int | np.integer) for length in value)


def _raising(cls: type, target: str, first: tuple[str, Failure]) -> CannotBuildError:
    name, failure = first
    return _cannot(cls, target, f"{name} raises {failure.kind}: {failure.message}", failure.where)


def required_inputs(cls: type) -> list[str]:
    """The parameters that forward cannot be called without."""
    names = ("forward",) if framework_class(cls) == MODULE else paired_method_names(cls)
    own = parameters_of(getattr(cls, names[0])) if names else []
    return [
        p.name for p in own if p.default is inspect.Parameter.empty and p.name != "self" and not is_switch_name(p.name)
    ]


def _many_inputs(cls: type, target: str, inputs: list[str]) -> CannotBuildError:
    message = (
        f"{cls.__name__} cannot be checked by itself: its forward takes {len(inputs)} inputs ({', '.join(inputs)}).\n"
        f"Say at which, for example:\n{method_snippet(cls, inputs)}"
    )
    return CannotBuildError(Problem(target, "CannotBuild", message))


def _cannot(cls: type, target: str, reason: str, where: str | None = None) -> CannotBuildError:
    message = f"{cls.__name__} cannot be built: {reason}.\nSay how in its module, for example:\n{class_snippet(cls)}"
    return CannotBuildError(Problem(target, "CannotBuild", message, where))
