"""A layer object of the article's convention as a subject: dE/dX is returned, parameters update themselves."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, is_float_array
from gradcheck.base.errors import LayerError, UsageError
from gradcheck.base.precision import scale
from gradcheck.base.randomness import signed, stream
from gradcheck.subjects.calls import as_output, call
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.spelling import RATE_NAMES, is_parameter_name, paired_method_names, positional
from gradcheck.subjects.subject import Gradients

_RATES = (2.0**40, 2.0**20, 1.0, 2.0**-10)


class LayerSubject:
    """forward(x) and backward(dY, rate); the gradient is (before - after) / rate."""

    def __init__(self, layer: Any, x: Array, seed: int) -> None:
        names = paired_method_names(layer)
        if names is None:
            raise UsageError(f"layer={type(layer).__name__}: has no forward and backward of a known name")
        self.title = type(layer).__name__
        self.layer, self.forwards, self.backwards = layer, 0, 0
        self.names = names
        self._point = x.copy(order="K")
        self._takes_rate = _takes_rate(getattr(layer, names[1]))
        self._rate = 1.0
        self.snapshot = Snapshot(layer)
        self.leaves: tuple[Leaf, ...] = ()
        self.output_shape = self.forward().shape
        self._slots: dict[str, Slot] = {}
        self.notes: list[str] = []
        self.leaves = (*self._input_leaf(), *self._parameters(stream(seed, "discover")))
        self._base = Snapshot(layer, without=[leaf.array for leaf in self.leaves])

    def forward(self) -> Array:
        """See Subject.forward."""
        output: Array = self._guarded(self._run_forward)
        return output

    def vjp(self, cotangent: Array) -> Gradients:
        """See Subject.vjp. dE/dX comes from a call at rate 0, which must not move any parameter."""
        gradients: dict[str, Array | None] = {}
        if any(leaf.role is Role.INPUT for leaf in self.leaves):
            gradients["input"] = self._guarded(lambda: self._input_gradient(cotangent))
        if self._slots:
            gradients.update(self._guarded(lambda: self._updates(cotangent, self._rate)))
        return gradients

    def analytic_error(self, leaf: Leaf) -> float:
        """Rounding of the subtraction before - after, per unit of the rate."""
        eps = float(np.finfo(leaf.array.dtype).eps)
        return 0.0 if leaf.role is Role.INPUT else eps * float(np.max(np.abs(leaf.array), initial=0.0)) / self._rate

    def input_gradients(self, cotangent: Array) -> tuple[Array | None, Array | None]:
        """dE/dX from a call at rate 0 and from one at rate 1."""
        first = self._guarded(lambda: self._input_gradient(cotangent))
        return first, self._guarded(lambda: self._input_gradient(cotangent, 1.0))

    def _run_forward(self) -> Array:
        self.forwards += 1
        output = call(getattr(self.layer, self.names[0]), self._point.copy(order="K"))
        return as_output(output, f"{self.title}.{self.names[0]}")

    def _run_backward(self, cotangent: Array, rate: float) -> Any:
        self.backwards += 1
        arguments = (cotangent.copy(), rate) if self._takes_rate else (cotangent.copy(),)
        return call(getattr(self.layer, self.names[1]), *arguments)

    def _guarded(self, action: Callable[[], Any]) -> Any:
        held = [(leaf, leaf.values()) for leaf in self.leaves]
        base = self._base if self.leaves else self.snapshot
        base.restore()
        try:
            return action()
        finally:
            base.restore()
            for leaf, values in held:
                leaf.write(values)

    def _input_gradient(self, cotangent: Array, rate: float = 0.0) -> Array | None:
        self._run_forward()
        returned = self._run_backward(cotangent, rate)
        return None if returned is None else as_output(returned, f"{self.title}.{self.names[1]}")

    def _updates(self, cotangent: Array, rate: float) -> dict[str, Array | None]:
        self._run_forward()
        before = {path: np.array(slot.get()) for path, slot in self._slots.items()}
        self._run_backward(cotangent, rate)
        return {path: _difference(before[path], np.array(slot.get()), rate) for path, slot in self._slots.items()}

    def _input_leaf(self) -> tuple[Leaf, ...]:
        return (Leaf("input", Role.INPUT, self._point),) if is_float_array(self._point) else ()

    def _parameters(self, generator: np.random.Generator) -> tuple[Leaf, ...]:
        """Float arrays that backward moves or that are named as a parameter and matter to the output."""
        candidates = {s.path: s for s in slots(self.layer) if is_float_array(s.get())}
        candidates = {path: s for path, s in _untied(candidates).items() if self._depends(s.get(), generator)}
        self._slots = candidates
        cotangent = signed(generator, self.output_shape)
        unit = self._guarded(lambda: self._updates(cotangent, 1.0))
        moved = {path for path, g in unit.items() if g is not None and np.any(g)}
        kept = {path: s for path, s in candidates.items() if path in moved or is_parameter_name(path)}
        self.notes = [f"{path}: a buffer (backward supplies no gradient)" for path in candidates if path not in kept]
        self._slots = kept
        self._rate = next((r for r in _RATES if self._behaves(cotangent, r, unit)), 1.0)
        return tuple(Leaf(path, Role.PARAMETER, slot.get()) for path, slot in kept.items())

    def _behaves(self, cotangent: Array, rate: float, unit: Gradients) -> bool:
        try:
            found = self._guarded(lambda: self._updates(cotangent, rate))
        except LayerError:
            return False
        for path, gradient in found.items():
            other, value = unit[path], self._slots[path].get()
            if gradient is None or other is None or gradient.shape != other.shape:
                return rate == 1.0
            slack = 64 * float(np.finfo(value.dtype).eps) * (1 + 1 / rate) * (np.abs(value).max() + np.abs(other))
            if not np.all(np.abs(gradient - other) <= slack):
                return False
        return True

    def _depends(self, array: Array, generator: np.random.Generator) -> bool:
        before = self.forward()
        kick = (scale(array) * signed(generator, array.shape) / 64).astype(array.dtype)
        if not array.flags.writeable or array.size == 0:
            return False

        def kicked() -> Array:
            array[...] = array + kick
            return self._run_forward()

        try:
            return not np.array_equal(before, self._guarded(kicked))
        except LayerError:
            return True


def _difference(before: Array, after: Array, rate: float) -> Array | None:
    return np.asarray((before - after) / rate, dtype=np.float64) if after.dtype != object else None


def _takes_rate(backward: Callable[..., Any]) -> bool:
    parameters = positional(backward) or []
    return len(parameters) >= 2 or any(p.name in RATE_NAMES for p in parameters)


def _untied(candidates: dict[str, Slot]) -> dict[str, Slot]:
    """Two names of one memory are one leaf: the first name stays."""
    kept: dict[str, Slot] = {}
    for path, slot in candidates.items():
        if not any(np.may_share_memory(slot.get(), other.get()) for other in kept.values()):
            kept[path] = slot
    return kept
