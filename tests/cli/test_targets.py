"""Targets that hold nothing to check: a clear message each, and the others are checked."""

from pathlib import Path

import pytest

from tests.cli.tools import Cli, Ran, cases, layer, one, process, write

FILES: dict[str, str | bytes] = {
    "good.py": one("Good"),
    "syntax.py": "def f(:\n    pass\n",
    "indent.py": "class A:\ndef f(self): pass\n",
    "zeros.py": b"x = 1\0\n",
    "needs.py": "import no_such_module_at_all\n",
    "raises.py": "def f():\n    raise ValueError('data.csv is missing')\n\n\nf()\n",
    "leaves.py": "import sys\nprint('bye')\nsys.exit(3)\n",
    "ends.py": "import os\nos._exit(7)\n",
    "holds_nothing.py": "x = 3\n",
    "empty.py": "",
    "notes.txt": "hello",
    "cannot.py": layer("Cannot").replace("input_shape", "flux"),
    "refuses.py": layer("Refuses", init="raise OSError('no such device')"),
    "quits.py": layer("Quits", init="sys.exit('giving up')"),
    "two.py": "class Two:\n    def forward(self, a, b): return a\n    def backward(self, d): return d\n",
    "half.py": "class Half:\n    def forward(self, a): return a\n",
}
NOTHING = "nothing found to check: no layer class (forward and backward methods), no pair of functions"
TARGETS = [
    *FILES, "empty_folder", "godo.py", "godo", "lyers/conv.py", "no.such.module", "good.py:Goof", "good.py:Zzz", "",
]  # fmt: skip


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = write(tmp_path_factory.mktemp("targets"), {**FILES, "layers/conv.py": ""})
    (folder / "empty_folder").mkdir()
    return process(folder, "run", *TARGETS, "--no-config", "--format", "json", "--report", "text=report.txt")


@pytest.mark.parametrize(
    ("target", "kind", "message", "where"),
    [
        ("syntax.py", "SyntaxError", "it is not valid Python (invalid syntax: def f(:)", "syntax.py:1"),
        ("indent.py", "IndentationError", "it is not valid Python (expected an indented block", "indent.py:2"),
        ("zeros.py", "SyntaxError", "it is not valid Python (source code", "zeros.py"),
        ("needs.py", "ModuleNotFoundError", "No module named 'no_such_module_at_all'; install it", "needs.py:1"),
        ("raises.py", "ValueError", "importing it fails (data.csv is missing)", "raises.py:2"),
        ("leaves.py", "SystemExit", "importing it ends the program (it called sys.exit(3)); put", "leaves.py:3"),
        ("ends.py", "Exit", "importing it ended its own process with exit status 7", None),
        ("holds_nothing.py", "Nothing", NOTHING, None),
        ("empty.py", "Nothing", NOTHING, None),
        ("half.py", "Nothing", NOTHING, None),
        ("empty_folder", "Nothing", "nothing found to check: empty_folder holds no Python file", None),
        ("notes.txt", "Missing", "notes.txt is not a Python file; a TARGET is file.py, a folder or a module", None),
        ("godo.py", "Missing", "'godo.py' does not exist: there is no such file or folder here", None),
        ("godo.py", "Missing", "Did you mean good.py?", None),
        ("godo", "Missing", "Did you mean good?", None),
        ("lyers/conv.py", "Missing", "Did you mean layers/conv.py?", None),
        ("no.such.module", "Missing", "no module of that name", None),
        ("", "Missing", "'' does not exist", None),
        ("good.py:Goof", "Missing", "good.py has no Goof to check; did you mean Good?", None),
        ("good.py:Zzz", "Missing", "good.py has no Zzz to check; there is Good", None),
        ("cannot.py:Cannot", "CannotBuild", "no value is known for its parameter flux", None),
        ("cannot.py:Cannot", "CannotBuild", "yield Cannot(flux=...), np.random.rand(4, 3)", None),
        ("refuses.py:Refuses", "CannotBuild", "Refuses(input_shape=(1, 5)) raises OSError: no such", "refuses.py:9"),
        ("quits.py:Quits", "CannotBuild", "raises SystemExit: it called sys.exit('giving up')", "quits.py:9"),
        ("two.py:Two", "CannotBuild", "its forward takes 2 inputs (a, b)", None),
    ],
)
def test_a_problem_says_what_where_and_what_to_do(
    ran: Ran, target: str, kind: str, message: str, where: str | None
) -> None:
    if target == "half.py":
        assert "half.py:Half has forward but no backward: not checked" in ran.record["notes"]
        return
    problem = ran.problem(target)
    assert (problem["kind"], problem["where"]) == (kind, where)
    assert message in problem["message"]


def test_every_target_is_accounted_for(ran: Ran) -> None:
    spoken_of = " ".join(
        [*(p["target"] for p in ran.record["problems"]), *(c["target"] for c in ran.record["checks"])]
        + ran.record["notes"]
    )
    assert [target for target in TARGETS if target not in spoken_of] == []


def test_the_target_that_is_there_is_checked(ran: Ran) -> None:
    assert {check["verdict"] for check in ran.checks("good.py:Good")} == {"pass"}
    assert ran.code == 2


def test_what_an_import_printed_is_shown(ran: Ran) -> None:
    assert ran.problem("leaves.py")["output"] == "bye\n"


def test_nothing_of_ours_shows(ran: Ran) -> None:
    assert ran.err == ""
    assert "Traceback" not in ran.out


@pytest.mark.parametrize("target", ["godo.py", "syntax.py", "empty.py", "empty_folder"])
def test_a_run_that_checked_nothing_is_exit_2_and_valid_json(cli: Cli, target: str) -> None:
    cli.write({name: FILES[name] for name in ("syntax.py", "empty.py")})
    (cli.folder / "empty_folder").mkdir()
    ran = cli("run", target, "--no-config", "--format", "json")
    assert ran.code == 2
    assert ran.record["checks"] == []
    assert len(ran.record["problems"]) == 1


def test_notes_alone_are_exit_2(cli: Cli) -> None:
    cli.write({"half.py": FILES["half.py"]})
    ran = cli("run", "half.py", "--no-config", "--format", "json")
    assert ran.code == 2
    assert ran.problem("half.py")["kind"] == "Nothing"


@pytest.mark.parametrize(("x", "code"), [("np.ones((0, 3))", 2), ("np.ones((1, 3))", 0)])
def test_a_run_that_measured_nothing_is_exit_2(cli: Cli, x: str, code: int) -> None:
    cli.write({"a.py": f"{layer('A')}\n\ndef gradcheck_cases():\n    yield A((3,)), {x}\n"})
    ran = cli("run", "a.py", "--no-config", "--format", "json")
    assert ran.code == code
    assert [p["message"].partition(":")[0] for p in ran.record["problems"]] == ["nothing was measured"] * (code // 2)


def test_a_folder_is_checked_file_by_file(cli: Cli) -> None:
    cli.write({"net/a.py": one("A"), "net/deep/b.py": one("B"), "net/.venv/c.py": one("C"), "net/util.py": "x = 1"})
    ran = cli("run", "net", "--no-config", "--format", "json")
    assert ran.code == 0
    assert {check["target"] for check in ran.record["checks"]} == {"net/a.py:A", "net/deep/b.py:B"}


def test_a_target_named_twice_is_checked_once(cli: Cli) -> None:
    cli.write({"a.py": one("A")})
    once = cli("run", "a.py", "--no-config", "--format", "json").record["checks"]
    twice = cli("run", "a.py", "./a.py", "a.py:A", ".", "--no-config", "--format", "json").record["checks"]
    assert [check["case"] for check in twice] == [check["case"] for check in once]


def test_one_class_of_a_file(cli: Cli) -> None:
    cli.write({"ab.py": layer("A") + layer("B") + cases("A", "B")})
    ran = cli("run", "ab.py:B", "--no-config", "--format", "json")
    assert {check["target"] for check in ran.record["checks"]} == {"ab.py:B"}


def test_two_classes_of_one_file(cli: Cli) -> None:
    cli.write({"abc.py": layer("A") + layer("B") + layer("C") + cases("A", "B", "C")})
    ran = cli("run", "abc.py:C", "abc.py:A", "--no-config", "--format", "json")
    assert (ran.code, ran.record["problems"]) == (0, [])
    assert {check["target"] for check in ran.record["checks"]} == {"abc.py:C", "abc.py:A"}
    ran = cli("run", "abc.py:C", "abc.py:D", "--no-config", "--format", "json")
    assert (ran.code, [problem["target"] for problem in ran.record["problems"]]) == (2, ["abc.py:D"])


@pytest.mark.parametrize("forbidden", ["", "1"], ids=["allowed", "forbidden"])
def test_no_bytecode_is_left_among_the_users_files(tmp_path: Path, forbidden: str) -> None:
    """A worker keeps that of our own modules alone."""
    doubled = one("Doubled", head="from gradcheck_sibling import TWICE", forward="return input * TWICE")
    write(tmp_path, {"doubled.py": doubled, "gradcheck_sibling.py": "TWICE = 2.0\n"})
    assert process(tmp_path, "run", "doubled.py", "--no-config", PYTHONDONTWRITEBYTECODE=forbidden).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["doubled.py", "gradcheck_sibling.py"]
