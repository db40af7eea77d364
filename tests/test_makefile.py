"""The environment of make: made once, installed into when the requirements change, safe to interrupt."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parent.parent / "Makefile"
MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(MAKE is None, reason="make is not installed")

# Stands for every python: it notes what it is asked, makes the environment, and fails an install where told to.
PYTHON = """#!/bin/sh
echo "$*" >> "$NOTES"
case "$*" in
    *"-m venv --clear "*) rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    *" install "*) [ ! -e fail ] ;;
esac
"""


class Project:
    """A folder with our Makefile and a python that only notes what it is asked to do."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._notes = folder, folder / "notes"
        shutil.copy(MAKEFILE, folder)
        self._python = folder / "python"
        self._python.write_text(PYTHON, encoding="utf-8")
        self._python.chmod(0o755)
        for name in ("pyproject.toml", "constraints.txt"):
            (folder / name).touch()
        self._age()

    def make(self) -> list[str]:
        """What was done: "clear" for an environment made anew, "install"; "failed" last where make failed."""
        self._notes.write_text("", encoding="utf-8")
        command = [str(MAKE), f"PYTHON={self._python}", ".venv/.installed"]
        environment = {**os.environ, "NOTES": str(self._notes), "MAKEFLAGS": ""}
        ran = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, check=False)
        asked = self._notes.read_text(encoding="utf-8").splitlines()
        done = ["clear" if "venv --clear" in line else "install" if " install " in line else "" for line in asked]
        return [step for step in done if step] + (["failed"] if ran.returncode else [])

    def change(self, name: str = "pyproject.toml") -> None:
        """Newer than everything else."""
        self._age()
        (self.folder / name).touch()

    def _age(self) -> None:
        for path in self.folder.rglob("*"):
            os.utime(path, (1_000_000_000, 1_000_000_000))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_fresh_clone_gets_an_environment_once(project: Project) -> None:
    assert project.make() == ["clear", "install"]
    assert project.make() == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_what_has_changed_is_installed_in_place(project: Project, name: str) -> None:
    project.make()
    project.change(name)
    assert project.make() == ["install"]
    assert project.make() == []


@pytest.mark.parametrize("first", [True, False], ids=["the first", "a later one"])
def test_an_install_that_failed_starts_over(project: Project, first: bool) -> None:
    if not first:
        project.make()
        project.change()
    (project.folder / "fail").touch()
    assert project.make()[-2:] == ["install", "failed"]
    (project.folder / "fail").unlink()
    assert project.make() == ["clear", "install"]
    assert project.make() == []


def test_an_environment_without_its_python_is_made_anew(project: Project) -> None:
    project.make()
    (project.folder / ".venv/bin/python").unlink()
    project.change()
    assert project.make() == ["clear", "install"]
