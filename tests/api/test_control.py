import numpy as np

from gradcheck.judge.compare import Yardstick, compare
from gradcheck.numeric.estimate import LeafEstimates
from gradcheck.run import control
from gradcheck.subjects.leaf import Leaf, Role


def judged(error):
    leaf = Leaf("w", Role.PARAMETER, np.array([1.0, 2.0, 3.0]))
    n = np.array([0.5, -0.25, 1.0])
    found = LeafEstimates(n, np.full(3, error), n, n, np.zeros(3, dtype=bool))
    yardstick = Yardstick(1e-9, 1.0)
    return compare(leaf, n.copy(), found, yardstick, np.zeros(3)), leaf, found, yardstick


def test_a_sound_judge_passes_its_control():
    passing = judged(1e-12)
    assert control.controlled(*passing).verdict == "pass"


def test_a_judge_that_lets_everything_through_is_noticed(monkeypatch):
    passing = judged(1e-12)
    monkeypatch.setattr(control, "compare", lambda *given: passing[0])
    blind = control.controlled(*passing)
    assert blind.verdict == "inconclusive"
    assert "negative control" in blind.notes[-1]
