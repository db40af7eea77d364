"""Calling the user's code: what it raises becomes a LayerError, what it returns is checked."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import Failure, LayerError

_OURS = Path(__file__).resolve().parent.parent


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """function(*arguments), quiet about floating-point warnings; SystemExit is an error like any other."""
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except (Exception, SystemExit) as error:
        message = str(error) or type(error).__name__
        raise LayerError(Failure(type(error).__name__, message, _place(error))) from error


def as_output(value: Any, who: str) -> Array:
    """A float64 copy of what forward returned; LayerError where that is no float array or number."""
    array = np.asarray(value) if isinstance(value, np.ndarray | np.generic | float) else None
    if array is None or not np.issubdtype(array.dtype, np.floating):
        kind = f"{type(value).__name__} of {array.dtype}" if array is not None else type(value).__name__
        what = "None" if value is None else f"a {kind}"
        raise LayerError(Failure("TypeError", f"{who} returned {what}; a float array or number is needed"))
    return np.array(array, dtype=np.float64)


def _place(error: BaseException) -> str | None:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _OURS not in Path(f.filename).resolve().parents]
    own = [f for f in frames if "site-packages" not in f.filename and not f.filename.startswith("<")]
    last = (own or frames)[-1] if frames else None
    return f"{Path(last.filename).name}:{last.lineno}" if last else None
