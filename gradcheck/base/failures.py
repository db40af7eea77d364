"""An exception of user code as plain data."""

import re
import traceback
from pathlib import Path
from types import TracebackType

import gradcheck.base
from gradcheck.base.errors import Failure, GradcheckError

_HERE = Path(gradcheck.base.__file__).parent.parent
_LIBRARY = Path(traceback.__file__).parent


def failure_of(error: BaseException, *, theirs: bool = False) -> Failure:
    """Type, text, and the innermost line of the user's own code; never our traceback.

    A traceback that ends in our own code is our fault, or the way in which the layer was understood, and is said so.
    theirs: it is known to be none of ours, as where we call a layer that is itself the library's.
    """
    text = _text(error)
    if not theirs and _is_ours(error):
        uncallable = isinstance(error, TypeError) and _ARGUMENTS.search(text) is not None
        text = f"{text}. {_CALL_HINT}" if uncallable else f"{_OURS}: {text}. {_OURS_HINT}"
    return Failure(type(error).__name__, text, _where(error))


_OURS = "gradcheck's own code raised this, not the layer"
_ARGUMENTS = re.compile(r"\(\) missing \d+ required ")  # what Python says of a call
_CALL_HINT = "What else it must be given is not known: say how it is called with Convention(forward=..., backward=...)"
_OURS_HINT = "Either the layer is called in another way (say how with a Convention), or this is a fault to report"


def _is_ours(error: BaseException) -> bool:
    """Does the traceback end in our own code, numerical libraries and Python's own set aside?"""
    if isinstance(error, GradcheckError | SyntaxError | SystemExit):
        return False
    frames = [f.filename for f in traceback.extract_tb(error.__traceback__) if not _is_library(f.filename)]
    return bool(frames) and Path(frames[-1]).is_relative_to(_HERE)


# What our own code calls; other installed packages are the user's, whose layers may well be what is checked.
_CALLED = frozenset({"numpy", "scipy", "hypothesis", "tabulate", "tqdm"})


def _is_library(filename: str) -> bool:
    path = Path(filename)
    installed = bool(_CALLED.intersection(path.parts)) and "site-packages" in path.parts
    installed = installed and not path.is_relative_to(_HERE)
    in_library = path.is_relative_to(_LIBRARY) and "site-packages" not in path.parts
    return filename.startswith("<") or installed or in_library


def _text(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.msg}: {error.text.strip()}" if error.text else str(error.msg)
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    try:
        return str(error) or f"{type(error).__name__} without a message"
    except Exception as inner:
        return f"its message cannot be made: {type(inner).__name__}"


def _where(error: BaseException) -> str | None:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    return _innermost(error.__traceback__)


def _innermost(trace: TracebackType | None) -> str | None:
    """The deepest frame in a file that is neither ours nor Python's own; one of the user's before an installed one."""
    frames = [frame for frame in traceback.extract_tb(trace) if not _is_machinery(frame.filename)]
    own = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else None


def _is_machinery(filename: str) -> bool:
    """Ours, compiled in (`<frozen importlib>`), or of the standard library."""
    path = Path(filename)
    in_library = path.is_relative_to(_LIBRARY) and "site-packages" not in path.parts
    return filename.startswith("<") or path.is_relative_to(_HERE) or in_library
