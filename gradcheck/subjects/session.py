"""Calls in a row to one layer, with nothing restored between them; see Session."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import Failure, LayerError
from gradcheck.base.large import spilled, vast
from gradcheck.subjects.calls import as_gradient
from gradcheck.subjects.departures import Departures
from gradcheck.subjects.driver import Driver
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.guard import RandomState, arrays_below
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.parameters import Parameters
from gradcheck.subjects.sources import Beside, Source, Update
from gradcheck.subjects.subject import Gradients
from gradcheck.subjects.trees import arrays

Held = Sequence[tuple[Leaf, Array]]


class LayerSession:
    """See Session.

    held: the leaves with their values, the one copy that there is of them · random: how the sources of randomness
    are at the start.
    """

    def __init__(
        self, driver: Driver, parameters: Parameters, held: Held, rate: float, departures: Departures,
        *, random: RandomState,
    ) -> None:  # fmt: skip
        self.input_changed = False
        self.cotangent_changed = False
        self._driver, self._found, self._rate, self._departures = driver, parameters, rate, departures
        self._held = [(leaf, parameters.slots[leaf.name], v) for leaf, v in held if leaf.name in parameters.slots]
        self._bound = [slot.get() for _, slot, _ in self._held]
        self._random = random
        self._handed: list[tuple[Array, bytes]] = []
        self._shape: tuple[int, ...] = ()
        self._known: set[int] = set()
        self._fresh: list[Slot] = []

    def forward(self, *, elsewhere: bool = False) -> Array:
        """See Session.forward."""
        handed = self._driver.inputs.handed(elsewhere=elsewhere)
        if elsewhere:
            self._random.advance()
        self._handed = [(array, array.tobytes()) for array in arrays(handed)]
        output = self._driver.forward(handed)
        self._shape = output.shape
        self._notice()
        return output

    def backward(self, cotangent: Array, rate: float | None = None, *, itself: bool = False) -> Gradients:
        """See Session.backward."""
        rate = self._rate if rate is None else rate
        found, driver = self._found, self._driver
        self._set_aside()
        for path, slot in found.slots.items():
            found.sources[path].before(slot)
        handed = self._departures.handed(cotangent, itself=itself)
        before = handed.tobytes()
        supplied = driver.backward(handed, rate)
        self.cotangent_changed |= handed.tobytes() != before
        self._notice()
        read = {
            p: self._own(found.sources[p], found.sources[p].after(slot, rate, supplied.parameters))
            for p, slot in found.slots.items()
        }
        inputs = {name: as_gradient(g, driver.who[1]) for name, g in supplied.inputs.items()}
        gradients: dict[str, Array | None] = {leaf.name: None for leaf in driver.inputs.leaves} | inputs | read
        if driver.way is not None and not driver.way.takes_cotangent:
            unsupplied = {name for name, g in read.items() if g is not None and not g.any()}
            gradients = {n: g if n in unsupplied else self._chained(cotangent, g) for n, g in gradients.items()}
        return self._departures.undone(gradients)

    @property
    def handed(self) -> list[Array]:
        """See Session.handed."""
        return [array for array, _ in self._handed]

    @property
    def returned(self) -> Any:
        """See Session.returned."""
        return self._driver.run.returned

    @property
    def between(self) -> list[Array]:
        """See Session.between."""
        found = [*arrays(self._driver.run.returned), *arrays_below(self._driver.root)]
        return list({id(array): array for array in found}.values())

    def put_back(self) -> None:
        """See Session.put_back."""
        for (leaf, slot, values), bound in zip(self._held, self._bound, strict=True):
            if slot.get() is not bound:
                slot.set(bound)
            leaf.write(values)
        self._random.restore()

    def _notice(self) -> None:
        self.input_changed |= any(array.tobytes() != then for array, then in self._handed)

    def _set_aside(self) -> None:
        """A vast gradient that the layer still holds goes to a file, so that the next one finds room beside it."""
        if any(leaf.vast for leaf in self._found.leaves):
            for place in self._fresh:
                place.set(spilled(place.get(), writeable=True))
            self._known = {id(array) for array in arrays_below(self._driver.root)}
        self._fresh = []

    def _own(self, source: Source, gradient: Array | None) -> Array | None:
        """A float64 copy; of a vast array a view where backward has just made it, else a copy in a file."""
        if gradient is None or isinstance(source, Update):
            return gradient
        if not vast(gradient.size) or gradient.dtype.kind != "f":
            return np.array(gradient, dtype=np.float64)
        if self._is_known(gradient):
            return spilled(gradient)
        if isinstance(source, Beside) and self._is_alone(source.place, gradient):
            self._fresh.append(source.place)
        view = gradient.view()
        view.flags.writeable = False
        return view

    def _is_known(self, array: Any) -> bool:
        """Did the layer hold it before backward, itself or what it is a view of?"""
        while isinstance(array, np.ndarray):
            if id(array) in self._known:
                return True
            array = array.base
        return False

    def _is_alone(self, place: Slot, array: Array) -> bool:
        """Is that the only place that holds it, and can it hold another?"""
        plain = type(place) is Slot and not isinstance(place.container, tuple)
        return plain and sum(slot.get() is array for slot in slots(self._driver.root)) == 1

    def _chained(self, cotangent: Array, slope: Array | None) -> Array | None:
        """dE/dX of a derivative: entry by entry, or one output for each of the leading entries of the input."""
        if slope is None:
            return None
        if slope.shape[: cotangent.ndim] != cotangent.shape and cotangent.size != 1 and slope.size != 1:
            message = (
                f"{self._driver.who[1]} returned shape {slope.shape} for an output of shape {cotangent.shape}; "
                f"nothing fits them together"
            )
            raise LayerError(Failure("ValueError", message))
        inner = max(slope.ndim - cotangent.ndim, 0)
        if cotangent.size == 1:
            return np.asarray(cotangent.reshape(()) * slope)
        return np.asarray(cotangent.reshape(cotangent.shape + (1,) * inner) * slope)
