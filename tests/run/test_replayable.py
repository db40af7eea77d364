"""A forward that cannot be replayed is told, at points too where its randomness does not show."""

import numpy as np
import pytest

from gradcheck import check

POINTS = {"zeros": np.zeros((3, 4)), "random": np.random.default_rng(0).normal(size=(3, 4))}


class FreshFactor:
    """Noise that multiplies, of the system's entropy."""

    times = 1.0

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.k = self.draw()
        return self.k * x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return self.times * self.k * dy

    def draw(self) -> float:
        return np.random.default_rng().uniform(1, 2)


class SeededFactor(FreshFactor):
    """The twin: it can be replayed."""

    def __init__(self) -> None:
        self.generator = np.random.default_rng(0)

    def draw(self) -> float:
        return self.generator.uniform(1, 2)


class WrongSeededFactor(SeededFactor):
    times = 2.0


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize("seed", range(5))
def test_noise_that_vanishes_at_the_point_decides_nothing(name: str, seed: int) -> None:
    result = check(FreshFactor(), POINTS[name], seed=seed)
    assert result.verdict == "inconclusive"
    assert [finding.cause for finding in result.findings] == ["nondeterministic"]


@pytest.mark.parametrize("name", POINTS)
def test_noise_that_can_be_replayed_is_judged(name: str) -> None:
    assert check(SeededFactor(), POINTS[name]).verdict == "pass"
    assert check(WrongSeededFactor(), POINTS[name]).verdict == "fail"


@pytest.mark.parametrize("layer", [FreshFactor, WrongSeededFactor])
def test_no_trace_is_left(layer: type[FreshFactor]) -> None:
    x = POINTS["zeros"].copy()
    check(layer(), x)
    assert not x.any()
