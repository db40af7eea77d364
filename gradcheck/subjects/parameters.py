"""Which arrays of a layer are its parameters, and where their gradients are read (CONTRACT.md, "Parameters")."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, is_float_array
from gradcheck.base.large import blocks, identical, saved
from gradcheck.base.randomness import signed
from gradcheck.subjects.asked import asked_for
from gradcheck.subjects.convention import Convention
from gradcheck.subjects.declared import declared_parameters, declared_sources
from gradcheck.subjects.driver import Driver
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.rates import is_kept_rate
from gradcheck.subjects.recorder import recorded
from gradcheck.subjects.scout import Scout
from gradcheck.subjects.sources import (
    Asked,
    Beside,
    Recorded,
    Returned,
    Source,
    Update,
    keys_returned,
    places_beside,
)
from gradcheck.subjects.spelling import (
    alike,
    gradient_names,
    is_buffer_name,
    is_gradient_name,
    is_loss_weight,
    is_parameter_name,
)

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


def find_parameters(
    driver: Driver, base: Snapshot, output: Array, generator: np.random.Generator, declared: Convention
) -> Parameters:
    """Trial forwards and one backward; the layer is left in its base state."""
    scout = Scout(driver, base, output)
    told = declared_parameters(driver.root, declared)
    candidates = _candidates(driver.root, scout) if told is None else told
    supplied = _after_backward(candidates, scout, signed(generator, output.shape), declared)
    found, buffers = Parameters(), []
    for path, slot in supplied.untied().items():
        given = path in supplied.moved or path in supplied.sources
        depends = supplied.depends(path) or told is not None
        if depends and _shared_within(slot.get()):
            found.notes.append(f"{path}: not checked (its entries share memory, as after np.broadcast_to: copy it)")
        elif depends and (given or told is not None or _ought(path, slot, supplied)):
            _add(found, path, slot, supplied.sources.get(path))
        elif depends:
            buffers.append(path)
        elif path in supplied.moved and _is_ghost(path, candidates, finite=supplied.moved[path]):
            _add(found, path, slot, None)
    if buffers:
        named = ", ".join(buffers)
        found.notes.append(f"{named}: not checked (the output depends on it, backward supplies no gradient)")
    found.notes += supplied.notes
    return found


def _add(found: Parameters, path: str, slot: Slot, source: Source | None) -> None:
    value = slot.get()
    array = np.asarray(value if isinstance(value, np.ndarray) else float(value))
    publish = None if isinstance(value, np.ndarray) else slot.set
    found.leaves.append(Leaf(path, Role.PARAMETER, array, publish))
    found.slots[path] = slot
    found.sources[path] = source if source is not None else Update()


def _candidates(layer: Any, scout: Scout) -> dict[str, Slot]:
    """Float arrays and Python floats that forward leaves as they are."""
    held = {slot.path: slot for slot in slots(layer) if _is_candidate(slot)}

    def changed() -> set[str]:
        before = {path: (slot.get(), _kept(slot.get())) for path, slot in held.items()}
        scout.forward()
        return {path for path, (value, copy) in before.items() if not _same(held[path], value, copy)}

    state: set[str] = scout.run(changed)
    return {path: slot for path, slot in held.items() if path not in state}


def _is_candidate(slot: Slot) -> bool:
    value = slot.get()
    if is_float_array(value):
        return bool(value.size)
    return type(value) is float and isinstance(slot.key, str) and not is_kept_rate(slot.key)


def _shared_within(value: Any) -> bool:
    """Do entries of the array stand in the same memory, so that none can be moved alone?"""
    strided = zip(value.strides, value.shape, strict=True) if isinstance(value, np.ndarray) else ()
    return any(stride == 0 and length > 1 for stride, length in strided)


def _kept(value: Any) -> Array:
    return saved(value) if isinstance(value, np.ndarray) else np.array(value)


def _same(slot: Slot, value: Any, copy: Array) -> bool:
    try:
        return slot.get() is value and identical(np.asarray(value), copy)
    except (AttributeError, KeyError, IndexError):
        return False


def _untied(candidates: Mapping[str, Slot], given: Container[str]) -> dict[str, Slot]:
    """Two names of one memory are one leaf: the first to which a gradient is given stays, else the first."""
    kept: dict[str, Array] = {}
    for path in sorted(candidates, key=lambda path: path not in given):
        value = candidates[path].get()
        if not isinstance(value, np.ndarray):
            kept[path] = np.empty(0)
        elif not any(np.may_share_memory(value, other) for other in kept.values()):
            kept[path] = value
    return {path: slot for path, slot in candidates.items() if path in kept}


@dataclass
class _SuppliedTo:
    """What one backward at rate 1 has shown. moved: path -> is the change finite? · sources: where else they stand."""

    scout: Scout
    candidates: Mapping[str, Slot]
    generator: np.random.Generator
    moved: dict[str, bool] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _known: dict[str, bool] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[str, ...]:
        """Of everything that is supplied with a gradient."""
        return (*self.moved, *self.sources)

    def untied(self) -> dict[str, Slot]:
        """The candidates, each memory under one name."""
        return _untied(self.candidates, self.paths)

    def depends(self, path: str) -> bool:
        """Does the output depend on it? Tried once."""
        if path not in self._known:
            self._known[path] = self.scout.depends(self.candidates[path], self.generator)
        return self._known[path]


def _after_backward(
    candidates: Mapping[str, Slot], scout: Scout, cotangent: Array, declared: Convention
) -> _SuppliedTo:
    """Parameters that one backward at rate 1 changed, with the change; then where else their gradients stand."""
    layer, driver = scout.driver.root, scout.driver
    found = _SuppliedTo(scout, candidates, np.random.default_rng(0))
    returned: Any = None
    nobodys: list[str] = []

    def trial() -> None:
        nonlocal returned, nobodys
        scout.forward()
        held = {slot.path: slot.get() for slot in slots(layer)}
        copies = {path: _kept(slot.get()) for path, slot in candidates.items()}
        bound = {path: slot.get() for path, slot in candidates.items()}
        returned = driver.backward(cotangent.copy(), 1.0).parameters
        changes = {path: _change(slot, copies[path]) for path, slot in candidates.items()}
        found.moved = {path: finite for path, finite in changes.items() if finite is not None}
        still = {path: s for path, s in candidates.items() if path not in found.moved}
        if declared.gradients is not None:
            found.sources.update(declared_sources(driver, declared, still))
            return
        found.sources |= {p: Recorded(driver.pairs) for p in still if recorded(driver.pairs, bound[p]) is not None}
        beside = places_beside(layer, {p: s for p, s in still.items() if p not in found.sources}, held)
        found.sources |= {path: Beside(place) for path, place in beside.items()}
        asked = asked_for(layer, {p: s for p, s in still.items() if p not in found.sources})
        found.sources |= {path: Asked(pairs, at) for path, (pairs, at) in asked.items()}
        written = (
            s for s in slots(layer) if held.get(s.path) is not s.get() and isinstance(s.get(), np.ndarray | float)
        )
        nobodys = [slot.path for slot in written if is_gradient_name(str(slot.key))]

    scout.run(trial)
    if returned is not None and declared.gradients is None:
        _returned_to(found, returned, scout.driver.who[1])
    if nobodys and not found.paths:
        found.notes.append(f"{', '.join(nobodys)}: not checked (backward writes it, its parameter was not found)")
    return found


def _returned_to(found: _SuppliedTo, returned: Any, who: str) -> None:
    """Gradients that backward returned, by name or by their order and shapes; what is nobody's is said."""
    still = {p: s for p, s in found.untied().items() if p not in found.moved}
    keys, left = keys_returned(returned, still, found.depends)
    found.sources |= {path: Returned(key) for path, key in keys.items()}
    if left:
        found.notes.append(f"{who} returns {', '.join(left)}, which could not be told to be any parameter's gradient")


def _change(slot: Slot, before: Array) -> bool | None:
    """Is the change finite everywhere? None where nothing changed."""
    try:
        value = slot.get()
    except (AttributeError, KeyError, IndexError):
        return None
    if not isinstance(value, np.ndarray | np.generic | float | int) or not np.size(value):
        return None
    now = np.asarray(value)
    if now.shape != before.shape:
        return bool(np.isfinite(now).all())
    changed, finite = False, True
    with np.errstate(all="ignore"):
        for one, other in zip(blocks(before), blocks(now), strict=True):
            change = one.astype(np.float64) - other
            changed |= bool((change != 0).any())
            finite &= bool(np.isfinite(change).all())
    return finite if changed else None


def _ought(path: str, slot: Slot, supplied: _SuppliedTo) -> bool:
    """Should backward supply a gradient: an array named as a parameter, or whose like-named sibling gets one?

    Not the vector of weights that a loss without any parameter is made with, nor what a class keeps for all its
    objects: a fixed filter.
    """
    value = slot.get()
    if not isinstance(value, np.ndarray) or is_buffer_name(path) or slot.shared:
        return False
    if not supplied.paths and value.ndim <= 1 and is_loss_weight(path, supplied.scout.driver.inputs.names):
        return False
    return is_parameter_name(path) or any(alike(path, other) for other in supplied.paths)


def _is_ghost(path: str, candidates: Mapping[str, Slot], *, finite: bool) -> bool:
    """A parameter by its name, updated, though the output never depends on it; not g_W, the gradient of a W."""
    value = candidates[path].get()
    if not (isinstance(value, np.ndarray) and finite and is_parameter_name(path)) or is_buffer_name(path):
        return False
    own = path.rpartition(".")[2]
    same_size = (p for p, s in candidates.items() if p != path and np.shape(s.get()) == value.shape)
    return not any(own in gradient_names(p.rpartition(".")[2], short=False) for p in same_size)
