"""What `--search` draws beside arguments and inputs: the mode, parameters of zeros and ones anew, other random ones."""

import pytest

from tests.cli.searching import found, notes, run_pytest
from tests.cli.tools import Cli

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


@pytest.mark.parametrize(
    ("style", "line"),
    [
        (ATTRIBUTE, "layer.training = False"),
        (METHODS, "layer.eval()"),
        (ARGUMENT, "layer.forward = partial(layer.forward, training=False)"),
        (INSIDE, "layer.inner.training = False"),
        (WORDS, "layer.mode = 'test'"),
    ],
    ids=["attribute", "methods", "argument", "inside", "words"],
)
def test_a_fault_of_the_other_mode_alone(cli: Cli, style: dict[str, str], line: str) -> None:
    cli.write({"gate.py": source(style, "0.75"), "right.py": source(style, "0.5")})
    assert cli("run", "gate.py", "--no-config").code == 0
    ran = cli("run", "gate.py", "--search", "40", "--no-config", "--format", "json")
    (check,) = found(ran)
    assert check["case"].endswith("[eval] [found by search]")
    assert "gain=3" in check["case"]
    assert any(text.strip() == line for text in check["paste"]["case"].splitlines()), check["paste"]["case"]
    cli.write(
        {"test_found.py": check["paste"]["test"], "pasted.py": f"{source(style, '0.75')}\n\n{check['paste']['case']}\n"}
    )
    assert cli("run", "pasted.py", "--no-config").code == 1
    failing = run_pytest(cli.folder, "test_found.py")
    assert failing.returncode == 1
    assert "GradientMismatch" in failing.stdout
    cli.write({"gate.py": source(style, "0.5")})
    assert run_pytest(cli.folder, "test_found.py").returncode == 0
    right = cli("run", "right.py", "--search", "40", "--no-config", "--format", "json")
    assert (right.code, found(right)) == (0, [])
    assert "modes eval, train" in notes(right)[0]


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
    cli.write({"a.py": SCALED.replace("{gamma}", "1"), "right.py": SCALED.replace("{gamma}", "self.gamma")})
    assert cli("run", "a.py", "--no-config").code == 0
    ran = cli("run", "a.py", "--search", "80", "--no-config", "--format", "json")
    (check,) = found(ran)
    assert check["case"].endswith("[redrawn] [found by search]")
    assert "layer.gamma[...] = np.array([" in check["paste"]["case"]
    cli.write({"test_found.py": check["paste"]["test"]})
    assert "GradientMismatch" in run_pytest(cli.folder, "test_found.py").stdout
    cli.write({"a.py": SCALED.replace("{gamma}", "self.gamma")})
    assert run_pytest(cli.folder, "test_found.py").returncode == 0
    right = cli("run", "right.py", "--search", "80", "--no-config", "--format", "json")
    assert (right.code, found(right)) == (0, [])


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
    cli.write({"a.py": RANDOM.replace("{clip}", "clip")})
    assert cli("run", "a.py", "--no-config").code == 0
    ran = cli("run", "a.py", "--search", "100", "--no-config", "--format", "json")
    (check,) = found(ran)
    assert "[seed " in check["case"]
    seed = check["case"].partition("[seed ")[2].partition("]")[0]
    assert f"np.random.seed({seed})" in check["paste"]["case"]
    cli.write({"test_found.py": check["paste"]["test"]})
    assert "GradientMismatch" in run_pytest(cli.folder, "test_found.py").stdout


AUTHORED = """

def gradcheck_cases():
    from hypothesis import strategies as st

    kept = [Gate(1, gain) for gain in range(1, 5)]
    return st.sampled_from(kept).map(lambda layer: (layer, np.array([0.5, 1.5])))
"""


def test_an_authors_own_objects_are_left_as_they_were(cli: Cli) -> None:
    """Each is drawn again and again, in either mode."""
    cli.write({"a.py": source(ATTRIBUTE, "0.5") + AUTHORED, "b.py": source(ATTRIBUTE, "0.75") + AUTHORED})
    right = cli("run", "a.py", "--search", "40", "--no-config", "--format", "json")
    assert (right.code, found(right)) == (0, [])
    (check,) = found(cli("run", "b.py", "--search", "40", "--no-config", "--format", "json"))
    assert check["case"].endswith("[eval] [found by search]")
    assert "layer.training = False" in check["paste"]["case"]
