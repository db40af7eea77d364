"""What a search has added to a record, and pytest run on what it pastes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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
