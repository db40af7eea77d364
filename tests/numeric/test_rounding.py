"""A gradient that is rounding alone (a bias before a batch norm) is not held to be linear in dY to its last places."""

import numpy as np
import pytest

from gradcheck import check


class Normalised:
    """Dense, then a batch norm: the gradient of b is a sum that cancels."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.W, self.b = rng.normal(size=(3, 5)), rng.normal(size=5)
        self.gamma, self.beta = np.ones(5), np.zeros(5)

    def forward(self, x):
        self.x, h = x, x @ self.W + self.b
        self.inv = 1 / np.sqrt(h.var(axis=0) + 1e-5)
        self.hat = (h - h.mean(axis=0)) * self.inv
        return self.gamma * self.hat + self.beta

    def backward(self, dy):
        self.dgamma, self.dbeta = (dy * self.hat).sum(axis=0), dy.sum(axis=0)
        g = dy * self.gamma
        dh = self.inv * (g - g.mean(axis=0) - self.hat * (g * self.hat).mean(axis=0))
        self.dW, self.db = self.x.T @ dh, dh.sum(axis=0)
        return dh @ self.W.T


class Clipped(Normalised):
    def backward(self, dy):
        dx = super().backward(dy)
        self.dW = np.clip(self.dW, -0.1, 0.1)
        return dx


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("x", [np.zeros((6, 3)), np.full((6, 3), 0.7)], ids=["zeros", "equal"])
def test_a_correct_layer_does_not_fail_where_its_gradient_cancels(x, seed):
    result = check(Normalised(seed), x, seed=seed)
    assert result.verdict != "fail", str(result)
    assert not result.findings


@pytest.mark.parametrize("seed", range(3))
def test_a_clipped_gradient_is_still_not_linear(seed):
    result = check(Clipped(seed), np.random.default_rng(seed).normal(size=(6, 3)), seed=seed)
    assert result.verdict == "fail"
    assert any(f.leaf == "W" for f in result.findings)
