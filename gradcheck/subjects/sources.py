"""Where a parameter's gradient is found after backward: in the change of the parameter, or in a place beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.spelling import gradient_names

_GRADIENT_HOLDERS = ("grads", "gradients", "grad", "dparams", "derivatives")


class Source(Protocol):
    """Reads one parameter's gradient once backward has run."""

    def before(self, slot: Slot) -> None:
        """Note what is needed before backward."""
        ...

    def after(self, slot: Slot, rate: float) -> Array | None:
        """The gradient; at rate 0 what backward changed in the parameter."""
        ...


@dataclass
class Update:
    """The layer updates itself: (before - after) / rate."""

    _before: Array | None = None

    def before(self, slot: Slot) -> None:
        """Copy the parameter."""
        self._before = np.array(slot.get(), dtype=np.float64)

    def after(self, slot: Slot, rate: float) -> Array | None:
        """(before - after) / rate; a re-bound parameter of another shape gives what it would broadcast to."""
        now = slot.get()
        if self._before is None or not isinstance(now, np.ndarray | np.generic | float | int):
            return None
        change = self._before - np.asarray(now, dtype=np.float64)
        return np.asarray(change / rate if rate else change)


@dataclass
class Beside:
    """Backward leaves the gradient in an attribute or an item: dW beside W, grads['W'] beside params['W']."""

    place: Slot

    def before(self, slot: Slot) -> None:
        """Nothing to note."""

    def after(self, slot: Slot, rate: float) -> Array | None:
        """What stands in that place."""
        del slot, rate  # of use where the parameter itself has changed
        try:
            value = self.place.get()
        except (AttributeError, KeyError, IndexError):
            return None
        if not isinstance(value, np.ndarray | np.generic | float):
            return None
        return np.array(value, dtype=np.float64)


def places_beside(layer: Any, parameters: Mapping[str, Slot], before: Mapping[str, Any]) -> dict[str, Slot]:
    """The gradient's place of every parameter that has one; call it after a backward.

    before: what every place held before backward; a place that backward did not write is none.
    """
    written = {
        slot.path: slot
        for slot in slots(layer)
        if isinstance(slot.get(), np.ndarray | float) and before.get(slot.path) is not slot.get()
    }
    in_place = {path: s for path, s in _by_path(layer).items() if path in before and isinstance(s.get(), np.ndarray)}
    found = {}
    for path, slot in parameters.items():
        names = [name for name in _candidates(path, slot) if name in written or name in in_place]
        if names:
            found[path] = written.get(names[0]) or in_place[names[0]]
    return found


def _by_path(layer: Any) -> dict[str, Slot]:
    return {slot.path: slot for slot in slots(layer)}


def _candidates(path: str, slot: Slot) -> list[str]:
    """Paths where the gradient of the parameter at `path` may stand."""
    if not isinstance(slot.key, str):  # params[0] -> grads[0], dparams[0]
        holder, _, name = path.removesuffix(f"[{slot.key!r}]").rpartition(".")
        start = f"{holder}." if holder else ""
        homes = [f"{start}{g}" for g in (*_GRADIENT_HOLDERS, *gradient_names(name))]
        return [f"{home}[{slot.key!r}]" for home in homes]
    if slot.attribute:
        start = path.removesuffix(slot.key)
        named = [f"{start}{name}" for name in gradient_names(slot.key)]
        return [*named, *(f"{start}{holder}[{key!r}]" for holder in _GRADIENT_HOLDERS for key in (slot.key,))]
    start = path.removesuffix(f"[{slot.key!r}]")
    holder = start.rpartition(".")[0]
    before = f"{holder}." if holder else ""
    keys = (slot.key, *gradient_names(slot.key))
    homes = [start, *(f"{before}{g}" for g in (*_GRADIENT_HOLDERS, *gradient_names(start.rpartition(".")[2])))]
    return [f"{home}[{key!r}]" for home in homes for key in keys if (home, key) != (start, slot.key)]
