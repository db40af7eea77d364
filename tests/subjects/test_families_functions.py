"""Families (6) and (7): functions."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check
from tests.subjects.styles import B, W, X

LABELS = np.array([0, 1, 1])


def nll(p, y):
    return -np.mean(np.log(p[np.arange(len(y)), y]))


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


# Functions: (forward, backward, arguments, the leaf that factor spoils).


def affine_cached(factor):
    def forward(x, w, b):
        return x @ w + b, (x, w)

    def backward(dout, cache):
        x, w = cache
        return dout @ w.T, factor * x.T @ dout, dout.sum(0)

    return forward, backward, (X, W, B), "w"


def affine_two_caches(factor):
    def forward(x, w, b):
        return x @ w + b, x, w

    def backward(g, x0, w0):
        return g @ w0.T, factor * x0.T @ g, g.sum(0)

    return forward, backward, (X, W, B), "w"


def affine_explicit(factor):
    def forward(x, w, b):
        return x @ w + b

    def backward(x, w, b, dout):
        db = dout.sum(0)
        dw = factor * x.T @ dout
        return db, dw, dout @ w.T

    return forward, backward, (X, W, B), "w"


def affine_named(factor):
    def forward(x, w, b):
        return x @ w + b

    def backward(grad_output, x, w):
        return {"w": factor * x.T @ grad_output, "b": grad_output.sum(0), "x": grad_output @ w.T}

    return forward, backward, (X, W, B), "w"


def dropout_options(factor):
    """(6) options in a dict, into which forward writes."""

    def forward(x, dropout_param):
        dropout_param["mask"] = mask = np.random.default_rng(0).random(x.shape) < 0.5
        return x * mask, (dropout_param, mask)

    def backward(dout, cache):
        return factor * dout * cache[1]

    return forward, backward, (X, {"mode": "train", "p": 0.5}), "input"


def softmax_loss(factor):
    """(6) (loss, dx) from one function."""

    def loss(x, y):
        p = softmax(x)
        dx = p.copy()
        dx[np.arange(len(y)), y] -= 1
        return nll(p, y), factor * dx / len(y)

    return loss, None, (X, LABELS), "input"


def loss_of_everything(factor):
    """(loss, grads) from one function."""

    def loss(x, w, y):
        p = softmax(x @ w)
        d = p.copy()
        d[np.arange(len(y)), y] -= 1
        return nll(p, y), {"w": factor * x.T @ d / len(y), "x": d @ w.T / len(y)}

    return loss, None, (X, W, LABELS), "w"


def callback(factor):
    """(y, callback)."""

    def f(x, w):
        return np.tanh(x @ w), lambda dy: (s(dy, x, w) @ w.T, factor * x.T @ s(dy, x, w))

    def s(dy, x, w):
        return dy * (1 - np.tanh(x @ w) ** 2)

    return f, None, (X, W), "w"


FUNCTIONS = (affine_cached, affine_two_caches, affine_explicit, affine_named, dropout_options, softmax_loss,
             loss_of_everything, callback)  # fmt: skip


@pytest.mark.parametrize("style", FUNCTIONS, ids=lambda style: style.__name__)
def test_functions(style: Any) -> None:
    forward, backward, arguments, leaf = style(1.0)
    before = repr(arguments)
    result = checked(forward, backward, arguments)
    assert result.passed, str(result)
    assert not result.findings
    assert repr(arguments) == before
    forward, backward, arguments, leaf = style(1.5)
    wrong = checked(forward, backward, arguments)
    assert [name for name, found in wrong.leaves.items() if found.verdict == "fail"] == [leaf], str(wrong)


def checked(forward: Any, backward: Any, arguments: Any) -> Any:
    return check(forward, arguments) if backward is None else check(forward, backward, arguments)


def lstm_step(factor):
    """(h, c, cache), backward(dnext_h, dnext_c, cache)."""

    def step_forward(x, prev_h, prev_c, Wx):
        a = np.tanh(x @ Wx + prev_h)
        return a + prev_c, a * prev_c, (x, a, prev_c, Wx)

    def step_backward(dnext_h, dnext_c, cache):
        x, a, prev_c, Wx = cache
        ds = (dnext_h + dnext_c * prev_c) * (1 - a**2)
        return ds @ Wx.T, ds, dnext_h + dnext_c * a, factor * x.T @ ds

    h = np.random.default_rng(3).normal(size=(2, 3, 2))
    return step_forward, step_backward, (X, h[0], h[1], W)


def test_several_outputs_before_the_cache() -> None:
    assert check(*lstm_step(1.0)).passed
    wrong = check(*lstm_step(1.5))
    assert [name for name, found in wrong.leaves.items() if found.verdict == "fail"] == ["Wx"]


def powers(d, x, p):
    return d * p * x ** (p - 1), d * x**p * np.log(x)


UFUNCS = (
    (np.arctan2, lambda d, y, x: (d * x / (x * x + y * y), -d * y / (x * x + y * y)),
     lambda d, y, x: (d * x / (x * x + y * y), d * y / (x * x + y * y))),
    (np.power, powers, lambda d, x, p: powers(d, x, p + 1)),
    (np.power, lambda x, p, d: powers(d, x, p), lambda x, p, d: powers(d, p, x)),
    (np.multiply, lambda a, b, g: (g * b, g * a), lambda a, b, g: (g * a, g * b)),
    (np.hypot, lambda a, b: (a / np.hypot(a, b), b / np.hypot(a, b)), lambda a, b: (a / (a + b), b / (a + b))),
    (np.subtract, lambda dout: (dout, -dout), lambda dout: (dout, dout)),
)  # fmt: skip


@pytest.mark.parametrize(("ufunc", "right", "wrong"), UFUNCS)
def test_ufuncs_whose_arguments_have_other_names(ufunc: Any, right: Any, wrong: Any) -> None:
    arguments = (np.abs(X) + 0.5, np.abs(X[::-1]) + 0.75)
    result = check(ufunc, right, arguments)
    assert result.passed, str(result)
    assert list(result.leaves) == ["input", "x2"]
    assert check(ufunc, wrong, arguments).verdict == "fail"


def test_ufunc_with_a_whole_number() -> None:
    def cube(d, x, p):
        return d * p * x ** (p - 1)

    assert check(np.power, cube, (X, 3)).passed
    assert check(np.power, lambda d, x, p: cube(d, x, p) / 2, (X, 3)).verdict == "fail"


@pytest.mark.parametrize(
    ("backward", "told"),
    [
        (lambda a, b, c: a, "which of its parameters a, b, c is dY cannot be told: call it dy"),
        (lambda d, x, p, q: d, "its 4 parameters (d, x, p, q) do not fit the 2 arguments"),
    ],
)
def test_ufunc_whose_backward_is_not_understood(backward: Any, told: str) -> None:
    result = check(np.power, backward, (np.abs(X), np.abs(X)))
    assert result.error is not None
    assert told in result.error.message
