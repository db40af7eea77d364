"""The report about published packages says what was found, and where in their code; it vendors nothing of theirs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reports import wild
from reports.wild_cases import PACKAGES, Made, Package
from reports.wild_reasons import REASONS, Reason

SOURCE = """import numpy as np

class First:
    def backward(self, dy):
        return dy * self.x

class Half:
    def forward(self, x):
        self.x = x
        return np.tanh(x)
    def backward(self, dy):
        return FACTOR * dy * (1 - np.tanh(self.x) ** 2)

class Broken:
    def __init__(self):
        raise ValueError("not today")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    (tmp_path / "theirs_for_a_test.py").write_text(SOURCE.replace("FACTOR", "0.5"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(
        REASONS,
        ("theirs", "Half"),
        Reason("a fault", "theirs_for_a_test.py", "return", "halved", ("class Half", "def backward")),
    )
    monkeypatch.setattr(wild, "version", lambda _: "1.0")

    def cases() -> Iterator[Made]:
        import theirs_for_a_test as module  # type: ignore[import-not-found]

        yield "Half", module.Half, np.linspace(-1, 1, 6).reshape(2, 3)
        yield "Broken", module.Broken, np.ones((2, 3))

    return Package("theirs", "1.0", "theirs_for_a_test", cases)


def test_a_failing_layer_stands_with_the_line_that_was_read(package: Package) -> None:
    half, broken = (wild.found(package, made) for made in package.cases())
    assert (half.outcome, half.what) == ("fail", "`constant-factor`")
    assert half.why == "a fault: `theirs_for_a_test.py:12` halved"
    assert (broken.outcome, broken.what, broken.why) == ("cannot be made", "not today", wild.NOT_LOOKED_UP)
    page = wild.section(package, [half, broken])
    assert "| `Half`" in page
    assert "Pass (0, 0 leaves)" in page


def test_a_line_that_is_gone_is_said(package: Package) -> None:
    gone = Reason("a fault", "theirs_for_a_test.py", "return dy / 3", "thirds")
    next(iter(package.cases()))
    assert "the line is not there" in wild.place(package, gone)


def test_the_makefile_installs_what_the_report_was_written_about() -> None:
    text = (wild.PAGE.parent.parent / "Makefile").read_text(encoding="utf-8")
    assert all(f"{package.name}=={package.version}" in text for package in PACKAGES)


def test_the_page_has_looked_up_everything() -> None:
    page = wild.PAGE.read_text(encoding="utf-8")
    assert "not looked up**" not in page
    assert "the line is not there" not in page
    assert all(f"## {package.name} {package.version}" in page for package in PACKAGES)
    named = {title for _, title in REASONS}
    rows: list[Any] = re.findall(
        r"^\| `([^`]+)`.*\| (?:a fault|by design|a false alarm of ours):", page, flags=re.MULTILINE
    )
    assert set(rows) == named
