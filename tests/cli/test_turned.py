"""A layer in the mode that `run` adds, after it has run in its own: what training leaves behind."""

import pytest

from tests.cli.tools import Cli

DROPOUT = """import numpy as np


class Dropout:
    def __init__(self, p):
        self.p, self.training, self.mask = p, True, None

    def forward(self, x):
        if not self.training:
            {eval}
        self.mask = (np.random.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, dy):
        {backward}


def gradcheck_cases():
    yield Dropout(0.4), np.arange(12.0).reshape(4, 3) - 5.25
"""
STALE = DROPOUT.format(eval="return x", backward="return dy if self.mask is None else dy * self.mask")
UNMADE = DROPOUT.format(eval="return x", backward="return dy * self.mask")
NORM = """import numpy as np


class Norm:
    def __init__(self):
        self.training, self.mean, self.seen = True, np.zeros(3), None

    def forward(self, x):
        if self.training:
            self.mean, self.seen = 0.9 * self.mean + 0.1 * x.mean(axis=0), x - x.mean(axis=0)
            return np.sinh(self.seen)
        self.now = x - self.mean
        return np.sinh(self.now)

    def backward(self, dy):
        if self.training:
            d = dy * np.cosh(self.seen)
            return d - d.mean(axis=0)
        {kept}


def gradcheck_cases():
    yield Norm(), np.arange(12.0).reshape(4, 3) / 5 - 1.25
"""
RIGHT = [
    DROPOUT.format(eval="self.mask = None; return x", backward="return dy if self.mask is None else dy * self.mask"),
    DROPOUT.format(eval="return x", backward="return dy * self.mask if self.training else dy"),
    NORM.format(kept="return dy * np.cosh(self.now)"),
]
WRONG = [STALE, NORM.format(kept="return dy * np.cosh(self.now if self.seen is None else self.seen)")]


@pytest.mark.parametrize("source", WRONG)
def test_what_training_left_is_used_in_eval(cli: Cli, source: str) -> None:
    cli.write({"it.py": source})
    ran = cli("run", "it.py", "--format", "json")
    failing = [check for check in ran.record["checks"] if check["verdict"] == "fail"]
    assert ran.code == 1
    assert [check["case"].rpartition(" ")[2] for check in failing] == ["[eval]"]
    assert "checked after a forward in training mode" in " ".join(failing[0]["notes"])


@pytest.mark.parametrize("source", RIGHT)
def test_a_backward_that_looks_at_the_mode_passes(cli: Cli, source: str) -> None:
    cli.write({"it.py": source})
    ran = cli("run", "it.py", "--format", "json")
    assert ran.code == 0, ran.out
    assert any("[eval]" in check["case"] for check in ran.record["checks"])


def test_a_mode_that_the_layer_was_not_made_for_is_a_note_that_says_what_training_changes(cli: Cli) -> None:
    cli.write({"it.py": UNMADE})
    ran = cli("run", "it.py")
    assert ran.code == 0
    assert "after a forward in training mode it runs, and the gradient of input is wrong" in ran.words
