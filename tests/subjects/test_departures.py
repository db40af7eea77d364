"""Departures from the true gradient that a Convention declares are checked as declared."""

from typing import Any

import numpy as np
import pytest

from gradcheck import Convention, check
from tests.subjects.styles import Dense, X, agree

LABELS = np.array([0, 1, 1])


class Beside(Dense):
    def backward(self, dy):
        dx, self.dW, self.db = self.gradients(dy)
        return dx


class Averaging(Beside):
    """dW and db over the batch; dx not."""

    def gradients(self, dy):
        dx, dw, db = super().gradients(dy)
        return dx, dw / len(self.x), db / len(self.x)


@pytest.mark.parametrize("scale", [1 / 3, lambda layer, x: 1 / len(x), {"W": 1 / 3, "b": 1 / 3}])
def test_scale(scale: Any) -> None:
    assert not check(Averaging(), X).passed
    agree(Averaging, X, "W", convention=Convention(scale=scale))
    result = check(Averaging(), X, convention=Convention(scale=scale))
    assert any("divided by the declared scale" in note for note in result.notes)


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


class Softmax(Dense):
    """Its backward is the identity: fused with its loss."""

    def forward(self, x):
        return softmax(super().forward(x))

    def backward(self, dy):
        dx, self.dW, self.db = self.gradients(dy)
        return dx


FUSED = Convention(
    fused=(lambda p: -np.sum(np.log(p[np.arange(3), LABELS])), lambda p: p - np.eye(2)[LABELS]),
)


def test_fused() -> None:
    assert not check(Softmax(), X).passed
    agree(Softmax, X, "W", convention=FUSED)


class Clipped(Beside):
    bound = 0.5

    def gradients(self, dy):
        dx, dw, db = super().gradients(dy)
        return dx, np.clip(dw, -self.bound, self.bound), np.clip(db, -self.bound, self.bound)


def test_clipped() -> None:
    assert not check(Clipped(), X).passed
    agree(Clipped, X, "W", convention=Convention(clipped=0.5))


@pytest.mark.parametrize("bound", [0.25, 1.0, 100.0])
def test_clipping_that_is_not_as_declared(bound: float) -> None:
    result = check(Clipped(), X, convention=Convention(clipped=bound))
    assert not result.passed
    assert any("as the convention declares" in note for note in result.notes)


class Recurrent:
    """Backward goes back two steps."""

    steps = 2

    def __init__(self, factor: float = 1.0):
        self.W, self.factor = np.array([[0.3, -0.5], [0.7, 0.2]]), factor

    def forward(self, x):
        self.x, self.h = x, [np.zeros(2)]
        for row in x:
            self.h.append(np.tanh(row + self.h[-1] @ self.W))
        return np.array(self.h[1:])

    def backward(self, dy):
        self.dW, dx = np.zeros((2, 2)), np.zeros_like(self.x)
        for end in range(len(dy)):
            d = dy[end]
            for t in range(end, max(end - self.steps, -1), -1):
                s = d * (1 - self.h[t + 1] ** 2)
                self.dW += self.factor * np.outer(self.h[t], s)
                dx[t] += s
                d = s @ self.W.T
        return dx


def test_truncated() -> None:
    x = np.random.default_rng(0).normal(size=(6, 2))
    assert not check(Recurrent(), x).passed
    agree(Recurrent, x, "W", convention=Convention(truncated=2))
    assert not check(Recurrent(), x, convention=Convention(truncated=3)).passed
