"""What is wrong behind a matrix is named by what the layer keeps, in attributes, dicts or tuples."""

from typing import Any

import numpy as np
import pytest

from gradcheck import Result, check

R = np.random.default_rng(11)
X = R.normal(size=(5, 4))


class Net:
    """Two layers; `keep` puts what backward needs where people put it."""

    def __init__(self, keep: str = "dict", slope: str = "") -> None:
        r = np.random.default_rng(1)
        self.W1, self.b1, self.W2 = r.normal(size=(4, 3)), r.normal(size=3), r.normal(size=(3, 2))
        self.keep, self.slope = keep, slope

    def forward(self, x: Any) -> Any:
        z = x @ self.W1 + self.b1
        a = np.tanh(z)
        self.cache: Any = {"x": x, "z": z, "a": a} if self.keep == "dict" else (x, z, a)
        return a @ self.W2

    def backward(self, dy: Any) -> Any:
        x, z, a = self.cache.values() if self.keep == "dict" else self.cache
        slope = {"": 1 - a**2, "of z": 1 - z**2, "none": 1.0, "no square": 1 - a}[self.slope]
        dz = dy @ self.W2.T * slope
        self.dW1, self.db1, self.dW2 = x.T @ dz, dz.sum(0), a.T @ dy
        return dz @ self.W1.T


@pytest.mark.parametrize(
    ("keep", "slope", "words"),
    [
        ("dict", "of z", "the slope of tanh, 1 - cache['a']**2, is taken as 1 - cache['z']**2"),
        ("tuple", "of z", "the slope of tanh, 1 - cache[2]**2, is taken as 1 - cache[1]**2"),
        ("dict", "none", "the slope of tanh, 1 - cache['a']**2, is left out"),
        ("tuple", "no square", "the slope of tanh, 1 - cache[2]**2, is taken as 1 - cache[2]"),
    ],
)
def test_a_slope_behind_a_matrix(keep: str, slope: str, words: str) -> None:
    result = check(Net(keep, slope), X)
    assert {(f.leaf, f.cause) for f in result.findings} == {
        (leaf, "wrong-local-derivative") for leaf in ("input", "W1", "b1")
    }
    assert all(words in finding.message for finding in result.findings)


@pytest.mark.parametrize("keep", ["dict", "tuple"])
def test_the_right_slope(keep: str) -> None:
    assert check(Net(keep), X).passed


def gated(x: Any, w: Any, v: Any) -> Any:
    u, s = x @ w, 1 / (1 + np.exp(-(x @ w)))
    return u * s * (x @ v), (x, w, v, u, s)


def without_s(dy: Any, cache: Any) -> Any:
    x, w, v, u, s = cache
    du = dy * (x @ v) * (s + u * s * (1 - s))
    dg = dy * u  # * s
    return du @ w.T + dg @ v.T, x.T @ du, x.T @ dg


def test_a_slope_is_that_of_what_z_goes_through() -> None:
    """1 / s is s (1 - s) for 1 - s as well: a slope of the sigmoid, but z = x v never meets it."""
    result = check(gated, without_s, (X, R.normal(size=(4, 3)), R.normal(size=(4, 3))))
    assert {(f.leaf, f.cause) for f in result.findings} == {
        ("input", "elementwise-factor"),
        ("v", "elementwise-factor"),
    }


class Counted:
    """db over the rows that forward has counted."""

    def __init__(self) -> None:
        self.W, self.b = R.normal(size=(4, 3)), np.zeros(3)

    def forward(self, x: Any) -> Any:
        self.x, self.rows = x, len(x)
        return x @ self.W + self.b

    def backward(self, dy: Any) -> Any:
        self.dW, self.db = self.x.T @ dy, dy.sum(0) / self.rows
        return dy @ self.W.T


def test_a_size_goes_by_the_name_that_forward_gives_it() -> None:
    result: Result = check(Counted(), X)
    assert [f.expression for f in result.findings] == ["1 / rows"]
