"""What a search has added to a record, and pytest run on what it pastes."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcheck import GradientMismatch
from tests.cli.tools import HOME, Ran, surroundings


def found(ran: Ran) -> list[dict[str, Any]]:
    """The checks that a search has added."""
    return [check for check in ran.record["checks"] if "[found by search]" in check["case"]]


def notes(ran: Ran) -> list[str]:
    """What the searches said."""
    return [note for check in ran.record["checks"] for note in check["notes"] if note.startswith("search:")]


def run_pytest(folder: Path, file: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The file alone, as a user would."""
    without = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")  # which imports hypothesis, for seconds
    command = [sys.executable, "-m", "pytest", "-q", *without, "-c", os.devnull, file, *options]
    return subprocess.run(
        command, cwd=folder, env=surroundings(PYTHONPATH=f"{HOME}{os.pathsep}{folder}", PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def pasted_fails(test: str, module: str, source: str) -> bool:
    """Does the pasted test end in a GradientMismatch where `module` has that source? Run here, without pytest."""
    made = ModuleType(module)
    before = sys.modules.get(module)
    sys.modules[module] = made
    try:
        exec(compile(source, module, "exec"), made.__dict__)  # noqa: S102 -- our own lines
        names: dict[str, Any] = {}
        exec(compile(test, "test_found.py", "exec"), names)  # noqa: S102 -- as a user pastes them
        (function,) = [value for name, value in names.items() if name.startswith("test_")]
        function()
    except GradientMismatch:
        return True
    finally:
        sys.modules.pop(module)
        if before is not None:
            sys.modules[module] = before
    return False
