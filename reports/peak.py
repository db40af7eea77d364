"""Peak memory of this process while something runs."""

import contextlib
import re
import resource
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
_RESET = "5"  # forget the highest resident size so far


class Peak:
    """more: bytes that the peak within the block lies above what was held at its start.

    Where the system cannot forget an earlier peak, that one counts as held: the answer is then too small at most.
    """

    more = 0

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):
            _CLEAR.write_text(_RESET, encoding="ascii")
        self._start = highest()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.more = highest() - self._start


def highest() -> int:
    """The highest resident size so far, in bytes."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"))
    except OSError:
        found = None
    if found is not None:
        return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
