"""Driving one layer: forward and backward called in the way that was recognised, its learning rate set; unguarded."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal, TypeGuard

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.failures import failure_of
from gradcheck.base.looking import look
from gradcheck.subjects.calls import as_output, call, dtype_of
from gradcheck.subjects.conventions.way import Doubt, Run, Supplied, Way
from gradcheck.subjects.graph import Slot
from gradcheck.subjects.inputs import Inputs
from gradcheck.subjects.rates import at_rate
from gradcheck.subjects.recorder import optimisers, put_recorders
from gradcheck.subjects.spelling import ZERO_NAMES, positional, says_training
from gradcheck.subjects.subject import Calls, Quick
from gradcheck.subjects.trees import floats, split


class Driver:
    """One layer (or pair of functions) at its inputs.

    root: everything that it may change hangs below it · who: forward and backward, as messages name them
    inputs: the arguments, whose arrays are leaves · pairs: what recorders have noted in the last backward.
    """

    def __init__(
        self, root: Any, title: str, who: tuple[str, str], forward: Callable[..., Any], inputs: Inputs
    ) -> None:
        self.root = root
        self.title = title
        self.who = who
        self.inputs = inputs
        self.calls = Calls()
        self.output_dtype = "float64"
        self.way: Way | None = None
        self.run = Run([])
        self.kept_rates: list[Slot] = []
        self.reset: Callable[[], Any] | None = None
        self.flushes = False
        self.pairs: list[tuple[Any, Any]] = []
        self.notes: list[str] = []
        self.doubt: Doubt | None = None
        self.returned: Any = None
        self._forward = forward
        self._optimisers = optimisers(root)

    @property
    def has_rate(self) -> bool:
        """Is there a learning rate, given or kept?"""
        return bool(self.kept_rates) or (self.way is not None and self.way.gives_rate)

    def trial(self, handed: Sequence[Any]) -> Run:
        """Forward of these very arguments, whatever it returns."""
        if self.reset is not None and self.flushes:
            call(self.reset)
        self.calls.forward += 1
        self.run = Run(list(handed))
        self.run.returned = call(self.inputs.call, self._forward, handed)
        return self.run

    def forward(self, handed: Sequence[Any]) -> Array:
        """The output as one float64 array of our own; several outputs are laid end to end."""
        run = self.trial(handed)
        run.outputs = call(self.way.outputs, run) if self.way is not None else run.returned
        leaves = floats(run.outputs)
        if not leaves or leaves[0] is run.outputs:
            self.output_dtype = dtype_of(run.outputs)
            return as_output(run.outputs, self.who[0])
        self.output_dtype = min((dtype_of(leaf) for leaf in leaves), key=lambda name: np.dtype(name).itemsize)
        return np.concatenate([as_output(leaf, self.who[0]).ravel() for leaf in leaves])

    def quick(self) -> Quick:
        """Forward at the point that the inputs hold, to be called very often: nothing is kept for a backward.

        The caller is quiet about floating-point warnings for as long as this is in use.
        """
        run = self.trial(self.inputs.handed())
        outputs = run.returned if self.way is None else call(self.way.outputs, run)
        several = self.inputs.keywords or len(run.handed) != 1 or self.flushes
        if several or outputs is not run.returned or not _is_double(outputs):
            return Quick(lambda: self.forward(self.inputs.handed()))
        (point,), forward, calls, who = self.inputs.arguments, self._forward, self.calls, self.who[0]
        if not isinstance(point, np.ndarray):
            return Quick(lambda: self.forward([point]))

        order: Literal["C", "K"] = "C" if point.flags.c_contiguous else "K"  # C is the faster one

        def measured() -> Array:
            calls.forward += 1
            try:
                returned = forward(point.copy(order))
            except (Exception, SystemExit) as error:
                raise LayerError(failure_of(error)) from error
            return returned if type(returned) is np.ndarray and returned.dtype is _DOUBLE else as_output(returned, who)

        return Quick(measured)

    def backward(self, cotangent: Array, rate: float) -> Supplied:
        """Backward of this very cotangent, for the last forward."""
        assert self.way is not None  # noqa: S101 -- a driver is used once its way is known
        self.calls.backward += 1
        if self.reset is not None and not self.flushes:
            call(self.reset)
        self.forget()
        put_recorders(self._optimisers, self.pairs)
        with at_rate(self.kept_rates, rate):
            self.returned = self.way.backward(self.run, self._apart(cotangent), rate)
        supplied: Supplied = call(self.way.supplied, self.returned, self.run)
        return supplied

    def forget(self) -> None:
        """Let go of the gradients of the last backward."""
        self.returned = None
        self.pairs.clear()

    def without_inputs(self) -> None:
        """No gradient of an input is to be had: the inputs are no leaves."""
        self.inputs = replace(self.inputs, leaves=(), owners=())
        self.notes.append("the gradient of the input is not checked: the convention says that there is none")

    def switch_on(self) -> bool:
        """Turn on a switch of forward that is off by default; is there one, which nobody has set?"""
        set_already = getattr(self._forward, "keywords", {})
        off = [p.name for p in positional(self._forward) or [] if p.default is False and says_training(p.name)]
        if not off or off[0] in set_already:
            return False
        self._forward = partial(self._forward, **{off[0]: True})
        self.notes.append(f"checked with {off[0]}=True: without it {self.who[1]} cannot be run")
        return True

    def refresh(self) -> None:
        """Look again for what parameters that were just made have brought along."""
        self._optimisers = optimisers(self.root)

    def _apart(self, cotangent: Array) -> Any:
        """The cotangent in the form of the outputs; of a derivative there is none."""
        return split(cotangent, self.run.outputs) if self.way is not None and self.way.takes_cotangent else None


def _is_double(value: Any) -> TypeGuard[Array]:
    """A plain array of float64."""
    return type(value) is np.ndarray and value.dtype is _DOUBLE


_DOUBLE = np.dtype(np.float64)


def zeroing(layer: Any) -> Callable[[], Any] | None:
    """The layer's own way to empty its buffers of gradients."""
    name = next((name for name in ZERO_NAMES if callable(look(layer, name))), None)
    return None if name is None else getattr(layer, name)
