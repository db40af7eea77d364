"""An optimiser inside a layer: a recorder in its place notes what backward hands to it, and changes nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, is_float_array
from gradcheck.base.looking import look
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.spelling import paired_method_names

_STEPS = ("update", "step", "apply", "optimize", "update_params", "update_weights", "apply_gradient",
          "apply_gradients", "get_update", "minimize")  # fmt: skip
_SPOKEN = ("opt", "sgd", "adam", "rmsprop", "momentum", "adagrad", "descent", "updater")


class Recorder:
    """Stands where an optimiser stood; what else is asked of it, the optimiser answers.

    pairs: (parameter, gradient) in the order in which they were handed over.
    """

    def __init__(self, optimiser: Any, pairs: list[tuple[Any, Any]]) -> None:
        self._optimiser = optimiser
        self._pairs = pairs

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._optimiser, name)
        return self._noting(found) if name in _STEPS and callable(found) else found

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """An optimiser that is itself called: w = opt(w, g)."""
        return self._noting(self._optimiser)(*arguments, **named)

    def _noting(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **named: Any) -> Any:
            found = _pair([*arguments, *named.values()])
            if found is None:
                return step(*arguments, **named)
            parameters, gradients = found
            if is_float_array(parameters) or isinstance(parameters, float):
                self._pairs.append((parameters, _kept(gradients)))
            else:
                self._pairs += zip(parameters, map(_kept, gradients), strict=False)
            return parameters

        return noted


def optimisers(layer: Any) -> list[Slot]:
    """The places below the layer that hold an optimiser: by its name or its class's, and its method."""
    return [slot for slot in slots(layer) if _is_optimiser(slot)]


def put_recorders(places: list[Slot], pairs: list[tuple[Any, Any]]) -> None:
    """A recorder in every place; the guard puts the optimisers back."""
    for slot in places:
        held = slot.get()
        if not isinstance(held, Recorder):
            slot.set(Recorder(held, pairs))


def recorded(pairs: list[tuple[Any, Any]], value: Any) -> Array | None:
    """The gradient that was handed over beside this very array; the sum of several. None where there was none."""
    own = [g for p, g in pairs if p is value or (isinstance(p, np.ndarray) and _same_memory(p, value))]
    return None if not own else np.asarray(sum(own[1:], start=own[0]))


def _is_optimiser(slot: Slot) -> bool:
    held, words = slot.get(), f"{slot.key} {type(slot.get()).__name__}".lower()
    if isinstance(held, np.ndarray | str | int | float | dict | list | tuple | type | type(None)):
        return False
    steps = any(callable(look(held, name)) for name in _STEPS) or "__call__" in dir(type(held))
    return steps and any(word in words for word in _SPOKEN) and paired_method_names(type(held)) is None


def _pair(arguments: list[Any]) -> tuple[Any, Any] | None:
    """(w, g) or ([w], [g]) among the arguments, keys and rates left aside; w comes before g."""
    found = [a for a in arguments if is_float_array(a) or _is_list(a)]
    return (found[0], found[1]) if len(found) >= 2 and _is_list(found[0]) == _is_list(found[1]) else None


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(map(is_float_array, value))


def _kept(gradient: Any) -> Array:
    return np.array(gradient, dtype=np.float64)


def _same_memory(one: Array, other: Any) -> bool:
    return isinstance(other, np.ndarray) and one.shape == other.shape and np.may_share_memory(one, other)


def each(pairs: Any) -> Iterator[tuple[Any, Any]]:
    """(parameter, gradient) of a list of pairs, or of dicts with the two."""
    for item in pairs:
        if isinstance(item, dict):
            values = list(item.values())
            yield (values[0], values[1]) if len(values) >= 2 else (None, None)
        elif isinstance(item, tuple | list) and len(item) >= 2:
            yield item[-2], item[-1]
