"""`pytest --gradcheck`: which items there are, how they end, what they say."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.plugin.tools import DENSE_2, DENSE_5, HALF, WRONG, Project, dense

pytest_plugins = "pytester"

ODD = """class Odd:
    def __init__(self, widget):
        self.widget = widget

    def forward(self, x):
        return x

    def backward(self, dout):
        return dout


class Raises:
    def forward(self, x):
        return x

    def backward(self, dout):
        print("so far so good")
        raise ValueError("no luck")
"""
NOISY = """import os
import numpy as np


class Noisy:
    def forward(self, x):
        return x + int.from_bytes(os.urandom(2), "big")

    def backward(self, dout):
        return dout


def gradcheck_cases():
    yield Noisy(), np.random.rand(2, 3)
"""
NAMES = """import numpy as np


class Scale:
    def __init__(self, sizes, note):
        self.sizes, self.note = sizes, note

    def forward(self, x):
        return x * 2

    def backward(self, dout):
        return dout * {factor}


def gradcheck_cases():
    for note in ("a::b", "a:b", "a::b", "a::b"):
        yield Scale([3, 4], note), np.random.rand(2, 2)
"""


def ids(text: str) -> list[str]:
    return [line for line in text.splitlines() if "::" in line]


def cases(file: Path) -> dict[str, ET.Element]:
    """The test cases of a JUnit file, `classname::name`."""
    return {f"{case.get('classname')}::{case.get('name')}": case for case in ET.parse(file).iter("testcase")}  # noqa: S314


def test_an_item_for_every_case_of_a_class(project: Project) -> None:
    project.write({"layers/dense.py": dense(), "layers/__init__.py": '"""Layers."""\n'})
    listed = project.run("--gradcheck", "layers", "--collect-only", "-q")
    assert ids(listed.out) == [DENSE_5, DENSE_2, HALF]
    ran = project.run("--gradcheck", "layers")
    assert (ran.code, ran.counted(passed=3)) == (0, True)
    assert "layers/dense.py:Dense" in ran.section
    assert "3 items, 16 checks: 16 pass" in ran.section  # zeros, equal values, ... in the item of their case
    assert "Verified 16 checks" in ran.section


def test_without_the_flag_nothing_changes(project: Project) -> None:
    project.write({"layers/dense.py": dense(WRONG), "test_it.py": "def test_it(): pass\n"})
    ran = project.run_apart("-v")
    assert (ran.code, ran.counted(passed=1)) == (0, True)
    assert "gradcheck ==" not in ran.out


def test_a_wrong_layer_is_red_and_says_why(project: Project) -> None:
    project.write({"layers/dense.py": dense(WRONG), "tests/test_it.py": "def test_it(): pass\n"})
    ran = project.run_apart("--gradcheck", "layers", "tests", "--junitxml=out.xml")
    assert (ran.code, ran.counted(failed=2, passed=2)) == (1, True)
    assert "constant-factor: dE/db is 2 times the numeric gradient at all 3 entries" in ran.words
    assert "again: gradcheck run layers/dense.py:Dense --seed 0 --case 0" in ran.out
    assert f"FAILED {DENSE_5} - b: 3 of" in ran.out
    told = ran.out.partition("= FAILURES =")[2].partition("- generated xml")[0]
    assert all(len(line) <= 80 for line in told.splitlines())
    assert not [word for word in ("Traceback", "raise ", "GradientMismatch", "nodes.py", ">  ") if word in told]
    rows = ran.section.splitlines()
    assert [row.split()[0] for row in rows if "layers/" in row] == ["FAIL", "pass"]
    failed = cases(project.folder / "out.xml")["layers.dense.Dense::Dense() at array((4, 5), float64)"].find("failure")
    assert failed is not None
    assert "constant-factor" in (failed.text or "")
    assert (failed.get("message") or "").startswith("b: 3 of 3 wrong (constant-factor)")


def test_what_could_not_be_checked_is_an_error_and_the_rest_is_checked(project: Project) -> None:
    project.write({"net/broken.py": "def f(:\n", "net/odd.py": ODD, "net/dense.py": dense(), "net/noisy.py": NOISY})
    ran = project.run("--gradcheck", "net", "-rfE")
    assert (ran.code, ran.counted(errors=2, failed=2, passed=3)) == (1, True)
    assert "ERROR net/broken.py::SyntaxError - SyntaxError: it is not valid Python" in ran.out
    assert "ERROR net/odd.py::Odd::CannotBuild" in ran.out
    assert "no value is known for its parameter widget." in ran.out
    assert "yield Odd(widget=...), np.random.rand(4, 3)" in ran.out
    assert "ValueError: no luck\n  at odd.py:18\n  it had printed:\n  | so far so good" in ran.out
    assert "nondeterministic: forward gives another output at the same point" in ran.words
    assert "CannotCheckError" not in ran.out
    words = [row.split()[0] for row in ran.section.splitlines() if row[:1].strip() and ".py:" in row]
    assert words == ["problem", "problem", "ERROR", "INCONCLUSIVE", "pass", "pass"]


def test_a_class_and_a_case_are_chosen_by_their_ids(project: Project) -> None:
    project.write({"layers/dense.py": dense(WRONG), "names.py": NAMES.format(factor=2)})
    listed = ids(project.run("--gradcheck", "names.py", "--collect-only", "-q").out)
    assert len(set(listed)) == 4
    assert all("0x" not in name and str(project.folder) not in name for name in listed)
    chosen = project.run("--gradcheck", DENSE_2, listed[3], "-rA")
    assert chosen.counted(failed=1, passed=1)
    assert f"FAILED {DENSE_2} - " in chosen.out
    assert f"PASSED {listed[3]}\n" in chosen.out
    assert project.run("--gradcheck", "layers/dense.py::Half").counted(passed=1)
    assert project.run("--gradcheck", "layers", "-k", "Half").counted(passed=1)
    assert project.run("--gradcheck", "layers", "-m", "not gradcheck").counted()


def test_the_last_failed_alone(project: Project) -> None:
    project.write({"layers/dense.py": dense(WRONG), "names.py": NAMES.format(factor=3)})
    assert project.run("--gradcheck", ".").counted(failed=6, passed=1)
    project.write({"layers/dense.py": dense()})
    assert project.run("--gradcheck", ".", "--lf").counted(failed=4, passed=2)  # Half, which had passed, is not run


def test_nothing_to_check_is_told_to_who_asks(project: Project) -> None:
    project.write({"test_it.py": "def test_it(): pass\n", "tool.py": "def walk(): pass\n"})
    ran = project.run("--gradcheck", ".")
    assert (ran.code, ran.counted(passed=1, errors=1)) == (1, True)
    assert "nothing found to check" in ran.out
    project.write({"pytest.ini": "[pytest]\naddopts = --gradcheck\n"})
    assert project.run("test_it.py").code == 0  # who has it in addopts does not ask each time
    assert project.run("--gradcheck", "test_it.py::test_it").code == 0


def test_files_that_are_pytests_own(project: Project) -> None:
    """Helpers of tests are no layers, unless gradcheck_cases() says so; a file without tests is as any other."""
    helper = ODD.partition("class Raises")[2]
    project.write(
        {
            "test_helper.py": f"class Raises{helper}\ndef test_it(): pass\n",
            "test_cases.py": f"{dense(WRONG)}\ndef test_it(): pass\n",
            "test_layers.py": f"class Raises{helper}",
            "conftest.py": f"class Raises{helper}",
            "pkg/__main__.py": "raise SystemExit(3)\n",
            "setup.py": "import setuptools\nraise SystemExit(4)\n",
        }
    )
    ran = project.run("--gradcheck", ".")
    assert ran.counted(passed=3, failed=3)  # both tests, Half; Dense twice, Raises of test_layers.py
    assert "test_helper.py holds tests and no gradcheck_cases(): Raises not checked" in ran.section
    assert "conftest.py holds tests and no gradcheck_cases(): Raises not checked" in ran.section
    assert "pkg/__main__.py starts a program when imported: not checked" in ran.section
    assert "setup.py is an installer: not checked" in ran.section


def test_a_base_with_heirs_elsewhere_is_no_class_to_build(project: Project) -> None:
    base = "class Layer:\n    def forward(self, x):\n        raise NotImplementedError\n\n"
    base += "    def backward(self, dout):\n        raise NotImplementedError\n"
    heir = "from core.base import Layer\n\n\nclass Half(Layer):\n    def forward(self, x):\n        return x / 2\n\n"
    heir += "    def backward(self, dout):\n        return dout / 2\n"
    project.write({"core/__init__.py": "", "core/base.py": base, "layers/__init__.py": "", "layers/half.py": heir})
    ran = project.run("--gradcheck", ".", "-n", "2")
    assert ran.code == 0
    assert "note: core/base.py:Layer is an abstract base: not checked" in ran.section


@pytest.mark.exhaustive
def test_side_by_side_it_is_the_same(project: Project) -> None:
    right = NAMES.format(factor=2).replace('"a::b", "a:b", "a::b", "a::b"', '"a::b", "a:b"')
    project.write({"net/broken.py": "def f(:\n", "net/dense.py": dense(WRONG), "net/names.py": right})
    alone = project.run("--gradcheck", "net", "--junitxml=alone.xml")
    told = contents(project.folder / "alone.xml")
    assert {kind for kinds in told.values() for kind, _ in kinds} == {"failure", "error"}
    for dist in ("load", "loadfile"):
        beside = project.run("--gradcheck", "net", "-n", "2", "--dist", dist, "--junitxml=beside.xml")
        assert (beside.code, beside.outcomes) == (alone.code, alone.outcomes)
        assert beside.section == alone.section
        assert contents(project.folder / "beside.xml") == told


def contents(file: Path) -> dict[str, list[tuple[str, str | None]]]:
    return {name: [(child.tag, child.text) for child in case] for name, case in cases(file).items()}


def test_a_case_that_raises_only_in_its_check_is_skipped_with_the_reason(project: Project) -> None:
    tired = "class Tired:\n    calls = 0\n\n    def forward(self, x):\n        self.calls += 1\n"
    tired += (
        "        if x.size < 3 and self.calls > 6:\n            raise ValueError('tired')\n        return 2 * x\n\n"
    )
    project.write({"tired/__init__.py": f"{tired}    def backward(self, dout):\n        return 2 * dout\n"})
    ran = project.run("--gradcheck", "tired", "-rs")
    assert (ran.code, ran.outcomes["skipped"]) == (0, 1)
    assert "Tired() at array((1, 1), float64): raises ValueError: tired (__init__.py:7); no check" in ran.words
