"""What user code prints, kept in a temporary file of bounded size."""

import os
import tempfile
from types import TracebackType
from typing import Self

KEPT = 2000  # characters shown beside an error
_LIMIT = 16 * 2**20


class Capture:
    """A file that a child writes its stdout and stderr to, always at the end."""

    def __init__(self) -> None:
        self._number, name = tempfile.mkstemp(prefix="gradcheck-")
        self.descriptor = os.open(name, os.O_WRONLY | os.O_APPEND)
        os.unlink(name)  # noqa: PTH108 -- the open descriptors keep it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._number)
        os.close(self.descriptor)

    def tail(self, start: int = 0, end: int | None = None) -> str:
        """The last 2,000 characters of what came after the first `start` bytes, and before `end`: a child goes on."""
        size = os.fstat(self._number).st_size
        size = size if end is None else min(size, end)
        begin = max(start if start <= size else 0, size - 4 * KEPT)
        data = os.pread(self._number, max(size - begin, 0), begin)
        return data.decode("utf-8", errors="replace")[-KEPT:]

    def bound(self) -> None:
        """Throw all but the tail away once a child has printed more than 16 MB."""
        if os.fstat(self._number).st_size > _LIMIT:
            kept = self.tail().encode()
            os.ftruncate(self._number, 0)
            os.write(self.descriptor, kept)
