"""Reports: to stdout and to files, whole or not at all."""

import subprocess
import sys

import pytest

from gradcheck.render import formats
from tests.cli.tools import Cli, Ran, layer, one, surroundings

WRONG = one("Wrong", backward="return output_error * 3.0")


def test_json_is_the_record_and_nothing_else(cli: Cli) -> None:
    cli.write({"a.py": layer("A")})
    ran = cli("run", "a.py", "--no-config", "--format", "json", "--seed", "5")
    assert (ran.code, ran.err) == (0, "")
    assert (ran.record["schema"], ran.record["seed"]) == (1, 5)
    assert ran.record["summary"]["pass"] == len(ran.record["checks"])
    assert ran.record["checks"][0]["path"] == str(cli.folder / "a.py")


def test_text_goes_to_stdout_by_default_without_colours(cli: Cli) -> None:
    cli.write({"a.py": one("A")})
    ran = cli("run", "a.py", "--no-config")
    first, second = ran.out.split("\n\n")[:2]
    assert " ".join(first.split()) == f"gradcheck 0.1.0, seed 0, in {cli.folder}"
    assert second.startswith("a.py:A\n")
    assert ran.out.splitlines()[-1].startswith("Verified ")
    assert "\x1b" not in ran.out


def test_a_report_may_be_stdouts(cli: Cli) -> None:
    cli.write({"a.py": one("A")})
    assert cli("run", "a.py", "--no-config", "--report", "json=-").record["schema"] == 1


def test_two_reports_in_one_file_are_refused(cli: Cli) -> None:
    cli.write({"a.py": one("A")})
    ran = cli("run", "a.py", "--no-config", "--report", "json=out", "--report", "text=./x/../out")
    assert (ran.code, ran.out) == (2, "")
    assert "out and ./x/../out are one file" in ran.err
    assert cli("run", "a.py", "--no-config", "--report", "json=out", "--report", "text=out.txt").code == 0


def test_a_report_replaces_an_older_one_and_leaves_nothing_beside_it(cli: Cli) -> None:
    cli.write({"a.py": one("A"), "out/a.txt": "previous\n" * 5000})
    cli("run", "a.py", "--no-config", "--report", "text=out/a.txt")
    assert "previous" not in (cli.folder / "out/a.txt").read_text(encoding="utf-8")
    assert [path.name for path in (cli.folder / "out").iterdir()] == ["a.txt"]


def test_a_report_that_cannot_be_written_leaves_the_old_and_the_others_are_delivered(cli: Cli) -> None:
    cli.write({"a.py": one("A"), "file": "in the way"})
    ran = cli("run", "a.py", "--no-config", "--report", "json=file/a.json", "--report", "json=b.json")
    assert ran.code == 2
    assert "gradcheck: --report: file/a.json cannot be written: " in ran.err
    assert "Verified" in ran.out
    assert (cli.folder / "b.json").is_file()
    assert (cli.folder / "file").read_text(encoding="utf-8") == "in the way"


SIX = ("text", "json", "markdown", "html", "junit", "github")


def test_one_run_writes_all_six(cli: Cli) -> None:
    cli.write({"a.py": WRONG})
    wanted = [part for name in SIX for part in ("--report", f"{name}=out/deep/a.{name}")]
    ran = cli("run", "a.py", "--no-config", *wanted)
    assert (ran.code, ran.err) == (1, "")
    texts = {name: (cli.folder / f"out/deep/a.{name}").read_text(encoding="utf-8") for name in SIX}
    begins = {"json": '{\n  "schema": 1', "markdown": "## gradcheck: fail", "html": "<!doctype html>",
              "junit": "<testsuites ", "github": "::error file=a.py,line=", "text": "gradcheck 0.1.0"}  # fmt: skip
    assert {name for name in SIX if texts[name].startswith(begins[name])} == set(SIX)
    assert texts["text"] == ran.out


def test_without_the_extra_the_other_reports_are_written(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda package: None)
    cli.write({"a.py": one("A")})
    ran = cli(
        "run", "a.py", "--no-config", "--report", "html=a.html", "--report", "junit=a.xml", "--report", "json=a.json"
    )
    assert ran.code == 2
    assert (
        "gradcheck: --report html=a.html: this format needs jinja2 and matplotlib: pip install 'gradcheck[report]'"
        in ran.err
    )
    assert "gradcheck: --report junit=a.xml: this format needs junitparser: pip install 'gradcheck[report]'" in ran.err
    assert sorted(path.name for path in cli.folder.glob("a.*")) == ["a.json", "a.py"]
    assert "Verified" in ran.out


def test_a_report_is_never_written_through_a_link(cli: Cli) -> None:
    cli.write({"a.py": one("A"), "kept.txt": "kept"})
    (cli.folder / "link.txt").symlink_to("kept.txt")
    ran = cli("run", "a.py", "--no-config", "--report", "text=link.txt")
    assert ran.code == 2
    assert "gradcheck: --report: link.txt is not a plain file (a link, a device?)" in ran.err
    assert (cli.folder / "kept.txt").read_text(encoding="utf-8") == "kept"
    assert (cli.folder / "link.txt").is_symlink()


def test_a_workflow_gets_annotations_and_a_summary(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.write({"a.py": WRONG, "summary.md": "before\n"})
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(cli.folder / "summary.md"))
    ran = cli("run", "a.py", "--no-config", "--format", "github")
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in ran.out.splitlines())
    assert (cli.folder / "summary.md").read_text(encoding="utf-8").startswith("before\n## gradcheck: fail\n")


def test_reports_hold_no_escape_codes(cli: Cli) -> None:
    cli.write({"a.py": one("A", forward="raise ValueError('\\x1b[31mred')")})
    cli("run", "a.py", "--no-config", *(f"--report={name}=out/{name}" for name in SIX))
    texts = {name: (cli.folder / "out" / name).read_text(encoding="utf-8") for name in SIX}
    assert [name for name, text in texts.items() if "\x1b" in text or "red" not in text] == []


def test_a_reader_that_goes_away_ends_it_quietly(cli: Cli) -> None:
    cli.write({"a.py": one("A")})
    command = [sys.executable, "-m", "gradcheck", "run", "a.py", "--no-config", "--all"]
    with subprocess.Popen(
        command, cwd=cli.folder, env=surroundings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


def leaves(ran: Ran) -> set[str]:
    return {leaf["name"] for check in ran.record["checks"] for leaf in check["leaves"]}


DENSE = """import numpy as np


class Dense:
    def __init__(self):
        self.weights, self.bias = np.random.rand(3, 2), np.random.rand(2)

    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias

    def backward(self, dy):
        self.dweights, self.dbias = self.x.T @ dy, 2 * dy.sum(axis=0)
        return dy @ self.weights.T


def gradcheck_cases():
    yield Dense(), np.random.rand(4, 3)
"""


def test_leaf_narrows_the_report_and_its_verdict(cli: Cli) -> None:
    cli.write({"dense.py": DENSE})
    target = ("run", "dense.py", "--no-config", "--format", "json")
    whole = cli(*target)
    assert {leaf["name"] for check in whole.record["checks"] for leaf in check["leaves"]} == {
        "input",
        "weights",
        "bias",
    }
    bias, weights = cli(*target, "--leaf", "bias"), cli(*target, "--leaf", "weights")
    assert (whole.code, bias.code, weights.code) == (1, 1, 0)
    assert leaves(bias) == {"bias"}
    nothing = cli(*target, "--leaf", "biass")
    assert nothing.code == 2
    assert nothing.problem("--leaf biass")["message"].startswith("no check has a leaf 'biass'; there are: bias, input")


OPTIONS = ("--seed", "0", "--case", "3", "--rtol", "1e-05", "--no-config")


def test_case_narrows_the_report_and_is_what_replay_runs(cli: Cli) -> None:
    cli.write({"a.py": WRONG})
    whole = cli("run", "a.py", "--no-config", "--rtol", "1e-5", "--format", "json").record["checks"]
    words = whole[3]["replay"].split()
    assert words == ["gradcheck", "run", "a.py:Wrong", *OPTIONS]
    (again,) = cli(*words[1:], "--format", "json").record["checks"]
    assert {**again, "seconds": 0} == {**whole[3], "seconds": 0}


def test_a_case_that_no_class_has(cli: Cli) -> None:
    cli.write({"a.py": one("A")})
    ran = cli("run", "a.py", "--no-config", "--case", "99", "--format", "json")
    assert ran.code == 2
    assert ran.problem("--case 99")["message"].startswith("no class has a case 99 (counted from 0): a.py:A has ")


def test_the_same_seed_gives_the_same_record(cli: Cli) -> None:
    source = one(
        "Noisy", init="self.w = np.random.rand()", forward="return input * self.w", backward="return 0 * output_error"
    )
    cli.write({"a.py": source})

    def run(seed: str) -> list[dict[str, object]]:
        ran = cli("run", "a.py", "--no-config", "--seed", seed, "--format", "json")
        return [{**check, "seconds": 0} for check in ran.record["checks"]]

    assert run("3") == run("3")
    assert run("3") != run("4")


WARNS = one("Warns", forward="y = input * 2.0; input += 1; return y")


def test_a_warning_fails_only_under_strict(cli: Cli) -> None:
    cli.write({"a.py": WARNS})
    assert [cli("run", "a.py", "--no-config", *strict).code for strict in ([], ["--strict"])] == [0, 1]


ENTROPY = one("Entropy", forward="return input + int.from_bytes(os.urandom(7), 'big')")


def test_an_inconclusive_check_fails_unless_allowed(cli: Cli) -> None:
    cli.write({"a.py": ENTROPY})
    ran = cli("run", "a.py", "--no-config", "--format", "json")
    assert {check["verdict"] for check in ran.record["checks"]} == {"inconclusive"}
    assert ran.code == 1
    assert cli("run", "a.py", "--no-config", "--allow-inconclusive").code == 0


def test_a_strict_tolerance_fails_what_a_loose_one_passes(cli: Cli) -> None:
    cli.write({"a.py": one("A", backward="return output_error * 2.0 * (1 + 1e-6)")})
    assert [cli("run", "a.py", "--no-config", "--rtol", rtol).code for rtol in ("1e-4", "1e-7")] == [0, 1]
