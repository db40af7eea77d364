"""The objects that a layer holds: a walk over attributes, lists and dicts, nested layers included."""

import random
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck.base.arrays import is_float_array

_ATOMS = (
    str, bytes, bool, int, float, complex, type(None), type, types.ModuleType, types.FunctionType,
    types.BuiltinFunctionType, types.MethodType, np.ndarray, np.generic, np.dtype,
    np.random.Generator, np.random.RandomState, random.Random,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Slot:
    """One place that holds a value: container.key (attribute) or container[key]; shared: it is the class that holds it.

    To set what a class holds gives the object an attribute of its own.
    """

    path: str
    container: Any
    key: Any
    attribute: bool
    shared: bool = field(default=False, kw_only=True)

    def get(self) -> Any:
        """What the place holds now."""
        return getattr(self.container, self.key) if self.attribute else self.container[self.key]

    def set(self, value: Any) -> None:
        """Put something else in the place; past any __setattr__ of the user's."""
        if self.attribute:
            object.__setattr__(self.container, self.key, value)
        else:
            self.container[self.key] = value


def slots(root: Any) -> Iterator[Slot]:
    """Every place reachable from root, each container visited once, in definition order.

    Depth is unbounded by recursion: a linked list of layers must not overflow the stack.
    """
    pending, seen = [("", root)], {id(root)}
    while pending:
        path, container = pending.pop(0)
        for slot in _places(path, container):
            yield slot
            value = _read(slot)
            if _is_container(value) and id(value) not in seen:
                seen.add(id(value))
                pending.append((slot.path, value))


def containers(root: Any) -> Iterator[Any]:
    """Root and every container below it, each once."""
    yield root
    seen = {id(root)}
    for slot in slots(root):
        value = _read(slot)
        if _is_container(value) and id(value) not in seen:
            seen.add(id(value))
            yield value


def attribute_names(container: Any) -> list[str]:
    """Names of the attributes that an object itself holds, in __dict__ or __slots__."""
    names = list(getattr(container, "__dict__", ()))
    for cls in type(container).__mro__:
        if own := cls.__dict__.get("__slots__"):
            each = (own,) if isinstance(own, str) else own
            names.extend(name for name in each if name not in ("__dict__", "__weakref__") and hasattr(container, name))
    return names


def _arrays_of_class(container: Any) -> list[str]:
    """Names of the float arrays that the object's class holds for it: `W = np.ones(3)` in the body of the class."""
    if isinstance(container, dict | list | tuple):
        return []
    classes = [cls for cls in type(container).__mro__ if cls.__module__.partition(".")[0] not in _BARREN]
    found = dict.fromkeys(name for cls in classes for name, value in vars(cls).items() if is_float_array(value))
    own = set(attribute_names(container)) if found else set()
    return [name for name in found if name not in own and is_float_array(getattr(container, name, None))]


_BARREN = frozenset({"builtins", "torch", "numpy"})


def _places(path: str, container: Any) -> Iterator[Slot]:
    if isinstance(container, dict):
        for key in list(container):
            yield Slot(f"{path}[{key!r}]", container, key, attribute=False)
    if isinstance(container, list | tuple):
        for key in range(len(container)):
            yield Slot(f"{path}[{key}]", container, key, attribute=False)
    for name in attribute_names(container):
        yield Slot(f"{path}.{name}" if path else name, container, name, attribute=True)
    for name in _arrays_of_class(container):
        yield Slot(f"{path}.{name}" if path else name, container, name, attribute=True, shared=True)


def _read(slot: Slot) -> Any:
    try:
        return slot.get()
    except (AttributeError, KeyError, IndexError):
        return None


def _is_container(value: Any) -> bool:
    if isinstance(value, dict | list | tuple):
        return True
    return not isinstance(value, _ATOMS) and bool(attribute_names(value))
