"""Constructors that are handed their arrays: `Affine(W, b)`, `BatchNormalization(gamma, beta, momentum=0.9)`."""

import inspect
import re
from collections.abc import Callable, Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.randomness import stream
from gradcheck.gather.choices import annotation_of
from gradcheck.gather.frameworks.classes import framework_class
from gradcheck.gather.layouts import Layout, Way, shape_of
from gradcheck.gather.naming import parameters_of
from gradcheck.gather.sizes import Shape, Sizes

_WEIGHTS = ("W", "w", "weight", "weights")
_BIASES = ("b", "bias", "biases")  # arrays beside a weight alone: by itself `bias` is a switch
_SCALE, _SHIFT = "gamma", "beta"  # `beta` by itself is a number
_GATES = (1, 4, 3)  # of a plain recurrence, an LSTM and a GRU, side by side in one array
_STEPS = 3
_DIGITS = 3  # of an entry, so that a case that is printed stays short
_CONVOLUTION = re.compile(r"conv(?!ert)", re.IGNORECASE)
_EMBEDDING = re.compile(r"embed", re.IGNORECASE)

Shapes = Callable[[Sizes], dict[str, Shape]]


def array_names(cls: type) -> frozenset[str]:
    """The parameters that need an array; what a default or an annotation says of one goes before its name."""
    needed = {
        p.name
        for p in parameters_of(cls)
        if p.default is inspect.Parameter.empty and _may_be_array(annotation_of(cls, p))
    }
    found = needed & {*_WEIGHTS, "Wx", "Wh", _SCALE}
    if framework_class(cls) or not found or {"w", "h"} <= needed:  # a width and a height
        return frozenset()
    return frozenset(found | needed & ({_SHIFT} if _SCALE in found else {*_BIASES}))


def array_ways(cls: type) -> list[Way]:
    """The ways to hand a class its arrays and its input, likeliest first; empty where it wants no array."""
    names = array_names(cls)
    if not names:
        return []
    if _SCALE in names:
        return [_way(shapes, axes) for shapes, axes in _normalisations()]
    if {"Wx", "Wh"} <= names:
        return [_way(_recurrence(gates), axes) for axes in ("NTI", "NI") for gates in _GATES]
    if _EMBEDDING.search(cls.__name__):
        return [_looked_up]
    convolved = [_way(_kernels, "NCHW")] if _CONVOLUTION.search(cls.__name__) else []
    return [*convolved, *(_way(shapes, axes) for shapes, axes in _products())]


def _may_be_array(annotation: object) -> bool:
    """Nothing said, or an array in any of its spellings."""
    return annotation in (inspect.Parameter.empty, None) or "array" in str(annotation).lower()


def _products() -> Iterator[tuple[Shapes, str]]:
    """The shapes of x W + b, x Wᵀ + b and W x + b: rows, columns and vectors."""
    yield _product("IO", "O"), "NI"
    yield _product("IO", "1O"), "NI"
    yield _product("OI", "O"), "NI"
    yield _product("OI", "O1"), "IN"
    yield _product("OI", "O"), "I"
    yield _product("IO", "O"), "NTI"


def _product(weight: str, bias: str) -> Shapes:
    return lambda s: dict.fromkeys(_WEIGHTS, shape_of(weight, s)) | dict.fromkeys(_BIASES, shape_of(bias, s))


def _kernels(s: Sizes) -> dict[str, Shape]:
    """(filters, channels, height, width)."""
    weight = (s.depth_out, s.depth_in, *s.kernel)
    return dict.fromkeys(_WEIGHTS, weight) | dict.fromkeys(_BIASES, (s.depth_out,))


def _recurrence(gates: int) -> Shapes:
    def shapes(s: Sizes) -> dict[str, Shape]:
        wide = gates * s.hidden
        return {"Wx": (s.n_in, wide), "Wh": (s.hidden, wide), **dict.fromkeys(_BIASES, (wide,))}

    return shapes


def _normalisations() -> Iterator[tuple[Shapes, str]]:
    """One entry a feature, or one a channel."""
    for own, axes in (("I", "NI"), ("1I", "NI"), ("C", "NCHW"), ("1C11", "NCHW"), ("C", "NHWC"), ("I1", "IN")):
        yield _features(own), axes


def _features(own: str) -> Shapes:
    return lambda s: dict.fromkeys((_SCALE, _SHIFT), shape_of(own, s))


def _way(shapes: Shapes, axes: str) -> Way:
    def way(s: Sizes) -> list[Layout]:
        return [Layout(_drawn(shapes(s)), shape_of(axes, s))]

    return way


def _looked_up(s: Sizes) -> list[Layout]:
    """One row for each index."""
    rows = s.height + 1
    return [Layout(_drawn(dict.fromkeys(_WEIGHTS, (rows, s.n_in))), (s.batch, _STEPS), integer=rows)]


def _drawn(shapes: dict[str, Shape]) -> dict[str, Array]:
    """Always the same for a name and a shape."""
    return {name: np.round(stream(0, name, shape).normal(size=shape), _DIGITS) for name, shape in shapes.items()}
