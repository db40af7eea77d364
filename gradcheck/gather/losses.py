"""Classes whose forward compares a prediction with a truth: built without sizes, checked at both kinds of truth."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.randomness import stream
from gradcheck.gather.construct import arguments_for
from gradcheck.gather.family import Reading
from gradcheck.gather.naming import call, distinct
from gradcheck.gather.sizes import SETS
from gradcheck.gather.specimen import Case, LayerSpecimen
from gradcheck.subjects.spelling import is_truth_name

_SHAPES = ((4, 3), (3, 5), (1, 2))


def is_loss(inputs: list[str]) -> bool:
    """Does forward take two things, one of them a truth by its name (y_true, target, labels)?"""
    return len(inputs) == 2 and sum(map(is_truth_name, inputs)) == 1


def loss_readings(cls: type, inputs: list[str]) -> list[Reading]:
    """Truths of the prediction's shape, then class ids; predictions are probabilities, rows that sum to 1."""
    arguments = arguments_for(cls, SETS[0], {})
    cls(**arguments)  # what the constructor raises is told as of any class
    return [_reading(cls, arguments, inputs, ids=ids) for ids in (False, True)]


def ids_below(shape: tuple[int, int]) -> Array:
    """One class id a row."""
    return stream(0, "ids", shape).integers(0, shape[1], size=shape[0])


def probabilities(shape: tuple[int, int], purpose: str) -> Array:
    """Rows of positive numbers that sum to 1."""
    drawn = stream(0, purpose, shape).uniform(0.2, 1.0, size=shape)
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def _reading(cls: type, arguments: dict[str, Any], inputs: list[str], *, ids: bool) -> Reading:
    made = list(_inputs(inputs, ids=ids))
    kind = "ids" if ids else "a truth of its shape"
    names = distinct(f"{call(cls.__name__, arguments)} at {x[0].shape} with {kind}" for x in made)
    cases = (
        Case(name, number, partial(_specimen, cls, arguments, x), arguments=arguments)
        for number, (name, x) in enumerate(zip(names, made, strict=True))
    )
    return Reading(tuple(cases), len(made))


def _inputs(inputs: list[str], *, ids: bool) -> Iterator[tuple[Array, ...]]:
    for shape in _SHAPES:
        truth = ids_below(shape) if ids else probabilities(shape, "truth")
        guess = probabilities(shape, "guess")
        yield tuple(truth if is_truth_name(name) else guess for name in inputs)


def _specimen(cls: type, arguments: dict[str, Any], x: tuple[Array, ...]) -> LayerSpecimen:
    return LayerSpecimen(cls(**arguments), x)
