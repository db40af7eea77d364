"""Colours: on a terminal, and nowhere else."""

import os
import pty
import subprocess
import sys

import pytest

from tests.cli.tools import Cli, layer, surroundings


def shown(cli: Cli, **environment: str) -> str:
    """What `gradcheck run a.py` writes to a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gradcheck", "run", "a.py", "--no-config"]
    with subprocess.Popen(command, cwd=cli.folder, env=surroundings(**environment), stdout=theirs) as running:
        os.close(theirs)
        text = b""
        while True:
            try:
                text += os.read(ours, 65536)
            except OSError:  # the terminal's other side is closed
                break
    os.close(ours)
    assert running.returncode == 0
    return text.decode()


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb", "NO_COLOR": ""}, False),
    ],
    ids=["terminal", "NO_COLOR", "dumb"],
)
def test_colours(cli: Cli, environment: dict[str, str], coloured: bool) -> None:
    cli.write({"a.py": layer("A")})
    text = shown(cli, **environment)
    assert ("\x1b[32mpass\x1b[0m  A(" in text) is coloured
    assert ("\x1b" in text) is coloured
