"""A pair of functions as a subject: (out, cache) with its vjp, or a function with its derivative."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, another
from gradcheck.base.errors import Failure, LayerError, UsageError
from gradcheck.subjects.calls import StateChangedError, as_gradient, as_output, call, dtype_of
from gradcheck.subjects.guard import RandomState, Snapshot
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.spelling import positional
from gradcheck.subjects.subject import Calls, Gradients


class FunctionSubject:
    """forward(*arguments); backward(dout, cache), or backward(*arguments), the derivative; see Subject."""

    updates = False

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.title = getattr(forward, "__qualname__", type(forward).__name__)
        self.calls = Calls()
        self.output_dtype = "float64"
        self.notes: list[str] = []
        self.pair = (forward, backward)
        self.arguments = tuple(_own(argument) for argument in arguments)
        self._base = Snapshot(self.pair)
        self.named = self._names()
        self.leaves: tuple[Leaf, ...] = ()
        with self.session() as session:
            session.forward()
            self.takes_cotangent = session.cached
        wanted = set(self.named) if self.takes_cotangent else {self._derived()}
        self.leaves = tuple(leaf for i, leaf in self.named.items() if i in wanted)
        if not self.leaves:
            raise UsageError(f"arguments of {self.title}: none is a float array, so there is nothing to check")

    def forward(self) -> Array:
        """See Subject.forward."""
        with self.session() as session:
            return session.forward()

    def vjp(self, cotangent: Array) -> Gradients:
        """See Subject.vjp."""
        with self.session() as session:
            session.forward()
            return session.backward(cotangent)

    @contextmanager
    def session(self) -> Iterator["FunctionSession"]:
        """See Subject.session."""
        self._base.restore()
        try:
            yield FunctionSession(self)
        finally:
            self._base.restore()

    @contextmanager
    def measuring(self, output: Array) -> Iterator[Callable[[], Array]]:
        """See Subject.measuring."""
        with self.session() as session:
            random = RandomState(self.pair)

            def prove() -> None:
                if not np.array_equal(session.forward(), output, equal_nan=True) or not random.unchanged():
                    raise StateChangedError

            prove()
            yield session.forward
            prove()

    def reading_error(self, leaf: Leaf) -> float:
        """Nothing is lost in reading a returned gradient."""
        del leaf
        return 0.0

    def _names(self) -> dict[int, Leaf]:
        """The float arguments; the first is the input, the others keep their own names."""
        parameters = positional(self.pair[0]) or []
        names = [p.name for p in parameters]
        names += [f"argument{i}" for i in range(len(parameters), len(self.arguments))]
        floats = {i: a for i, a in enumerate(self.arguments) if isinstance(a, np.ndarray) and a.dtype.kind == "f"}
        first = next(iter(floats), None)
        roles = {i: ("input", Role.INPUT) if i == first else (names[i], Role.PARAMETER) for i in floats}
        return {i: Leaf(*roles[i], array) for i, array in floats.items()}

    def _derived(self) -> int | None:
        """The argument that a derivative belongs to: y_pred where there is one, else the first float."""
        parameters = positional(self.pair[0]) or []
        found = [i for i, p in enumerate(parameters) if p.name == "y_pred" and i in self.named]
        return next(iter([*found, *self.named]), None)


class FunctionSession:
    """See Session."""

    def __init__(self, subject: FunctionSubject) -> None:
        self.input_changed = False
        self.cotangent_changed = False
        self.cached = False
        self._subject = subject
        self._random = RandomState(subject.pair)
        self._cache: Any = None

    def forward(self, *, elsewhere: bool = False) -> Array:
        """See Session.forward."""
        subject = self._subject
        subject.calls.forward += 1
        handed = [another(a) if elsewhere else _own(a) for a in subject.arguments]
        returned = self._watched(subject.pair[0], handed)
        self.cached = isinstance(returned, tuple) and len(returned) == 2
        output, self._cache = returned if self.cached else (returned, None)
        subject.output_dtype = dtype_of(output)
        return as_output(output, subject.title)

    def backward(self, cotangent: Array, rate: float | None = None) -> Gradients:
        """See Session.backward; there is no rate."""
        del rate
        subject = self._subject
        subject.calls.backward += 1
        backward = subject.pair[1]
        if not subject.takes_cotangent:
            slope = as_output(self._watched(backward, [_own(a) for a in subject.arguments]), _name(backward))
            return {subject.leaves[0].name: _chained(cotangent, slope, _name(backward))}
        handed = cotangent.copy(order="K")
        returned = call(backward, handed, self._cache)
        self.cotangent_changed |= handed.tobytes() != cotangent.tobytes()
        return self._assigned(returned)

    def put_back(self) -> None:
        """See Session.put_back; there are no parameters of its own."""
        self._random.restore()

    def _watched(self, function: Callable[..., Any], handed: list[Any]) -> Any:
        before = [a.tobytes() if isinstance(a, np.ndarray) else None for a in handed]
        returned = call(function, *handed)
        self.input_changed |= any(b is not None and a.tobytes() != b for a, b in zip(handed, before, strict=True))
        return returned

    def _assigned(self, returned: Any) -> Gradients:
        """Gradients by position: one an argument, or one a float argument, or by name in a dict."""
        subject = self._subject
        if isinstance(returned, Mapping):
            found = {leaf.name: returned.get(leaf.name) for leaf in subject.leaves}
            return {name: as_gradient(g, _name(subject.pair[1])) for name, g in found.items()}
        gradients = list(returned) if isinstance(returned, tuple | list) else [returned]
        if len(gradients) == len(subject.arguments):
            gradients = [gradients[i] for i in subject.named]
        if len(gradients) != len(subject.leaves):
            message = (
                f"{_name(subject.pair[1])} returned {len(gradients)} gradients; {len(subject.arguments)} are needed, "
                f"one for each argument in order (or {len(subject.leaves)}, one for each float argument)"
            )
            raise LayerError(Failure("TypeError", message))
        pairs = zip(subject.leaves, gradients, strict=True)
        return {leaf.name: as_gradient(g, _name(subject.pair[1])) for leaf, g in pairs}


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _own(argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        return argument.copy(order="K")
    return np.array(argument) if isinstance(argument, float) else argument


def _chained(cotangent: Array, slope: Array, who: str) -> Array:
    """dE/dX of a derivative: entry by entry, or one output for each of the leading entries of the input."""
    if slope.shape[: cotangent.ndim] != cotangent.shape and cotangent.size != 1 and slope.size != 1:
        message = (
            f"{who} returned shape {slope.shape} for an output of shape {cotangent.shape}; nothing fits them together"
        )
        raise LayerError(Failure("ValueError", message))
    inner = max(slope.ndim - cotangent.ndim, 0)
    return np.asarray(cotangent.reshape(cotangent.shape + (1,) * inner) * slope)
