import subprocess
import sys
from pathlib import Path

import pytest

from layers import xor

ROOT = Path(xor.__file__).parents[1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "layers.xor", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_default_seed_learns_it() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines[:10]] == [f"{n}/1000" for n in range(100, 1001, 100)]
    assert [line[:9] for line in lines[10:14]] == ["0 xor 0 =", "0 xor 1 =", "1 xor 0 =", "1 xor 1 ="]
    assert [round(float(line[9:])) for line in lines[10:14]] == [0, 1, 1, 0]
    assert float(lines[14].removeprefix("error=")) < 0.001


def test_too_few_epochs_end_with_a_sentence_and_status_1() -> None:
    done = run("--epochs", "3", "--seed", "1", "--rate", "0.2")
    assert done.returncode == 1
    assert done.stdout.startswith("epoch 3/3   error=")
    assert done.stderr.startswith("The error stayed at 0.")
    assert "above 0.001, after 3 epochs" in done.stderr


def test_the_seed_fixes_the_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    xor.main(["--epochs", "2", "--seed", "3"])
    first = capsys.readouterr().out
    xor.main(["--epochs", "2", "--seed", "3"])
    assert capsys.readouterr().out == first
