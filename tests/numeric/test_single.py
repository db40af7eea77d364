"""Layers that compute in float32: what rounds flat or coarsely there is no fault, what is wrong still is one."""

import numpy as np
import pytest

from gradcheck import check
from gradcheck.numeric.belief import believed, clear
from gradcheck.numeric.rungs import Rung
from reports.correct import KINDS, cross_entropy, cross_entropy_prime

# kind -> what seeds the draws that once failed
SEEDS = {
    "softmax, float32": (
        (4, 18), (11, 18), (38, 18), (265, 16), (318, 16), (405, 16), (621, 16), (1303, 16),
    ), "recurrent, float32": ((32, 16),),
    "attention, float32": ((15, 17),), "normalisation, float32": ((35, 15),),
    "relu network, float32": ((19, 19), (1, 19)),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "seed"), [(kind, seed) for kind, seeds in SEEDS.items() for seed in seeds])
def test_an_entry_that_float32_rounds_flat_is_no_fault(kind, seed):
    result = check(*KINDS[kind](np.random.default_rng(seed)), seed=seed[0])
    assert result.passed, str(result)


def test_a_wrong_formula_in_float32_fails():
    z = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    labels = np.array([0, 2, 3])
    assert check(cross_entropy, cross_entropy_prime, (z, labels)).passed
    doubled = check(cross_entropy, lambda z, labels: cross_entropy_prime(z, labels) * np.float32(1.01), (z, labels))
    assert doubled.verdict == "fail"


def rung(h, central, jump, rounding):
    return Rung(h, central, jump, rounding, np.zeros(1), np.zeros(1), 1.0)


def test_steps_that_reached_across_a_kink_do_not_extrapolate():
    """As a relu network in float32 gave them: D falls as if by h**2, towards -0.132, where the slope is -0.1296."""
    across = [rung(2.0**-8, -0.0792, -0.101, 1.5e-5), rung(2.0**-9, -0.0937, -0.0719, 2.9e-5),
              rung(2.0**-10, -0.1226, -0.0141, 5.8e-5), rung(2.0**-11, -0.12962, -1.6e-5, 1.2e-4)]  # fmt: skip
    assert not believed(across).known
    beyond = [*across, rung(2.0**-12, -0.12962, 0.0, 2.3e-4), rung(2.0**-13, -0.12962, 0.0, 4.6e-4)]
    assert len(clear(beyond)) == 3
    estimate = believed(beyond)
    assert abs(estimate.value + 0.1296) <= estimate.error


class Dense:
    """Float64 weights, whatever its input: forward computes in float64, and the moved point is rounded to float32."""

    def __init__(self, n: int, *, factor: float = 1.0):
        self.W = np.random.default_rng(n).normal(size=(n, 5)) / np.sqrt(n)
        self.factor = factor

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.dW = self.x.T @ dy
        return dy @ self.W.T * self.factor


@pytest.mark.parametrize(("factor", "passes"), [(1.0, True), (1.001, False)])
@pytest.mark.parametrize("seed", range(4))
def test_a_direction_through_a_float32_input_of_a_float64_layer(seed, factor, passes):
    x = np.random.default_rng(seed).normal(size=(1, 5000)).astype(np.float32)
    result = check(Dense(5000, factor=factor), x, seed=seed)
    assert result.leaves["input"].method == "screen"
    assert (result.leaves["input"].verdict == "pass") is passes
    assert result.leaves["W"].verdict == "pass"


class BiasBeforeNorm:
    """A bias that the normalisation takes away again, in float32: its gradient is rounding alone."""

    def __init__(self, seed, factor):
        rng = np.random.default_rng(seed)
        self.W = rng.normal(size=(3, 5)).astype(np.float32)
        self.b, self.factor = rng.normal(size=5).astype(np.float32), factor

    def forward(self, x):
        self.x = x
        z = x @ self.W + self.b
        self.std = np.sqrt(z.var(axis=0) + np.float32(1e-5))
        self.n = (z - z.mean(axis=0)) / self.std
        return self.n * self.n

    def backward(self, dy):
        d = 2 * self.n * dy
        dz = (d - d.mean(axis=0) - self.n * (d * self.n).mean(axis=0)) / self.std
        self.dW, self.db = self.x.T @ dz, (dz + self.factor * d).sum(axis=0)
        return dz @ self.W.T


@pytest.mark.parametrize("seed", range(4))
def test_rounding_alone_makes_no_step_too_small(seed):
    x = np.random.default_rng(9).normal(size=(6, 3)).astype(np.float32)
    right = check(BiasBeforeNorm(seed, np.float32(0)), x, seed=seed)
    assert right.passed, str(right)
    assert right.leaves["b"].error.max() < 0.05
    assert not check(BiasBeforeNorm(seed, np.float32(1)), x, seed=seed).passed
