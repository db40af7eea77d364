"""Files to check, and the command line called on them."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import gradcheck
from gradcheck.cli import main

HOME = Path(gradcheck.__file__).parent.parent
_TEMPLATE = """import os, sys, threading, time
import numpy as np
{head}


class {name}:
    def __init__(self, input_shape):
        self.input_shape = self.output_shape = input_shape
        {init}

    def forward_propagation(self, input):
        {forward}

    def backward_propagation(self, output_error, learning_rate):
        {backward}
"""


def layer(
    name: str,
    *,
    forward: str = "return input * 2.0",
    backward: str = "return output_error * 2.0",
    init: str = "pass",
    head: str = "",
) -> str:
    """The source of a layer that doubles, but for the lines given."""
    return _TEMPLATE.format(name=name, forward=forward, backward=backward, init=init, head=head)


def one(name: str, *, at: str = "(1, 5)", **parts: str) -> str:
    """That layer with one case of its own: a few checks, where without it there are forty.

    at: its input_shape · parts: as in layer().
    """
    return layer(name, **parts) + cases(name, at=at)


def cases(*names: str, at: str = "(1, 5)") -> str:
    """A gradcheck_cases with one case of each of those layers."""
    return "\n\ndef gradcheck_cases():\n" + "".join(f"    yield {name}({at})\n" for name in names)


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """The files, in the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


class Ran:
    """What a run came to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def record(self) -> dict[str, Any]:
        """Stdout as JSON, strictly."""
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded

    @property
    def words(self) -> str:
        """Stdout with every run of blanks as one."""
        return " ".join(self.out.split())

    def checks(self, target: str) -> list[dict[str, Any]]:
        """The checks of targets that end so."""
        return [check for check in self.record["checks"] if check["target"].endswith(target)]

    def problem(self, target: str) -> dict[str, Any]:
        """The one problem of a target."""
        (found,) = [problem for problem in self.record["problems"] if problem["target"] == target]
        return dict(found)


class Cli:
    """The command line, called in this process from one folder; its children are processes all the same."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._capsys, self._monkeypatch = folder, capsys, monkeypatch

    def __call__(self, *arguments: str) -> Ran:
        self._monkeypatch.chdir(self.folder)
        self._capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as error:
            code = int(str(error.code))
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Files in the folder."""
        write(self.folder, files)


def process(folder: Path, *arguments: str, **environment: str) -> Ran:
    """`python -m gradcheck` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "gradcheck", *arguments],
        cwd=folder,
        env=surroundings(**environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def on_terminal(folder: Path, *command: str, stream: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, what the command writes to a terminal of 80 columns, and its other stream.

    stream: "stdout" or "stderr", the one that is a terminal.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    streams |= {stream: theirs, "stderr" if stream == "stdout" else "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=folder, env=surroundings(**environment), **streams) as running:
        os.close(theirs)
        text = b""
        while True:
            try:
                text += os.read(ours, 65536)
            except OSError:  # the terminal's other side is closed
                break
        other = (running.stderr or running.stdout).read()  # type: ignore[union-attr]
    os.close(ours)
    return running.returncode, text.decode(), other.decode()


def surroundings(**more: str) -> dict[str, str]:
    """The environment, with this gradcheck to be found."""
    return {**os.environ, "PYTHONPATH": str(HOME), **more}
