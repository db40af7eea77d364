"""Classes whose forward compares a prediction with a truth: built without sizes, checked at both kinds of truth."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.randomness import stream
from gradcheck.gather.construct import arguments_for
from gradcheck.gather.family import Reading
from gradcheck.gather.naming import call, distinct
from gradcheck.gather.sizes import SETS
from gradcheck.gather.specimen import Case, LayerSpecimen
from gradcheck.subjects.spelling import is_truth_name, paired_method_names

_SHAPES = ((4, 3), (3, 5), (1, 2))


def is_loss(inputs: list[str]) -> bool:
    """Does forward take two things, one of them a truth by its name (y_true, target, labels)?"""
    return len(inputs) == 2 and sum(map(is_truth_name, inputs)) == 1


def loss_readings(cls: type, inputs: list[str]) -> list[Reading]:
    """Truths of the prediction's shape, then class ids; predictions are probabilities, rows that sum to 1.

    Where forward tells of rows and of ids which class is meant, both are checked, and the rows are one-hot:
    -log(sum(p * y)) and -sum(y * log(p)) are the same there, and neither is made for mixtures.
    """
    arguments = arguments_for(cls, SETS[0], {})
    cls(**arguments)  # what the constructor raises is told as of any class
    known = [_reading(cls, arguments, inputs, [kind]) for kind in ("a truth of its shape", "ids")]
    if not all(_runs(cls, arguments, inputs, kind) for kind in ("a one-hot truth", "ids")):
        return known
    return [_reading(cls, arguments, inputs, ["a one-hot truth", "ids"]), *known]


def ids_below(shape: tuple[int, int]) -> Array:
    """One class id a row."""
    return stream(0, "ids", shape).integers(0, shape[1], size=shape[0])


def _one_hot(shape: tuple[int, int]) -> Array:
    """The same classes as rows of zeros and a one."""
    return np.eye(shape[1])[ids_below(shape)]


def probabilities(shape: tuple[int, int], purpose: str) -> Array:
    """Rows of positive numbers that sum to 1."""
    drawn = stream(0, purpose, shape).uniform(0.2, 1.0, size=shape)
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


_TRUTHS: Mapping[str, Callable[[tuple[int, int]], Array]] = {
    "a truth of its shape": partial(probabilities, purpose="truth"),
    "a one-hot truth": _one_hot,
    "ids": ids_below,
}


def _reading(cls: type, arguments: dict[str, Any], inputs: list[str], kinds: list[str]) -> Reading:
    made = [(x, kind) for kind in kinds for x in _inputs(inputs, kind)]
    names = distinct(f"{call(cls.__name__, arguments)} at {x[0].shape} with {kind}" for x, kind in made)
    cases = (
        Case(name, number, partial(_specimen, cls, arguments, x), arguments=arguments)
        for number, (name, (x, _)) in enumerate(zip(names, made, strict=True))
    )
    return Reading(tuple(cases), len(made))


def _inputs(inputs: list[str], kind: str) -> Iterator[tuple[Array, ...]]:
    for shape in _SHAPES:
        truth, guess = _TRUTHS[kind](shape), probabilities(shape, "guess")
        yield tuple(truth if is_truth_name(name) else guess for name in inputs)


def _runs(cls: type, arguments: dict[str, Any], inputs: list[str], kind: str) -> bool:
    """Does forward take such truths at sizes all distinct? A row of ids beside rows does not even broadcast there."""
    forward = (paired_method_names(cls) or ("",))[0]
    try:
        for x in islice(_inputs(inputs, kind), 2):
            getattr(cls(**arguments), forward)(*x)
    except Exception:  # of the user's
        return False
    return True


def _specimen(cls: type, arguments: dict[str, Any], x: tuple[Array, ...]) -> LayerSpecimen:
    return LayerSpecimen(cls(**arguments), x)
