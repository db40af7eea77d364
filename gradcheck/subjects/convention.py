"""Convention: what a user says of a layer that is written in no usual style."""

import difflib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np

from gradcheck.base.errors import UsageError
from gradcheck.subjects.spelling import positional

Named = str | Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Convention:
    """How a layer spells things. Each field is a name on the layer or a function; what is left out is recognised.

    forward: f(layer, x), several inputs as several arguments · backward: f(layer, dY); further parameters by their
    names: a learning rate (`rate`, `lr`), what forward returned (`returned`), forward's own arguments; without a
    parameter for dY it is a derivative. It returns dE/dX, or a dict {"input": ..., "W": ...}
    outputs, inputs: where the output and the gradient of the input are: the name of an attribute of the layer or of
    the record that forward (backward) returns, or f(layer) or f(layer, returned); inputs=() says that there is none
    parameters, gradients: {name: array}, f(layer); gradients also f(layer, returned)
    reset: f(layer), called before each backward · mode: f(layer, 'train' | 'eval')
    scale: a number or f(layer, x) that multiplies the expected gradient of the parameters (of a layer without any:
    of the input); or a dict of numbers by leaf name
    fused: (loss, loss_prime) of the layer's output: the layer and its loss are then checked as one
    clipped: gradients are clipped to [-clipped, clipped] · truncated: backward goes back this many steps of x's
    first axis, so that many are checked · notes: shown beside every check.
    """

    forward: Named | None = None
    backward: Named | None = None
    parameters: Named | None = None
    gradients: Named | None = None
    inputs: Named | tuple[()] | None = None
    outputs: Named | None = None
    reset: Named | None = None
    mode: Named | None = None
    scale: float | Callable[..., Any] | Mapping[str, float] | None = None
    fused: tuple[Callable[..., Any], Callable[..., Any]] | None = None
    clipped: float | None = None
    truncated: int | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not _FITS[field.name](value):
                raise UsageError(f"Convention({field.name}={value!r}): {_NEEDED[field.name]} is needed")

    def bound(self, field: str, layer: Any) -> Callable[..., Any] | None:
        """A field as a callable without the layer; None where it is not given.

        Raises:
            UsageError: the layer has nothing of that name.
        """
        value = getattr(self, field)
        if value is None or value == ():
            return None
        if not isinstance(value, str):
            return partial(value, layer)
        if not hasattr(layer, value):
            known = [name for name in dir(layer) if not name.startswith("__")]
            close = difflib.get_close_matches(value, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise UsageError(f"Convention({field}={value!r}): {type(layer).__name__} has no {value}{hint}")
        found: Callable[..., Any] = getattr(layer, value)
        return found

    def place(self, field: str, layer: Any) -> Callable[[Any], Any] | None:
        """Reads `inputs`, `outputs`, `parameters` or `gradients`, given what forward or backward returned."""
        value = getattr(self, field)
        if value is None or value == ():
            return None
        if isinstance(value, str):
            return partial(_attribute, layer, value)
        return partial(_asked, value, layer)


def resolve_convention(value: Any) -> Convention | None:
    """A Convention, None, or the text "module:name" of one.

    Raises:
        UsageError: it is none, or cannot be imported.
    """
    if value is None or isinstance(value, Convention):
        return value
    if not isinstance(value, str):
        raise UsageError(f"convention={value!r}: a Convention or the text 'module:name' of one is needed")
    module, _, name = value.partition(":")
    if not module or not name:
        raise UsageError(f"convention={value!r}: the form is 'module:name', such as 'mylayers.style:STYLE'")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"convention={value!r}: cannot be imported: {error}") from error
    if not isinstance(found, Convention):
        raise UsageError(f"convention={value!r}: is a {type(found).__name__}, not a Convention")
    return found


def _attribute(layer: Any, name: str, returned: Any) -> Any:
    """An attribute of the layer (or what a method of that name returns), or of the record that was returned."""
    if isinstance(returned, Mapping) and name in returned:
        return returned[name]
    holder = layer if hasattr(layer, name) else returned
    found = getattr(holder, name)
    return found() if callable(found) and not isinstance(found, np.ndarray) else found


def _asked(function: Callable[..., Any], layer: Any, returned: Any) -> Any:
    parameters = positional(function)
    return function(layer, returned) if parameters is not None and len(parameters) > 1 else function(layer)


def _named(value: object) -> bool:
    return callable(value) or (isinstance(value, str) and bool(value))


def _number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(np.isfinite(value))


_FITS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("forward", "backward", "parameters", "gradients", "outputs", "reset", "mode"), _named),
    "inputs": lambda value: value == () or _named(value),
    "scale": lambda value: callable(value) or isinstance(value, Mapping) or (_number(value) and value != 0),
    "fused": lambda value: isinstance(value, tuple | list) and len(value) == 2 and all(map(callable, value)),
    "clipped": lambda value: _number(value) and value > 0,
    "truncated": lambda value: isinstance(value, int) and not isinstance(value, bool) and value > 0,
    "notes": lambda value: isinstance(value, tuple) and all(isinstance(note, str) for note in value),
}
_NEEDED: Mapping[str, str] = {
    **dict.fromkeys(_FITS, "a name or a function"),
    "inputs": "a name, a function, or () for none",
    "scale": "a number other than 0, a function of (layer, x), or a dict of numbers by leaf name",
    "fused": "a pair (loss, loss_prime), two functions of the layer's output",
    "clipped": "a positive number",
    "truncated": "a positive whole number of steps",
    "notes": "a tuple of sentences",
}
