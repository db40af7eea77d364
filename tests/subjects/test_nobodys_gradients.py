"""A gradient that backward writes, of a parameter that is nowhere on the object, is said and not passed over."""

from typing import ClassVar

import numpy as np
import pytest

from gradcheck import check

W = np.random.default_rng(0).normal(size=(4, 2))
X = np.random.default_rng(1).normal(size=(3, 4))


class OfTheModule:
    def forward(self, x):
        self.x = x
        return x @ W

    def backward(self, dy):
        self.dW = 2 * self.x.T @ dy
        return dy @ W.T


class InADictOfTheClass(OfTheModule):
    kept: ClassVar = {"W": W}

    def forward(self, x):
        self.x = x
        return x @ self.kept["W"]


class Own(OfTheModule):
    def __init__(self):
        self.W = W.copy()

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        self.dW, self.dx = self.x.T @ dy, dy @ self.W.T
        return self.dx


class NoParameter(OfTheModule):
    def backward(self, dy):
        self.dx = self.grad_input = self.dout = dy @ W.T
        return self.dx


@pytest.mark.parametrize("cls", [OfTheModule, InADictOfTheClass])
def test_it_is_said(cls):
    assert check(cls(), X).notes == ("dW: not checked (backward writes it, its parameter was not found)",)


@pytest.mark.parametrize("cls", [Own, NoParameter])
def test_of_what_is_checked_or_no_parameters_nothing_is_said(cls):
    result = check(cls(), X)
    assert (result.passed, result.notes) == (True, ())
