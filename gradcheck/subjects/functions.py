"""A pair of functions as a subject: (out, cache) with its vjp, or a function with its derivative."""

from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import Failure, LayerError, UsageError
from gradcheck.subjects.calls import as_output, call
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.spelling import positional
from gradcheck.subjects.subject import Gradients


class FunctionSubject:
    """forward(*arguments); backward(dout, cache) or backward(*arguments), the derivative."""

    def __init__(self, forward: Any, backward: Any, arguments: tuple[Any, ...]) -> None:
        self.title = getattr(forward, "__qualname__", type(forward).__name__)
        self._forward, self._backward = forward, backward
        self.forwards, self.backwards = 0, 0
        self.notes: list[str] = []
        self._arguments = [_own(argument) for argument in arguments]
        self._cached = isinstance(self._called(), tuple)
        self.output_shape = self.forward().shape
        self._named = self._names()
        wanted = set(self._named) if self._cached else {self._derived()}
        self.leaves = tuple(leaf for i, leaf in self._named.items() if i in wanted)
        if not self.leaves:
            raise UsageError(f"arguments of {self.title}: none is a float array, so there is nothing to check")

    def forward(self) -> Array:
        """See Subject.forward."""
        returned = self._called()
        return as_output(returned[0] if self._cached else returned, self.title)

    def vjp(self, cotangent: Array) -> Gradients:
        """See Subject.vjp."""
        cache = self._called()[1] if self._cached else None
        self.backwards += 1
        if not self._cached:
            slope = call(self._backward, *self._copies())
            return {self.leaves[0].name: cotangent * as_output(slope, self._backward.__name__)}
        returned = call(self._backward, cotangent.copy(), cache)
        gradients = returned if isinstance(returned, tuple | list) else (returned,)
        if len(gradients) == len(self.leaves):
            pairs = zip(self.leaves, gradients, strict=True)
        elif len(gradients) == len(self._arguments):
            pairs = zip(self.leaves, [gradients[i] for i in self._named], strict=True)
        else:
            message = f"backward returned {len(gradients)} gradients for {len(self._arguments)} arguments"
            raise LayerError(Failure("TypeError", message))
        return {leaf.name: None if g is None else as_output(g, "backward") for leaf, g in pairs}

    def analytic_error(self, leaf: Leaf) -> float:
        """Nothing is lost in reading a returned gradient."""
        return 0.0 * leaf.size

    def _called(self) -> Any:
        self.forwards += 1
        return call(self._forward, *self._copies())

    def _copies(self) -> list[Any]:
        return [a.copy(order="K") if isinstance(a, np.ndarray) else a for a in self._arguments]

    def _names(self) -> dict[int, Leaf]:
        parameters = positional(self._forward) or []
        names = [p.name for p in parameters] + [f"arg{i}" for i in range(len(parameters), len(self._arguments))]
        floats = [i for i, a in enumerate(self._arguments) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
        first = floats[:1]
        return {
            i: Leaf("input", Role.INPUT, self._arguments[i])
            if [i] == first
            else Leaf(names[i], Role.PARAMETER, self._arguments[i])
            for i in floats
        }

    def _derived(self) -> int | None:
        """The argument that a derivative belongs to: y_pred where there is one, else the first float."""
        found = [i for i, leaf in self._named.items() if leaf.name == "y_pred"]
        return next(iter([*found, *self._named]), None)


def _own(argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        return argument.copy(order="K")
    return np.array(argument) if isinstance(argument, float) else argument
