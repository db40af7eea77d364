"""[tool.gradcheck]: where it is found, what it refuses, and expected faults."""

import pytest

from tests.cli.tools import Cli, cases, layer, one

CASES = "\n\ndef gradcheck_cases():\n    yield Wrong((1, 5))\n    yield Wrong((2, 3))\n"
WRONG = layer("Wrong", backward="return output_error * 3.0") + CASES
EXPECTED = """
[[tool.gradcheck.expected]]
target = "{target}"
leaf = "{leaf}"
cause = "{cause}"
reason = "on purpose"
"""


TABLE = "[tool.gradcheck]\n"
FAULT = "[[tool.gradcheck.expected]]\n"


def expecting(target: str = "a.py:Wrong", leaf: str = "input", cause: str = "constant-factor") -> str:
    return "[tool.gradcheck]\ntargets = ['a.py']\n" + EXPECTED.format(target=target, leaf=leaf, cause=cause)


def test_targets_and_settings_are_found_upward(cli: Cli) -> None:
    cli.write({"pyproject.toml": "[tool.gradcheck]\ntargets = ['net/a.py']\nseed = 7\n", "net/a.py": one("A")})
    cli.write({"net/pyproject.toml": "[project]\nname = 'without a table'\n"})
    above = cli("run", "--format", "json")
    cli.folder = cli.folder / "net"
    below = cli("run", "--format", "json")
    assert (above.code, below.code) == (0, 0)
    assert above.record["checks"][0]["target"] == "net/a.py:A"
    assert below.record["checks"][0]["target"] == "a.py:A"
    assert above.record["seed"] == below.record["seed"] == 7


def test_the_command_line_goes_before_the_configuration(cli: Cli) -> None:
    cli.write(
        {"pyproject.toml": "[tool.gradcheck]\ntargets = ['a.py']\nseed = 7\n", "a.py": one("A"), "b.py": one("B")}
    )
    ran = cli("run", "b.py", "--seed", "1", "--format", "json")
    assert ran.record["seed"] == 1
    assert {check["target"] for check in ran.record["checks"]} == {"b.py:B"}


def test_a_file_named_by_hand(cli: Cli) -> None:
    cli.write({"conf/my.toml": "[tool.gradcheck]\ntargets = ['../a.py']\n", "a.py": one("A")})
    ran = cli("run", "--config", "conf/my.toml", "--format", "json")
    assert {check["target"] for check in ran.record["checks"]} == {"a.py:A"}


def test_the_configuration_may_ask_for_a_screen(cli: Cli) -> None:
    cli.write({"pyproject.toml": "[tool.gradcheck]\nmethod = 'screen'\n", "a.py": one("A")})
    methods = {leaf["method"] for c in cli("run", "a.py", "--format", "json").record["checks"] for leaf in c["leaves"]}
    assert methods == {"screen"}


def test_a_budget_does_not_go_with_a_configuration_of_entries(cli: Cli) -> None:
    cli.write({"pyproject.toml": "[tool.gradcheck]\nmethod = 'entries'\n", "a.py": one("A")})
    ran = cli("run", "a.py", "--budget", "100")
    assert (ran.code, "says method = 'entries'" in ran.err) == (2, True)
    assert cli("run", "a.py", "--budget", "100", "--method", "auto").code == 0


def test_no_config_reads_none(cli: Cli) -> None:
    cli.write({"pyproject.toml": expecting(), "a.py": WRONG})
    assert cli("run", "a.py", "--no-config").code == 1
    assert cli("run", "--no-config").code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(TABLE + "target = []\n", "unknown key 'target'; did you mean 'targets'?", id="a key"),
        pytest.param(TABLE + "zzz = 1\n", "unknown key 'zzz'; expected one of targets, seed", id="no such key"),
        pytest.param(TABLE + "jobs = 5\n", "'jobs', which the command line alone takes: --jobs", id="an option"),
        pytest.param(TABLE + "search = 1.5\n", "search: expected an integer of at least 0, got 1.5", id="search"),
        pytest.param(TABLE + "targets = 'a.py'\n", "targets: expected a list of strings, got 'a.py'", id="targets"),
        pytest.param(TABLE + "seed = -1\n", "seed: expected an integer of at least 0, got -1", id="seed"),
        pytest.param(TABLE + "seed = true\n", "seed: expected an integer of at least 0, got True", id="seed, a bool"),
        pytest.param(TABLE + "rtol = 2\n", "rtol: expected a number between 0 and 1, got 2", id="rtol"),
        pytest.param(TABLE + "method = 'fast'\n", "method: expected 'auto' or 'entries' or 'screen', got", id="method"),
        pytest.param(TABLE + "expected = 1\n", "expected an array of tables", id="expected"),
        pytest.param(FAULT + "target = 'a'\n", "number 1 needs leaf = a string", id="a fault, short"),
        pytest.param(FAULT + "class = 'a'\n", "number 1 has an unknown key 'class'", id="a fault's key"),
        pytest.param(
            expecting(cause="constant_factr"),
            "expected]] number 1 has the unknown cause 'constant_factr'; did you mean 'constant-factor'",
            id="a cause misspelled",
        ),
        pytest.param(expecting(cause="zzz"), "unknown cause 'zzz'; `gradcheck explain` lists", id="no such cause"),
        pytest.param("[tool]\ngradcheck = 3\n", "tool.gradcheck=3 is no table", id="no table"),
        pytest.param("[tool.gradcheck\n", "is not valid TOML", id="no TOML"),
    ],
)
def test_a_bad_configuration_is_refused(cli: Cli, text: str, message: str) -> None:
    cli.write({"pyproject.toml": text, "a.py": one("A")})
    ran = cli("run", "a.py")
    assert (ran.code, ran.out) == (2, "")
    assert f"gradcheck: {cli.folder / 'pyproject.toml'}: " in ran.err
    assert message in ran.err


def test_an_expected_fault_does_not_fail_the_run(cli: Cli) -> None:
    cli.write({"pyproject.toml": expecting(), "a.py": WRONG})
    ran = cli("run", "--format", "json", "--report", "text=a.txt")
    assert ran.code == 0
    assert {(check["verdict"], check["expected"]) for check in ran.record["checks"]} == {("fail", True)}
    assert ran.record["summary"]["expected"] == ran.record["summary"]["fail"] == len(ran.record["checks"])
    text = (cli.folder / "a.txt").read_text(encoding="utf-8")
    assert "expected  Wrong(input_shape=(1, 5))" in text
    assert "expected: on purpose" in text


def test_an_expected_fault_that_vanished_fails_the_run(cli: Cli) -> None:
    cli.write({"pyproject.toml": expecting(), "a.py": layer("Wrong") + CASES})
    ran = cli("run", "--format", "json", "--report", "text=a.txt")
    assert ran.code == 1
    assert ran.record["expected_vanished"] == [
        {"target": "a.py:Wrong", "leaf": "input", "cause": "constant-factor", "reason": "on purpose"}
    ]
    text = " ".join((cli.folder / "a.txt").read_text(encoding="utf-8").split())
    assert "FAIL a.py:Wrong: the expected constant-factor of input has vanished. Delete its" in text


def test_an_expected_fault_of_a_class_that_is_gone_has_vanished(cli: Cli) -> None:
    cli.write({"pyproject.toml": expecting(), "a.py": one("Other")})
    ran = cli("run", "--format", "json")
    assert (ran.code, len(ran.record["expected_vanished"])) == (1, 1)


def test_a_fault_expected_of_a_folder_vanishes_when_all_its_files_were_checked(cli: Cli) -> None:
    cli.write({"pyproject.toml": expecting("net"), "net/a.py": one("A"), "net/b.py": WRONG})
    cli.write({"net/__main__.py": "raise SystemExit('a program')\n"})
    assert [cli("run", target).code for target in ("net", "net/a.py", "net/b.py")] == [0, 0, 0]
    cli.write({"net/b.py": layer("Wrong") + CASES})
    assert [cli("run", target).code for target in ("net", "net/a.py", "net/b.py")] == [1, 0, 0]


TWO_OF_WRONG = cases("Good", "Wrong") + "    yield Wrong((2, 3))\n"


def test_a_fault_expected_of_a_file_may_be_that_of_a_class_not_asked_for(cli: Cli) -> None:
    cli.write(
        {
            "pyproject.toml": expecting("a.py"),
            "a.py": layer("Good") + layer("Wrong", backward="return 3 * output_error") + TWO_OF_WRONG,
        }
    )
    assert [cli("run", target).code for target in ("a.py", "a.py:Good")] == [0, 0]


def test_another_fault_than_the_expected_fails(cli: Cli) -> None:
    cli.write({"pyproject.toml": expecting(cause="sign-flipped"), "a.py": WRONG})
    ran = cli("run", "--format", "json")
    assert ran.code == 1
    assert ran.record["summary"]["expected"] == 0


def test_an_expected_fault_of_another_target_says_nothing_here(cli: Cli) -> None:
    cli.write({"pyproject.toml": expecting("b.py:Wrong"), "a.py": one("A"), "b.py": WRONG})
    assert cli("run", "a.py").code == 0


def test_an_expected_fault_of_no_file_is_a_problem(cli: Cli) -> None:
    cli.write({"pyproject.toml": expecting("gone.py:Wrong"), "a.py": one("A")})
    ran = cli("run", "--format", "json")
    assert ran.code == 2
    assert "there is no such file or module; mend or delete the entry" in ran.problem("gone.py:Wrong")["message"]
