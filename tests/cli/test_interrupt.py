"""Ctrl-C: the results so far are printed, the code is 130, no process is left."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.tools import layer, one, surroundings, write

WAITS = layer("Waits", forward="open('waiting', 'w').write(str(os.getpid())); time.sleep(600)")


FILES = ("good.py", "waits.py")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def interrupted(folder: Path, *options: str, files: tuple[str, ...] = FILES) -> tuple[int, str, str]:
    """The run, interrupted while it waits for waits.py."""
    command = [sys.executable, "-m", "gradcheck", "run", *files, "--no-config", *options]
    with subprocess.Popen(
        command, cwd=folder, env=surroundings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        started = time.monotonic()
        waiting = ["waiting", "b"][: len(files) - 1]
        while not all(_text(folder / name) for name in waiting) and time.monotonic() - started < 60:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    return running.returncode, out, err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, {"good.py": one("Good"), "waits.py": WAITS})


def test_the_results_so_far_are_printed(folder: Path) -> None:
    code, out, err = interrupted(folder, "--format", "json", "--report", "text=report.txt")
    record = json.loads(out)
    assert (code, err) == (130, "")
    assert {(check["target"], check["verdict"]) for check in record["checks"]} == {("good.py:Good", "pass")}
    assert record["interrupted"] is True
    assert "interrupted: more was to come" in (folder / "report.txt").read_text(encoding="utf-8")


def test_files_that_run_side_by_side_are_interrupted_together(folder: Path) -> None:
    write(folder, {"b.py": WAITS.replace("waiting", "b")})
    code, out, err = interrupted(folder, "--jobs", "3", "--format", "json", files=(*FILES, "b.py"))
    record = json.loads(out)
    assert (code, err, record["interrupted"], record["problems"]) == (130, "", True, [])
    assert {check["target"] for check in record["checks"]} <= {"good.py:Good"}
    for file in (folder / "waiting", folder / "b"):
        with pytest.raises(ProcessLookupError):
            os.kill(int(_text(file)), 0)


def test_no_process_is_left(folder: Path) -> None:
    interrupted(folder)
    left = int((folder / "waiting").read_text(encoding="utf-8"))
    with pytest.raises(ProcessLookupError):
        os.kill(left, 0)
