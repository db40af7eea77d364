"""Parameters in a dict, their gradients in attributes: `self.params["W"]` and `self.dW`; a __getattr__ into a dict."""

import numpy as np
import pytest

from gradcheck import check

X = np.random.default_rng(1).normal(size=(3, 4))


class Dense:
    def __init__(self, factor=1.0):
        rng = np.random.default_rng(0)
        self.factor, self.params = factor, {"W": rng.normal(size=(4, 2)), "b": rng.normal(size=2)}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dy):
        self.dW, self.db = self.factor * self.x.T @ dy, dy.sum(0)
        return dy @ self.params["W"].T


class Looking:
    """Its __getattr__ raises KeyError for whatever it has not, where Python expects AttributeError."""

    def __init__(self, factor=1.0):
        self.__dict__["params"] = {"W": np.random.default_rng(0).normal(size=(4, 2)), "factor": factor}

    def __getattr__(self, name):
        return self.__dict__["params"][name]

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.grad_W = self.factor * self.x.T @ dy
        return dy @ self.W.T


class Stack:
    """The same inside another."""

    def __init__(self, factor=1.0):
        self.inner = Dense(factor)

    def forward(self, x):
        return self.inner.forward(x)

    def backward(self, dy):
        return self.inner.backward(dy)


@pytest.mark.parametrize(
    ("cls", "leaf"), [(Dense, "params['W']"), (Looking, "params['W']"), (Stack, "inner.params['W']")]
)
def test_the_gradient_is_found_and_judged(cls, leaf):
    right = check(cls(), X)
    assert right.passed, str(right)
    assert leaf in right.leaves
    wrong = check(cls(2.0), X)
    assert [(f.cause, f.leaf) for f in wrong.findings] == [("constant-factor", leaf)]


class Opaque(Dense):
    def __getattr__(self, name):
        raise RuntimeError("no")

    def forward(self, x):
        return x @ self.missing


def test_what_only_looking_raises_is_an_error_of_the_layer_and_no_traceback():
    assert check(Opaque(), X).error.message == "no"


class Mute(Dense):
    def __repr__(self):
        raise RuntimeError("not made yet")


def test_a_repr_that_raises_is_nothing_to_us():
    assert check(Mute(), X).passed
