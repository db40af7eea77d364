"""What is no fault passes and has no finding; what there is to say stands in a note. Over 100 seeds: `make power`."""

import subprocess
import sys

import pytest

from reports.trials import run
from tests.planted.corpus import HARMLESS

KINDS = {
    "inputs near a kink", "ties", "scales", "saturated activations", "tiny and huge gradients", "float32 layers",
    "dropout and running statistics", "buffers", "unused parameters", "integer inputs", "constant layers", "memory",
    "unusual formulas",
}  # fmt: skip
IDS = [f"{innocent.kind}: {innocent.name}" for innocent in HARMLESS]


@pytest.mark.parametrize("innocent", HARMLESS, ids=IDS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_passes(innocent, seed):
    result = run(innocent.make(), innocent.x, seed)
    assert result.passed, str(result)
    assert not result.findings
    said = " ".join([*result.notes, *(leaf.note for leaf in result.leaves.values())])
    assert innocent.note in said, said


def test_every_kind_of_the_list_is_there():
    assert {innocent.kind for innocent in HARMLESS} == KINDS
    assert len(set(IDS)) == len(IDS)


DEPARTS = """
import numpy as np


class StraightThrough:
    def forward(self, x):
        return np.where(x > 0, 1.0, 0.0)

    def backward(self, dy):
        return dy


class Reversal:
    def forward(self, x):
        return x * 1.0

    def backward(self, dy):
        return -dy


class Clipped:
    def forward(self, x):
        return 3 * x

    def backward(self, dy):
        return np.clip(3 * dy, -1, 1)


def gradcheck_cases():
    for cls in (StraightThrough, Reversal, Clipped):
        yield cls(), np.array([[0.5, -1.5, 2.0], [1.0, -0.3, 0.7]])
"""
DECLARED = """
[tool.gradcheck]
targets = ["departs.py"]
"""
ONE = """
[[tool.gradcheck.expected]]
target = "departs.py:{name}"
leaf = "input"
cause = "{cause}"
reason = "on purpose"
"""


def test_a_declared_departure_is_shown_as_expected_and_does_not_fail(tmp_path):
    (tmp_path / "departs.py").write_text(DEPARTS)
    pairs = (("StraightThrough", "ghost-gradient"), ("Reversal", "sign-flipped"), ("Clipped", "not-linear-upstream"))
    known = "".join(ONE.format(name=name, cause=cause) for name, cause in pairs)
    (tmp_path / "pyproject.toml").write_text(DECLARED + known)
    ran = subprocess.run(
        [sys.executable, "-m", "gradcheck", "run"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("on purpose") >= len(pairs), ran.stdout
