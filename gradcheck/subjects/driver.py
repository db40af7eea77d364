"""Driving one layer object: its forward and backward called as it spells them, its learning rate set."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import UsageError
from gradcheck.subjects.calls import as_gradient, as_output, call, dtype_of
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.spelling import RATE_NAMES, ZERO_NAMES, paired_method_names, positional
from gradcheck.subjects.subject import Calls


class Driver:
    """forward(x) and backward(dY[, rate]) of a layer, counted; nothing is guarded here."""

    def __init__(self, layer: Any) -> None:
        names = paired_method_names(layer)
        if names is None:
            raise UsageError(
                f"layer={type(layer).__name__}: has no forward and backward of a known name; expected a layer with "
                f"forward_propagation and backward_propagation, or forward and backward"
            )
        self.layer = layer
        self.title = type(layer).__name__
        self.calls = Calls()
        self.output_dtype = "float64"
        self._names = names
        self._gives_rate = _takes_rate(getattr(layer, names[1]))
        self._kept_rate = None if self._gives_rate else _rate_slot(layer)
        self._zero = next((name for name in ZERO_NAMES if callable(getattr(layer, name, None))), None)

    @property
    def has_rate(self) -> bool:
        """Is there a learning rate, given or kept?"""
        return self._gives_rate or self._kept_rate is not None

    def forward(self, x: Array) -> Array:
        """Forward of this very array; the output is a copy in float64."""
        self.calls.forward += 1
        output = call(getattr(self.layer, self._names[0]), x)
        self.output_dtype = dtype_of(output)
        return as_output(output, f"{self.title}.{self._names[0]}")

    def backward(self, cotangent: Array, rate: float) -> Array | None:
        """Backward of this very cotangent; what it returned."""
        self.calls.backward += 1
        if self._kept_rate is not None:
            self._kept_rate.set(rate)
        if self._zero is not None:
            call(getattr(self.layer, self._zero))
        arguments = (cotangent, rate) if self._gives_rate else (cotangent,)
        returned = call(getattr(self.layer, self._names[1]), *arguments)
        return as_gradient(returned, f"{self.title}.{self._names[1]}")


def _takes_rate(backward: Callable[..., Any]) -> bool:
    parameters = positional(backward) or []
    required = [p for p in parameters if p.default is p.empty]
    return len(required) >= 2 or any(p.name in RATE_NAMES for p in parameters[1:])


def _rate_slot(layer: Any) -> Slot | None:
    """A learning rate that the layer itself keeps as a number."""
    for slot in slots(layer):
        value = slot.get()
        number = isinstance(value, int | float | np.floating) and not isinstance(value, bool)
        if slot.attribute and slot.container is layer and slot.key.lstrip("_") in KEPT_RATES and number:
            return slot
    return None


KEPT_RATES = frozenset({"learning_rate", "learningrate", "lr", "eta"})
