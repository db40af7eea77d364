"""A recurrent layer that goes on from where it stopped: judged from the state that it is in."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check

X = np.random.default_rng(0).normal(size=(4, 3))


class Rnn:
    """Starts from the last hidden state of the forward before."""

    def __init__(self, *, fresh: bool = False):
        self.Wx = np.random.default_rng(1).normal(size=(3, 2)) / 2
        self.Wh = np.random.default_rng(2).normal(size=(2, 2)) / 2
        self.h: Any = np.zeros(2)
        self.fresh = fresh

    def forward(self, x: Any) -> Any:
        self.x, self.hs = x, [self.h]
        for row in x:
            self.hs.append(np.tanh(row @ self.Wx + self.hs[-1] @ self.Wh))
        self.h = self.hs[-1]
        return np.array(self.hs[1:])

    def backward(self, dy: Any) -> Any:
        self.dWx, self.dWh, dx = np.zeros((3, 2)), np.zeros((2, 2)), np.zeros_like(self.x)
        hs = [np.zeros(2), *self.hs[1:]] if self.fresh else self.hs
        d = np.zeros(2)
        for t in reversed(range(len(dy))):
            s = (dy[t] + d) * (1 - hs[t + 1] ** 2)
            self.dWx += np.outer(self.x[t], s)
            self.dWh += np.outer(hs[t], s)
            dx[t], d = s @ self.Wx.T, s @ self.Wh.T
        return dx


def test_a_right_one_passes_with_a_note() -> None:
    result = check(Rnn(), X)
    assert result.passed, str(result)
    assert any("it keeps state. Backward was judged from that state too" in note for note in result.notes)
    assert np.array_equal(Rnn().h, np.zeros(2))


def test_one_that_forgets_the_state_fails_there_alone() -> None:
    result = check(Rnn(fresh=True), X)
    (finding,) = result.findings
    assert (finding.cause, finding.leaf) == ("stale-cache", "Wh")
    assert "wrong after forward has seen another input" in finding.message
    assert all(leaf.verdict == "pass" for leaf in result.leaves.values())


@pytest.mark.parametrize("jump", [False, True])
def test_what_cannot_be_decided_is_a_note(jump: bool) -> None:
    class Counter:
        """Its output hangs on how often it was called; with a jump it has no slope there."""

        calls = 0

        def forward(self, x: Any) -> Any:
            self.calls += 1
            self.factor = self.calls
            return self.calls * x + (self.calls > 1) * jump * np.sign(np.sin(1e9 * x))

        def backward(self, dy: Any) -> Any:
            return self.factor * dy

    result = check(Counter(), X)
    assert result.passed, str(result)
    assert any(("could not be judged" in note) == jump for note in result.notes if "keeps state" in note)
