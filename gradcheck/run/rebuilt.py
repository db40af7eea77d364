"""The same layer or functions at further shapes: evidence to tell two names of a factor apart, never a check."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import GradcheckError
from gradcheck.base.looking import look
from gradcheck.base.randomness import stream
from gradcheck.diagnose.symbols import function_symbols, lengths_noted, symbols
from gradcheck.gather.construct import SHAPE_LIKE
from gradcheck.gather.naming import parameters_of, recovered
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.gather.variants import variants, varied_shape
from gradcheck.run.opened import subject_of
from gradcheck.run.options import Options
from gradcheck.subjects.guard import RandomState

_SHRUNK = 0.6  # a rate of the constructor becomes this much of itself, and again at each further shape


@dataclass(frozen=True, eq=False)
class Shape:
    """A specimen and its quantities. own: those that do not hang on an input that we chose."""

    specimen: Specimen
    symbols: Mapping[str, float]
    own: Mapping[str, float] = field(default_factory=dict)


def shape_of(specimen: Specimen, arguments: Mapping[str, Any]) -> Shape:
    """What the specimen is, in numbers. arguments: what its class was built with, as far as that is known."""
    if isinstance(specimen, FunctionSpecimen):
        return Shape(specimen, function_symbols(specimen.forward, specimen.arguments))
    x = specimen.first if specimen.x is not None else _declared(specimen.layer)
    noted = _noted(specimen)
    return Shape(specimen, symbols(specimen.layer, x, arguments, noted), symbols(specimen.layer, None, arguments))


def _noted(specimen: LayerSpecimen) -> dict[str, float]:
    """`batch_size`, where forward keeps it under that name."""
    before = dict(getattr(specimen.layer, "__dict__", {}))
    try:
        with subject_of(specimen, Options()).session() as session:
            output = session.forward()
            after = dict(getattr(specimen.layer, "__dict__", {}))
    except GradcheckError:
        return {}
    shapes = [np.shape(x) for x in (specimen.x if isinstance(specimen.x, tuple | list) else [specimen.first])]
    return lengths_noted(before, after, output.shape, *shapes)


def arguments_of(layer: Any) -> dict[str, Any]:
    """What the layer was built with, read back from its attributes; {} where an argument is not to be found."""
    found = recovered(layer)
    needed = {p.name for p in parameters_of(type(layer)) if p.default is p.empty}
    return found if needed <= set(found) else {}


def further_shapes(specimen: Specimen, arguments: Mapping[str, Any]) -> Iterator[Shape]:
    """Other sizes of the constructor's arguments, then another batch; random state is put back after each."""
    if isinstance(specimen, FunctionSpecimen):
        yield from (shape_of(other, {}) for other in _other_lengths(specimen))
        return
    if isinstance(specimen.x, tuple | list | dict):
        return  # several inputs: which of their lengths go together cannot be told
    with _randomness_kept(specimen.layer):
        built = list(_built(specimen, arguments))
    yield from built
    if specimen.x is not None and np.ndim(specimen.x) > 1:
        for axis in range(np.ndim(specimen.x)):  # the batch, then what a layer without parameters takes at any length
            longer = replace(specimen, layer=_copied(specimen.layer), x=_longer(np.asarray(specimen.x), axis))
            yield shape_of(longer, arguments)


@contextmanager
def _randomness_kept(layer: Any) -> Iterator[None]:
    state = RandomState(layer)
    try:
        yield
    finally:
        state.restore()


def _built(specimen: LayerSpecimen, arguments: Mapping[str, Any]) -> Iterator[Shape]:
    cls = type(specimen.layer)
    if not arguments:
        return
    sizes = [changed for changed, _ in variants(cls, arguments)] or [dict(arguments)] * 2
    for number, changed in enumerate(sizes, start=1):
        layer, given = _loosened(cls, changed, number)
        if layer is not None:
            yield shape_of(replace(specimen, layer=layer, x=_input(specimen, layer, arguments, given, number)), given)


def _loosened(cls: type, arguments: Mapping[str, Any], number: int) -> tuple[Any, dict[str, Any]]:
    """A layer whose other numbers differ too: the rates, and the integers where the constructor takes it."""
    rates = {n: v * _SHRUNK**number for n, v in arguments.items() if isinstance(v, float) and 0 < v < 1}
    whole = {n: v + number for n, v in arguments.items() if type(v) is int and n not in SHAPE_LIKE and v > 0}
    for changed in ({**arguments, **rates, **whole}, {**arguments, **rates}, dict(arguments)):
        try:
            return cls(**copy.deepcopy(changed)), changed
        except Exception:  # noqa: S112 -- a constructor of the user's, at numbers that it need not take
            continue
    return None, {}


def _input(
    specimen: LayerSpecimen, layer: Any, before: Mapping[str, Any], after: Mapping[str, Any], number: int
) -> Any:
    """None where the layer tells its shape; else an input that follows the arguments, one more row each time."""
    if specimen.x is None or _declared(layer) is not None:
        return None
    x = np.asarray(specimen.x)
    shape = varied_shape(x.shape, before, after)
    for _ in range(number - 1):
        shape = varied_shape(shape, after, after)
    if x.dtype.kind != "f":
        return np.resize(x, shape)
    return stream(number, "rebuilt", shape).normal(size=shape).astype(x.dtype)


def _declared(layer: Any) -> Array | None:
    """An array of the layer's input_shape, for its shape alone."""
    shape = look(layer, "input_shape")
    if not isinstance(shape, tuple | list) or not all(isinstance(n, int | np.integer) for n in shape):
        return None
    return np.empty(tuple(shape))


def _copied(layer: Any) -> Any:
    try:
        return copy.deepcopy(layer)
    except Exception:
        return layer


def _other_lengths(specimen: FunctionSpecimen) -> Iterator[FunctionSpecimen]:
    """One more row, one more column, both: in every argument that shares the length with the first array."""
    first = next((a for a in specimen.arguments if isinstance(a, np.ndarray) and a.dtype.kind == "f"), None)
    if first is None or first.ndim == 0:
        return
    for axes in ((0,), (-1,), (0, -1)) if first.ndim > 1 else ((0,),):
        changed = [_like(first, argument, axes) for argument in specimen.arguments]
        yield replace(specimen, arguments=tuple(changed))


def _like(first: Array, argument: Any, axes: tuple[int, ...]) -> Any:
    if not isinstance(argument, np.ndarray) or argument.ndim == 0:
        return argument
    for axis in axes:
        if axis == 0 or argument.ndim > 1:
            argument = _longer(argument, axis) if argument.shape[axis] == first.shape[axis] else argument
    return argument


def _longer(values: Array, axis: int) -> Array:
    """One more entry along an axis: the first again, so that it stays in the domain."""
    return np.concatenate([values, np.take(values, [0], axis=axis)], axis=axis)
