# mypy: disable-error-code="misc"
"""Our verdicts and those of PyTorch's own gradcheck, over the same numpy layers, right and wrong."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check

torch: Any = pytest.importorskip("torch")


class Dense:
    def __init__(self):
        rng = np.random.default_rng(3)
        self.W, self.b = rng.normal(size=(3, 2)), rng.normal(size=2)

    def forward(self, x):
        self.x = x
        return np.tanh(x @ self.W + self.b)

    def backward(self, dy):
        d = dy * (1 - self.forward(self.x) ** 2)
        self.dW, self.db = self.x.T @ d, d.sum(axis=0)
        return d @ self.W.T


class ForgetsTanh(Dense):
    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(axis=0)
        return dy @ self.W.T


class Averages(Dense):
    def backward(self, dy):
        dx = super().backward(dy)
        self.db = self.db / len(self.x)
        return dx


class WrongAtOne(Dense):
    def backward(self, dy):
        dx = super().backward(dy)
        self.dW[1, 1] *= 1.1
        return dx


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, dy):
        return self.y * (dy - (dy * self.y).sum(axis=1, keepdims=True))


class DiagonalSoftmax(Softmax):
    def backward(self, dy):
        return dy * self.y * (1 - self.y)


class Updates(Dense):
    """Updates itself, with a learning rate."""

    def backward(self, dy, learning_rate):
        d = dy * (1 - self.forward(self.x) ** 2)
        dx = d @ self.W.T
        self.W -= learning_rate * self.x.T @ d
        self.b -= learning_rate * d.sum(axis=0)
        return dx


RIGHT = (Dense, Softmax, Updates)
WRONG = (ForgetsTanh, Averages, WrongAtOne, DiagonalSoftmax)


@pytest.mark.parametrize("cls", [*RIGHT, *WRONG], ids=lambda cls: cls.__name__)
def test_both_checkers_agree(cls):
    from tests.subjects.way_back import as_function

    x = np.random.default_rng(0).normal(size=(4, 3))
    ours = check(cls(), x)
    function, tensors = as_function(cls(), x)
    theirs = torch.autograd.gradcheck(function, tensors, raise_exception=False)
    assert ours.passed == theirs == (cls in RIGHT), str(ours)
