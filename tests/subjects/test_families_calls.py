"""Families (6), (7), (8) and (11): how forward and backward are called, and what they return."""

from typing import Any

import numpy as np
import pytest

from gradcheck import UsageError, check
from tests.subjects.styles import B, Dense, W, X, agree, styles

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
        (LossStored, (P, LABELS), "input"),
    ],
)
def test_losses(style: Any, x: Any, leaf: str) -> None:
    agree(style, x, leaf, leaves=1)


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


@pytest.mark.parametrize(
    ("backward", "missing"),
    [
        pytest.param(lambda self, dy, thing: dy, "what to give for its parameter thing cannot be told", id="unknown"),
        pytest.param(lambda self, y_true: y_true, "Convention(fused=", id="fused"),
    ],
)
def test_what_is_not_certain_is_refused(backward: Any, missing: str) -> None:
    cls = type("Odd", (Dense,), {"backward": backward})
    result = check(cls(), X)
    assert result.verdict == "error"
    assert missing in result.error.message
    for family in ("y returned, dx returned", "output stored", "(y, cache) returned"):
        assert family in result.error.message


def test_of_no_known_name() -> None:
    class Nothing:
        def run(self, x):
            return x

    with pytest.raises(UsageError, match="Convention\\(forward=\\.\\.\\., backward=\\.\\.\\.\\)"):
        check(Nothing(), X)


def test_nothing_returned_and_nothing_stored() -> None:
    class Silent(Dense):
        def forward(self, x):
            self.x = x

        def backward(self, dy):
            return dy

    result = check(Silent(), X)
    assert result.verdict == "error"
    assert result.error.message.startswith("Silent.forward returned None; a float array or number is needed")
    assert "no float array was left in output, outputs, out or the like" in result.error.message


class Network:
    """The two-layer network of many a tutorial: backward(X, y, output)."""

    def __init__(self):
        self.W1, self.W2 = np.ones((4, 2)), np.ones((2, 1))

    def forward(self, X):
        self.hidden = np.tanh(X @ self.W1)
        return self.hidden @ self.W2

    def backward(self, X, y, output):
        self.W2 += self.hidden.T @ (y - output)


def test_a_target_that_forward_does_not_take_is_refused_not_guessed() -> None:
    result = check(Network(), X)
    assert result.verdict == "error"
    assert "its parameter y is a target, which forward does not take" in result.error.message


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


def test_more_gradients_than_outputs() -> None:
    class Many(Dense):
        def backward(self, dy, dh):
            return dy

    assert "takes 2 gradients for 1 outputs of Many.forward" in check(Many(), X).error.message
