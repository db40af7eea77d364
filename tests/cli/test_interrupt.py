"""Ctrl-C: the results so far are printed, the code is 130, no process is left."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.tools import layer, surroundings, write

WAITS = layer("Waits", forward="open('waiting', 'w').write(str(os.getpid())); time.sleep(600)")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def interrupted(folder: Path, *options: str) -> tuple[int, str, str]:
    """The run, interrupted while it waits for waits.py."""
    command = [sys.executable, "-m", "gradcheck", "run", "good.py", "waits.py", "--no-config", *options]
    with subprocess.Popen(
        command, cwd=folder, env=surroundings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        started = time.monotonic()
        while not _text(folder / "waiting") and time.monotonic() - started < 60:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    return running.returncode, out, err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, {"good.py": layer("Good"), "waits.py": WAITS})


def test_the_results_so_far_are_printed(folder: Path) -> None:
    code, out, err = interrupted(folder, "--format", "json", "--report", "text=report.txt")
    record = json.loads(out)
    assert (code, err) == (130, "")
    assert {(check["target"], check["verdict"]) for check in record["checks"]} == {("good.py:Good", "pass")}
    assert record["interrupted"] is True
    assert "interrupted: more was to come" in (folder / "report.txt").read_text(encoding="utf-8")


def test_no_process_is_left(folder: Path) -> None:
    interrupted(folder)
    left = int((folder / "waiting").read_text(encoding="utf-8"))
    with pytest.raises(ProcessLookupError):
        os.kill(left, 0)
