"""Where reports go: stdout, files written whole or not at all."""

import os
import sys
from pathlib import Path

from gradcheck.base.errors import UsageError
from gradcheck.base.files import write_whole

BROKEN_PIPE = 141  # as a shell reports a process that SIGPIPE ended


def wants_colour() -> bool:
    """Only a terminal, and never under NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def open_closed_streams() -> None:
    """Who has closed stdin, stdout or stderr (`>&-`) wants nothing there; no file of ours may take their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 -- for the whole run


def write_stdout(text: str) -> bool:
    """Print; False where the reader has gone.

    Raises:
        UsageError: it cannot be written: the disk is full.
    """
    try:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # of a TextIO
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_the_rest()
        return False
    except OSError as error:
        _drop_the_rest()
        raise UsageError(f"stdout cannot be written: {error.strerror or error}") from error
    return True


def _drop_the_rest() -> None:
    """What is still in Python's buffer must not raise again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_file(file: str, text: str) -> None:
    """The whole file or none: written beside its place, then moved there.

    Raises:
        UsageError: it cannot be written, or what stands there is no plain file.
    """
    path = Path(file)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise UsageError(f"--report: {file} is not a plain file (a link, a device?): name another, or - for stdout")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text if text.endswith("\n") else f"{text}\n")
    except OSError as error:
        raise UsageError(f"--report: {file} cannot be written: {error.strerror or error}") from error


def add_to_summary(markdown: str) -> None:
    """In a GitHub workflow: to the summary of the job, below what other steps have put there.

    Raises:
        UsageError: it cannot be written.
    """
    file = os.environ.get("GITHUB_STEP_SUMMARY")
    if not file:
        return
    try:
        with Path(file).open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(markdown)
    except OSError as error:
        raise UsageError(f"GITHUB_STEP_SUMMARY={file}: cannot be written: {error.strerror or error}") from error
