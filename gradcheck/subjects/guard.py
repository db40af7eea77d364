"""Snapshots: everything that user code can change, put back bit for bit.

Bindings (which object an attribute, a list place or a key holds), the contents of every array, and
every source of randomness that can be replayed: numpy's, Python's and PyTorch's global state, generators on the
object or in the modules of its classes.
"""

import ctypes
import random
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.large import identical, put, saved
from gradcheck.base.tensors import set_torch_random_state, tensor_view, torch_random_state
from gradcheck.subjects.graph import attribute_names, containers, slots


class Snapshot:
    """The state below `root` at one moment.

    without: arrays whose contents are left alone (the leaves that the engine is moving)
    random: every source of randomness as it was, which restore() puts back.
    """

    def __init__(self, root: Any, without: Iterable[Array] = ()) -> None:
        self._bindings = [(c, _bindings(c)) for c in containers(root)]
        skip = list(without)
        self._arrays = [(a, saved(a)) for a in arrays_below(root, skip)]
        self.random = RandomState(root)

    def restore(self) -> None:
        """Put back what differs; arrays are written in place, so aliases stay aliases."""
        for container, held in self._bindings:
            if _differs(_bindings(container), held):
                _rebind(container, held)
        for array, copy in self._arrays:
            _write_back(array, copy)
        self.random.restore()


class RandomState:
    """States of the global generators and of every generator that the layer can reach by name."""

    def __init__(self, root: Any) -> None:
        self._numpy = np.random.get_state(legacy=False)
        self._words = _words() if not self._numpy["has_gauss"] else None  # one in store is drawn without them
        self._torch = torch_random_state()
        self._python = random.getstate()
        self._own = [(g, generator_state(g)) for g in generators(root)]

    def unchanged(self) -> bool:
        """Has nothing been drawn since?"""
        if random.getstate() != self._python or not _equal(np.random.get_state(legacy=False), self._numpy):
            return False
        if self._torch is not None and not np.array_equal(torch_random_state(), self._torch):
            return False
        return all(_equal(generator_state(g), state) for g, state in self._own)

    def advance(self) -> None:
        """Draw once from every source, so that what is drawn next is other than it would have been."""
        np.random.random()
        random.random()  # noqa: S311 -- no secret
        for generator, _ in self._own:
            generator.random()

    def restore(self) -> None:
        """Set every source of randomness back."""
        if self._words is None or _words() != self._words:
            np.random.set_state(self._numpy)
        random.setstate(self._python)
        set_torch_random_state(self._torch)
        for generator, state in self._own:
            _set_generator_state(generator, state)


_MT19937 = 624 * 4 + 4  # bytes: the key and the place in it


def _words() -> bytes | None:
    """Numpy's global generator as it lies in memory; to compare that takes a hundredth of the time of setting it.

    None for one of another kind.
    """
    generator = np.random.mtrand.get_bit_generator()
    if type(generator) is not np.random.MT19937:
        return None
    return ctypes.string_at(generator.ctypes.state_address, _MT19937)


def _equal(one: Any, other: Any) -> bool:
    """Two states of a generator, of whatever nesting."""
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


def generators(root: Any) -> list[Any]:
    """Generators on the object or in the modules that define its classes, each once."""
    found: dict[int, Any] = {}
    for container in list(containers(root)):
        homes = [type(container), *type(container).__mro__, container]
        for name in {getattr(home, "__module__", None) for home in homes}:
            module = sys.modules.get(name) if isinstance(name, str) else None
            if module is not None and module.__name__.partition(".")[0] not in _BARREN and name != "numpy.random":
                found.update({id(v): v for v in vars(module).values() if _is_generator(v)})
        found.update({id(v): v for v in _bindings(container).values() if _is_generator(v)})
    return list(found.values())


_BARREN = frozenset({"builtins", "random", "torch"})  # large, and without a generator that layers share


def generator_state(generator: Any) -> Any:
    """The state of any of the three kinds of generator, in its own form."""
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.get_state() if isinstance(generator, np.random.RandomState) else generator.getstate()


def _set_generator_state(generator: Any, state: Any) -> None:
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        generator.setstate(state)


def _is_generator(value: Any) -> bool:
    if isinstance(value, random.SystemRandom):
        return False
    return isinstance(value, np.random.Generator | np.random.RandomState | random.Random)


def arrays_below(root: Any, without: Sequence[Array] = ()) -> list[Array]:
    """Every array that the object holds, each once, a tensor as the array of its memory.

    without: arrays that are left out, and tensors of their memory.
    """
    skip, found = {id(array) for array in without}, {}
    for slot in slots(root):
        value = slot.get()
        if isinstance(value, np.ndarray):
            found[id(value)] = value
        elif (view := tensor_view(value)) is not None and not any(np.may_share_memory(view, a) for a in without):
            found[id(value)] = view
    return [array for key, array in found.items() if key not in skip]


def _bindings(container: Any) -> dict[Any, Any]:
    """What a container holds, by place: items of lists and dicts, attributes of anything."""
    held: dict[Any, Any] = {("attribute", name): getattr(container, name) for name in attribute_names(container)}
    if isinstance(container, dict):
        held.update({("item", key): value for key, value in container.items()})
    elif isinstance(container, list | tuple):
        held.update({("item", i): value for i, value in enumerate(container)})
    return held


def _differs(now: dict[Any, Any], saved: dict[Any, Any]) -> bool:
    return len(now) != len(saved) or any(k not in saved or saved[k] is not v for k, v in now.items())


def _rebind(container: Any, saved: dict[Any, Any]) -> None:
    items = {key: value for (kind, key), value in saved.items() if kind == "item"}
    if isinstance(container, dict):
        dict.clear(container)
        dict.update(container, items)
    elif isinstance(container, list):
        container[:] = items.values()
    attributes = {key: value for (kind, key), value in saved.items() if kind == "attribute"}
    for name in attribute_names(container):
        if name not in attributes:
            object.__delattr__(container, name)
    for name, value in attributes.items():
        object.__setattr__(container, name, value)


def _write_back(array: Array, saved: Array) -> None:
    if array.dtype == object or array.shape != saved.shape:
        return
    if array.flags.writeable:
        put(array, saved)
    elif not identical(array, saved):  # made read-only after a change, or changed through its base
        array.flags.writeable = True
        put(array, saved)
        array.flags.writeable = False
