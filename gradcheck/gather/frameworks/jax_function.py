"""A JAX function, with a custom_vjp itself or somewhere inside, with explicit arguments."""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from gradcheck.base.errors import Failure, LayerError
from gradcheck.gather.specimen import FunctionSpecimen
from gradcheck.subjects.calls import theirs
from gradcheck.subjects.convention import Convention
from gradcheck.subjects.trees import filled, floats

_CLOSE = 64.0  # last places of the largest output, between the function's value and that of its custom_vjp
_X64_OFF = (
    "JAX computes in float32 here, for its x64 is off, so fewer digits are compared; set "
    "jax.config.update('jax_enable_x64', True) first of all, or JAX_ENABLE_X64=1, for float64"
)


def adapted(thing: Any, x: Any) -> FunctionSpecimen | None:
    """A function with a custom_vjp, a compiled one, or any that is given JAX arrays."""
    arguments = tuple(x) if isinstance(x, tuple | list) else (x,)
    own = isinstance(thing, jax.custom_vjp | jax.custom_jvp) or type(thing).__name__ == "PjitFunction"
    if not own and not (inspect.isroutine(thing) and any(isinstance(a, jax.Array) for a in arguments)):
        return None
    wide = bool(jax.config.jax_enable_x64)
    given = tuple(jax.tree.map(lambda a: _array(a, wide=wide), a) for a in arguments)
    return FunctionSpecimen(_numpy(thing), None, given, Convention(notes=() if wide else (_X64_OFF,)))


def _array(value: Any, *, wide: bool) -> Any:
    if not isinstance(value, jax.Array | np.ndarray | float):
        return value
    array = np.array(value)
    return array.astype(np.float32) if array.dtype == np.float64 and not wide else array


def _numpy(function: Callable[..., Any]) -> Callable[..., Any]:
    """(y, callback for dY) of arrays."""

    def forward(*arrays: Any) -> tuple[Any, Callable[[Any], list[Any]]]:
        with theirs():
            outputs = _plain(function(*(jax.tree.map(_shared, a) for a in arrays)))
        return outputs, lambda dy: _pulled(function, arrays, outputs, dy)

    name = str(getattr(function, "__name__", type(function).__name__))
    forward.__name__, forward.__qualname__ = name, str(getattr(function, "__qualname__", name))
    forward.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]  # inspect reads it
    forward.__wrapped__ = function  # type: ignore[attr-defined]  # inspect reads it
    return forward


def _pulled(function: Callable[..., Any], arrays: tuple[Any, ...], outputs: Any, dy: Any) -> list[Any]:
    """The gradient of every argument, None for one without floats."""
    places = [i for i, a in enumerate(arrays) if floats(a)]

    def of_floats(*chosen: Any) -> Any:
        given = dict(zip(places, chosen, strict=True))
        return function(*(given.get(i, a) for i, a in enumerate(arrays)))

    with theirs():
        y, pull = jax.vjp(of_floats, *(jax.tree.map(_shared, arrays[i]) for i in places))
    _agree(_plain(y), outputs)
    exact = iter([np.asarray(g, dtype=np.asarray(o).dtype) for g, o in zip(floats(dy), floats(outputs), strict=True)])
    with theirs():
        found = dict(zip(places, pull(_as_given(filled(outputs, exact), y)), strict=True))
    return [_plain(found[i]) if i in found else None for i in range(len(arrays))]


def _agree(fwd: Any, outputs: Any) -> None:
    """The forward half of a custom_vjp must give what the function gives.

    Raises:
        LayerError: it gives something else, so that the two have different derivatives.
    """
    for one, other in zip(floats(fwd), floats(outputs), strict=True):
        far = float(np.max(np.abs(np.subtract(one, other, dtype=np.float64)), initial=0.0))
        room = _CLOSE * float(np.finfo(np.asarray(other).dtype).eps) * float(np.max(np.abs(other), initial=0.0))
        if far > room:
            raise LayerError(Failure("ValueError", f"the fwd of its custom_vjp gives another output than the function "
                                                   f"itself: they differ by up to {far:.3g}"))  # fmt: skip


def _as_given(tree: Any, like: Any) -> Any:
    """The cotangents in the output's own form: what is no float has none."""
    leaves, form = jax.tree.flatten(like)
    given = jax.tree.leaves(tree)
    zeros = (np.zeros(np.shape(leaf), jax.dtypes.float0) for leaf in leaves)
    kept = [g if np.asarray(leaf).dtype.kind == "f" else z for g, leaf, z in zip(given, leaves, zeros, strict=True)]
    return jax.tree.unflatten(form, kept)


def _shared(value: Any) -> Any:
    return jax.numpy.asarray(value) if isinstance(value, np.ndarray) else value


def _plain(tree: Any) -> Any:
    return jax.tree.map(lambda a: np.asarray(a) if isinstance(a, jax.Array) else a, tree)
