"""Where a parameter's gradient is found after backward: in the change of the parameter, or in a place beside it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from gradcheck.base.arrays import Array, is_float_array
from gradcheck.base.large import BLOCK, blocks, fill, saved
from gradcheck.subjects.asked import Pairs
from gradcheck.subjects.calls import call
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.recorder import recorded
from gradcheck.subjects.results import order_by_shape
from gradcheck.subjects.spelling import VALUE_NAMES, gradient_names, is_parameter_name, private_and_bare

_HOLDERS = ("grads", "gradients", "grad", "dparams", "derivatives")
_GRADIENT_HOLDERS = (*_HOLDERS, *(f"_{name}" for name in _HOLDERS), "g", "G", "_g")


class Source(Protocol):
    """Reads one parameter's gradient once backward has run."""

    def before(self, slot: Slot) -> None:
        """Note what is needed before backward."""
        ...

    def after(self, slot: Slot, rate: float, returned: Any) -> Array | None:
        """The gradient, as it stands there and not a copy; at rate 0 what backward changed in the parameter.

        returned: what backward returned for the parameters.
        """
        ...


@dataclass
class Update:
    """The layer updates itself: (before - after) / rate."""

    _before: Array | None = None

    def before(self, slot: Slot) -> None:
        """Copy the parameter."""
        value = slot.get()
        self._before = saved(value) if isinstance(value, np.ndarray) else np.array(value, dtype=np.float64)

    def after(self, slot: Slot, rate: float, returned: Any) -> Array | None:
        """(before - after) / rate; a re-bound parameter of another shape gives what it would broadcast to."""
        del returned
        now, before, self._before = slot.get(), self._before, None
        if before is None or not isinstance(now, np.ndarray | np.generic | float | int):
            return None
        change = _difference(before, now)
        if rate:
            change /= rate
        return change


@dataclass
class Beside:
    """Backward leaves the gradient in an attribute or an item: dW beside W, grads['W'] beside params['W']."""

    place: Slot

    def before(self, slot: Slot) -> None:
        """Nothing to note."""

    def after(self, slot: Slot, rate: float, returned: Any) -> Array | None:
        """What stands in that place."""
        del slot, rate, returned  # of use where the parameter itself has changed
        try:
            value = self.place.get()
        except (AttributeError, KeyError, IndexError):
            return None
        return _gradient(value)


@dataclass
class Returned:
    """Backward returns it, by name or in some order: (dx, dW, db), (dx, [grads]), (dx, {"W": dW})."""

    key: Any

    def before(self, slot: Slot) -> None:
        """Nothing to note."""

    def after(self, slot: Slot, rate: float, returned: Any) -> Array | None:
        """What stands at the key."""
        del slot, rate
        try:
            return _gradient(returned[self.key])
        except (KeyError, IndexError, TypeError):
            return None


@dataclass
class Recorded:
    """Backward hands it to an optimiser, in whose place a recorder stands. pairs: what that has noted."""

    pairs: list[tuple[Any, Any]]
    _bound: Any = None

    def before(self, slot: Slot) -> None:
        """Which array will be handed over."""
        self._bound = slot.get()

    def after(self, slot: Slot, rate: float, returned: Any) -> Array | None:
        """What was handed over beside the parameter."""
        del slot, rate, returned
        return recorded(self.pairs, self._bound)


@dataclass
class Asked:
    """The layer hands it out: get_grads(), a property, a list of pairs. at: the place among them."""

    pairs: Pairs
    at: int

    def before(self, slot: Slot) -> None:
        """Nothing to note."""

    def after(self, slot: Slot, rate: float, returned: Any) -> Array | None:
        """The second of the pair."""
        del slot, rate, returned
        pairs = self.pairs()
        return _gradient(pairs[self.at][1]) if self.at < len(pairs) else None


@dataclass
class Declared:
    """A Convention says where it is."""

    read: Callable[[], Any]

    def before(self, slot: Slot) -> None:
        """Nothing to note."""

    def after(self, slot: Slot, rate: float, returned: Any) -> Array | None:
        """What is read."""
        del slot, rate, returned
        return _gradient(call(self.read))


def _gradient(value: Any) -> Array | None:
    if not isinstance(value, np.ndarray | np.generic | float) or np.asarray(value).dtype.kind not in "fiub":
        return None
    return np.asarray(value)


def _difference(before: Array, now: Any) -> Array:
    if before.size <= BLOCK or before.shape != np.shape(now):
        return np.asarray(np.subtract(before, now, dtype=np.float64))
    change, pairs = np.empty(before.shape), zip(blocks(before), blocks(now), strict=True)
    fill(change, (np.subtract(one, other, dtype=np.float64) for one, other in pairs))
    return change


@dataclass(frozen=True, eq=False)
class _Item(Slot):
    """An item of a dict or list that backward may bind anew: self.grads = {"W": ...}."""

    home: Slot

    def get(self) -> Any:
        """What the item holds in the container that is there now."""
        return self.home.get()[self.key]


def _followed(slot: Slot, homes: Mapping[str, Slot]) -> Slot:
    home = None if slot.attribute else homes.get(slot.path.removesuffix(f"[{slot.key!r}]"))
    return slot if home is None else _Item(slot.path, slot.container, slot.key, slot.attribute, home)


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
    found, homes = {}, _by_path(layer)
    for path, slot in parameters.items():
        names = [name for name in _candidates(path, slot) if name in written or name in in_place]
        if names:
            found[path] = _followed(written.get(names[0]) or in_place[names[0]], homes)
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
    if slot.key in VALUE_NAMES and path != slot.key:  # W.value -> W.grad; W['val'] -> W['grad']
        own = path.removesuffix(f".{slot.key}" if slot.attribute else f"[{slot.key!r}]")
        return [made for name in (*gradient_names("value"), "grad", "gradient", "diff", "delta", "g")
                for made in (f"{own}.{name}", f"{own}[{name!r}]")]  # fmt: skip
    if slot.attribute:
        start, words = path.removesuffix(slot.key), dict.fromkeys((slot.key, private_and_bare(slot.key)[1]))
        named = [f"{start}{name}" for name in gradient_names(slot.key)]
        return [*named, *(f"{start}{holder}[{key!r}]" for holder in _GRADIENT_HOLDERS for key in words)]
    start = path.removesuffix(f"[{slot.key!r}]")
    holder = start.rpartition(".")[0]
    before = f"{holder}." if holder else ""
    keys = (slot.key, *gradient_names(slot.key))
    homes = [start, *(f"{before}{g}" for g in (*_GRADIENT_HOLDERS, *gradient_names(start.rpartition(".")[2])))]
    items = [f"{home}[{key!r}]" for home in homes for key in keys if (home, key) != (start, slot.key)]
    return [*items, *(f"{before}{name}" for name in gradient_names(slot.key))]  # params["W"] -> self.dW


def keys_returned(
    returned: Any, parameters: Mapping[str, Slot], depends: Callable[[str], bool]
) -> tuple[dict[str, Any], list[str]]:
    """(path -> key of its gradient in what backward returned, keys that are nobody's).

    A dict by its keys; what these do not tell, and a list, by the order of the arrays on which the output depends,
    or the one other order that fits the shapes.
    """
    items = dict(returned) if isinstance(returned, Mapping) else dict(enumerate(_listed(returned)))
    free = {key: value for key, value in items.items() if _gradient(value) is not None}
    found: dict[str, Any] = {}
    for path, slot in parameters.items():
        words = {path, str(slot.key), *gradient_names(_bare(path, slot))}
        key = next((key for key in free if isinstance(key, str) and key.rpartition(".")[2] in words), None)
        if key is not None:
            found[path] = key
            del free[key]
    if free:
        rest = [p for p, s in parameters.items() if p not in found and is_float_array(s.get()) and depends(p)]
        matched = _by_shape(free, {path: parameters[path].get().shape for path in rest})
        found |= matched
        free = {key: value for key, value in free.items() if key not in matched.values()}
        idle = {p: s.get().shape for p, s in parameters.items() if p not in found and _is_idle(p, s, depends)}
        told = _by_shape(free, idle).values()
        free = {key: value for key, value in free.items() if key not in told}
    return found, [str(key) if isinstance(key, str) else f"result {key}" for key in free]


def _is_idle(path: str, slot: Slot, depends: Callable[[str], bool]) -> bool:
    """A parameter without effect here, as weights at x = 0: its gradient is nobody's, and no riddle."""
    return is_float_array(slot.get()) and is_parameter_name(path) and not depends(path)


def _by_shape(free: Mapping[Any, Any], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """In order where there are as many; else each gradient to the only parameter of its shape."""
    keys, paths = list(free), list(shapes)
    given = [np.shape(free[key]) for key in keys]
    if len(keys) == len(paths):
        order = order_by_shape(given, [shapes[path] for path in paths])
        return {path: keys[i] for path, i in zip(paths, order, strict=True)}
    fitting = {key: [path for path in paths if shapes[path] == shape] for key, shape in zip(keys, given, strict=True)}
    alone = {key: own[0] for key, own in fitting.items() if len(own) == 1}
    return {path: key for key, path in alone.items() if list(alone.values()).count(path) == 1}


def _listed(returned: Any) -> list[Any]:
    return list(returned) if isinstance(returned, tuple | list) else [returned]


def _bare(path: str, slot: Slot) -> str:
    """The word by which a parameter goes: W of W.value, weights of layers[0].weights."""
    if isinstance(slot.key, str) and slot.key not in VALUE_NAMES:
        return slot.key
    words = [word for word in re.findall(r"[A-Za-z_]\w*", path) if word not in VALUE_NAMES]
    return words[-1] if words else path
