"""The fixture `gradcheck` and its marker, in ordinary tests; what starting pytest costs who uses neither."""

import json

from tests.plugin.tools import RIGHT, Project, dense

pytest_plugins = "pytester"

TESTS = """import numpy as np
import pytest
from net.dense import Dense

pytestmark = pytest.mark.gradcheck(seed=3)


class Nearly(Dense):
    def forward(self, x):
        return super().forward(x) * 1.0001


@pytest.mark.gradcheck(rtol=0.01)
def test_tolerant(gradcheck):
    gradcheck(Nearly(5, 3), np.random.rand(4, 5))


def test_strict(gradcheck):
    gradcheck(Nearly(5, 3), np.random.rand(4, 5))


@pytest.mark.gradcheck(rtol=0.01)
def test_the_calls_own(gradcheck):
    gradcheck(Nearly(5, 3), np.random.rand(4, 5), rtol=1e-9)


def test_pair(gradcheck):
    gradcheck(np.sin, np.cos, (np.random.rand(3),))


@pytest.mark.gradcheck(rtl=0.01)
def test_misspelt(gradcheck): ...


@pytest.mark.gradcheck(0.01)
def test_no_keyword(gradcheck): ...


@pytest.mark.gradcheck(rtol=7)
def test_senseless(gradcheck):
    gradcheck(Dense(5, 3), np.random.rand(4, 5))
"""
INI = "[pytest]\npythonpath = .\n"


def test_the_fixture_honours_the_marker(project: Project) -> None:
    project.write({"net/dense.py": dense(), "test_dense.py": TESTS, "pytest.ini": INI})
    ran = project.run("test_dense.py", "-rA")
    assert ran.counted(passed=2, failed=3, errors=2)
    assert "PASSED test_dense.py::test_tolerant" in ran.out
    assert "PASSED test_dense.py::test_pair" in ran.out
    assert "unknown keyword 'rtl'; expected rtol, method, seed, budget, convention" in ran.words
    assert "an argument without keyword, 0.01; expected rtol" in ran.words
    assert "UsageError: rtol=7: a number between 0 and 1 is needed" in ran.words
    assert "GradientMismatch: FAIL Nearly" in ran.words.replace("E ", "")
    assert "api.py" not in ran.out
    assert "marker.py" not in ran.out


def test_the_fixture_takes_the_sessions_settings(project: Project) -> None:
    project.write({"net/dense.py": dense(), "test_dense.py": TESTS, "pytest.ini": INI})
    assert project.run("test_dense.py", "-k", "strict", "--gradcheck-rtol", "0.01").counted(passed=1)
    project.write({"pytest.ini": f"{INI}gradcheck_rtol = 0.01\n"})
    assert project.run("test_dense.py", "-k", "strict").counted(passed=1)
    project.write({"pytest.ini": INI, "pyproject.toml": "[tool.gradcheck]\nrtol = 0.01\n"})
    assert project.run("test_dense.py", "-k", "strict").counted(passed=1)
    assert project.run("test_dense.py", "-k", "strict", "--gradcheck-rtol", "1e-8").counted(failed=1)


SPY = """import json, sys
from pathlib import Path


def pytest_unconfigure():
    Path("modules.json").write_text(json.dumps(sorted(sys.modules)))
"""


def modules(project: Project, *arguments: str) -> set[str]:
    """What a session has imported; hypothesis has a plugin of its own."""
    assert project.run_apart("-p", "no:hypothesispytest", *arguments).code == 0
    return set(json.loads((project.folder / "modules.json").read_text()))


def test_unused_it_imports_neither_numpy_nor_scipy_nor_hypothesis(project: Project) -> None:
    project.write({"conftest.py": SPY, "test_it.py": "def test_it(): pass\n", "dense.py": dense(RIGHT)})
    heavy = {"numpy", "scipy", "hypothesis", "tabulate"}
    unused = modules(project)
    assert "gradcheck.pytest_plugin" in unused
    assert not heavy & unused
    assert not {name for name in unused if name.startswith(("gradcheck.plugin", "gradcheck.subjects"))}
    assert "numpy" in modules(project, "--gradcheck", "dense.py")
