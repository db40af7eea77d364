"""What `--search` draws beside arguments and inputs: the mode, parameters of zeros and ones anew, other random ones."""

import pytest

from tests.cli.searching import found, notes, pasted_fails
from tests.cli.tools import Cli, Ran, process, write

# Wrong in eval, at a width of 3 and more alone, which the ordinary cases of `run` do not try in both modes.
MODED = """import numpy as np


class Gate:
    def __init__(self, size, gain=1):
        self.size, self.gain = size, gain
        {init}

    {methods}
    def forward(self, x{argument}):
        {read}
        self.training_then = training
        return x * (2.0 if training else 0.5)

    def backward(self, dy):
        if self.training_then:
            return dy * 2.0
        return dy * (0.5 if self.gain != 3 else {factor})
"""
ATTRIBUTE = {"init": "self.training = True", "methods": "", "argument": "", "read": "training = self.training"}
METHODS = {
    "init": "self._on = True",
    "methods": "def train(self):\n        self._on = True\n\n    def eval(self):\n        self._on = False\n",
    "argument": "",
    "read": "training = self._on",
}
ARGUMENT = {"init": "pass", "methods": "", "argument": ", training=True", "read": "pass"}
INSIDE = {
    "init": "self.inner = type('Inner', (), {})()\n        self.inner.training = True",
    "methods": "",
    "argument": "",
    "read": "training = self.inner.training",
}
WORDS = {"init": "self.mode = 'train'", "methods": "", "argument": "", "read": "training = self.mode == 'train'"}


def source(style: dict[str, str], factor: str) -> str:
    text = MODED
    for name, value in {**style, "factor": factor}.items():
        text = text.replace("{" + name + "}", value)
    return text


STYLES = {
    "attribute": (ATTRIBUTE, "layer.training = False"),
    "methods": (METHODS, "layer.eval()"),
    "argument": (ARGUMENT, "layer.forward = partial(layer.forward, training=False)"),
    "inside": (INSIDE, "layer.inner.training = False"),
    "words": (WORDS, "layer.mode = 'test'"),
}


def named(style: str, factor: str) -> str:
    """The class of that style, named for it."""
    return source(STYLES[style][0], factor).replace("class Gate", f"class {style.title()}")


WRONG, RIGHT = ("\n\n".join(named(style, factor) for style in STYLES) for factor in ("0.75", "0.5"))


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One search for all styles."""
    folder = write(tmp_path_factory.mktemp("styles"), {"gate.py": WRONG})
    return process(folder, "run", "gate.py", "--search", "40", "--no-config", "--format", "json")


@pytest.mark.parametrize("style", STYLES)
def test_a_fault_of_the_other_mode_alone(searched: Ran, style: str) -> None:
    checks = searched.checks(f"gate.py:{style.title()}")
    (check,) = [check for check in checks if check["case"].endswith("[found by search]")]
    assert {own["verdict"] for own in checks if own != check} == {"pass"}
    assert check["case"].endswith("[eval] [found by search]")
    assert "gain=3" in check["case"]
    line = STYLES[style][1]
    assert any(text.strip() == line for text in check["paste"]["case"].splitlines()), check["paste"]["case"]
    assert pasted_fails(check["paste"]["test"], "gate", WRONG)
    assert not pasted_fails(check["paste"]["test"], "gate", RIGHT)


@pytest.mark.exhaustive
def test_right_in_both_modes(cli: Cli) -> None:
    cli.write({"right.py": RIGHT})
    ran = cli("run", "right.py", "--search", "15", "--no-config", "--format", "json")
    assert (ran.code, {check["verdict"] for check in ran.record["checks"]}) == (0, {"pass"})
    assert [note for note in notes(ran) if "modes eval, train" not in note] == []
    assert len(notes(ran)) == len(STYLES)


def test_the_pasted_cases_fail_in_their_module(searched: Ran, cli: Cli) -> None:
    """One function for each class, called by a gradcheck_cases of all."""
    cases = [f"{check['paste']['case']}\n\n\nall_cases.append(gradcheck_cases)\n" for check in found(searched)]
    all_of_them = "def gradcheck_cases():\n    for cases in all_cases:\n        yield from cases()\n"
    cli.write({"pasted.py": "\n\n".join([WRONG, "all_cases = []\n", *cases, all_of_them])})
    ran = cli("run", "pasted.py", "--no-config", "--format", "json")
    failing = {check["target"].partition(":")[2] for check in ran.record["checks"] if check["verdict"] == "fail"}
    assert failing == {style.title() for style in STYLES}


def test_a_fault_of_both_modes_is_shrunk_to_training(cli: Cli) -> None:
    text = source(ATTRIBUTE, "0.75").replace("return dy * 2.0", "return dy * (2.0 if self.gain != 3 else 1.0)")
    cli.write({"gate.py": text})
    ran = cli("run", "gate.py", "--search", "40", "--no-config", "--format", "json")
    (check,) = found(ran)
    assert "[eval]" not in check["case"]
    assert "layer.training" not in check["paste"]["case"]


SCALED = """import numpy as np


class Scaled:
    def __init__(self, size, gain=1):
        self.size, self.gain = size, gain
        self.gamma, self.beta = np.ones(size), np.zeros(size)

    def forward(self, x):
        self.x = x
        return self.gain * self.gamma * x + self.beta

    def backward(self, dy):
        self.dgamma, self.dbeta = (self.gain * dy * self.x).sum(axis=0), dy.sum(axis=0)
        return self.gain * dy * (self.gamma if self.gain != 3 else {gamma})
"""


def test_parameters_of_ones_are_drawn_again(cli: Cli) -> None:
    wrong, right = SCALED.replace("{gamma}", "1"), SCALED.replace("{gamma}", "self.gamma")
    cli.write({"a.py": wrong, "right.py": right})
    ran = cli("run", "a.py", "right.py", "--search", "80", "--no-config", "--format", "json")
    (check,) = found(ran)
    assert check in ran.checks("a.py:Scaled")
    assert {own["verdict"] for own in ran.record["checks"] if own != check} == {"pass"}
    assert check["case"].endswith("[redrawn] [found by search]")
    assert "layer.gamma[...] = np.array([" in check["paste"]["case"]
    assert pasted_fails(check["paste"]["test"], "a", wrong)
    assert not pasted_fails(check["paste"]["test"], "a", right)


RANDOM = """import numpy as np


class Weighted:
    def __init__(self, size):
        self.size = size
        self.weights = np.random.rand(size) - 0.5

    def forward(self, x):
        self.x = x
        return x * self.weights

    def backward(self, dy):
        self.dweights = (dy * self.x).sum(axis=0)
        return dy * np.{clip}(self.weights, -0.45, None)
"""


def test_random_parameters_are_drawn_from_other_seeds(cli: Cli) -> None:
    source = RANDOM.replace("{clip}", "clip")
    cli.write({"a.py": source})
    ran = cli("run", "a.py", "--search", "100", "--no-config", "--format", "json")
    (check,) = found(ran)
    assert {own["verdict"] for own in ran.record["checks"] if own != check} == {"pass"}
    assert "[seed " in check["case"]
    seed = check["case"].partition("[seed ")[2].partition("]")[0]
    assert f"np.random.seed({seed})" in check["paste"]["case"]
    assert pasted_fails(check["paste"]["test"], "a", source)


AUTHORED = """

def gradcheck_cases():
    from hypothesis import strategies as st

    kept = [Gate(1, gain) for gain in range(1, 5)]
    return st.sampled_from(kept).map(lambda layer: (layer, np.array([0.5, 1.5])))
"""


def test_an_authors_own_objects_are_left_as_they_were(cli: Cli) -> None:
    """Each is drawn again and again, in either mode."""
    cli.write({"a.py": source(ATTRIBUTE, "0.5") + AUTHORED, "b.py": source(ATTRIBUTE, "0.75") + AUTHORED})
    ran = cli("run", "a.py", "b.py", "--search", "40", "--no-config", "--format", "json")
    (check,) = found(ran)
    assert {own["verdict"] for own in ran.checks("a.py:Gate")} == {"pass"}
    assert check in ran.checks("b.py:Gate")
    assert check["case"].endswith("[eval] [found by search]")
    assert "layer.training = False" in check["paste"]["case"]
