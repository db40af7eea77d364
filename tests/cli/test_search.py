"""`gradcheck run --search N`: what is drawn, found, shrunk and printed to be pasted."""

import re
from html import unescape
from pathlib import Path

import pytest

from gradcheck.run.options import Options
from tests.cli.searching import found, notes, run_pytest
from tests.cli.tools import Cli, Ran, process

STRIDED = """import numpy as np


class StridedConv:
    def __init__(self, input_shape, kernel_size=2, stride=1):
        self.input_shape, self.kernel_size, self.stride = input_shape, kernel_size, stride
        self.weights = np.random.rand(kernel_size, kernel_size) - 0.5

    def forward(self, x):
        self.x = x
        k, s = self.kernel_size, self.stride
        rows, columns = (x.shape[0] - k) // s + 1, (x.shape[1] - k) // s + 1
        out = np.zeros((rows, columns, x.shape[2]))
        for i in range(rows):
            for j in range(columns):
                out[i, j] = np.tensordot(self.weights, x[i * s : i * s + k, j * s : j * s + k], 2)
        return out

    def backward(self, dy):
        k, s = self.kernel_size, self.stride
        dx, self.dweights = np.zeros_like(self.x), np.zeros_like(self.weights)
        {fault}
        for i in range(rows):
            for j in range(dy.shape[1]):
                window = self.x[i * s : i * s + k, j * s : j * s + k]
                self.dweights += (window * dy[i, j]).sum(axis=2)
                dx[i * s : i * s + k, j * s : j * s + k] += self.weights[:, :, None] * dy[i, j]
        return dx
"""
RIGHT = STRIDED.replace("{fault}", "rows = dy.shape[0]")
# At stride 2, an odd number of rows is counted as size // 2, where (size - kernel) // 2 + 1 is right.
WRONG = STRIDED.replace("{fault}", "rows = dy.shape[0] if s != 2 or self.x.shape[0] % 2 == 0 else self.x.shape[0] // 2")
SMALLEST = "StridedConv(input_shape=(1, 1, 1), kernel_size=1, stride=2) at [[[0.1]]] [found by search]"


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """The wrong layer searched once, in a process of its own, with every report."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "strided.py").write_text(WRONG, encoding="utf-8")
    reports = [f"--report={kind}=out.{kind}" for kind in ("text", "html", "markdown", "junit")]
    return folder, process(folder, "run", "strided.py", "--search", "200", "--format", "json", *reports)


def test_the_smallest_failing_layer_and_point_are_found(wrong: tuple[Path, Ran]) -> None:
    _, ran = wrong
    (check,) = found(ran)
    assert ran.code == 1
    assert check["case"] == SMALLEST
    assert check["verdict"] == "fail"
    assert {finding["leaf"] for finding in check["findings"]} == {"input", "weights"}
    assert check["replay"].endswith(f"--case {check['index']} --search 200")


def test_the_pasted_test_fails_and_passes_once_the_layer_is_mended(wrong: tuple[Path, Ran]) -> None:
    folder, ran = wrong
    (check,) = found(ran)
    (folder / "test_found.py").write_text(check["paste"]["test"], encoding="utf-8")
    failing = run_pytest(folder, "test_found.py")
    assert failing.returncode == 1, failing.stdout
    assert "GradientMismatch" in failing.stdout
    (folder / "strided.py").write_text(RIGHT, encoding="utf-8")
    mended = run_pytest(folder, "test_found.py")
    (folder / "strided.py").write_text(WRONG, encoding="utf-8")
    assert mended.returncode == 0, mended.stdout


def test_the_pasted_case_fails_in_its_module_and_passes_once_it_is_mended(wrong: tuple[Path, Ran], cli: Cli) -> None:
    _, ran = wrong
    (check,) = found(ran)
    cli.write({"a.py": f"{WRONG}\n\n{check['paste']['case']}\n", "b.py": f"{RIGHT}\n\n{check['paste']['case']}\n"})
    assert cli("run", "a.py", "--no-config").code == 1
    assert cli("run", "b.py", "--no-config").code == 0


def test_the_ordinary_run_of_that_layer_finds_nothing(wrong: tuple[Path, Ran]) -> None:
    _, ran = wrong
    own = [check for check in ran.record["checks"] if check not in found(ran)]
    assert {check["verdict"] for check in own} == {"pass"}
    assert all(check["paste"] is None for check in own)


def test_nothing_is_written_beside_the_layer(wrong: tuple[Path, Ran]) -> None:
    folder, _ = wrong
    assert not (folder / ".hypothesis").exists()


def test_the_correct_twin_passes_and_the_note_says_over_what(cli: Cli) -> None:
    cli.write({"strided.py": RIGHT})
    ran = cli("run", "strided.py", "--search", "60", "--no-config", "--format", "json")
    assert ran.code == 0
    assert found(ran) == []
    (note,) = notes(ran)
    number = int(re.findall(r"search: (\d+) examples passed", note)[0])
    assert number > 20
    assert "stride 1 to 3" in note
    assert "kernel_size 1 to 3" in note
    assert "more were left out, for the layer raises there: ValueError" in note


def test_the_text_report_shows_lines_to_paste_unwrapped(wrong: tuple[Path, Ran]) -> None:
    folder, _ = wrong
    text = (folder / "out.text").read_text(encoding="utf-8").splitlines()
    lines = [line.strip() for line in text]
    assert "def gradcheck_cases():" in lines
    assert "yield StridedConv(input_shape=(1, 1, 1), kernel_size=1, stride=2), np.array([[[0.1]]])" in lines or (
        "StridedConv(input_shape=(1, 1, 1), kernel_size=1, stride=2)," in lines
    )
    assert "from strided import StridedConv" in lines
    assert "def test_stridedconv_found_by_search():" in lines
    assert max(map(len, text)) <= 80


def test_every_report_shows_the_lines_to_paste(wrong: tuple[Path, Ran]) -> None:
    folder, ran = wrong
    (check,) = found(ran)
    for kind in ("html", "markdown", "junit"):
        text = unescape((folder / f"out.{kind}").read_text(encoding="utf-8"))
        lines = [line.strip() for line in text.splitlines()]
        for code in check["paste"].values():
            assert all(any(line.strip() in shown for shown in lines) for line in code.splitlines()), (kind, code)
    markdown = (folder / "out.markdown").read_text(encoding="utf-8")
    assert f"```python\n{check['paste']['test']}\n```" in markdown


GAIN = """class Gain:
    def __init__(self, size, gain=1):
        self.gain = gain

    def forward(self, x):
        return self.gain * x

    def backward(self, dy):
        return dy * ({wrong} if self.gain == 3 else self.gain)
"""
GAIN_RIGHT, GAIN_WRONG = GAIN.replace("{wrong}", "3"), GAIN.replace("{wrong}", "2")


def test_pytest_shows_the_lines_to_paste(cli: Cli) -> None:
    cli.write({"gain.py": GAIN_WRONG})
    done = run_pytest(cli.folder, "gain.py", "--gradcheck", "--gradcheck-search=30")
    assert done.returncode == 1
    assert "def test_gain_found_by_search():" in done.stdout


@pytest.mark.exhaustive
def test_a_seed_draws_the_same_with_any_number_of_jobs(cli: Cli) -> None:
    cli.write({"a.py": GAIN_RIGHT, "b.py": GAIN_WRONG})
    told = []
    for jobs in ("1", "2"):
        ran = cli(
            "run", "a.py", "b.py", "--search", "30", "--no-config", "--format", "json", "--jobs", jobs, "--seed", "3"
        )
        told.append(
            [(check["target"], check["case"], check["verdict"], check["notes"]) for check in ran.record["checks"]]
        )
    assert told[0] == told[1]
    assert len(notes(ran)) == 2
    assert len(found(ran)) == 1


def test_the_configuration_asks_for_a_search_and_the_command_line_goes_before_it(cli: Cli) -> None:
    cli.write({"gain.py": GAIN_WRONG, "pyproject.toml": '[tool.gradcheck]\ntargets = ["gain.py"]\nsearch = 30\n'})
    assert len(found(cli("run", "--format", "json"))) == 1
    assert found(cli("run", "--format", "json", "--search", "0")) == []
    assert Options().search == 0


def test_an_expected_fault_that_a_search_finds_too_stays_expected(cli: Cli) -> None:
    fault = (
        '[[tool.gradcheck.expected]]\ntarget = "a.py:Flipped"\nleaf = "input"\ncause = "sign-flipped"\nreason = "no"\n'
    )
    source = "class Flipped:\n    def forward(self, x):\n        return x * 2.0\n\n"
    source += "    def backward(self, dy):\n        return dy * -2.0\n"
    cli.write({"a.py": source, "pyproject.toml": f"[tool.gradcheck]\n{fault}"})
    ran = cli("run", "a.py", "--search", "10", "--format", "json")
    assert ran.code == 0
    assert [check["expected"] for check in found(ran)] == [True]


def test_what_a_search_cannot_draw_for_is_said(cli: Cli) -> None:
    cases = "def gradcheck_cases():\n    import numpy as np\n\n    yield Gain(4), np.ones((4, 4))\n"
    functions = "def f(x):\n    return x * x\n\n\ndef f_prime(x):\n    return 2 * x\n"
    cli.write({"a.py": functions, "b.py": f"{GAIN_RIGHT}\n\n{cases}"})
    ran = cli("run", "a.py", "b.py", "--search", "5", "--no-config", "--format", "json")
    assert ran.code == 0
    first, second = ran.record["notes"]
    assert first.startswith("a.py: --search drew nothing for f: functions and losses need a hypothesis strategy")
    assert second == "b.py: --search drew nothing for Gain: gradcheck_cases() yields no hypothesis strategy of it"


BROADCASTS = """import numpy as np


class Residual:
    def __init__(self, input_size, output_size):
        self.weights = np.random.rand(input_size, output_size) - 0.5

    def forward(self, x):
        self.x = x
        return x + x @ self.weights

    def backward(self, dy):
        self.dweights = self.x.T @ dy
        return dy {sign} dy @ self.weights.T
"""


@pytest.mark.exhaustive
def test_a_size_of_1_that_only_numpy_makes_fit_is_no_fault(cli: Cli) -> None:
    cli.write({"a.py": BROADCASTS.replace("{sign}", "+"), "b.py": BROADCASTS.replace("{sign}", "-")})
    right = cli("run", "a.py", "--search", "40", "--no-config", "--format", "json")
    wrong = cli("run", "b.py", "--search", "40", "--no-config", "--format", "json")
    assert (right.code, wrong.code) == (0, 1)
    assert any("layer raises there" in note for note in notes(right))
    assert found(wrong)
