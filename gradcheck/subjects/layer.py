"""A layer object as a subject: dE/dX is returned; parameters update themselves or have their gradients beside them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, another, is_float_array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import eps
from gradcheck.base.randomness import signed, stream
from gradcheck.subjects.calls import StateChangedError
from gradcheck.subjects.driver import Driver
from gradcheck.subjects.graph import slots
from gradcheck.subjects.guard import RandomState, Snapshot
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.parameters import Parameters, find_parameters
from gradcheck.subjects.sources import Update
from gradcheck.subjects.spelling import is_parameter_name
from gradcheck.subjects.subject import Calls, Gradients

RATES = (2.0**40, 2.0**20, 1.0, 2.0**-10)  # the first that behaves like rate 1 is the one to read gradients at


class LayerSubject:
    """forward(x) and backward(dY, rate); see Subject."""

    takes_cotangent = True
    _rate = 1.0

    def __init__(self, layer: Any, x: Array, seed: int) -> None:
        self._driver = Driver(layer)
        self.title = self._driver.title
        self._point = x.copy(order="K")
        self._base = Snapshot(layer)
        output = self._settled_forward(layer)
        found = find_parameters(self._driver, self._point, self._base, output, stream(seed, "discover"))
        self._parameters = found
        self.notes = list(found.notes)
        own = (Leaf("input", Role.INPUT, self._point),) if is_float_array(self._point) else ()
        self.leaves: tuple[Leaf, ...] = (*own, *found.leaves)
        self._base = Snapshot(layer, without=[leaf.array for leaf in self.leaves])
        self.updates = found.update and self._driver.has_rate
        self._rate = self._reading_rate(output, seed) if self.updates else 1.0

    @property
    def calls(self) -> Calls:
        """How often the user's code was called."""
        return self._driver.calls

    @property
    def output_dtype(self) -> str:
        """The float type of what forward returned."""
        return self._driver.output_dtype

    def forward(self) -> Array:
        """See Subject.forward."""
        with self.session() as session:
            return session.forward()

    def vjp(self, cotangent: Array) -> Gradients:
        """See Subject.vjp. Of a layer that updates itself dE/dX comes from a call at rate 0."""
        gradients: dict[str, Array | None] = {}
        if self.updates:
            gradients.update(self._once(cotangent, self._rate))
            gradients["input"] = self._once(cotangent, 0.0).get("input") if self._has_input else None
        else:
            gradients.update(self._once(cotangent, self._rate))
        return {leaf.name: gradients.get(leaf.name) for leaf in self.leaves}

    @contextmanager
    def session(self) -> Iterator["LayerSession"]:
        """See Subject.session."""
        held = [(leaf, leaf.values()) for leaf in self.leaves]
        self._base.restore()
        for leaf in self.leaves:
            leaf.published()
        try:
            yield LayerSession(self._driver, self._point, self._parameters, self._rate)
        finally:
            self._base.restore()
            for leaf, values in held:
                leaf.write(values)

    @contextmanager
    def measuring(self, output: Array) -> Iterator[Callable[[], Array]]:
        """See Subject.measuring: two forwards from one another's leavings must agree bit for bit."""
        with self.session():
            random = RandomState(self._driver.layer)
            self._prove(output, random)
            yield self._quick
            self._prove(output, random)

    def reading_error(self, leaf: Leaf) -> float:
        """See Subject.reading_error."""
        source = self._parameters.sources.get(leaf.name)
        if not isinstance(source, Update):
            return 0.0
        return float(np.finfo(leaf.array.dtype).eps) * float(np.max(np.abs(leaf.array), initial=0.0)) / self._rate

    @property
    def _has_input(self) -> bool:
        return bool(self.leaves) and self.leaves[0].role is Role.INPUT

    def _settled_forward(self, layer: Any) -> Array:
        """The first output. Parameters that the first forward makes belong to the base state from then on."""
        before = set(_array_paths(layer))
        self._base.restore()
        output = self._quick()
        made = {path: array for path, array in _array_paths(layer).items() if path not in before}
        if made and np.array_equal(self._quick(), output, equal_nan=True):
            now = _array_paths(layer)
            kept = [path for path, array in made.items() if now.get(path) is array and is_parameter_name(path)]
            if kept:
                self._base = Snapshot(layer)
        self._base.restore()
        return output

    def _quick(self) -> Array:
        return self._driver.forward(self._point.copy(order="K"))

    def _prove(self, output: Array, random: RandomState) -> None:
        values = [leaf.values() for leaf in self.leaves]
        same = np.array_equal(self._quick(), output, equal_nan=True) and random.unchanged()
        still = all(np.array_equal(leaf.array, v, equal_nan=True) for leaf, v in zip(self.leaves, values, strict=True))
        if not same or not still:
            raise StateChangedError

    def _once(self, cotangent: Array, rate: float) -> Gradients:
        with self.session() as session:
            session.forward()
            return session.backward(cotangent, rate)

    def _reading_rate(self, output: Array, seed: int) -> float:
        cotangent = signed(stream(seed, "rate"), output.shape)
        unit = self._once(cotangent, 1.0)
        return next((r for r in RATES if r == 1.0 or self.proportional(unit, 1.0, cotangent, r)), 1.0)

    def proportional(self, known: Gradients, at: float, cotangent: Array, rate: float) -> bool:
        """Are the updates at `rate` those known at the rate `at`, up to rounding? False where the layer raises."""
        try:
            found = self._once(cotangent, rate)
        except LayerError:
            return False
        return all(self._agree(leaf, known[leaf.name], found[leaf.name], min(at, rate)) for leaf in self._updated)

    @property
    def _updated(self) -> list[Leaf]:
        return [leaf for leaf in self.leaves if isinstance(self._parameters.sources.get(leaf.name), Update)]

    def _agree(self, leaf: Leaf, one: Array | None, other: Array | None, rate: float) -> bool:
        if one is None or other is None or one.shape != other.shape:
            return one is other
        size = float(np.max(np.abs(leaf.array), initial=0.0))
        largest = float(np.max(np.abs(one), initial=0.0))
        slack = 64 * eps(leaf.array.dtype) * (largest + size + size / rate)
        with np.errstate(all="ignore"):
            return bool(np.all((np.abs(one - other) <= slack) | (np.isnan(one) & np.isnan(other))))


class LayerSession:
    """See Session."""

    def __init__(self, driver: Driver, point: Array, parameters: Parameters, rate: float) -> None:
        self.input_changed = False
        self.cotangent_changed = False
        self._driver, self._point, self._found, self._rate = driver, point, parameters, rate
        self._held = [(leaf, parameters.slots[leaf.name], leaf.values()) for leaf in parameters.leaves]
        self._bound = [slot.get() for _, slot, _ in self._held]
        self._random = RandomState(driver.layer)
        self._handed: tuple[Array, Array] | None = None

    def forward(self, *, elsewhere: bool = False) -> Array:
        """See Session.forward."""
        x = another(self._point) if elsewhere else self._point.copy(order="K")
        self._handed = (x, x.copy(order="K"))
        output = self._driver.forward(x)
        self._notice()
        return output

    def backward(self, cotangent: Array, rate: float | None = None) -> Gradients:
        """See Session.backward."""
        rate = self._rate if rate is None else rate
        found = self._found
        for path, slot in found.slots.items():
            found.sources[path].before(slot)
        handed = cotangent.copy(order="K")
        returned = self._driver.backward(handed, rate)
        self.cotangent_changed |= handed.tobytes() != cotangent.tobytes()
        self._notice()
        read = {path: found.sources[path].after(slot, rate) for path, slot in found.slots.items()}
        return {"input": returned, **read}

    def put_back(self) -> None:
        """See Session.put_back."""
        for (leaf, slot, values), bound in zip(self._held, self._bound, strict=True):
            if slot.get() is not bound:
                slot.set(bound)
            leaf.write(values)
        self._random.restore()

    def _notice(self) -> None:
        if self._handed is not None:
            now, then = self._handed
            self.input_changed |= now.tobytes() != then.tobytes()


def _array_paths(layer: Any) -> dict[str, Array]:
    return {slot.path: slot.get() for slot in slots(layer) if is_float_array(slot.get())}
