"""Names of cases: what was passed, never an address."""

import enum
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from gradcheck.base.looking import look

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_LONGEST = 60


def describe(value: object) -> str:
    """A value as it stands in a name: `3`, `(5, 6)`, `tanh`, `array((2, 3), float64)`, `Momentum`."""
    if isinstance(value, np.ndarray):
        return f"array({value.shape}, {value.dtype})"
    if isinstance(value, np.generic):
        return describe(value.item())
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, _PLAIN):
        return _short(repr(value), type(value).__name__)
    if isinstance(value, tuple | list):
        return _sequence(value)
    return callable_name(value) if callable(value) else type(value).__name__


def callable_name(function: object) -> str:
    """`tanh`, `Loss.forward`; of a callable object or a partial, its class."""
    name = getattr(function, "__qualname__", None) or type(function).__name__
    return str(name).replace("<locals>.", "")


def call(name: str, arguments: Mapping[str, object]) -> str:
    """`FCLayer(input_shape=(1, 3), output_shape=(1, 2))`."""
    return f"{name}({', '.join(f'{key}={describe(value)}' for key, value in arguments.items())})"


def recovered(layer: object) -> dict[str, Any]:
    """Constructor arguments read back from attributes of the same name, where these are plain."""
    found = {}
    for parameter in parameters_of(type(layer)):
        value = look(layer, parameter.name)
        if value is not None and _is_plain(value):
            found[parameter.name] = value
    return found


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Named parameters of a class's constructor or a function; empty where there is no signature."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p for p in parameters if p.kind not in kinds]


def distinct(names: Iterable[str]) -> list[str]:
    """The same names, with ` #2`, ` #3` where one comes again."""
    times: dict[str, int] = {}
    unique = []
    for name in names:
        times[name] = times.get(name, 0) + 1
        unique.append(name if times[name] == 1 else f"{name} #{times[name]}")
    return unique


def _is_plain(value: object) -> bool:
    if isinstance(value, tuple | list):
        return all(_is_plain(item) for item in value)
    return isinstance(value, (*_PLAIN, np.generic)) or inspect.isfunction(value)


def _sequence(value: tuple[object, ...] | list[object]) -> str:
    inside = ", ".join(map(describe, value))
    if isinstance(value, list):
        return _short(f"[{inside}]", f"list of {len(value)}")
    return _short(f"({inside},)" if len(value) == 1 else f"({inside})", f"tuple of {len(value)}")


def _short(text: str, otherwise: str) -> str:
    return text if len(text) <= _LONGEST else otherwise
