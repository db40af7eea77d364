"""What the command line refuses, and how it says so."""

import json

import pytest

from tests.cli.tools import Cli, one

WHOLE = "expected a whole number of at least 0, got"

BAD = [
    pytest.param(["--seed", "x"], f"argument --seed: {WHOLE} 'x'", id="seed, no number"),
    pytest.param(["--seed=-1"], f"argument --seed: {WHOLE} '-1'", id="seed, negative"),
    pytest.param(["--seed", "1.5"], f"argument --seed: {WHOLE} '1.5'", id="seed, a fraction"),
    pytest.param(["--seed"], "argument --seed: expected one argument", id="seed, nothing"),
    pytest.param(["--case", "first"], f"argument --case: {WHOLE} 'first'", id="case, a word"),
    pytest.param(["--case=-1"], f"argument --case: {WHOLE} '-1'", id="case, negative"),
    pytest.param(["--rtol", "0"], "argument --rtol: expected a number between 0 and 1, got '0'", id="rtol, zero"),
    pytest.param(["--rtol", "1"], "expected a number between 0 and 1, got '1'", id="rtol, one"),
    pytest.param(["--rtol", "nan"], "expected a number between 0 and 1, got 'nan'", id="rtol, nan"),
    pytest.param(["--rtol", "small"], "expected a number between 0 and 1, got 'small'", id="rtol, a word"),
    pytest.param(["--timeout", "0"], "expected a finite number of seconds above 0, got '0'", id="timeout, zero"),
    pytest.param(["--timeout", "inf"], "expected a finite number of seconds above 0, got 'inf'", id="timeout, inf"),
    pytest.param(["--timeout", "1m"], "expected a finite number of seconds above 0, got '1m'", id="timeout, a unit"),
    pytest.param(["--budget", "9"], "argument --budget: expected a whole number of at least 50, got '9'", id="budget"),
    pytest.param(["--method", "exact"], "expected one of auto, entries, screen, got 'exact'", id="method"),
    pytest.param(
        ["--format", "xml"],
        "argument --format: expected one of text, json, markdown, html, junit, github, got 'xml'",
        id="format",
    ),
    pytest.param(["--report", "json"], "argument --report: expected FORMAT=FILE, got 'json'", id="report, no file"),
    pytest.param(["--report", "json="], "expected FORMAT=FILE, got 'json='", id="report, an empty file"),
    pytest.param(
        ["--report", "xml=a.xml"], "expected one of text, json, markdown, html, junit, github, got", id="report, format"
    ),
    pytest.param(
        ["--report", "json=-", "--format", "text"],
        "stdout can carry one report, got 2 (json, text); write the others to files",
        id="two reports on stdout",
    ),
    pytest.param(["--report", "json=."], "--report: . is a folder; name a file in it", id="report, a folder"),
    pytest.param(["--search", "-1"], "--search: expected a whole number of at least 0, got '-1'", id="search"),
    pytest.param(["--search"], "argument --search: expected one argument", id="search without a number"),
    pytest.param(["--method", "entries", "--budget", "60"], "measures every entry", id="a budget for entries"),
    pytest.param(["--jobs", "0"], "argument --jobs: expected a whole number of at least 1, got '0'", id="jobs"),
    pytest.param(["--config", "x.toml", "--no-config"], "not allowed with argument --config", id="both configs"),
    pytest.param(["--config", "none.toml"], "none.toml: cannot be read: No such file", id="config, no file"),
    pytest.param(["--sed", "3"], "unrecognized arguments: --sed 3", id="an option that is none"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_a_bad_argument_is_refused_and_nothing_runs(cli: Cli, arguments: list[str], message: str) -> None:
    cli.write({"good.py": "open('imported', 'w').close()\n" + one("Good")})
    ran = cli("run", "good.py", *arguments)
    assert ran.code == 2
    assert message in ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert not (cli.folder / "imported").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], "expected a command: run, explain or baseline", id="nothing"),
        pytest.param(["check"], "invalid choice: 'check'", id="no such command"),
        pytest.param(["explain", "constnt-factor"], "there is no cause 'constnt-factor'; did you mean", id="a cause"),
        pytest.param(["explain", "zzz"], "`gradcheck explain` lists them all", id="no such cause at all"),
        pytest.param(["run", "--no-config"], "no TARGET: name a file, folder or module", id="no target"),
    ],
)
def test_a_bad_command_is_refused(cli: Cli, arguments: list[str], message: str) -> None:
    ran = cli(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_jobs_change_nothing_but_the_time(cli: Cli) -> None:
    cli.write({f"{name}.py": one(name.title()) for name in ("one", "two", "three")} | {"bad.py": "1 +\n"})
    records = []
    for jobs in ("1", "3"):
        ran = cli("run", ".", "--no-config", "--jobs", jobs, "--format", "json")
        assert ran.code == 2
        record = json.loads(ran.out)
        for check in record["checks"]:
            del check["seconds"], check["replay"]
        records.append(record | {"options": None})
    assert records[0] == records[1]
    assert len(records[0]["checks"]) > 3
