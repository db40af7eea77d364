"""A backward that returns gradients of its parameters and no dE/dX: told by names or sizes, and only then."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check

X = np.random.default_rng(0).normal(size=(3, 5))


class Pair:
    """tanh(x @ W1) @ W2"""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.W1, self.W2 = rng.normal(size=(5, 7)), rng.normal(size=(7, 2))

    def forward(self, x: Any) -> Any:
        self.x, self.h = x, np.tanh(x @ self.W1)
        return self.h @ self.W2

    def gradients(self, dy: Any) -> tuple[Any, Any, Any]:
        dh = (dy @ self.W2.T) * (1 - self.h**2)
        return dh @ self.W1.T, self.x.T @ dh, self.h.T @ dy


class Named(Pair):
    def backward(self, dy):
        _, dW1, dW2 = self.gradients(dy)
        return dW1, dW2


class Listed(Pair):
    def backward(self, dy):
        return list(self.gradients(dy)[1:])


class Square(Named):
    """W1 has the sizes of x: the names alone tell."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.W1, self.W2 = rng.normal(size=(5, 5)), rng.normal(size=(5, 2))


@pytest.mark.parametrize(
    ("layer", "x"), [(Named(), X), (Listed(), X), (Square(), np.ones((5, 5)))], ids=["named", "by sizes", "square"]
)
def test_a_missing_gradient_of_the_input_is_said_and_the_others_are_judged(layer: Any, x: Any) -> None:
    result = check(layer, x)
    assert [(finding.cause, finding.leaf) for finding in result.findings] == [("zero-gradient", "input")]
    assert "backward supplies no gradient for the input" in result.findings[0].message
    assert {name: leaf.verdict.value for name, leaf in result.leaves.items()} == {
        "input": "fail", "W1": "pass", "W2": "pass",
    }  # fmt: skip


def test_a_wrong_one_of_them_is_named_besides() -> None:
    class Wrong(Pair):
        def backward(self, dy):
            _, dW1, dW2 = self.gradients(dy)
            dW1 = 2 * dW1
            return dW1, dW2

    found = {(finding.cause, finding.leaf) for finding in check(Wrong(), X).findings}
    assert found == {("zero-gradient", "input"), ("constant-factor", "W1")}


class Whole(Pair):
    def backward(self, dy):
        return self.gradients(dy)


class Summed(Pair):
    """dE/dX summed over the batch has b's shape, and is no gradient of it."""

    def __init__(self) -> None:
        super().__init__()
        self.b = np.random.default_rng(2).normal(size=5)

    def forward(self, x: Any) -> Any:
        return super().forward(x + self.b)

    def backward(self, dy):
        dx, self.dW1, self.dW2 = self.gradients(dy)
        self.db = dx.sum(0)
        return dx.sum(0)


class Transposed(Pair):
    def backward(self, dy):
        dx, dW1, dW2 = self.gradients(dy)
        return dx.T, dW1, dW2


def test_the_twins() -> None:
    assert check(Whole(), X).passed
    for layer, x in ((Summed(), X), (Transposed(), X), (Transposed(), np.ones((7, 5)))):
        found = [(finding.cause, finding.leaf) for finding in check(layer, x).findings]
        assert found == [("shape-mismatch", "input")]


def test_at_zeros_the_gradients_of_weights_without_effect_are_no_riddle() -> None:
    assert check(Whole(), np.zeros((3, 5))).notes == ()

    class Odd(Pair):
        def backward(self, dy):
            return *self.gradients(dy), np.ones((4, 4))

    assert any("result 2, which could not be told" in note for note in check(Odd(), np.zeros((3, 5))).notes)
