"""Arguments that must be named: forward(self, *, x), backward(self, *, dY), and the same of functions."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check
from gradcheck.subjects.keywords import by_place
from gradcheck.subjects.spelling import positional
from tests.subjects.styles import Dense, X, agree

Y = np.random.default_rng(7).normal(size=(3, 4))


class Named(Dense):
    def forward(self, *, x):
        return super().forward(x)

    def backward(self, *, dY):
        dx, self.dW, self.db = self.gradients(dY)
        return dx


class Rated(Named):
    def backward(self, *, learning_rate, dY):
        dx, dW, db = self.gradients(dY)
        self.W -= learning_rate * dW
        self.b -= learning_rate * db
        return dx


class Switched(Named):
    def forward(self, *, training, x):
        assert training is True
        return super().forward(x=x)


class Optional(Named):
    def forward(self, *, x=None):
        return super().forward(x=x)


@pytest.mark.parametrize("style", [Named, Rated, Switched, Optional])
def test_a_layer_whose_arguments_must_be_named(style: Any) -> None:
    agree(style, X, "W")


class Multiply:
    def __init__(self, factor: float = 1.0):
        self.factor = factor

    def forward(self, *, q, k):
        self.q, self.k = q, k
        return q * k

    def backward(self, *, dout):
        return dout * self.k, self.factor * dout * self.q


@pytest.mark.parametrize("x", [(X, Y), {"k": Y, "q": X}], ids=["tuple", "by name"])
def test_several_inputs(x: Any) -> None:
    agree(Multiply, x, "k", leaves=2)


def product(*, x, w):
    return x @ w


def product_backward(*, w, dy, x):
    return dy @ w.T, x.T @ dy


def product_wrong(*, w, dy, x):
    return dy @ w.T, 2 * x.T @ dy


def test_functions() -> None:
    w = np.random.default_rng(3).normal(size=(4, 2))
    assert check(product, product_backward, (X, w)).passed
    wrong = check(product, product_wrong, (X, w))
    assert [leaf.verdict for leaf in wrong.leaves.values()] == ["pass", "fail"]


def test_what_must_be_named_stands_behind_what_is_required_and_before_what_has_a_default() -> None:
    def function(a, /, b, c=3, *, on=True, d):
        return (a, b, c, on, d)

    placed = by_place(function)
    assert [p.name for p in positional(placed) or []] == ["a", "b", "d", "c"]
    assert placed(1, 2, 4) == placed(1, 2, d=4) == (1, 2, 3, True, 4)
    assert placed(1, 2, 4, 5, on=False) == (1, 2, 5, False, 4)
    with pytest.raises(TypeError, match="takes"):
        placed(1, 2, 3, 4, 5)


def test_others_are_left_as_they_are() -> None:
    for function in (Dense.gradients, lambda x, *, on=True: x, lambda *xs, k: xs, np.add):
        assert by_place(function) is function


def test_what_cannot_be_told_is_said() -> None:
    class Starred(Dense):
        def forward(self, *xs, scale):
            return super().forward(xs[0] * scale)

        backward = Named.backward

    error = check(Starred(), X).error
    assert error is not None
    assert "missing 1 required keyword-only argument: 'scale'" in error.message
    assert "say how it is called with Convention(forward=..., backward=...)" in error.message
    assert "own code" not in error.message
