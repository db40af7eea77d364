"""Colours: on a terminal, and nowhere else."""

import sys

import pytest

from tests.cli.tools import Cli, on_terminal, one


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
    cli.write({"a.py": one("A")})
    command = (sys.executable, "-m", "gradcheck", "run", "a.py", "--no-config")
    code, text, errors = on_terminal(cli.folder, *command, stream="stdout", **environment)
    assert (code, errors) == (0, "")
    assert ("\x1b[32mpass\x1b[0m  A(" in text) is coloured
    assert ("\x1b" in text) is coloured
