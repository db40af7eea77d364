"""Progress: on a terminal's stderr, for what takes longer than a second; it costs the time limit nothing."""

import json
import re
import sys

import pytest

from gradcheck.base.stage import Doing
from gradcheck.progress import said
from tests.cli.tools import Cli, layer, on_terminal

SLOW = """import time
import numpy as np


class Slow:
    def __init__(self, input_shape):
        self.input_shape = self.output_shape = input_shape
        self.scale = np.random.rand(*input_shape)

    def forward_propagation(self, input):
        time.sleep({seconds})
        self.input = input
        return np.tanh(self.scale.sum() * input)

    def backward_propagation(self, output_error, learning_rate):
        d = output_error * (1 - np.tanh(self.scale.sum() * self.input) ** 2)
        self.dx = d * self.scale.sum()
        self.scale -= learning_rate * (d * self.input).sum()
        return self.dx


def gradcheck_cases():
    yield Slow((1, 40)), np.random.rand(1, 40)
"""
RUN = (sys.executable, "-m", "gradcheck", "run", "slow.py", "--no-config")
ONE = "import slow; from gradcheck import check; print(check(slow.Slow((1, 40))).verdict)"


def shown(text: str) -> list[str]:
    """What stood on the line, one after the other."""
    return [line.strip() for line in re.split(r"[\r\n]", text) if line.strip()]


def test_layer_leaf_entries_and_forwards_are_shown(cli: Cli) -> None:
    cli.write({"slow.py": SLOW.format(seconds=0.01)})
    code, text, report = on_terminal(cli.folder, *RUN, "--format", "json", stream="stderr")
    assert (code, {check["verdict"] for check in json.loads(report)["checks"]}) == (0, {"pass"})
    lines = shown(text)
    assert all(re.match(r"case \d+, 00:\d\d: Slow\(", line) and len(line) <= 80 for line in lines)
    counts = [re.search(r", scale: (\d+) of 40 entries, (\d+) forwards$", line) for line in lines]
    assert sum(count is not None for count in counts) > 1
    assert text.endswith("\r")  # the line is wiped


def test_a_slow_run_without_a_terminal_shows_nothing(cli: Cli) -> None:
    cli.write({"slow.py": SLOW.format(seconds=0.005)})
    ran = cli("run", "slow.py", "--no-config")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(("seconds", "there"), [(0.01, True), (0, False)], ids=["slow", "quick"])
def test_a_check_from_python_shows_what_it_is_at(cli: Cli, seconds: float, there: bool) -> None:
    cli.write({"slow.py": SLOW.format(seconds=seconds)})
    code, text, out = on_terminal(cli.folder, sys.executable, "-c", ONE, stream="stderr")
    assert (code, out) == (0, "pass\n")
    lines = shown(text)
    assert bool(lines) is there
    assert all(line.startswith("Slow, ") for line in lines)
    assert any(re.search(r"(scale|input): \d+ of 40 entries, \d+ forwards, 00:0\d", line) for line in lines) is there


def test_the_time_limit_goes_on_while_progress_is_told(cli: Cli) -> None:
    cli.write({"slow.py": layer("Slow", forward="\n        while True:\n            pass")})
    code, text, report = on_terminal(cli.folder, *RUN, "--timeout", "3", "--format", "json", stream="stderr")
    assert code == 1
    assert "00:02: Slow(" in text
    assert json.loads(report)["checks"][0]["error"]["kind"] == "Timeout"


@pytest.mark.parametrize("name", ["\x1b[31mred\x07", "x" * 500, "\u202eabc"], ids=["escapes", "long", "right to left"])
def test_a_name_gives_the_terminal_no_command_and_stays_on_the_line(name: str) -> None:
    line = said(name, Doing(name, 3, 256, forward=12), 72)
    assert line.isprintable()
    assert "3 of 256 entries, 12 forwards" in line
    assert len(said(name, Doing("weights", 3, 256, forward=12), 72)) <= 72
