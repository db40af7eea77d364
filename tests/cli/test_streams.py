"""Streams that are closed or full: no traceback of ours, and an exit code that says what came of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.tools import one, surroundings, write

FULL = Path("/dev/full")


def shell(folder: Path, redirected: str) -> tuple[int, str]:
    """Exit code and stderr of a run with its streams redirected; the other streams are pipes."""
    command = f'exec "{sys.executable}" -m gradcheck run it.py --case 0 --report json=out.json {redirected}'
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("backward", "code"), [("return output_error * 2.0", 0), ("return output_error * 3.0", 1)])
def test_a_closed_stream_changes_nothing(tmp_path: Path, closed: str, backward: str, code: int) -> None:
    write(tmp_path, {"it.py": one("It", backward=backward)})
    assert shell(tmp_path, closed) == (code, "")
    assert '"schema": 1' in (tmp_path / "out.json").read_text()


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"it.py": one("It")})
    code, told = shell(tmp_path, f"> {FULL}")
    assert (code, told) == (2, "gradcheck: stdout cannot be written: No space left on device\n")
    assert (tmp_path / "out.json").exists()
