"""Parameters and their gradients that a layer hands out itself: get_params() and get_grads(), properties, pairs."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from gradcheck.base.arrays import is_float_array
from gradcheck.base.errors import LayerError
from gradcheck.subjects.calls import call
from gradcheck.subjects.graph import Slot
from gradcheck.subjects.recorder import each

_PARAMETERS = ("parameters", "params", "get_parameters", "get_params", "trainable_params", "trainable_parameters",
               "get_weights", "weights")  # fmt: skip
_GRADIENTS = ("gradients", "grads", "get_gradients", "get_grads", "param_grads", "parameter_gradients", "derivatives")
_PAIRS = ("params_and_grads", "get_params_and_grads", "parameters_and_gradients", "params_grads",
          "get_params_grads", "get_parameters_and_gradients", "getParamsAndGrads", "params", "parameters")  # fmt: skip

Pairs = Callable[[], list[tuple[Any, Any]]]


def accessors(layer: Any) -> Iterator[Pairs]:
    """Ways to ask the layer for (parameter, gradient) pairs, likeliest first; each may fail when it is tried."""
    for name in _PAIRS:
        if _is_there(layer, name):
            yield partial(_pairs, layer, name)
    for name in _PARAMETERS:
        if _is_there(layer, name):
            yield from (partial(_two, layer, name, other) for other in _GRADIENTS if _is_there(layer, other))


def asked_for(layer: Any, parameters: Mapping[str, Slot]) -> dict[str, tuple[Pairs, int]]:
    """Path -> (pairs, place) of the parameters whose gradients the layer hands out; call it after a backward."""
    found: dict[str, tuple[Pairs, int]] = {}
    if not parameters:
        return found
    for pairs in accessors(layer):
        try:
            given = pairs()
        except (LayerError, TypeError, KeyError, ValueError, AttributeError):
            continue
        for path, slot in parameters.items():
            at = next((i for i, (p, g) in enumerate(given) if p is slot.get() and is_float_array(g)), None)
            if at is not None and path not in found and is_float_array(slot.get()):
                found[path] = (pairs, at)
    return found


def _pairs(layer: Any, name: str) -> list[tuple[Any, Any]]:
    return list(each(_answer(layer, name)))


def _two(layer: Any, name: str, other: str) -> list[tuple[Any, Any]]:
    return _zipped(_answer(layer, name), _answer(layer, other))


def _is_there(layer: Any, name: str) -> bool:
    held = inspect.getattr_static(layer, name, None)
    return held is not None


def _answer(layer: Any, name: str) -> Any:
    held = call(getattr, layer, name)
    return call(held) if callable(held) else held


def _zipped(parameters: Any, gradients: Any) -> list[tuple[Any, Any]]:
    """By key, or in order."""
    if isinstance(parameters, Mapping) and isinstance(gradients, Mapping):
        return [(value, _of_key(gradients, str(key))) for key, value in parameters.items()]
    first, second = _listed(parameters), _listed(gradients)
    return list(zip(first, second, strict=True))


def _of_key(gradients: Mapping[Any, Any], key: str) -> Any:
    return next((gradients[k] for k in (key, f"d{key}", f"grad_{key}", f"{key}_grad") if k in gradients), None)


def _listed(values: Any) -> list[Any]:
    if isinstance(values, np.ndarray):
        return [values]
    return list(values.values()) if isinstance(values, Mapping) else list(values)
