"""Rows and entries that move outputs of their own are measured together, and only they."""

import numpy as np
import pytest

from gradcheck import check
from gradcheck.numeric.batch import independent_rows
from gradcheck.subjects.leaf import Leaf, Role

X = np.random.default_rng(0).normal(size=(40, 5))


def rows_of(f, x=X):
    leaf = Leaf("input", Role.INPUT, x.copy())
    found = independent_rows(lambda: f(leaf.array), leaf, f(x))
    assert np.array_equal(leaf.array, x)
    return None if found is None else found.count


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


@pytest.mark.parametrize(
    ("f", "count"),
    [
        pytest.param(np.tanh, 200, id="element-wise"),
        pytest.param(softmax, 40, id="by rows"),
        pytest.param(lambda x: x @ np.ones((5, 3)), 40, id="by rows, to another width"),
        pytest.param(lambda x: x - x.mean(0), None, id="the mean of the batch"),
        pytest.param(lambda x: x / np.abs(x).max(), None, id="the largest of all"),
        pytest.param(lambda x: x[::-1] * 1.0, None, id="rows reversed"),
        pytest.param(lambda x: x + 1e-3 * np.roll(x, 1, 0), None, id="a neighbour's share"),
        pytest.param(
            lambda x: np.where(np.arange(40)[:, None] == 17, x[3] * x, x), None, id="one row that sees another"
        ),
        pytest.param(lambda x: x.sum(), None, id="one number"),
    ],
)
def test_what_is_independent_is_proven(f, count):
    assert rows_of(f) == count


class Elementwise:
    def __init__(self, f, prime):
        self.f, self.prime = f, prime

    def forward(self, x):
        self.x = x
        return self.f(x)

    def backward(self, dy):
        return dy * self.prime(self.x)


def tanh_prime(x):
    return 1 - np.tanh(x) ** 2


@pytest.mark.parametrize("size", [40, 300])
def test_an_elementwise_layer_takes_a_handful_of_evaluations(size):
    x = np.random.default_rng(1).normal(size=(size, 5))
    result = check(Elementwise(np.tanh, tanh_prime), x, method="entries")
    assert result.passed
    assert result.evaluations.forward < 80
    assert result.leaves["input"].numeric == pytest.approx(result.leaves["input"].analytic, rel=1e-7)


@pytest.mark.parametrize("place", [(0, 0), (17, 3), (39, 4)])
def test_one_wrong_entry_of_an_elementwise_layer_is_named(place):
    def wrong(x):
        slope = tanh_prime(x)
        slope[place] *= 1 + 1e-6
        return slope

    result = check(Elementwise(np.tanh, wrong), X, method="entries")
    assert result.leaves["input"].wrong == (place,)


def test_rows_that_meet_are_not_measured_together():
    class Centred:
        def forward(self, x):
            return x - x.mean(0)

        def backward(self, dy):
            return dy - dy.mean(0)

    class Forgetful(Centred):
        def backward(self, dy):
            return dy * 1.0

    assert check(Centred(), X, method="entries").passed
    assert check(Forgetful(), X, method="entries").verdict == "fail"


def test_what_one_row_raises_is_measured_alone():
    def fussy(x):
        if np.any(x > 2.9):
            raise ValueError("too large")
        return np.tanh(x)

    x = np.clip(X, -2, 2)
    assert check(Elementwise(fussy, tanh_prime), x, method="entries").passed
