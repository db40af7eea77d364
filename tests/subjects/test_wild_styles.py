"""What published packages do (reports/wild.md), each right and wrong: their right layers failed or went unchecked."""

import importlib
import sys
from typing import Any

import numpy as np
import pytest

from gradcheck import check

X = np.random.default_rng(0).normal(size=(5, 4))


class Derivatives:
    """Nothing returned; dX under a name of its own."""

    def __init__(self, factor=1.0):
        self.weights, self.factor = np.random.default_rng(1).normal(size=(4, 3)), factor

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights

    def backward(self, derivatives):
        self.dw = self.inputs.T @ derivatives
        self.derivatives = self.factor * derivatives @ self.weights.T


class Elementwise:
    """A gradient of the input's shape that is a parameter's; nothing is left for the input."""

    def __init__(self):
        self.scale = np.ones((5, 4))

    def forward(self, x):
        self.x = x
        return x * self.scale

    def backward(self, dy):
        self.d_scale = dy * self.x


class Norm:
    """d_gamma stands there from the start, and there is no learning rate."""

    def __init__(self, factor=1.0):
        self.gamma, self.d_gamma, self.factor = np.ones(4), np.zeros(4), factor

    def forward(self, x):
        self.x = x
        return np.tanh(x) * self.gamma

    def backward(self, dy):
        self.d_gamma[...] = self.factor * (dy * np.tanh(self.x)).sum(axis=0)
        return dy * self.gamma * (1 - np.tanh(self.x) ** 2)


class Inner:
    weights: Any = None
    d_weights: Any = None

    def forward(self, x):
        if self.weights is None:
            self.weights = np.random.normal(size=(x.shape[1], 3))
        self.x = x
        return x @ self.weights


class Late:
    """Weights of a layer inside are drawn at the first forward, then a mask, from one generator."""

    def __init__(self, factor=1.0):
        self.dense, self.factor = Inner(), factor

    def forward(self, x):
        h = self.dense.forward(x)
        self.mask = np.random.random(h.shape) > 0.3
        return h * self.mask

    def backward(self, dy):
        self.dense.d_weights = self.factor * self.dense.x.T @ (dy * self.mask)
        return (dy * self.mask) @ self.dense.weights.T


class AddNorm:
    """One argument, a tuple of two; two gradients."""

    def __init__(self, factor=1.0):
        self.factor = factor

    def forward(self, inputs):
        x, residual = inputs
        self.sum = x + residual
        return np.tanh(self.sum)

    def backward(self, dy):
        dx = dy * (1 - np.tanh(self.sum) ** 2)
        return dx, self.factor * dx


class Bilinear:
    """Two inputs, and it updates itself; the rate is its owner's, under yet another name."""

    def __init__(self, early=False):
        self.W, self.early, self.learn_rate = np.random.default_rng(1).normal(size=(4, 3)), early, 0.1

    def forward(self, a, b):
        self.a, self.b = a, b
        return (a @ self.W) * b

    def backward(self, dy):
        W = self.W.copy()
        self.W -= self.learn_rate * self.a.T @ (dy * self.b)
        W = self.W if self.early else W
        return (dy * self.b) @ W.T, dy * (self.a @ W)


class OnlyInTraining:
    """forward keeps what backward needs only when it is told that this is training."""

    def __init__(self, factor=1.0):
        self.kept: Any = None
        self.factor = factor

    def forward(self, x, training=False):
        if training:
            self.kept = x
        return np.tanh(x)

    def backward(self, dy):
        return self.factor * dy * (1 - np.tanh(self.kept) ** 2)


class Rated:
    """A layer that updates itself at its own rate."""

    def __init__(self, rate, factor=1.0):
        self.W, self.lr, self.factor = np.random.default_rng(1).normal(size=(4, 4)), rate, factor

    def forward(self, x):
        self.x = x
        return np.tanh(x @ self.W)

    def backward(self, dy):
        d = dy * (1 - np.tanh(self.x @ self.W) ** 2)
        dx = d @ self.W.T
        self.W -= self.lr * self.factor * self.x.T @ d
        return dx


class Both:
    """Two of them, at different rates."""

    def __init__(self, factor=1.0):
        self.first, self.second = Rated(0.1), Rated(0.01, factor)

    def forward(self, x):
        return self.second.forward(self.first.forward(x))

    def backward(self, dy):
        return self.first.backward(self.second.backward(dy))


def test_layers_inside_that_update_themselves_at_rates_of_their_own():
    right, wrong = check(Both(), X), check(Both(2.0), X)
    assert right.passed, str(right)
    assert list(right.leaves) == ["input", "first.W", "second.W"]
    assert [(f.cause, f.leaf) for f in wrong.findings] == [("constant-factor", "second.W")]


def test_two_inputs_of_a_layer_that_updates_itself():
    x = (X, X[:, :3])
    right, wrong = check(Bilinear(), x), check(Bilinear(early=True), x)
    assert right.passed, str(right)
    assert list(right.leaves) == ["a", "b", "W"]
    assert {(f.cause, f.leaf) for f in wrong.findings} == {("updated-before-use", "a"), ("updated-before-use", "b")}


def test_a_switch_without_which_backward_cannot_be_run_is_turned_on_and_that_is_said():
    right = check(OnlyInTraining(), X)
    assert right.passed, str(right)
    assert any(note.startswith("checked with training=True: without it") for note in right.notes)
    assert check(OnlyInTraining(2.0), X).verdict == "fail"


@pytest.mark.parametrize(
    ("cls", "x", "leaf", "others"),
    [
        (Derivatives, X, "input", ["weights"]),
        (Norm, X, "gamma", ["input"]),
        (Late, X, "dense.weights", ["input"]),
        (AddNorm, (X, X + 1), "input1", ["input0"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_right_and_wrong(cls, x, leaf, others):
    np.random.seed(0)
    right = check(cls(), x)
    assert right.passed, str(right)
    assert sorted(right.leaves) == sorted([leaf, *others])
    wrong = check(cls(1.5), x)
    assert {name for name, found in wrong.leaves.items() if found.verdict == "fail"} == {leaf}


def test_where_the_gradient_of_the_input_was_read_is_said():
    notes = check(Derivatives(), X).notes
    assert any("the gradient of the input is read from derivatives" in note for note in notes)


def test_a_gradient_of_a_parameter_is_not_taken_for_the_inputs():
    result = check(Elementwise(), X)
    assert result.leaves["scale"].verdict == "pass"
    assert [(f.cause, f.leaf) for f in result.findings] == [("zero-gradient", "input")]


def test_an_installed_layer_that_raises_is_not_taken_for_us(tmp_path, monkeypatch):
    home = tmp_path / "site-packages" / "somebodys"
    home.mkdir(parents=True)
    (home / "__init__.py").write_text(
        "class Layer:\n    def forward(self, x):\n        return x\n    def backward(self, dy):\n        return 1 / 0\n"
    )
    monkeypatch.syspath_prepend(str(home.parent))
    error = check(importlib.import_module("somebodys").Layer(), X).error
    assert error.message == "division by zero"
    assert error.where == "__init__.py:5"
    del sys.modules["somebodys"]
