"""Parameters made by build, initialize, connect or the first forward; a factory."""

from typing import Any

import numpy as np

from gradcheck import check
from tests.subjects.styles import B, Dense, W, X, agree, styles


class Built(Dense):
    """Its parameters are made by build(input_shape)."""

    def make(self):
        self.W = self.b = None

    def build(self, input_shape):
        self.W, self.b = np.resize(W, (input_shape[-1], 2)), B.copy()

    def backward(self, dy):
        dx, self.dW, self.db = self.gradients(dy)
        return dx


class Initialized(Built):
    """By set_input_shape and initialize(optimizer), which each parameter keeps."""

    def set_input_shape(self, shape):
        self.shape = shape

    build: Any = None

    def initialize(self, optimizer):
        self.W, self.b = np.resize(W, (self.shape[0], 2)), B.copy()
        self.W_opt, self.b_opt = optimizer, optimizer

    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        self.W, self.b = self.W_opt.update(self.W, dw), self.b_opt.update(self.b, db)
        return dx


class Connected(Built):
    build: Any = None

    def connect(self, prev_layer):
        self.W, self.b = np.resize(W, (prev_layer.output_size, 2)), B.copy()


class MadeAtForward(Built):
    build: Any = None

    def forward(self, x):
        if self.W is None:
            self.W, self.b = W.copy(), B.copy()
        return super().forward(x)

    def backward(self, dy, lr):
        dx, dw, db = self.gradients(dy)
        self.W, self.b = self.W - lr * dw, self.b - lr * db
        return dx


class MadeUnderAnotherName(Dense):
    """At the first forward, in a dict, and not called as parameters are."""

    def make(self):
        self.p, self.g = {}, {}

    W = property(lambda self: self.p["scaler"])
    b = property(lambda self: self.p["intercept"])

    def forward(self, x):
        if not self.p:
            self.p |= {"scaler": W.copy(), "intercept": B.copy()}
        return super().forward(x)

    def backward(self, dy):
        dx, self.g["scaler"], self.g["intercept"] = self.gradients(dy)
        return dx

    def parameters(self):
        return self.p

    def grads(self):
        return self.g


@styles(
    (Built, "W"), (Initialized, "W"), (Connected, "W"), (MadeAtForward, "W"),
    (MadeUnderAnotherName, "p['scaler']"),
)  # fmt: skip
def test_parameters_made_late(style: Any, leaf: str) -> None:
    agree(style, X, leaf, leaves=3)


def test_a_factory() -> None:
    class Beside(Dense):
        def backward(self, dy):
            dx, self.dW, self.db = self.gradients(dy)
            return dx

    assert check(lambda: Beside(1.0), X).passed
    assert not check(lambda: Beside(1.5), X).passed
