"""Where gradients are read: in updates at a given or kept rate, re-bound or in place, or beside the parameters."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check

X = np.random.default_rng(0).normal(size=(3, 4))
W = np.random.default_rng(1).normal(size=(4, 2))


class InPlace:
    factor = 1.0

    def __init__(self):
        self.W: Any = W.copy()
        self.b = np.zeros(2)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy, learning_rate):
        dx = dy @ self.W.T
        self.W -= learning_rate * self.factor * self.x.T @ dy
        self.b -= learning_rate * dy.sum(0)
        return dx


class Rebound(InPlace):
    def backward(self, dy, learning_rate):
        dx = dy @ self.W.T
        self.W = self.W - learning_rate * self.factor * self.x.T @ dy
        self.b = self.b - learning_rate * dy.sum(0)
        return dx


class KeptRate(InPlace):
    def __init__(self):
        super().__init__()
        self.learning_rate = 0.01

    def backward(self, dy):
        return super().backward(dy, self.learning_rate)


class Beside(InPlace):
    def backward(self, dy):
        self.dW, self.db = self.factor * self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


class Accumulated(InPlace):
    def __init__(self):
        super().__init__()
        self.grad_W, self.grad_b = np.ones((4, 2)), np.ones(2)

    def zero_grad(self):
        self.grad_W[...], self.grad_b[...] = 0, 0

    def backward(self, dy):
        self.grad_W += self.factor * self.x.T @ dy
        self.grad_b += dy.sum(0)
        return dy @ self.W.T


class Dicts:
    factor = 1.0

    def __init__(self):
        self.params: Any = {"W": W.copy(), "b": np.zeros(2)}
        self.grads: Any = {}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dy):
        self.grads["W"], self.grads["b"] = self.factor * self.x.T @ dy, dy.sum(0)
        return dy @ self.params["W"].T


class Lists(Dicts):
    def __init__(self):
        self.params: Any = [W.copy(), np.zeros(2)]
        self.grads: Any = [None, None]

    def forward(self, x):
        self.x = x
        return x @ self.params[0] + self.params[1]

    def backward(self, dy):
        self.grads[0], self.grads[1] = self.factor * self.x.T @ dy, dy.sum(0)
        return dy @ self.params[0].T


class Slope:
    """A Python float that is learned."""

    factor = 1.0

    def __init__(self):
        self.alpha = 0.25

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * x)

    def backward(self, dy, lr):
        dx = dy * np.where(self.x > 0, 1, self.alpha)
        self.alpha -= lr * self.factor * float(np.sum(dy * np.where(self.x > 0, 0, self.x)))
        return dx


class Lazy(InPlace):
    """Its parameters are made at the first forward."""

    def __init__(self):
        self.W = None

    def forward(self, x):
        if self.W is None:
            self.W, self.b = W.copy(), np.zeros(2)
        return super().forward(x)


FIRST = {Dicts: "params['W']", Lists: "params[0]", Slope: "alpha"}
STYLES = (InPlace, Rebound, KeptRate, Beside, Accumulated, Dicts, Lists, Slope, Lazy)


@pytest.mark.parametrize("style", STYLES)
def test_a_right_layer_passes(style):
    result = check(style(), X)
    assert result.passed, str(result)
    assert FIRST.get(style, "W") in result.leaves


@pytest.mark.parametrize("style", STYLES)
def test_a_wrong_one_fails_at_its_parameter(style):
    layer = style()
    layer.factor = 1.5
    result = check(layer, X)
    failing = [name for name, leaf in result.leaves.items() if leaf.verdict == "fail"]
    assert failing == [FIRST.get(style, "W")]


@pytest.mark.parametrize("style", STYLES)
def test_nothing_is_left_behind(style):
    layer = style()
    before = {name: repr(value) for name, value in vars(layer).items()}
    check(layer, X)
    assert {name: repr(value) for name, value in vars(layer).items()} == before
