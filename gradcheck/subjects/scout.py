"""Trial runs of a layer: does its output depend on what stands in one place?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.large import add, blocks, put, saved
from gradcheck.base.precision import scale
from gradcheck.base.randomness import parted, signed
from gradcheck.subjects.driver import Driver
from gradcheck.subjects.graph import Slot
from gradcheck.subjects.guard import Snapshot


@dataclass
class Scout:
    """Trial runs from one base state; output: forward's there."""

    driver: Driver
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
        """Forward of a fresh copy of the inputs."""
        return self.driver.forward(self.driver.inputs.handed())

    def depends(self, slot: Slot, generator: np.random.Generator) -> bool:
        """Does the output move when the place does? A forward that raises then does depend."""
        value = slot.get()
        if isinstance(value, np.ndarray) and value.flags.writeable:
            return self._moves_in_place(value, generator)
        if isinstance(value, np.ndarray):
            kick = (scale(value) * signed(generator, value.shape) / 64).astype(value.dtype)
            moved: Any = value + kick
        else:
            moved = value + (abs(value) or 1.0) / 64
        try:
            return self._moves(lambda: _put(slot, moved))
        finally:
            _put(slot, value)

    def _moves_in_place(self, value: Array, generator: np.random.Generator) -> bool:
        """A block at a time: forward may know the array by another name, or by views of it, and it may be large."""
        unit, drawing = scale(next(blocks(value))) / 64**2, parted(generator)

        def change(first: int, here: Array) -> Array:  # of many sizes: softmax does not see all entries move by one
            return unit * (2.0 * drawing(first).integers(-64, 64, size=here.size, dtype=np.int8) + 1)

        copy = saved(value)
        try:
            return self._moves(lambda: add(value, value, change))
        finally:
            put(value, copy)

    def _moves(self, kick: Callable[[], None]) -> bool:
        def kicked() -> Array:
            kick()
            return self.forward()

        try:
            return not np.array_equal(self.output, self.run(kicked), equal_nan=True)
        except LayerError:
            return True


def _put(slot: Slot, value: Any) -> None:
    """A number, or an array that must not be written, is re-bound."""
    if not isinstance(slot.container, tuple):
        slot.set(value)
