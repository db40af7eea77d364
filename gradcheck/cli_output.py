"""Where reports go: stdout, files written whole or not at all, progress on stderr."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gradcheck.base.errors import UsageError

BROKEN_PIPE = 141  # as a shell reports a process that SIGPIPE ended


def wants_colour() -> bool:
    """Only a terminal, and never under NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def write_stdout(text: str) -> bool:
    """Print; False where the reader has gone."""
    try:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def write_file(file: str, text: str) -> None:
    """The whole file or none: written beside its place, then moved there.

    Raises:
        UsageError: it cannot be written.
    """
    path = Path(file)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text if text.endswith("\n") else f"{text}\n")
    except OSError as error:
        raise UsageError(f"--report: {file} cannot be written: {error.strerror or error}") from error


def _replace(path: Path, text: str) -> None:
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A bar over the cases, on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm  # noqa: PLC0415 -- only where it is shown

    with tqdm(unit=" cases", leave=False, bar_format="{n_fmt} cases, {elapsed}: {desc}", file=sys.stderr) as bar:

        def step(name: str) -> None:
            bar.set_description_str(name[:60], refresh=False)
            bar.update()

        yield step
