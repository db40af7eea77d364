"""A layer or a pair of functions as a subject, whatever its convention; see Subject."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, is_float_array
from gradcheck.base.errors import LayerError
from gradcheck.base.large import blocks, identical, largest, put, saved, unmoved
from gradcheck.base.precision import eps
from gradcheck.base.randomness import signed, stream
from gradcheck.subjects.calls import StateChangedError
from gradcheck.subjects.convention import Convention
from gradcheck.subjects.conventions.way import Doubt
from gradcheck.subjects.departures import Departures, departures_of
from gradcheck.subjects.driver import Driver
from gradcheck.subjects.graph import slots
from gradcheck.subjects.guard import RandomState, Snapshot
from gradcheck.subjects.inputs import Inputs
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.parameters import find_parameters
from gradcheck.subjects.recognise import function_driver, layer_driver
from gradcheck.subjects.session import Held, LayerSession
from gradcheck.subjects.sources import Update
from gradcheck.subjects.spelling import is_parameter_name
from gradcheck.subjects.subject import Calls, Gradients

RATES = (2.0**40, 2.0**20, 1.0, 2.0**-10)  # the first that behaves like rate 1 is the one to read gradients at


def layer_subject(layer: Any, x: Any, seed: int, convention: Convention | None = None) -> "LayerSubject":
    """A layer object at the input x: an array, a tuple of several inputs, or a dict by forward's own names."""
    return LayerSubject(layer_driver(layer, x, convention), seed, convention)


def function_subject(
    forward: Callable[..., Any],
    backward: Callable[..., Any] | None,
    arguments: Sequence[Any],
    seed: int = 0,
    convention: Convention | None = None,
) -> "LayerSubject":
    """A pair of functions, or one that gives value and gradients; its arguments are the leaves."""
    return LayerSubject(function_driver(forward, backward, arguments, convention), seed, convention)


class LayerSubject:
    """What a driver drives, guarded; see Subject."""

    _rate = 1.0

    def __init__(self, driver: Driver, seed: int, convention: Convention | None = None) -> None:
        declared = convention or Convention()
        self._driver, layer = driver, driver.root
        self.title = driver.title
        self._base = Snapshot(layer)
        output = self._settled_forward(layer)
        found = find_parameters(driver, self._base, output, stream(seed, "discover"), declared)
        self._parameters = found
        self._departures = Departures()
        self.leaves: tuple[Leaf, ...] = (*driver.inputs.renamed(found.slots), *found.leaves)
        self._base = Snapshot(layer, without=[leaf.array for leaf in self.leaves])
        self.leaves = (*self._supplied_inputs(output, seed), *found.leaves)
        self.notes: list[str] = [*driver.notes, *found.notes]
        self.updates = found.update and driver.has_rate
        self._rate = self._reading_rate(output, seed) if self.updates else 1.0
        cotangent = signed(stream(seed, "departures"), output.shape)
        self._departures = departures_of(declared, self.leaves, self.once, driver, cotangent)
        self.notes += self._departures.notes

    @property
    def takes_cotangent(self) -> bool:
        """See Subject."""
        return self._driver.way is None or self._driver.way.takes_cotangent

    @property
    def doubt(self) -> Doubt | None:
        """Why it cannot be told what backward is handed."""
        return self._driver.doubt

    @property
    def inputs(self) -> Inputs:
        """What forward is called with."""
        return self._driver.inputs

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
        with self._from_base(self._held(backward=False)) as session:
            return session.forward()

    def vjp(self, cotangent: Array) -> Gradients:
        """See Subject.vjp. Of a layer that updates itself dE/dX comes from a call at rate 0."""
        gradients = dict(self.once(cotangent, self._rate))
        if self.updates:
            still = self.once(cotangent, 0.0)
            gradients.update({leaf.name: still.get(leaf.name) for leaf in self._driver.inputs.leaves})
        return {leaf.name: gradients.get(leaf.name) for leaf in self.leaves}

    def session(self) -> AbstractContextManager[LayerSession]:
        """See Subject.session."""
        return self._from_base(self._held(backward=True))

    @contextmanager
    def _from_base(self, held: Held) -> Iterator[LayerSession]:
        self._base.restore()
        for leaf in self.leaves:
            leaf.published()
        try:
            yield LayerSession(
                self._driver, self._parameters, held, self._rate, self._departures, random=self._base.random
            )  # fmt: skip
        finally:
            self._base.restore()
            self._driver.forget()
            for leaf, values in held:
                leaf.write(values)

    @contextmanager
    def measuring(self, output: Array) -> Iterator[Callable[[], Array]]:
        """See Subject.measuring: two forwards from one another's leavings must agree bit for bit."""
        with self.session():
            random = self._base.random  # which the session has just put back
            values = [leaf.values() for leaf in self.leaves]
            self._prove(output, random, values)
            with np.errstate(all="ignore"):  # once, not in every call
                yield self._driver.quick()
            self._prove(output, random, values)

    def reading_error(self, leaf: Leaf) -> float:
        """See Subject.reading_error."""
        source = self._parameters.sources.get(leaf.name)
        if not isinstance(source, Update):
            return 0.0
        return float(np.finfo(leaf.array.dtype).eps) * largest(leaf.array) / self._rate

    def once(self, cotangent: Array, rate: float | None = None) -> Gradients:
        """One forward and backward from the base state."""
        with self.session() as session:
            session.forward()
            return session.backward(cotangent, rate)

    def _held(self, *, backward: bool) -> Held:
        """What is put back after the calls. Who has moved a vast leaf puts that back, unless backward changes it."""
        changing = backward and self._parameters.update
        copies = [(leaf, unmoved(leaf.array) if leaf.vast and not changing else leaf.values()) for leaf in self.leaves]
        return [(leaf, copy) for leaf, copy in copies if copy is not None]

    def _settled_forward(self, layer: Any) -> Array:
        """The first output. Parameters that the first forward makes belong to the base state from then on."""
        before = set(_array_paths(layer))
        self._base.restore()
        output = self._quick()
        made = {path: (a, saved(a)) for path, a in _array_paths(layer).items() if path not in before}
        random = RandomState(layer) if made else None
        settled = None if random is None else self._settled(output, random)
        if random is not None and settled is not None:
            now = _array_paths(layer)
            still = {p: array for p, (array, copy) in made.items() if now.get(p) is array and identical(array, copy)}
            if any(is_parameter_name(path) or self._is_used(array, settled, random) for path, array in still.items()):
                random.restore()
                self._base, output = Snapshot(layer), settled
        self._base.restore()
        return output

    def _settled(self, output: Array, random: RandomState) -> Array | None:
        """What forward gives from now on, for this random state; None where that is another each time."""
        again = self._quick()
        if np.array_equal(again, output, equal_nan=True):
            return again
        random.restore()  # the first forward may have drawn parameters before it drew a mask
        return again if np.array_equal(self._quick(), again, equal_nan=True) else None

    def _is_used(self, array: Array, output: Array, random: RandomState) -> bool:
        """Does the next output depend on this array: made by a forward, is it a parameter and no cache?"""
        if not array.flags.writeable:
            return False
        copy = saved(array)
        try:
            array *= 1.125
            array += 0.125
            random.restore()
            return not np.array_equal(self._quick(), output, equal_nan=True)
        except LayerError:
            return True
        finally:
            put(array, copy)

    def _supplied_inputs(self, output: Array, seed: int) -> list[Leaf]:
        """The inputs that backward gives a gradient; of several, those that it leaves out are said, not checked."""
        leaves = list(self._driver.inputs.leaves)
        if len(leaves) < 2 and self.takes_cotangent:
            return leaves
        try:
            with self.session() as session:
                session.forward()
                given = session.backward(signed(stream(seed, "inputs"), output.shape))
                keyed = _holds_dict(self._driver.returned)
        except LayerError:
            return leaves
        left = [leaf for leaf in leaves if given.get(leaf.name) is None]
        if keyed:  # None in its place says that there is to be none
            left = [leaf for leaf in left if not self._forgotten(leaf, given, output)]
        if len(left) == len(leaves):
            return leaves
        names = ", ".join(leaf.name for leaf in left)
        if left and self.takes_cotangent:
            self._driver.notes.append(f"{names}: not checked (backward gives no gradient for it)")
        return [leaf for leaf in leaves if leaf not in left]

    def _forgotten(self, leaf: Leaf, given: Gradients, output: Array) -> bool:
        """Is it a parameter of a function that a dict of gradients lacks, though others are in it?"""
        others = [x for x in self._driver.inputs.leaves if x.role is Role.PARAMETER and given.get(x.name) is not None]
        if not (others and leaf.role is Role.PARAMETER and is_parameter_name(leaf.name)):
            return False
        return self._is_used(leaf.array, output, self._base.random)

    def _quick(self) -> Array:
        return self._driver.forward(self._driver.inputs.handed())

    def _prove(self, output: Array, random: RandomState, values: Sequence[Array]) -> None:
        same = np.array_equal(self._quick(), output, equal_nan=True) and random.unchanged()
        still = all(identical(leaf.array, v) for leaf, v in zip(self.leaves, values, strict=True))
        if not same or not still:
            raise StateChangedError

    def _reading_rate(self, output: Array, seed: int) -> float:
        cotangent = signed(stream(seed, "rate"), output.shape)
        unit = self.once(cotangent, 1.0)
        return next((r for r in RATES if r == 1.0 or self.proportional(unit, 1.0, cotangent, r)), 1.0)

    def proportional(self, known: Gradients, at: float, cotangent: Array, rate: float) -> bool:
        """Are the updates at `rate` those known at the rate `at`, up to rounding? False where the layer raises."""
        try:
            found = self.once(cotangent, rate)
        except LayerError:
            return False
        return all(self._agree(leaf, known[leaf.name], found[leaf.name], min(at, rate)) for leaf in self._updated)

    @property
    def _updated(self) -> list[Leaf]:
        return [leaf for leaf in self.leaves if isinstance(self._parameters.sources.get(leaf.name), Update)]

    def _agree(self, leaf: Leaf, one: Array | None, other: Array | None, rate: float) -> bool:
        if one is None or other is None or one.shape != other.shape:
            return one is other
        size = largest(leaf.array)
        slack = 64 * eps(leaf.array.dtype) * (largest(one) + size + size / rate)
        with np.errstate(all="ignore"):
            pairs = zip(blocks(one), blocks(other), strict=True)
            return all(bool(np.all((np.abs(a - b) <= slack) | (np.isnan(a) & np.isnan(b)))) for a, b in pairs)


def _holds_dict(returned: Any) -> bool:
    parts = returned if isinstance(returned, tuple | list) else (returned,)
    return any(isinstance(part, Mapping) for part in parts)


def _array_paths(layer: Any) -> dict[str, Array]:
    return {slot.path: slot.get() for slot in slots(layer) if is_float_array(slot.get())}
