"""`gradcheck baseline`: missing, written, kept, drifted, unused, damaged."""

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.tools import Cli, Ran, process, write

DENSE = """import numpy as np


class Dense:
    def __init__(self, inputs, outputs):
        self.W = {init}
        self.b = np.zeros(outputs)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = {dW}
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Double:
    def forward(self, x):
        return 2 * x

    def backward(self, dout):
        return 2 * dout


def gradcheck_cases():
    yield Dense(5, 3), np.zeros((4, 5))
    yield Double(), np.zeros((2, 3))
"""
CONFIG = '[tool.gradcheck]\ntargets = ["dense.py"]\n'
GOOD = "self.x.T @ dout"


def dense(dW: str = GOOD, init: str = "np.random.rand(inputs, outputs)") -> str:
    return DENSE.format(dW=dW, init=init)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below, but for what Python caches."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def of_dense(folder: Path) -> Path:
    (found,) = (folder / "reports/baselines").glob("dense-py-dense.*.json")
    return found


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose two layers have their baselines, as `update` leaves it."""
    folder = write(tmp_path_factory.mktemp("kept"), {"pyproject.toml": CONFIG, "dense.py": dense()})
    assert process(folder, "baseline", "update", CI="").code == 0
    return folder


@pytest.fixture
def kept(cli: Cli, updated: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A copy of it."""
    monkeypatch.delenv("CI", raising=False)
    shutil.copytree(updated, cli.folder, dirs_exist_ok=True)
    return cli


def fits(ran: Ran) -> bool:
    return all(len(line) <= 80 and line.isprintable() for line in ran.out.splitlines())


def test_what_is_missing_is_written_by_the_command_that_is_shown(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    cli.write({"pyproject.toml": CONFIG, "dense.py": dense()})
    before = contents(cli.folder)
    ran = cli("baseline", "check")
    assert (ran.code, ran.err) == (1, "")
    assert "no baseline: dense.py:Dense\n" in ran.out
    assert ran.out.splitlines()[-1] == "2 cases, 4 leaves measured: 2 without a baseline."
    assert contents(cli.folder) == before
    (shown,) = [line.strip() for line in ran.out.splitlines() if line.startswith("  gradcheck ")]
    assert shown == "gradcheck baseline update dense.py:Dense dense.py:Double"
    assert cli(*shlex.split(shown)[1:]).code == 0
    record = json.loads(of_dense(cli.folder).read_bytes())
    assert (record["schema"], record["target"]) == (1, "dense.py:Dense")
    ran = cli("baseline", "check")
    assert (ran.code, ran.out) == (0, "2 cases, 4 leaves measured: 2 as in their baselines.\n")


def test_a_ten_millionth_more_in_one_leaf_is_a_drift_of_that_leaf(kept: Cli) -> None:
    kept.write({"dense.py": dense(f"(1 + 1e-7) * ({GOOD})")})
    before = contents(kept.folder)
    ran = kept("baseline", "check")
    assert (ran.code, ran.err) == (1, "")
    assert [line for line in ran.out.splitlines() if line.startswith("DRIFT")] == ["DRIFT  dense.py:Dense"]
    rows = [line.split() for line in ran.out.splitlines() if line.startswith("  W ")]
    assert [row[1:4] for row in rows[:1]] == [["verdict", "pass", "fail"]]
    assert 1e-8 < float(rows[1][-2]) < 1e-6
    assert float(rows[1][-1]) == 1e-9
    assert "  W: the whole gradient is 1 + 1e-07 times what it was." in ran.out
    assert not any(line.startswith(("  b ", "  x ")) for line in ran.out.splitlines())
    assert "baseline made with BLAS" in ran.out
    assert "See why a verdict is worse:\n  gradcheck run dense.py:Dense\n" in ran.out
    assert "accept it:\n  gradcheck baseline update dense.py:Dense\n" in ran.out
    assert fits(ran)
    assert contents(kept.folder) == before


@pytest.mark.parametrize(
    "source",
    [
        dense("sum(np.outer(row, d) for row, d in zip(self.x, dout))"),
        dense(f"(1 + 1e-13) * ({GOOD})"),
        dense(init="np.full((inputs, outputs), 7.0)"),
    ],
    ids=["summed otherwise", "within rounding", "begun elsewhere"],
)
def test_a_refactor_that_keeps_the_gradients_passes(kept: Cli, source: str) -> None:
    kept.write({"dense.py": source})
    assert kept("baseline", "check").code == 0
    assert kept("baseline", "update").out == "2 cases, 4 leaves measured: 2 as in their baselines.\n"


def test_an_accepted_fault_is_called_one_and_mending_it_is_a_drift(kept: Cli) -> None:
    kept.write({"dense.py": dense(f"3 * ({GOOD})")})
    ran = kept("baseline", "update")
    assert ran.code == 0
    assert "recorded as fail: dense.py:Dense\n" in ran.out
    kept.write({"dense.py": dense()})
    ran = kept("baseline", "check")
    assert ran.code == 1
    assert "better than its baseline: dense.py:Dense: 1 case\n" in ran.out
    assert "the whole gradient is 0.333333 times what it was." in ran.out
    assert "See why" not in ran.out


def test_of_many_drifts_the_gravest_cases_are_shown_and_the_leaves_of_the_rest_named(kept: Cli) -> None:
    cases = "".join(f"    yield Dense({n}, 3), np.zeros((4, {n}))\n" for n in range(6, 16))
    kept.write({"dense.py": dense() + cases})
    assert kept("baseline", "update").code == 0
    kept.write({"dense.py": dense(f"1.5 * ({GOOD})") + cases})
    ran = kept("baseline", "check")
    assert ran.out.count("  W        verdict") + ran.out.count("  W       verdict") == 4
    assert "\n  and 14 drifts more, of W, in 7 further cases\n" in ran.out
    assert fits(ran)


def test_a_layer_renamed_leaves_a_baseline_that_prune_removes(kept: Cli) -> None:
    kept.write({"dense.py": dense().replace("Dense", "Linear")})
    file = of_dense(kept.folder)
    ran = kept("baseline", "check")
    assert ran.code == 1
    assert "no baseline: dense.py:Linear\n" in ran.out
    assert f"unused: reports/baselines/{file.name}, of dense.py:Dense" in ran.words
    assert "Remove what is unused:\n  gradcheck baseline prune\n" in ran.out
    assert ran.words.endswith(" 1 as in its baseline, 1 without a baseline, 1 unused.")
    ran = kept("baseline", "prune")
    assert (ran.code, file.exists()) == (0, False)
    assert f"removed: reports/baselines/{file.name}\n" in ran.out
    assert len(list(file.parent.iterdir())) == 1
    assert "unused" not in kept("baseline", "check").out


def test_a_layer_that_was_not_asked_for_is_not_unused(kept: Cli) -> None:
    assert kept("baseline", "check", "dense.py:Double").code == 0
    assert kept("baseline", "prune", "dense.py:Double").code == 0
    assert len(list((kept.folder / "reports/baselines").iterdir())) == 2


def test_what_cannot_be_imported_is_a_problem_and_its_baselines_are_not_pruned(kept: Cli) -> None:
    kept.write({"dense.py": "def broken(:\n"})
    before = contents(kept.folder)
    for action in ("check", "prune", "update"):
        ran = kept("baseline", action)
        assert ran.code == 2
        assert "SyntaxError" in ran.out
        assert contents(kept.folder) == before


NEWER = "has schema 2, this gradcheck reads 1: it was written by a newer version; upgrade gradcheck."


@pytest.mark.parametrize("action", ["check", "update", "prune"])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda good: good[: len(good) // 2], "is not valid JSON: "),
        (lambda good: good.replace(b'"schema": 1', b'"schema": 2'), NEWER),
        (lambda good: good.replace(b"dense.py:Dense", b"../../x.py:Dense"), "is not the file of its target"),
    ],
    ids=["truncated", "newer", "of another"],
)
def test_a_damaged_file_is_named_and_left_and_the_others_are_checked(
    kept: Cli, action: str, damage: Callable[[bytes], bytes], message: str
) -> None:
    file = of_dense(kept.folder)
    file.write_bytes(damage(file.read_bytes()))
    before = contents(kept.folder.parent)
    ran = kept("baseline", action)
    assert (ran.code, ran.err) == (2, "")
    assert f"problem: reports/baselines/{file.name} {message}" in ran.words
    assert ("Restore it, or delete it and update." in ran.words) == (message != NEWER)
    assert ran.out.rstrip().endswith("1 problem.")
    assert ("1 as in its baseline" in ran.words) == (action != "prune")
    assert "Traceback" not in ran.out
    assert fits(ran)
    assert contents(kept.folder.parent) == before


@pytest.mark.parametrize("action", ["check", "update"])
def test_a_link_is_not_followed(kept: Cli, action: str) -> None:
    file, elsewhere = of_dense(kept.folder), kept.folder / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    kept.write({"dense.py": dense(f"3 * ({GOOD})")})
    before = elsewhere.read_bytes()
    ran = kept("baseline", action)
    assert ran.code == 2
    assert "is a symbolic link, which is not followed. Put the file itself there." in ran.words
    assert (file.is_symlink(), elsewhere.read_bytes()) == (True, before)


def test_a_machine_accepts_nothing_by_itself(kept: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.write({"dense.py": dense(f"3 * ({GOOD})")})
    before = contents(kept.folder)
    monkeypatch.setenv("CI", "true")
    ran = kept("baseline", "update")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("gradcheck: baseline update: CI is set")
    assert ran.err.endswith("or add --force\n")
    assert ran.err.count("\n") == 1
    assert contents(kept.folder) == before
    assert kept("baseline", "check").code == 1
    assert kept("baseline", "update", "--force").code == 0
    assert kept("baseline", "check").code == 0


def test_ci_that_is_switched_off_is_no_ci(kept: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "false")
    assert kept("baseline", "update").code == 0
