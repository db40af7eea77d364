"""Parameters that forward knows by views alone, in tuples, under private names: each right and wrong."""

from typing import Any

import numpy as np
import pytest

from gradcheck import Convention, check

X = np.random.default_rng(0).normal(size=(5, 3))


def drawn(*shape):
    return np.random.default_rng(1).normal(size=shape)


class Flat:
    """One vector that an optimiser takes, and its views, which forward uses; gradients likewise."""

    def __init__(self, factor=1.0):
        self.theta, self.factor = drawn(8), factor
        self.dtheta: Any = np.zeros(8)
        self.W, self.b = self.theta[:6].reshape(3, 2), self.theta[6:]
        self.dW: Any = self.dtheta[:6].reshape(3, 2)
        self.db: Any = self.dtheta[6:]

    def forward(self, x):
        self.x = x
        return np.tanh(x @ self.W + self.b)

    def slope(self, dy):
        return dy * (1 - np.tanh(self.x @ self.W + self.b) ** 2)

    def backward(self, dy):
        d = self.slope(dy)
        self.dW[...], self.db[:] = self.factor * self.x.T @ d, d.sum(axis=0)
        return d @ self.W.T


class FlatUpdated(Flat):
    def backward(self, dy, lr):
        d = self.slope(dy)
        dx = d @ self.W.T
        self.W -= lr * self.factor * self.x.T @ d
        self.b -= lr * d.sum(axis=0)
        return dx


class FlatBeside(Flat):
    """The gradients of the views alone are there."""

    def __init__(self, factor=1.0):
        super().__init__(factor)
        self.dtheta = self.dW = self.db = None

    def backward(self, dy):
        d = self.slope(dy)
        self.dW, self.db = self.factor * self.x.T @ d, d.sum(axis=0)
        return d @ self.W.T


class Tuple:
    """A tuple cannot be re-bound, its arrays can be written."""

    def __init__(self, factor=1.0):
        self.held, self.factor = (drawn(3, 2), drawn(2)), factor

    def forward(self, x):
        self.x = x
        return x @ self.held[0] + self.held[1]

    def backward(self, dy, lr):
        weights, bias = self.held
        dx = dy @ weights.T
        weights -= lr * self.factor * self.x.T @ dy
        bias -= lr * dy.sum(axis=0)
        return dx


class Private:
    def __init__(self, factor=1.0):
        self._W, self.factor, self._dW = drawn(3, 2), factor, None

    def forward(self, x):
        self._x = x
        return x @ self._W

    def backward(self, dy):
        self._dW = self.factor * self._x.T @ dy
        return dy @ self._W.T


class Mangled:
    def __init__(self, factor=1.0):
        self.__weights, self.factor, self.__grad_weights = drawn(3, 2), factor, None

    def forward(self, x):
        self._x = x
        return x @ self.__weights

    def backward(self, dy):
        self.__grad_weights = self.factor * self._x.T @ dy
        return dy @ self.__weights.T


class Forgotten:
    def __init__(self):
        self.__weights = drawn(3, 2)

    def forward(self, x):
        return x @ self.__weights

    def backward(self, dy):
        return dy @ self.__weights.T


class PrivateDict:
    def __init__(self, factor=1.0):
        self._W, self.factor = drawn(3, 2), factor
        self._grads: Any = {}

    def forward(self, x):
        self._x = x
        return x @ self._W

    def backward(self, dy):
        self._grads["W"] = self.factor * self._x.T @ dy
        return dy @ self._W.T


class Numbered:
    """One dY for each output, told by their numbers."""

    def __init__(self, factor=1.0):
        self.factor = factor

    def forward(self, a, b):
        self.a, self.b = a, b
        return a * b, np.sin(a)

    def backward(self, d1, d2):
        return d1 * self.b + self.factor * d2 * np.cos(self.a), d1 * self.a


LEAVES = [
    (Flat, "theta"),
    (FlatUpdated, "theta"),
    (FlatBeside, "W"),
    (Tuple, "held[0]"),
    (Private, "_W"),
    (Mangled, "_Mangled__weights"),
    (PrivateDict, "_W"),
]


@pytest.mark.parametrize(("cls", "leaf"), LEAVES)
def test_parameter_is_found(cls, leaf):
    result = check(cls(), X)
    assert result.passed, str(result)
    assert leaf in result.leaves


@pytest.mark.parametrize(("cls", "leaf"), LEAVES)
def test_its_wrong_gradient_fails(cls, leaf):
    result = check(cls(1.5), X)
    assert {finding.leaf for finding in result.findings} == {leaf}, str(result)


def test_views_keep_their_memory():
    layer = Flat()
    before = layer.theta.copy()
    check(layer, X)
    assert np.shares_memory(layer.W, layer.theta)
    assert layer.theta.tobytes() == before.tobytes()


def test_a_private_parameter_without_gradient_is_told():
    assert [f.cause for f in check(Forgotten(), X).findings] == ["zero-gradient"]


def test_numbered_cotangents():
    pair = (X, X[::-1].copy())
    assert check(Numbered(), pair).passed
    assert [f.leaf for f in check(Numbered(0.5), pair).findings] == ["a"]


class Model(Private):
    """A whole model, whose input nobody moves."""

    def backward(self, dy):
        super().backward(dy)


def test_a_model_without_the_gradient_of_its_input_is_told_how_to_say_so():
    (finding,) = check(Model(), X).findings
    assert (finding.cause, finding.leaf) == ("zero-gradient", "input")
    assert "Convention(inputs=())" in finding.message
    declared = Convention(inputs=())
    assert check(Model(), X, convention=declared).passed
    assert not check(Model(1.5), X, convention=declared).passed
    assert "Convention" not in check(Forgotten(), X).findings[0].message
