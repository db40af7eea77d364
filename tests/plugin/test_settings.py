"""Expected faults, baselines, options and their ini twins, and which of them wins."""

import json
import shutil
import sys

import pytest

from tests.plugin.tools import DENSE_2, DENSE_5, HOME, NEARLY, WRONG, Project, dense

pytest_plugins = "pytester"

EXPECTED = """[tool.gradcheck]
seed = 5

[[tool.gradcheck.expected]]
target = "{target}"
leaf = "b"
cause = "constant-factor"
reason = "on purpose"
"""


@pytest.mark.parametrize("target", ["layers/dense.py:Dense", "layers/dense.py"])
def test_an_expected_fault_is_an_xfail_until_it_vanishes(project: Project, target: str) -> None:
    project.write({"pyproject.toml": EXPECTED.format(target=target), "layers/dense.py": dense(WRONG)})
    ran = project.run("--gradcheck", "layers", "-rx")
    assert (ran.code, ran.counted(xfailed=2, passed=1)) == (0, True)
    assert f"XFAIL {DENSE_5} - expected: on purpose" in ran.out
    assert [row.split()[0] for row in ran.section.splitlines() if "layers/" in row] == ["expected", "pass"]
    assert "12 of these expected" in ran.section
    assert project.run("--gradcheck", "layers", "--runxfail").counted(failed=2, passed=1)

    project.write({"layers/dense.py": dense()})
    gone = project.run("--gradcheck", "layers")
    assert (gone.code, gone.counted(failed=1, passed=2)) == (1, True)
    assert "the expected constant-factor of b has vanished. Delete its" in gone.words
    assert gone.section.startswith("FAIL  layers/dense.py")


def test_a_fault_of_another_leaf_is_not_expected(project: Project) -> None:
    wrong = dense(WRONG).replace("self.x.T @ dout", "3 * self.x.T @ dout")
    project.write({"pyproject.toml": EXPECTED.format(target="layers/dense.py:Dense"), "layers/dense.py": wrong})
    assert project.run("--gradcheck", "layers").counted(failed=2, passed=1)


def test_expected_faults_of_what_there_is_not(project: Project) -> None:
    both = (
        EXPECTED.format(target="layers/dense.py:Dence") + EXPECTED.format(target="layers/none.py").partition("\n\n")[2]
    )
    project.write({"pyproject.toml": both, "layers/dense.py": dense(), "layers/half.py": dense()})
    ran = project.run("--gradcheck", "layers")
    assert ran.counted(errors=2, passed=6)
    assert "names Dence, which the file does not have" in ran.words
    assert "there is no such file or module" in ran.words


HALVED = """import numpy as np


class {name}:
    def forward(self, x):
        return x / 2

    def backward(self, dout):
        return dout {how}


def gradcheck_cases():
    yield {name}(), np.random.rand(2, 3)
"""


def test_an_expected_fault_of_a_folder_shows_in_any_of_its_files(project: Project) -> None:
    """No single file can say that it has vanished; those of one session can, once all of them were checked."""
    halves = {name: HALVED.format(name=name, how="/ 2") for name in ("One", "Two")}
    project.write({"pyproject.toml": EXPECTED.format(target="net").replace('"b"', '"input"')})
    project.write({"net/one.py": HALVED.format(name="One", how="* 1.0"), "net/two.py": halves["Two"]})
    assert project.run("--gradcheck", "net").counted(xfailed=1, passed=1)

    project.write({"net/one.py": halves["One"]})
    gone = project.run("--gradcheck", "net", "--junitxml=out.xml")
    assert (gone.code, gone.counted(failed=1, passed=2)) == (1, True)
    assert gone.section.startswith("FAIL  net: the expected constant-factor of input has vanished")
    assert "has vanished" in (project.folder / "out.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("part", [("net", "-k", "not Two"), ("net/one.py",)], ids=["deselected", "one file"])
def test_a_part_of_a_folder_cannot_say_that_its_fault_has_vanished(project: Project, part: tuple[str, ...]) -> None:
    project.write({"pyproject.toml": EXPECTED.format(target="net").replace('"b"', '"input"')})
    project.write({f"net/{name}.py": HALVED.format(name=name.title(), how="/ 2") for name in ("one", "two")})
    ran = project.run("--gradcheck", *part)
    assert (ran.code, ran.counted(passed=1)) == (0, True)


def test_the_workers_of_xdist_know_together_that_a_fault_has_vanished(project: Project) -> None:
    project.write({"pyproject.toml": EXPECTED.format(target="net").replace('"b"', '"input"')})
    project.write({f"net/{name}.py": HALVED.format(name=name.title(), how="/ 2") for name in ("one", "two")})
    gone = project.run("--gradcheck", "net", "-n", "2")
    assert (gone.code, gone.counted(failed=1, passed=2)) == (1, True)
    assert gone.section.startswith("FAIL  net: the expected constant-factor of input has vanished")


STYLE = """import numpy as np
from gradcheck import Convention


class Twice:
    def run(self, x):
        return 2 * x

    def pull(self, dy):
        return {factor} * dy


STYLE = Convention(forward="run", backward=lambda layer, dy: layer.pull(dy))


def gradcheck_cases():
    yield Twice(), np.random.rand(2, 3)
"""


def test_conventions_of_the_configuration(project: Project) -> None:
    project.write({"pyproject.toml": "[tool.gradcheck]\nconventions = ['net.twice:STYLE']\n", "net/__init__.py": ""})
    for factor, outcome in ((2, "passed"), (3, "failed")):
        project.write({"net/twice.py": STYLE.format(factor=factor)})
        assert project.run("--gradcheck", "net").counted(**{outcome: 1})


SHIFT = """class Shift:
    def __init__(self, input_shape):
        self.input_shape = self.output_shape = input_shape

    def forward(self, x):
        return x + 1

    def backward(self, dout):
        return dout * (1.5 if self.input_shape[-1] == 4 and self.input_shape[0] == 4 else 1)
"""


def test_what_a_search_finds_fails_the_last_item_of_its_class(project: Project) -> None:
    project.write({"shift.py": SHIFT})
    without = project.run("--gradcheck", "shift.py")
    assert without.code == 0
    ran = project.run("--gradcheck", "shift.py", "--gradcheck-search", "200")
    assert ran.counted(failed=1, passed=without.outcomes["passed"] - 1)
    assert "[found by search]" in ran.out
    assert "layer = Shift(input_shape=(4, " in ran.out
    assert "--search 200" in ran.words
    project.write({"pyproject.toml": "[tool.gradcheck]\nsearch = 200\n"})
    assert project.run("--gradcheck", "shift.py").counted(**ran.outcomes)


def test_which_setting_wins(project: Project) -> None:
    """The command line, the ini-file, [tool.gradcheck]; the replay says what `gradcheck run` must be told."""
    project.write({"pyproject.toml": "[tool.gradcheck]\nseed = 5\nrtol = 1e-6\n", "dense.py": dense(NEARLY)})
    assert "again: gradcheck run dense.py:Dense --seed 5 --case 0\n" in project.run("--gradcheck", "dense.py").out
    project.write({"pytest.ini": "[pytest]\ngradcheck_seed = 6\ngradcheck_method = screen\n"})
    assert "--seed 6 --case 0 --method screen" in project.run("--gradcheck", "dense.py").words
    ran = project.run("--gradcheck", "dense.py", "--gradcheck-seed", "7", "--gradcheck-rtol", "0.01")
    assert ran.code == 0


def test_a_configuration_elsewhere(project: Project) -> None:
    """The command line's path is relative to the folder where it is typed, the ini-file's to the root directory."""
    tolerant = "[tool.gradcheck]\nrtol = 0.01\n"
    project.write({"conf/one.toml": tolerant, "pytest.ini": "[pytest]\n", "sub/dense.py": dense(NEARLY)})
    assert project.run("--gradcheck", "sub", "--gradcheck-config", "conf/one.toml").code == 0
    project.write({"pytest.ini": "[pytest]\ngradcheck_config = conf/one.toml\n"})
    project.pytester.chdir()
    assert project.run("--gradcheck", "sub").code == 0
    project.write({"pytest.ini": "[pytest]\n", "sub/pyproject.toml": tolerant})  # the nearest to the file
    assert project.run("--gradcheck", "sub").code == 0


@pytest.mark.parametrize(
    ("arguments", "ini", "toml", "message"),
    [
        pytest.param(["--gradcheck-seed=-1"], "", "", "--gradcheck-seed: expected a whole number", id="seed"),
        pytest.param(["--gradcheck-rtol=2"], "", "", "--gradcheck-rtol: expected a number between 0 and 1", id="rtol"),
        pytest.param([], "gradcheck_rtol = x", "", "pytest.ini: gradcheck_rtol: expected a number", id="ini"),
        pytest.param([], "gradcheck_method = all", "", "gradcheck_method: expected one of auto", id="ini, method"),
        pytest.param([], "", "sede = 3", "unknown key 'sede'; did you mean 'seed'?", id="tool"),
        pytest.param(
            [],
            "",
            EXPECTED.format(target="dense.py").partition("seed = 5\n")[2].replace("constant", "const"),
            "number 1 has the unknown cause 'const-factor'; did you mean 'constant-factor'",
            id="cause",
        ),
        pytest.param(["--gradcheck-config=no.toml"], "", "", "no.toml: cannot be read", id="no such file"),
        pytest.param(
            ["--gradcheck-method=entries", "--gradcheck-budget=90"], "", "", "measures every entry", id="budget"
        ),
    ],
)
def test_a_setting_that_makes_no_sense(
    project: Project, arguments: list[str], ini: str, toml: str, message: str
) -> None:
    project.write({"pytest.ini": f"[pytest]\n{ini}\n", "pyproject.toml": f"[tool.gradcheck]\n{toml}\n"})
    project.write({"dense.py": dense()})
    ran = project.run("--gradcheck", "dense.py", *arguments)
    assert ran.code == 4
    assert message in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


def test_the_time_limit(project: Project) -> None:
    project.write({"slow.py": dense().replace("return x / 2", "import time; time.sleep(60); return x / 2")})
    ran = project.run("--gradcheck", "slow.py", "--gradcheck-timeout", "3")
    assert ran.counted(passed=2, failed=1)
    assert "was not finished within the time limit of 3 s (--gradcheck-timeout)" in ran.words


@pytest.mark.exhaustive
def test_update_writes_what_baseline_check_reads(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write({"pyproject.toml": '[tool.gradcheck]\nbaselines = "kept"\n', "layers/dense.py": dense()})
    refused = project.run("--gradcheck-update", "layers")
    assert refused.code == 0, "without CI it is allowed"
    assert "2 written" in refused.section
    assert sorted(json.loads(p.read_text())["target"] for p in (project.folder / "kept").iterdir()) == [
        "layers/dense.py:Dense",
        "layers/dense.py:Half",
    ]
    check = project.pytester.run(sys.executable, "-m", "gradcheck", "baseline", "check", "layers")
    assert (check.ret, "2 as in their baselines" in check.stdout.str()) == (0, True)
    again = project.run("--gradcheck-update", "layers", "-n", "2")
    assert "2 as in their baselines" in again.section

    shutil.rmtree(project.folder / "kept")
    monkeypatch.setenv("CI", "true")
    refused = project.run("--gradcheck-update", "layers")
    assert (refused.code, "--gradcheck-force" in refused.err) == (4, True)
    assert not (project.folder / "kept").exists()
    assert project.run("--gradcheck-update", "--gradcheck-force", DENSE_2).code == 0
    assert len([*(project.folder / "kept").iterdir()]) == 1


def test_a_damaged_baseline_is_an_error(project: Project) -> None:
    project.write({"layers/dense.py": dense(), "pytest.ini": "[pytest]\n"})
    assert project.run("--gradcheck-update", "layers").code == 0
    for file in (project.folder / "reports/baselines").iterdir():
        file.write_text("{")
    ran = project.run("--gradcheck-update", "layers")
    assert (ran.code, "errors" in ran.outcomes) == (1, True)
    assert "is not valid JSON" in ran.words


@pytest.mark.exhaustive
def test_this_repositorys_layers_are_green(project: Project) -> None:
    """Two files of them, that with the expected fault among them: `make check` has the others."""
    shutil.copytree(HOME / "layers", project.folder / "layers", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOME / "pyproject.toml", project.folder)
    files = ("layers/flatten.py", "layers/article/convolution.py")
    ran = project.run_apart("--gradcheck", *files, "-n", "2", "--dist", "loadfile", "--junitxml=out.xml")
    assert ran.code == 0
    assert set(ran.outcomes) == {"passed", "xfailed"}
    assert "expected  layers/article/convolution.py:ConvLayer" in ran.section
    assert (project.folder / "out.xml").read_text().count("pytest.xfail") == ran.outcomes["xfailed"]
