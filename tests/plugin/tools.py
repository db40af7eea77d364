"""pytest in an empty project, with this plugin: within this process, or in one of its own."""

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

# Before a session within this process, which forgets what it has imported: numpy cannot be imported twice.
import gradcheck.plugin.marker
import gradcheck.plugin.summary
import gradcheck.plugin.watched  # noqa: F401

HOME = Path(__file__).parent.parent.parent
INSTALLED = any(point.value == "gradcheck.pytest_plugin" for point in entry_points(group="pytest11"))
DENSE = """import numpy as np


class Dense:
    def __init__(self, inputs, outputs):
        self.W = np.random.rand(inputs, outputs)
        self.b = np.zeros(outputs)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = {db}
        return dout @ self.W.T


class Half:
    def forward(self, x):
        return x / 2

    def backward(self, dout):
        return dout / 2


def gradcheck_cases():
    yield Dense(5, 3), np.random.rand(4, 5)
    yield Dense(2, 3), np.random.rand(4, 2)
    yield Half(), np.random.rand(2, 2)
"""
RIGHT, WRONG, NEARLY = "dout.sum(axis=0)", "2 * dout.sum(axis=0)", "1.001 * dout.sum(axis=0)"
DENSE_5 = "layers/dense.py::Dense::Dense() at array((4, 5), float64)"
DENSE_2 = "layers/dense.py::Dense::Dense() at array((4, 2), float64)"
HALF = "layers/dense.py::Half::Half() at array((2, 2), float64)"


def dense(db: str = RIGHT) -> str:
    return DENSE.format(db=db)


class Project:
    """Files in a folder, and pytest on them."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester, self.folder = pytester, pytester.path
        monkeypatch.setenv("PYTHONPATH", str(HOME))
        monkeypatch.delenv("CI", raising=False)
        monkeypatch.setenv("COLUMNS", "80")

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> "Ran":
        """Within this process: half of what a session of its own costs."""
        return Ran(self.pytester.runpytest_inprocess(*self._words(arguments)))

    def run_apart(self, *arguments: str) -> "Ran":
        """As a user runs it: what is imported, and how the process ends, are the session's own."""
        return Ran(self.pytester.runpytest_subprocess(*self._words(arguments)))

    def _words(self, arguments: tuple[str, ...]) -> tuple[str, ...]:
        plugin = () if INSTALLED else ("-p", "gradcheck.pytest_plugin")
        # hypothesis's own plugin imports it at the end of every session, which takes longer than the session
        return (*plugin, "-W", "error", "--strict-markers", "-p", "no:hypothesispytest", *arguments)


class Ran:
    """What a session came to."""

    def __init__(self, result: pytest.RunResult) -> None:
        self.code, self._result = int(result.ret), result
        self.out, self.err = result.stdout.str(), result.stderr.str()

    @property
    def outcomes(self) -> dict[str, int]:
        return self._result.parseoutcomes()

    def counted(self, **expected: int) -> bool:
        """Are there so many of each outcome, and no others?"""
        return {key: n for key, n in self.outcomes.items() if key not in ("warnings", "deselected")} == expected

    @property
    def section(self) -> str:
        """Ours, at the end."""
        found = re.search(r"=+ gradcheck =+\n(.*?)\n==", self.out, re.DOTALL)
        return found[1] if found else ""

    @property
    def words(self) -> str:
        return " ".join(self.out.split())
