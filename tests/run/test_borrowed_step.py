"""Later leaves begin with the step that ladders of others have told; where it is too fine for them they climb too."""

import numpy as np

from gradcheck import check
from gradcheck.base.arrays import Array


class BatchNorm:
    """At an input far from 0 forward is noisy, and its input asks for fine steps; beta does not."""

    def __init__(self, n: int, factor: float = 1.0) -> None:
        self.gamma, self.beta, self.factor = np.ones(n), np.zeros(n), factor

    def forward(self, x: Array) -> Array:
        self.inverse = 1 / np.sqrt(x.var(axis=0) + 1e-5)
        self.normal = (x - x.mean(axis=0)) * self.inverse
        return np.asarray(self.gamma * self.normal + self.beta)

    def backward(self, dy: Array) -> Array:
        self.dgamma, self.dbeta = (dy * self.normal).sum(axis=0), self.factor * dy.sum(axis=0)
        g = dy * self.gamma
        return np.asarray(self.inverse * (g - g.mean(axis=0) - self.normal * (g * self.normal).mean(axis=0)))


X = 1e4 + np.random.default_rng(5).normal(size=(4, 3))


def test_a_leaf_of_another_unit_is_decided() -> None:
    result = check(BatchNorm(3), X)
    assert result.passed, str(result)
    assert result.leaves["beta"].error.max() < 1e-8


def test_its_wrong_gradient_fails() -> None:
    result = check(BatchNorm(3, 1 + 1e-6), X)
    assert [f.leaf for f in result.findings] == ["beta"]
