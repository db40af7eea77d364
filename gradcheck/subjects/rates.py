"""Learning rates that a layer keeps: in its attributes, its class, an owner that it holds, or its module."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

import numpy as np

from gradcheck.subjects.graph import Slot, attribute_names, containers, slots

KEPT_RATES = frozenset({"learning_rate", "learningrate", "learn_rate", "lr", "eta"})


def kept_rates(layer: Any) -> list[Slot]:
    """Numbers kept by the layer and its class, an owner that it holds and the class of that, each layer inside it."""
    found = [s for s in slots(layer) if _is_rate(s.key, s.get())]
    holders = {id(slot.container) for slot in found}
    for container in [layer, *(slot.get() for slot in slots(layer))]:
        cls = type(container)
        if hasattr(container, "__dict__") and not isinstance(container, type) and id(container) not in holders:
            own = next((name for name in dir(cls) if _is_rate(name, inspect.getattr_static(cls, name, None))), None)
            if own is not None:
                holders.add(id(container))
                found.append(Slot(own, container, own, attribute=True))
    return found


def rates_of_module(layer: Any) -> list[Slot]:
    """Numbers of the modules that the methods of the layer's class, and of those of what it holds, speak of: LR."""
    found: dict[tuple[int, str], Slot] = {}
    for function in _methods(layer):
        names = function.__globals__
        for name in _spoken_of(function.__code__):
            if name in names and _is_rate(name, names[name]):
                found[id(names), name] = Slot(name, names, name, attribute=False)
    return list(found.values())


@contextmanager
def at_rate(rates: list[Slot], rate: float) -> Iterator[None]:
    """The rates set. Put back are those of classes and modules; what the layer holds, a snapshot puts back."""
    shared = [
        (slot, slot.get()) for slot in rates if not slot.attribute or slot.key not in attribute_names(slot.container)
    ]
    try:
        for slot in rates:
            slot.set(rate)
        yield
    finally:
        for slot, value in shared:
            if slot.attribute:
                object.__delattr__(slot.container, slot.key)
            else:
                slot.set(value)


def is_kept_rate(name: str) -> bool:
    """Is a number of this name a learning rate that is kept?"""
    return name.lower().lstrip("_") in KEPT_RATES


def _is_rate(key: Any, value: Any) -> bool:
    number = isinstance(value, int | float | np.floating) and not isinstance(value, bool)
    return number and isinstance(key, str) and is_kept_rate(key)


def _methods(layer: Any) -> Iterator[Any]:
    """The functions of the classes of everything below the layer."""
    classes = dict.fromkeys(cls for container in containers(layer) for cls in type(container).__mro__)
    members: Iterator[Callable[..., Any]] = (member for cls in classes for member in vars(cls).values())
    return (member for member in members if inspect.isfunction(member))


def _spoken_of(code: CodeType) -> Iterator[str]:
    """Names in a function and in those inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _spoken_of(constant)
