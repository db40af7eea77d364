"""[tool.gradcheck] conventions: for the layers that they fit, or for a target; what cannot be loaded is exit 2."""

import pytest

from tests.cli.tools import Cli

ODD = """
import numpy as np

class Odd:
    def __init__(self, n_in):
        self.theta = np.linspace(0.5, -1.0, n_in)
    def run(self, x):
        return np.tanh(x + self.theta)
    def pull(self, x, dy):
        d = FACTOR * dy * (1 - self.run(x) ** 2)
        self.g = d.reshape(-1, len(self.theta)).sum(axis=0)
        return d
"""
CASES = """
def gradcheck_cases():
    yield Odd(2), np.linspace(-1, 1, 6).reshape(3, 2)
"""
GLUE = """
from gradcheck import Convention

style = Convention(
    forward="run", backward=lambda layer, dy, x: layer.pull(x, dy), gradients=lambda layer: {"theta": layer.g}
)
nameless = Convention(forward=lambda layer, x: layer.run(x), backward=style.backward, gradients=style.gradients)
number = 3
"""
LISTED = "[tool.gradcheck]\nconventions = ['{}']\n"
TABLE = "[tool.gradcheck.conventions]\n\"{}\" = '{}'\n"


def project(cli: Cli, toml: str, factor: str = "1.0", cases: str = CASES) -> None:
    odd = ODD.replace("FACTOR", factor) + cases
    cli.write({"pyproject.toml": toml, "mine/odd.py": odd, "glue/__init__.py": "", "glue/ours.py": GLUE})


@pytest.mark.parametrize(
    ("toml", "cases"),
    [
        (LISTED.format("glue.ours:style"), CASES),
        (LISTED.format("glue.ours:style"), ""),
        (TABLE.format("mine/odd.py", "glue.ours:style"), CASES),
        (TABLE.format("mine/odd.py:Odd", "glue.ours:nameless"), CASES),
        (TABLE.format("mine/odd.py:Odd", "glue.ours:nameless"), ""),
        (TABLE.format("mine", "glue.ours:style"), CASES),
    ],
)
def test_right_and_wrong(cli: Cli, toml: str, cases: str) -> None:
    for factor, code in (("1.0", 0), ("2.0", 1)):
        project(cli, toml, factor, cases)
        ran = cli("run", "mine/odd.py", "--format", "json")
        assert ran.code == code, ran.out
        check = ran.record["checks"][0]
        assert check["target"] == "mine/odd.py:Odd"
        assert [leaf["name"] for leaf in check["leaves"]] == (["input", "theta"])


def test_elsewhere_and_without_it_nothing_fits(cli: Cli) -> None:
    project(cli, TABLE.format("mine/odd.py:Other", "glue.ours:style"))
    ran = cli("run", "mine/odd.py", "--format", "json")
    assert ran.code == 2
    assert "no forward and backward" in ran.record["problems"][0]["message"]


def test_the_modules_own_goes_before_it(cli: Cli) -> None:
    project(cli, LISTED.format("glue.ours:style"))
    own = "from gradcheck import Convention\n" + ODD.replace("FACTOR", "1.0") + CASES
    own += "\ngradcheck_convention = Convention(forward='run', backward=lambda layer, dy, x: layer.pull(x, dy),\n"
    cli.write({"mine/odd.py": own + "    gradients=lambda layer: {'theta': layer.g}, notes=('our own',))\n"})
    ran = cli("run", "mine/odd.py", "--format", "json")
    assert ran.code == 0
    assert "our own" in ran.record["checks"][0]["notes"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("glue.gone:style", "'glue.gone:style': cannot be imported: No module named 'glue.gone'"),
        ("glue.ours:styl", "'glue.ours:styl': cannot be imported: module 'glue.ours' has no attribute 'styl'"),
        ("glue.ours:number", "'glue.ours:number': is a int, not a Convention"),
        ("glue.ours:nameless", "does not tell which layers it is for; name them: write the table"),
        ("glue.bad:style", "'glue.bad:style': importing it raises ZeroDivisionError: division by zero (bad.py:1)"),
        ("glue.out:style", "'glue.out:style': importing it raises SystemExit: it called sys.exit(3)"),
    ],
)
def test_what_cannot_be_loaded(cli: Cli, text: str, words: str) -> None:
    project(cli, LISTED.format(text))
    cli.write({"glue/bad.py": "1 / 0\n", "glue/out.py": "import sys\nsys.exit(3)\n"})
    cli.write({"mine/even.py": "def f(x):\n    return x * x\n\ndef f_prime(x):\n    return 2 * x\n"})
    ran = cli("run", "mine", "--format", "json")
    assert ran.code == 2
    told = [p for p in ran.record["problems"] if p["kind"] == "Convention"]
    assert len(told) == 1, "one sentence, whatever the number of files"
    assert told[0]["target"] == "pyproject.toml"
    assert words in told[0]["message"]
    assert {c["target"] for c in ran.record["checks"]} == {"mine/even.py:f"}, "the rest is still checked"


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[tool.gradcheck]\nconventions = 'glue:style'\n", "expected a list of 'module:name'"),
        (
            "[tool.gradcheck]\nconventions = ['glue']\n",
            "'module:name', such as 'mylayers.style:STYLE', got 'glue'",
        ),
        ("[tool.gradcheck]\nconventions = [3]\n", "expected 'module:name', such as 'mylayers.style:STYLE', got 3"),
        (TABLE.format("gone.py", "glue:style"), "[tool.gradcheck.conventions] 'gone.py': 'gone.py' does not exist"),
    ],
)
def test_what_is_no_convention_at_all(cli: Cli, toml: str, words: str) -> None:
    project(cli, toml)
    ran = cli("run", "mine/odd.py")
    assert ran.code == 2
    assert words in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
