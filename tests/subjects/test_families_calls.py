"""Families (6), (7), (8) and (11): how forward and backward are called, and what they return."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check
from tests.subjects.styles import Dense, X, agree, styles

LABELS = np.array([0, 1, 1])
ONE_HOT = np.eye(2)[LABELS]
TARGET = np.random.default_rng(5).uniform(0.1, 0.9, size=(3, 4))


class Stored(Dense):
    """(8) outputs stored, nothing returned."""

    def forward(self, inputs):
        self.output = super().forward(inputs)

    def backward(self, dvalues):
        self.dinputs, self.dW, self.db = self.gradients(dvalues)


class StoredInput(Dense):
    """Forward returns; dx is stored."""

    def backward(self, dvalues):
        self.dinputs, self.dW, self.db = self.gradients(dvalues)


class StoredInPlace(Dense):
    """The same buffers every time."""

    def make(self):
        super().make()
        self.output, self.dinputs = np.zeros((3, 2)), np.zeros((3, 4))

    def forward(self, inputs, training=True):
        self.output[...] = super().forward(inputs)

    def backward(self, dvalues):
        self.dinputs[...], self.dW, self.db = self.gradients(dvalues)


class SameBuffer(Dense):
    def make(self):
        super().make()
        self.out = np.zeros((3, 2))

    def forward(self, x):
        self.out[...] = super().forward(x)
        return self.out

    def backward(self, dout):
        dx, self.dW, self.db = self.gradients(dout)
        return dx


class CacheReturned(Dense):
    """(6) as methods."""

    def forward(self, x):
        return x @ self.W + self.b, x

    def backward(self, dout, cache):
        self.x = cache
        dx, self.dW, self.db = self.gradients(dout)
        return dx


class AnyWord(Dense):
    """The only parameter is dY, whatever its name."""

    def backward(self, eta):
        dx, self.dW, self.db = self.gradients(eta)
        return dx


class OtherNames(Dense):
    def fprop(self, x):
        return super().forward(x)

    forward: Any = None

    def bprop(self, dy):
        dx, self.dW, self.db = self.gradients(dy)
        return dx


class Called(OtherNames):
    fprop: Any = None

    def __call__(self, x):
        return Dense.forward(self, x)

    def backward(self, dy):
        return self.bprop(dy)


class Retaining(Dense):
    """A flag with a name of its own."""

    def backward(self, dLdY, retain_grads=True, step_size=None, delta=0.5):
        assert retain_grads is True
        assert delta == 0.5
        dx, self.dW, self.db = self.gradients(dLdY)
        return dx


LAYERS = styles(
    (Stored, "W"), (StoredInput, "W"), (StoredInPlace, "W"), (SameBuffer, "W"), (CacheReturned, "W"), (AnyWord, "W"),
    (OtherNames, "W"), (Called, "W"), (Retaining, "W"),
)  # fmt: skip


@LAYERS
def test_layers(style: Any, leaf: str) -> None:
    agree(style, X, leaf, leaves=3)


class Elementwise:
    def __init__(self, factor: float = 1.0):
        self.factor = factor


class CallGradient(Elementwise):
    """(11) f(x) and its derivative."""

    def __call__(self, x):
        return np.tanh(x)

    def gradient(self, x):
        return self.factor * (1 - np.tanh(x) ** 2)


class Activate(Elementwise):
    def activate(self, z):
        return np.tanh(z)

    def derivative(self, z):
        return self.factor * (1 - np.tanh(z) ** 2)


class ForwardPrime(Elementwise):
    def forward(self, x):
        return np.tanh(x)

    def prime(self, x):
        return self.factor * (1 - np.tanh(x) ** 2)


class WithoutUpstream(Elementwise):
    """(11) backward() without an upstream."""

    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self):
        return self.factor * (1 - self.y**2)


@styles((CallGradient, "input"), (Activate, "input"), (ForwardPrime, "input"), (WithoutUpstream, "input"))
def test_activations(style: Any, leaf: str) -> None:
    agree(style, X, leaf, leaves=1)


def nll(p, y):
    return -np.mean(np.log(p[np.arange(len(y)), y]))


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


class Ids(Elementwise):
    """(11) backward(y_true, y_pred) for forward(y_pred, y_true), ids."""

    def forward(self, y_pred, y_true):
        return nll(y_pred, y_true)

    def backward(self, y_true, y_pred):
        g = np.zeros_like(y_pred)
        g[np.arange(len(y_true)), y_true] = -self.factor / y_pred[np.arange(len(y_true)), y_true] / len(y_true)
        return g


class OneHot(Elementwise):
    def loss(self, y_true, y_pred):
        return -np.sum(y_true * np.log(y_pred))

    def gradient(self, y_true, y_pred):
        return -self.factor * y_true / y_pred


class LossLayer(Elementwise):
    """The loss keeps what it needs; backward(dout=1)."""

    def forward(self, x, t):
        self.p, self.t = softmax(x), t
        return nll(self.p, t)

    def backward(self, dout=1):
        g = self.p.copy()
        g[np.arange(len(self.t)), self.t] -= 1
        return dout * self.factor * g / len(self.t)


class LossThatIsTheLast(LossLayer):
    """Never looks at its dout."""

    def backward(self, dout=1):
        return super().backward(1)


class LossWithoutArguments(LossLayer):
    def backward(self):
        return super().backward(1)


class LossStored(Elementwise):
    """(8) and (11): a value for each sample; its mean is calculate()."""

    def calculate(self, output, y):
        return np.mean(self.forward(output, y))

    def forward(self, y_pred, y_true):
        return -np.log(y_pred[np.arange(len(y_true)), y_true])

    def backward(self, dvalues, y_true):
        self.dinputs = np.zeros_like(dvalues)
        rows = np.arange(len(y_true))
        self.dinputs[rows, y_true] = -self.factor / dvalues[rows, y_true] / len(y_true)


P = softmax(X)[:, :2]


@pytest.mark.parametrize(
    ("style", "x", "leaf"),
    [
        (Ids, (P, LABELS), "input"),
        (OneHot, (ONE_HOT, P), "y_pred"),
        (LossLayer, (X, LABELS), "input"),
        (LossWithoutArguments, (X, LABELS), "input"),
        (LossThatIsTheLast, (X, LABELS), "input"),
        (LossStored, (P, LABELS), "input"),
    ],
)
def test_losses(style: Any, x: Any, leaf: str) -> None:
    agree(style, x, leaf, leaves=1)


def test_a_loss_that_ignores_its_dout_is_said() -> None:
    assert any("never looks at its dout" in note for note in check(LossThatIsTheLast(), (X, LABELS)).notes)
    assert not any("never looks" in note for note in check(LossLayer(), (X, LABELS)).notes)
