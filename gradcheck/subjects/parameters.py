"""Which arrays of a layer are its parameters, and where their gradients are read (CONTRACT.md, "Parameters")."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, is_float_array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import scale
from gradcheck.base.randomness import signed
from gradcheck.subjects.driver import KEPT_RATES, Driver
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.sources import Beside, Source, Update, places_beside
from gradcheck.subjects.spelling import alike, is_buffer_name, is_parameter_name

_MOST_FLOATS = 8  # Python floats that are tried for whether the output depends on them


@dataclass
class Parameters:
    """What was found. slots, sources: by leaf name, in the layer's own order · notes: buffers, in words."""

    leaves: list[Leaf] = field(default_factory=list)
    slots: dict[str, Slot] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def update(self) -> bool:
        """Does the layer change its parameters itself?"""
        return any(isinstance(source, Update) for source in self.sources.values())


@dataclass
class _Scout:
    """Trial runs from one base state."""

    driver: Driver
    x: Array
    base: Snapshot
    output: Array

    def run(self, action: Callable[[], Any]) -> Any:
        """action() from the base state, which is put back."""
        self.base.restore()
        try:
            return action()
        finally:
            self.base.restore()

    def forward(self) -> Array:
        """Forward of a fresh copy of the input."""
        return self.driver.forward(self.x.copy(order="K"))


def find_parameters(
    driver: Driver, x: Array, base: Snapshot, output: Array, generator: np.random.Generator
) -> Parameters:
    """Trial forwards and one backward; the layer is left in its base state."""
    scout = _Scout(driver, x, base, output)
    candidates = _candidates(driver.layer, scout)
    moved, beside = _after_backward(candidates, scout, signed(generator, output.shape))
    found = Parameters()
    buffers = []
    for path, slot in candidates.items():
        supplied = path in moved or path in beside
        depends = _depends(slot, scout, generator)
        if depends and (supplied or _ought(path, slot, (*moved, *beside))):
            _add(found, path, slot, beside.get(path))
        elif depends:
            buffers.append(path)
        elif path in moved and _is_ghost(path, slot, moved[path]):
            _add(found, path, slot, None)
    if buffers:
        found.notes.append(
            f"{', '.join(buffers)}: not checked (the output depends on it, backward supplies no gradient)"
        )
    return found


def _add(found: Parameters, path: str, slot: Slot, place: Slot | None) -> None:
    value = slot.get()
    array = value if isinstance(value, np.ndarray) else np.array(float(value))
    publish = None if isinstance(value, np.ndarray) else slot.set
    found.leaves.append(Leaf(path, Role.PARAMETER, array, publish))
    found.slots[path] = slot
    found.sources[path] = Beside(place) if place is not None else Update()


def _candidates(layer: Any, scout: _Scout) -> dict[str, Slot]:
    """Float arrays and Python floats that forward leaves as they are, each memory under one name."""
    held = {slot.path: slot for slot in slots(layer) if _is_candidate(slot)}

    def changed() -> set[str]:
        before = {path: (slot.get(), np.array(slot.get())) for path, slot in held.items()}
        scout.forward()
        return {path for path, (value, copy) in before.items() if not _same(held[path], value, copy)}

    state: set[str] = scout.run(changed)
    return _untied({path: slot for path, slot in held.items() if path not in state})


def _is_candidate(slot: Slot) -> bool:
    value = slot.get()
    if is_float_array(value):
        return bool(value.size)
    return type(value) is float and isinstance(slot.key, str) and slot.key.lstrip("_") not in KEPT_RATES


def _same(slot: Slot, value: Any, copy: Array) -> bool:
    try:
        return slot.get() is value and np.array(value).tobytes() == copy.tobytes()
    except (AttributeError, KeyError, IndexError):
        return False


def _untied(candidates: Mapping[str, Slot]) -> dict[str, Slot]:
    """Two names of one memory are one leaf: the first name stays."""
    kept: dict[str, Slot] = {}
    for path, slot in candidates.items():
        value = slot.get()
        arrays = [s.get() for s in kept.values()] if isinstance(value, np.ndarray) else []
        if not any(isinstance(a, np.ndarray) and np.may_share_memory(value, a) for a in arrays):
            kept[path] = slot
    return kept


def _after_backward(
    candidates: Mapping[str, Slot], scout: _Scout, cotangent: Array
) -> tuple[dict[str, Array], dict[str, Slot]]:
    """Parameters that one backward at rate 1 changed, with the change; gradients that it left beside others."""
    layer = scout.driver.layer

    def trial() -> tuple[dict[str, Array], dict[str, Slot]]:
        scout.forward()
        held = {slot.path: slot.get() for slot in slots(layer)}
        copies = {path: np.array(slot.get(), dtype=np.float64) for path, slot in candidates.items()}
        scout.driver.backward(cotangent.copy(), 1.0)
        moved = {path: change for path, s in candidates.items() if (change := _change(s, copies[path])) is not None}
        still = {path: s for path, s in candidates.items() if path not in moved}
        return moved, places_beside(layer, still, held)

    found: tuple[dict[str, Array], dict[str, Slot]] = scout.run(trial)
    return found


def _change(slot: Slot, before: Array) -> Array | None:
    """Before - after, None where nothing changed."""
    try:
        value = slot.get()
    except (AttributeError, KeyError, IndexError):
        return None
    if not isinstance(value, np.ndarray | np.generic | float | int):
        return None
    with np.errstate(all="ignore"):
        change = before - np.asarray(value, dtype=np.float64)
    return change if change.size and (change != 0).any() else None


def _depends(slot: Slot, scout: _Scout, generator: np.random.Generator) -> bool:
    """Does the output move when the array does? A forward that raises there does depend."""
    value = slot.get()
    if isinstance(value, np.ndarray):
        kick = (scale(value) * signed(generator, value.shape) / 64).astype(value.dtype)
        moved: Any = value + kick
    else:
        moved = value + (abs(value) or 1.0) / 64

    def kicked() -> Array:
        _put(slot, moved)
        return scout.forward()

    try:
        return not np.array_equal(scout.output, scout.run(kicked), equal_nan=True)
    except LayerError:
        return True
    finally:
        _put(slot, value)


def _put(slot: Slot, value: Any) -> None:
    """The kick is a re-binding: the user's own array is not written, read-only ones included."""
    if not isinstance(slot.container, tuple):
        slot.set(value)


def _ought(path: str, slot: Slot, supplied: tuple[str, ...]) -> bool:
    """Should backward supply a gradient: an array named as a parameter, or whose like-named sibling gets one?"""
    if not isinstance(slot.get(), np.ndarray) or is_buffer_name(path):
        return False
    return is_parameter_name(path) or any(alike(path, other) for other in supplied)


def _is_ghost(path: str, slot: Slot, change: Array) -> bool:
    """A parameter by its name, updated, though the output never depends on it."""
    named = is_parameter_name(path) and not is_buffer_name(path)
    return named and isinstance(slot.get(), np.ndarray) and bool(np.isfinite(change).all())
