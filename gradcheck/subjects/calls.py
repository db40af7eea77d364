"""Calling the user's code: what it raises becomes a LayerError, what it returns is checked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import Failure, LayerError
from gradcheck.base.failures import failure_of


class StateChangedError(Exception):
    """The fast path's proof fell: forward depends on what earlier calls left behind."""


def call(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """function(*arguments, **named), quiet about floating-point warnings; SystemExit is an error like any other."""
    try:
        with np.errstate(all="ignore"):
            return function(*arguments, **named)
    except LayerError:
        raise
    except (Exception, SystemExit) as error:
        raise LayerError(failure_of(error)) from error


@contextmanager
def theirs() -> Iterator[None]:
    """What is raised inside comes from the user's layer, though the last lines of ours may stand right before it."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise LayerError(failure_of(error, theirs=True)) from error


def as_output(value: Any, who: str) -> Array:
    """A float64 copy of what forward returned; LayerError where that is no float array or number."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.array(value, dtype=np.float64)
    if isinstance(value, float | np.floating):
        return np.array(value, dtype=np.float64)
    raise LayerError(Failure("TypeError", f"{who} returned {_what(value)}; a float array or number is needed"))


def as_gradient(value: Any, who: str) -> Array | None:
    """A float64 copy of a gradient, numbers of any real kind taken; None stays None."""
    if value is None:
        return None
    array = np.asarray(value) if isinstance(value, np.ndarray | np.generic | float | int) else None
    if array is None or array.dtype.kind not in "fiub":
        raise LayerError(Failure("TypeError", f"{who} gave {_what(value)} for a gradient; a float array is needed"))
    return np.array(array, dtype=np.float64)


def dtype_of(value: Any) -> str:
    """The float type of an output, "float64" for a Python float."""
    return _spelled(value.dtype) if isinstance(value, np.ndarray | np.generic) else "float64"


@cache
def _spelled(dtype: np.dtype[Any]) -> str:
    return str(dtype)


def _what(value: Any) -> str:
    if value is None:
        return "None"
    kind = type(value).__name__
    return f"a {kind} of {value.dtype}" if isinstance(value, np.ndarray) else f"a {kind}"
