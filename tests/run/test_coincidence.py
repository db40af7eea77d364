"""A wrong sum of dY that is the right number by chance: seen under another dY."""

from typing import Any

import numpy as np
import pytest

import gradcheck.run.check as pipeline
from gradcheck import check
from reports.trials import run
from tests.planted.corpus import CORPUS

WRONG_AXES = next(planted for planted in CORPUS if planted.name == "conv dB over the wrong axes")
UNLUCKY = 15  # a seed at which both sums over both axes are equal, as a run over many seeds has shown


def test_two_equal_sums_do_not_pass() -> None:
    result = run(WRONG_AXES.make_faulty(), WRONG_AXES.x, UNLUCKY)
    assert [(f.leaf, f.cause) for f in result.findings] == [("bias", "wrong-reduction")]
    assert run(WRONG_AXES.make_twin(), WRONG_AXES.x, UNLUCKY).passed


def test_they_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "coincides", lambda *_: False)
    assert run(WRONG_AXES.make_faulty(), WRONG_AXES.x, UNLUCKY).passed


class Dense:
    def __init__(self, outputs: int) -> None:
        self.W, self.b = np.random.default_rng(0).normal(size=(3, outputs)), np.zeros(outputs)

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.maximum(x @ self.W, 0) + self.b

    def backward(self, dy: Any) -> Any:
        self.dW, self.db = self.x.T @ (dy * (self.x @ self.W > 0)), dy.sum(0)
        return (dy * (self.x @ self.W > 0)) @ self.W.T


@pytest.mark.parametrize("seed", range(20))
def test_a_right_bias_passes(seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(5, 3))
    for outputs in (1, 2, 4):
        assert check(Dense(outputs), x, seed=seed).passed


def test_it_costs_two_forwards_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(1).normal(size=(5, 3))
    whole = check(Dense(2), x).evaluations
    monkeypatch.setattr(pipeline, "coincides", lambda *_: False)
    without = check(Dense(2), x).evaluations
    assert whole.forward - without.forward <= 6
    assert whole.backward - without.backward == 1
