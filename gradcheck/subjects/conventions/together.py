"""One function gives the value and its gradients, (loss, dx) or (loss, grads); or the value and a callback for dY."""

from typing import Any

import numpy as np

from gradcheck.base.arrays import is_float_array
from gradcheck.subjects.calls import call
from gradcheck.subjects.conventions.calling import is_output
from gradcheck.subjects.conventions.way import NoFitError, Run, Seen, Supplied, Way
from gradcheck.subjects.results import Results
from gradcheck.subjects.trees import is_number

FAMILY = "value and gradients from one call"


def fit(seen: Seen) -> Way:
    """(y, callback): the callback takes dY. (loss, gradients): a number, and arrays or a dict or tuple of them."""
    returned = seen.run.returned
    if seen.backward is not None:
        raise NoFitError("there is a backward of its own")
    if not isinstance(returned, tuple) or len(returned) < 2:
        raise NoFitError(f"{seen.who[0]} returns no pair of a value and something else")
    results = Results(seen.inputs, seen.who[0], parameters=seen.is_layer)

    def supplied(value: Any, run: Run) -> Supplied:
        del run
        return Supplied(*results.split(value))

    if len(returned) == 2 and callable(returned[1]) and is_output(returned[0]):
        return Way(FAMILY, _first, _callback, supplied)
    if not (is_number(returned[0]) or (is_float_array(returned[0]) and np.size(returned[0]) == 1)):
        raise NoFitError(f"the first that {seen.who[0]} returns is no number, a loss")
    return Way(FAMILY, _first, _rest, supplied, takes_cotangent=False)


def _first(run: Run) -> Any:
    return run.returned[0]


def _callback(run: Run, cotangents: Any, rate: float) -> Any:
    del rate
    return call(run.returned[1], cotangents)


def _rest(run: Run, cotangents: Any, rate: float) -> Any:
    del cotangents, rate
    return run.returned[1] if len(run.returned) == 2 else run.returned[1:]
