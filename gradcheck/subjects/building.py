"""Parameters that a method makes, not the constructor: build(input_shape), initialize(optimizer), connect(previous)."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from gradcheck.base.errors import LayerError
from gradcheck.base.looking import look
from gradcheck.subjects.calls import call
from gradcheck.subjects.driver import Driver
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.spelling import positional

_BUILDERS = ("set_input_shape", "build", "initialize", "initialise", "init_params", "init_weights", "init_parameters",
             "initialize_parameters", "initialize_weights", "initialize_params", "setup", "connect", "compile",
             "init")  # fmt: skip
_SHAPES = ("input_shape", "shape", "in_shape", "input_dims", "shape_in")
_SIZES = ("input_size", "input_dim", "n_in", "in_features", "n_inputs", "num_inputs", "fan_in", "in_dim", "n_input")
_LAYERS = ("prev", "previous", "prev_layer", "previous_layer", "input_layer", "inbound", "layer", "from_layer")


class Optimiser:
    """Stands in where `initialize` wants an optimiser: plain gradient descent that changes nothing."""

    learning_rate = lr = 1.0

    def update(self, w: Any, grad: Any = None, *rest: Any) -> Any:
        """The parameter as it was."""
        del grad, rest
        return w


def first_forward(driver: Driver) -> None:
    """Runs forward once, from the layer's own state; where it raises, after each way to make its parameters.

    Raises:
        LayerError: what the very first forward raised, if nothing helps.
    """
    layer = driver.root
    before = Snapshot(layer)
    try:
        driver.trial(driver.inputs.handed())
        return
    except LayerError as error:
        first = error
    finally:
        before.restore()
    for build in filter(None, (_builder(layer, name, driver) for name in _BUILDERS)):
        try:
            call(build)
            made = Snapshot(layer)
            driver.trial(driver.inputs.handed())
        except LayerError:
            continue
        made.restore()
        driver.refresh()
        return
    before.restore()
    raise first


def _builder(layer: Any, name: str, driver: Driver) -> Callable[[], Any] | None:
    """The method with arguments for what it requires; None where there is none, or one of them is not known."""
    method = look(layer, name)
    if not callable(method) or str(getattr(method, "__module__", "")).startswith("torch."):  # Module.compile()
        return None
    required = [p.name for p in positional(method) or [] if p.default is p.empty]
    shape = np.shape(driver.inputs.arguments[0]) if driver.inputs.arguments else ()
    known: dict[str, Any] = dict.fromkeys(_SHAPES, tuple(shape[1:]) or tuple(shape))
    known |= dict.fromkeys(_SIZES, next(reversed(shape), 1)) | dict.fromkeys(_LAYERS, _previous(shape))
    known |= dict.fromkeys(("x", "X", "inputs", "input"), next(iter(driver.inputs.handed()), None))
    known |= dict.fromkeys(("optimizer", "optimiser", "opt"), Optimiser())
    if any(word not in known for word in required):
        return None
    return lambda: method(*(known[word] for word in required))


def _previous(shape: tuple[int, ...]) -> SimpleNamespace:
    """A layer before this one, as far as its sizes go."""
    size = shape[-1] if shape else 1
    names = ("output_size", "n_out", "units", "output_dim", "out_features", "size", "n_units", "num_outputs")
    return SimpleNamespace(output_shape=tuple(shape[1:]) or tuple(shape), **dict.fromkeys(names, size))
