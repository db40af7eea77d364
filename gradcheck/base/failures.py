"""An exception of user code as plain data."""

import traceback
from pathlib import Path
from types import TracebackType

import gradcheck.base
from gradcheck.base.errors import Failure

_OURS = Path(gradcheck.base.__file__).parent.parent
_LIBRARY = Path(traceback.__file__).parent


def failure_of(error: BaseException) -> Failure:
    """Type, text, and the innermost line of the user's own code; never our traceback."""
    return Failure(type(error).__name__, _text(error), _where(error))


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
    return filename.startswith("<") or path.is_relative_to(_OURS) or in_library
