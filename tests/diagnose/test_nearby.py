"""Nearly right: another formula's error moves smoothly with the point, that of a rounding by chance."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check

SEEDS = range(6)


class Normalise:
    """Backward without the epsilon of forward: 1e-5 of the gradient, of either sign."""

    def __init__(self, epsilon: float) -> None:
        self.epsilon = epsilon

    def forward(self, x: Any) -> Any:
        self.away, self.var = x - x.mean(0), x.var(0)
        return self.away / np.sqrt(self.var + 1e-5)

    def backward(self, dy: Any) -> Any:
        std = np.sqrt(self.var + self.epsilon)
        hat = self.away / std
        return (dy - dy.mean(0) - hat * (dy * hat).mean(0)) / std


class Dense:
    """Keeps its input in the given precision; `blur` puts a smooth error of that size in its place."""

    def __init__(self, kept: Any = np.float64, blur: float = 0.0) -> None:
        self.W, self.kept, self.blur = np.random.default_rng(2).normal(size=(5, 3)), kept, blur

    def forward(self, x: Any) -> Any:
        self.x = (x + self.blur * np.sin(3 * x)).astype(self.kept)
        return x @ self.W

    def backward(self, dy: Any) -> Any:
        self.dW = self.x.T.astype(np.float64) @ dy
        return dy @ self.W.T


def first(layer: Any, shape: tuple[int, ...], seed: int) -> list[str]:
    return [f.cause for f in check(layer, np.random.default_rng(9).normal(size=shape), seed=seed).findings]


@pytest.mark.parametrize("seed", SEEDS)
def test_an_epsilon_left_out_is_a_formula(seed: int) -> None:
    assert first(Normalise(0.0), (6, 4), seed) == ["approximation"]
    assert not first(Normalise(1e-5), (6, 4), seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_kept_in_half_precision_is_lost(seed: int) -> None:
    assert first(Dense(np.float16), (4, 5), seed) == ["precision-lost"]
    assert not first(Dense(), (4, 5), seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_smooth_error_of_that_size_is_none(seed: int) -> None:
    assert first(Dense(blur=3e-4), (4, 5), seed) == ["approximation"]


def test_in_single_precision_it_is_a_warning() -> None:
    result = check(Dense(np.float32), np.random.default_rng(9).normal(size=(4, 5)))
    assert result.passed
    assert [f.cause for f in result.findings] == ["precision-lost"]
