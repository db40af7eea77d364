"""Fast oscillations: halving steps that fall on one phase of them, and what a far smaller step says."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check
from reports.trials import judged

RNG = np.random.default_rng(0)
OMEGAS = [512 * np.pi, 4096 * np.pi, 1e3, 1e4, 1e5, 1e6]


class Sin:
    """trend x + sin(omega x), times factor in backward."""

    def __init__(self, omega: float, trend: float = 0.0, factor: float = 1.0) -> None:
        self.omega, self.trend, self.factor = omega, trend, factor

    def forward(self, x: Any) -> Any:
        self.x = x
        return self.trend * x + np.sin(self.omega * x)

    def backward(self, dy: Any) -> Any:
        return self.factor * dy * (self.trend + self.omega * np.cos(self.omega * self.x))


class Flat(Sin):
    """What every step that is a multiple of the period sees: the trend alone."""

    def backward(self, dy: Any) -> Any:
        return dy * self.trend


class Siren:
    """sin(omega (x W + b)); enough outputs that W is screened."""

    def __init__(self, omega: float, shape: tuple[int, int], factor: float = 1.0) -> None:
        rng = np.random.default_rng(1)
        self.W = rng.uniform(-1, 1, shape) / shape[0]
        self.b = rng.uniform(-1, 1, shape[1])
        self.omega, self.factor = omega, factor

    def forward(self, x: Any) -> Any:
        self.x, self.a = x, self.omega * (x @ self.W + self.b)
        return np.sin(self.a)

    def backward(self, dy: Any) -> Any:
        da = dy * self.omega * np.cos(self.a)
        self.dW, self.db = self.factor * (self.x.T @ da), da.sum(0)
        return da @ self.W.T


@pytest.mark.parametrize("omega", OMEGAS)
@pytest.mark.parametrize("trend", [0.0, 1.0, 1e6])
@pytest.mark.parametrize("method", ["entries", "screen"])
def test_an_oscillation_is_judged_by_its_own_slope(omega: float, trend: float, method: str) -> None:
    x = RNG.normal(size=(3, 4))
    assert check(Sin(omega, trend), x, method=method).verdict == "pass"
    assert judged(Sin(omega, trend, 1.01), x, method=method).verdict == "fail"
    assert judged(Flat(omega, trend), x, method=method).verdict == "fail"


@pytest.mark.parametrize("omega", OMEGAS)
@pytest.mark.parametrize("shape", [(3, 8), (10, 40)])
def test_a_siren_of_any_frequency(omega: float, shape: tuple[int, int]) -> None:
    x = RNG.normal(size=(3, shape[0]))
    assert check(Siren(omega, shape), x).verdict == "pass"
    assert judged(Siren(omega, shape, 1.01), x).verdict == "fail"


def test_the_slope_beyond_a_jump_is_no_contradiction() -> None:
    class Floor:
        def __init__(self, slope: float) -> None:
            self.slope = slope

        def forward(self, x: Any) -> Any:
            return np.floor(x) + x

        def backward(self, dy: Any) -> Any:
            return self.slope * dy

    x = np.array([[0.0, 0.5], [1.0, 0.25]])
    assert check(Floor(1.0), x).verdict == "pass"
    assert check(Floor(1.5), x).verdict == "fail"


@pytest.mark.parametrize("x", np.linspace(-745.0, -709.0, 10))
def test_subnormal_gradients_are_rounded_without_regard_to_their_size(x: float) -> None:
    class Exp:
        def forward(self, x: Any) -> Any:
            self.y = np.exp(x)
            return self.y

        def backward(self, dy: Any) -> Any:
            return self.y * dy * (1 - self.y)

    result = check(Exp(), np.array([[x]]))
    assert result.verdict == "pass"
    assert "vacuous" in result.leaves["input"].note
