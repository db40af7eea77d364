"""Parameters and gradients where a Convention says which they are."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from gradcheck.base.errors import UsageError
from gradcheck.subjects.calls import call
from gradcheck.subjects.convention import Convention
from gradcheck.subjects.driver import Driver
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.sources import Declared, Source


def declared_parameters(layer: Any, declared: Convention) -> dict[str, Slot] | None:
    """Name -> place of the declared parameters; None where they are to be found.

    Raises:
        UsageError: what was declared is no dict of float arrays.
    """
    read = declared.place("parameters", layer)
    if read is None:
        return None
    named = _named(call(read, None), "parameters", type(layer).__name__)
    places = {id(slot.get()): slot for slot in slots(layer) if isinstance(slot.get(), np.ndarray)}
    return {name: _slot(name, value, places, read) for name, value in named.items()}


def declared_sources(driver: Driver, declared: Convention, parameters: Mapping[str, Slot]) -> dict[str, Source]:
    """Parameter -> where its declared gradient is read; call it after a backward.

    Raises:
        UsageError: a gradient is declared of what is no parameter.
    """
    layer = driver.root
    place = declared.place("gradients", layer)
    if place is None:
        return {}

    def read() -> dict[str, Any]:
        return _named(place(driver.returned), "gradients", type(layer).__name__)

    named = call(read)
    owners = {name: _owner(name, parameters) for name in named}
    strangers = [name for name, owner in owners.items() if owner is None]
    if strangers:
        raise UsageError(
            f"Convention(gradients=...): {', '.join(strangers)} is no parameter of {type(layer).__name__}; its "
            f"parameters are {', '.join(parameters) or 'none'}"
        )
    return {owner: Declared(partial(_one, read, name)) for name, owner in owners.items() if owner is not None}


def _named(value: Any, field: str, title: str) -> dict[str, Any]:
    if isinstance(value, tuple | list):
        value = {f"{field}[{i}]": item for i, item in enumerate(value)}
    if not isinstance(value, Mapping):
        raise UsageError(f"Convention({field}=...): gives a {type(value).__name__} for {title}, not {{name: array}}")
    return {str(name): array for name, array in value.items()}


def _slot(name: str, value: Any, places: Mapping[int, Slot], read: Any) -> Slot:
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        raise UsageError(f"Convention(parameters=...): {name} is a {type(value).__name__}; a float array is needed")
    known = places.get(id(value))
    if known is not None:
        return Slot(name, known.container, known.key, known.attribute)
    return Slot(name, _Asked(lambda: _named(read(None), "parameters", "")), name, attribute=False)


class _Asked:
    """A dict that is asked for anew each time: a parameter that was re-bound is found again by its name."""

    def __init__(self, read: Any) -> None:
        self._read = read

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        held = self._read()[name]
        held[...] = value


def _owner(name: str, parameters: Mapping[str, Slot]) -> str | None:
    """The parameter of that name; gradients[0] belongs to parameters[0], and to the first where none is so called."""
    if name in parameters:
        return name
    if name.startswith("gradients[") and name.endswith("]"):
        number = int(name[len("gradients[") : -1])
        return list(parameters)[number] if number < len(parameters) else None
    tails = [path for path in parameters if path.rpartition(".")[2] == name or path.endswith(f"[{name!r}]")]
    return tails[0] if len(tails) == 1 else None


def _one(read: Callable[[], dict[str, Any]], name: str) -> Any:
    return read().get(name)
