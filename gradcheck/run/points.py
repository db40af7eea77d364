"""Special points of a case's input: zeros, equal values, extremes at the borders, repeated indices."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.looking import look
from gradcheck.base.randomness import stream
from gradcheck.gather.naming import parameters_of
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.subjects.trees import arrays

_PREDICTED = "y_pred"  # of a loss, the argument that its derivative is for


def points_for(specimen: Specimen) -> list[str]:
    """Names of the special points to try: those that move an entry of an input that the case has."""
    found = {name for _, x in _inputs(specimen) for name in _of_kind(x) if not np.array_equal(_POINTS[name](x), x)}
    return [name for name in _POINTS if name in found]


def at_point(specimen: Specimen, name: str) -> Specimen:
    """The same layer or functions, the input moved to the point."""
    for place, x in _inputs(specimen):
        if name in _of_kind(x):
            specimen = _with_input(specimen, place, _POINTS[name](x))
    return specimen


def input_of(specimen: LayerSpecimen) -> Array | None:
    """The input as an array; where none was given, one of the layer's input_shape; None where there is no telling."""
    if specimen.x is not None:
        places = _places(specimen.x)
        return next(iter(places.values()), None) if is_several(specimen.x) else _as_numbers(specimen.x)
    shape: Any = look(specimen.layer, "input_shape")
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    if not all(isinstance(length, int | np.integer) for length in sizes):
        return None
    return stream(0, "input").normal(size=tuple(sizes))


def _inputs(specimen: Specimen) -> Iterator[tuple[Any, Array]]:
    """(place among the arguments, array) of the input; of functions, the first array of each kind."""
    if isinstance(specimen, LayerSpecimen):
        x = input_of(specimen)
        if x is not None:
            yield from _places(specimen.x).items() if is_several(specimen.x) else [(0, x)]
        return
    floats = [number for number, argument in enumerate(specimen.arguments) if _is_array(argument, np.floating)]
    whole = [number for number, argument in enumerate(specimen.arguments) if _is_array(argument, np.integer)]
    for number in (*_first_input(specimen, floats), *whole[:1]):
        yield number, specimen.arguments[number]


def is_several(x: object) -> bool:
    """Are there several inputs, in a tuple, a list or a dict?"""
    return isinstance(x, dict) or (isinstance(x, tuple | list) and bool(arrays(x)))


def _places(x: Any) -> dict[Any, Array]:
    """Of several inputs, the first of floats (the prediction of a loss) and the first of integers, by place or name."""
    items = dict(x) if isinstance(x, dict) else dict(enumerate(x)) if is_several(x) else {}
    floats = [key for key, value in items.items() if _is_array(value, np.floating)]
    whole = [key for key, value in items.items() if _is_array(value, np.integer)]
    return {key: items[key] for key in (*floats[:1], *whole[:1])}


def _first_input(specimen: FunctionSpecimen, floats: list[int]) -> list[int]:
    names = [parameter.name for parameter in parameters_of(specimen.forward)]
    named = [number for number in floats if number < len(names) and names[number] == _PREDICTED]
    return (named or floats)[:1]


def _with_input(specimen: Specimen, place: Any, x: Array) -> Specimen:
    if isinstance(specimen, LayerSpecimen) and isinstance(specimen.x, dict):
        return replace(specimen, x={**specimen.x, place: x})
    if isinstance(specimen, LayerSpecimen) and is_several(specimen.x):
        return replace(specimen, x=type(specimen.x)(x if i == place else v for i, v in enumerate(specimen.x)))
    if isinstance(specimen, LayerSpecimen):
        return replace(specimen, x=x)
    arguments = list(specimen.arguments)
    arguments[place] = x
    return replace(specimen, arguments=tuple(arguments))


def _of_kind(x: Array) -> list[str]:
    """The points that an array of this kind and shape can take."""
    if np.issubdtype(x.dtype, np.integer):
        return ["repeated"]
    if not np.issubdtype(x.dtype, np.floating) or not x.size:
        return []
    inside = x.size > 1 and bool((_depth(x.shape) > 0).any())
    return ["zeros", *(["equal values"] if x.size > 1 else []), *(["borders"] if inside else [])]


def _zeros(x: Array) -> Array:
    return _filled(x, np.zeros(x.size))


def _equal(x: Array) -> Array:
    """Everywhere the median size of the input: inside the domain that the input was chosen for."""
    return _filled(x, np.full(x.size, float(np.median(np.abs(x))) or 0.5))


def _borders(x: Array) -> Array:
    """The same values, the largest in size at the edges of the array."""
    values = x.ravel()
    moved = np.empty(x.size, dtype=x.dtype)
    places = np.argsort(_depth(x.shape).ravel(), kind="stable")
    moved[places] = values[np.argsort(-np.abs(values), kind="stable")]
    return _filled(x, moved)


def _repeated(x: Array) -> Array:
    """Every index twice, the first half of them."""
    return _filled(x, np.repeat(x.ravel(), 2)[: x.size])


def _depth(shape: tuple[int, ...]) -> Array:
    """How far each entry is from the nearest edge, along the axes that have an inside."""
    depth = np.full(shape, np.inf)
    for axis, length in enumerate(shape):
        if length > 2:
            along = np.minimum(np.arange(length), np.arange(length)[::-1])
            depth = np.minimum(depth, along.reshape([-1 if a == axis else 1 for a in range(len(shape))]))
    return np.where(np.isinf(depth), 0, depth)


def _filled(x: Array, values: Array) -> Array:
    """A copy of x in its own memory order, holding `values`, counted in C order."""
    copy = x.copy(order="K")
    copy[...] = values.reshape(x.shape)
    return copy


def _as_numbers(x: object) -> Array | None:
    try:
        array = np.asarray(x)
    except ValueError:  # lists of unequal lengths
        return None
    return array if np.issubdtype(array.dtype, np.number) else None


def _is_array(value: object, kind: type) -> bool:
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, kind)


_POINTS: dict[str, Callable[[Array], Array]] = {
    "zeros": _zeros,
    "equal values": _equal,
    "borders": _borders,
    "repeated": _repeated,
}
