"""Written before the diagnosis saw them: dense layers, activations, gates, softmax, losses."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import erf

from tests.planted.unseen import Batch, draw, one_hot, sigmoid, weights

PLANTED = Batch()
add = PLANTED.add


# ---- dense, gradients in attributes
class Linear:
    def __init__(self, n_in, n_out):
        self.n_in, self.n_out = n_in, n_out
        self.W = weights(n_in, n_out)
        self.b = weights(n_out)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class LinearA(Linear):
    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.mean(axis=0)
        return dout @ self.W.T


class LinearB(Linear):
    def backward(self, dout):
        super().backward(dout)
        return dout @ self.W.reshape(self.n_out, self.n_in)


class LinearC(Linear):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dW = (dout.T @ self.x).reshape(self.W.shape)
        return dx


class LinearD(Linear):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dW = self.dW + 1e-2 * self.W
        return dx


class LinearE(Linear):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dW /= len(self.x)
        self.db /= len(self.x)
        return dx


class LinearF(Linear):
    def backward(self, dout):
        dx = super().backward(dout)
        self.db = dout[0]
        return dx


class LinearG(Linear):
    def backward(self, dout):
        dx = super().backward(dout)
        self.db = -self.db
        return dx


class LinearAcc(Linear):
    def backward(self, dout):
        self.dW = self.dW + self.x.T @ dout
        self.db = self.db + dout.sum(axis=0)
        return dout @ self.W.T


X = draw(5, 4)
for n, cls1, leaf, cause, e in [
    ("linear db mean", LinearA, "b", "wrong-reduction", "1 / N"),
    ("linear W reshaped for .T in dX", LinearB, "input", "permuted-entries", None),
    ("linear dW reshaped", LinearC, "W", "permuted-entries", None),
    ("linear dW decay", LinearD, "W", "missing-term", None),
    ("linear averaged", LinearE, "W b", "constant-factor", "1 / N"),
    ("linear db first", LinearF, "b", "overwritten-contribution", None),
    ("linear db negative", LinearG, "b", "sign-flipped", None),
]:
    add(n, lambda cls=cls1: cls(4, 3), lambda: Linear(4, 3), X, leaf, cause, e)
add("linear buffers never emptied", lambda: LinearAcc(4, 3), lambda: Linear(4, 3), X, "W b", "accumulates-across-calls")


# ---- affine on sequences, functions with a cache
def affine_forward(x, w, b):
    N, T, D = x.shape
    out = (x.reshape(N * T, D) @ w).reshape(N, T, -1) + b
    return out, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    N, T, D = x.shape
    dx = (dout.reshape(N * T, -1) @ w.T).reshape(x.shape)
    dw = x.reshape(N * T, D).T @ dout.reshape(N * T, -1)
    return dx, dw, dout.sum(axis=(0, 1))


def affine_b1(dout, cache):
    dx, dw, _db = affine_backward(dout, cache)
    return dx, dw, dout.sum(axis=0)


def affine_b2(dout, cache):
    x, _w = cache
    dx, dw, db = affine_backward(dout, cache)
    for n in range(x.shape[0]):
        dw = x[n].T @ dout[n]
    return dx, dw, db


def affine_b3(dout, cache):
    x, _w = cache
    dx, _dw, db = affine_backward(dout, cache)
    return dx, x.transpose(1, 0, 2).reshape(-1, x.shape[2]).T @ dout.reshape(-1, dout.shape[2]), db


args = (draw(2, 3, 4), weights(4, 5), weights(5))
for n, f, leaf, cause in [
    ("affine db over batch only", affine_b1, "b", "shape-mismatch"),
    ("affine dw of the last sample", affine_b2, "w", "overwritten-contribution"),
    ("affine dw from x with axes exchanged", affine_b3, "w", "permuted-entries"),
]:
    add(n, lambda f=f: (affine_forward, f), lambda: (affine_forward, affine_backward), args, leaf, cause)


# ---- bilinear
def bilinear_forward(a, b, w):
    return np.einsum("ni,ijk,nj->nk", a, w, b), (a, b, w)


def bilinear_backward(dout, cache):
    a, b, w = cache
    return (
        np.einsum("nk,ijk,nj->ni", dout, w, b),
        np.einsum("nk,ijk,ni->nj", dout, w, a),
        np.einsum("nk,ni,nj->ijk", dout, a, b),
    )


def bilinear_b1(dout, cache):
    da, db, dw = bilinear_backward(dout, cache)
    return db, da, dw


def bilinear_b2(dout, cache):
    _a, _b, _w = cache
    da, db, dw = bilinear_backward(dout, cache)
    return da, db, dw.transpose(1, 0, 2)


add(
    "bilinear gradients exchanged",
    lambda: (bilinear_forward, bilinear_b1),
    lambda: (bilinear_forward, bilinear_backward),
    (draw(5, 3), draw(5, 3, seed=4), weights(3, 3, 2)),
    "input b",
    "swapped-leaves",
)
add(
    "bilinear dw axes exchanged",
    lambda: (bilinear_forward, bilinear_b2),
    lambda: (bilinear_forward, bilinear_backward),
    (draw(5, 3), draw(5, 3, seed=4), weights(3, 3, 2)),
    "w",
    "transposed",
)


# ---- tied autoencoder
class Tied:
    def __init__(self, n, m):
        self.W = weights(n, m)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W)
        return self.h @ self.W.T

    def backward(self, dy, lr):
        dh = (dy @ self.W) * (1 - self.h**2)
        dx = dh @ self.W.T
        self.W = self.W - lr * self.grad(dy, dh)
        return dx

    def grad(self, dy, dh):
        return self.x.T @ dh + dy.T @ self.h


class TiedDecoderOnly(Tied):
    def grad(self, dy, dh):
        return dy.T @ self.h


class TiedNoDerivative(Tied):
    def backward(self, dy, lr):
        dh = dy @ self.W
        dx = dh @ self.W.T
        self.W = self.W - lr * (self.x.T @ dh + dy.T @ self.h)
        return dx


add(
    "tied weights, decoder alone",
    lambda: TiedDecoderOnly(4, 3),
    lambda: Tied(4, 3),
    draw(5, 4),
    "W",
    "overwritten-contribution",
)
add("tied, tanh' forgotten", lambda: TiedNoDerivative(4, 3), lambda: Tied(4, 3), draw(5, 4), "W input", "unrecognised")


# ---- temperature
class Temperature:
    def __init__(self, temperature):
        self.temperature = temperature

    def forward(self, x):
        return x / self.temperature

    def backward(self, dy):
        return dy / self.temperature


class TemperatureB(Temperature):
    def backward(self, dy):
        return dy * self.temperature


class TemperatureC(Temperature):
    def backward(self, dy):
        return dy


add(
    "temperature multiplies",
    lambda: TemperatureB(2.7),
    lambda: Temperature(2.7),
    draw(4, 3),
    "input",
    "constant-factor",
    "temperature * temperature",
)
add(
    "temperature forgotten",
    lambda: TemperatureC(2.7),
    lambda: Temperature(2.7),
    draw(4, 3),
    "input",
    "constant-factor",
    "temperature",
)


# ---- residual with alpha
class ResBlock:
    def __init__(self, n, alpha=0.3):
        self.alpha = alpha
        self.W1, self.W2 = weights(n, n), weights(n, n, seed=2)
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.h = np.maximum(0, x @ self.W1)
        return x + self.alpha * (self.h @ self.W2)

    def backward(self, dy):
        d = self.alpha * dy
        self.grads["W2"] = self.h.T @ d
        dh = (d @ self.W2.T) * (self.h > 0)
        self.grads["W1"] = self.x.T @ dh
        return dy + dh @ self.W1.T


class ResNoAlpha(ResBlock):
    def backward(self, dy):
        self.grads["W2"] = self.h.T @ dy
        dh = self.alpha * (dy @ self.W2.T) * (self.h > 0)
        self.grads["W1"] = self.x.T @ dh
        return dy + dh @ self.W1.T


class ResNoSkip(ResBlock):
    def backward(self, dy):
        return super().backward(dy) - dy


class ResSkipAlpha(ResBlock):
    def backward(self, dy):
        return super().backward(dy) - dy + self.alpha * dy


class ResSwapped(ResBlock):
    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["W1"], self.grads["W2"] = self.grads["W2"], self.grads["W1"]
        return dx


class ResMaskX(ResBlock):
    def backward(self, dy):
        d = self.alpha * dy
        self.grads["W2"] = self.h.T @ d
        dh = (d @ self.W2.T) * (self.x > 0)
        self.grads["W1"] = self.x.T @ dh
        return dy + dh @ self.W1.T


for n, cls2, leaf, cause, e in [
    ("residual alpha forgotten in dW2", ResNoAlpha, "W2", "constant-factor", "1 / alpha"),
    ("residual skip forgotten", ResNoSkip, "input", "missing-term", None),
    ("residual skip scaled", ResSkipAlpha, "input", "missing-term", None),
    ("residual dW1 dW2 exchanged", ResSwapped, "W1 W2", "swapped-leaves", None),
    ("residual relu mask of x", ResMaskX, "W1 input:unrecognised", "located", None),
]:
    add(n, lambda cls=cls2: cls(4), lambda: ResBlock(4), draw(5, 4), leaf, cause, e)


# ---- highway
class Highway:
    def __init__(self, n):
        self.Wh, self.Wt = weights(n, n), weights(n, n, seed=2)
        self.bh, self.bt = weights(n), weights(n, seed=2)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.Wh + self.bh)
        self.t = sigmoid(x @ self.Wt + self.bt)
        return self.t * self.h + (1 - self.t) * x

    def to_gate(self, dy):
        return dy * (self.h - self.x) * self.t * (1 - self.t)

    def carry(self, dy):
        return dy * (1 - self.t)

    def backward(self, dy):
        dh = dy * self.t * (1 - self.h**2)
        dt = self.to_gate(dy)
        self.dWh, self.dWt = self.x.T @ dh, self.x.T @ dt
        self.dbh, self.dbt = dh.sum(0), dt.sum(0)
        return dh @ self.Wh.T + dt @ self.Wt.T + self.carry(dy)


class HighwayA(Highway):
    def carry(self, dy):
        return 0


class HighwayB(Highway):
    def to_gate(self, dy):
        return dy * self.h * self.t * (1 - self.t)


class HighwayC(Highway):
    def carry(self, dy):
        return dy * self.t


for n, cls3, leaf, cause in [
    ("highway carry forgotten", HighwayA, "input", "missing-term"),
    ("highway gate misses -x", HighwayB, "Wt bt input", "unrecognised"),
    ("highway carry with t", HighwayC, "input", "missing-term"),
]:
    add(n, lambda cls=cls3: cls(4), lambda: Highway(4), draw(5, 4), leaf, cause)


# ---- activations, __call__/gradient or forward/backward
class Act:
    f: Callable[..., Any]
    d: Callable[..., Any]

    def forward(self, x):
        self.x = x
        self.y = self.f(x)
        return self.y

    def backward(self, dy):
        return dy * self.d()


def gelu_tanh_prime(x):
    t = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)


def mish_prime(x):
    t = np.tanh(np.log1p(np.exp(x)))
    return t + x * (1 - t**2) * sigmoid(x)


def act(name, f, good, bad, cause, x=None):  # noqa: PLR0917 -- a table's columns
    A = type("A" + str(len(PLANTED)), (Act,), {"f": staticmethod(f), "d": good})
    B = type("B" + str(len(PLANTED)), (Act,), {"f": staticmethod(f), "d": bad})
    add(name, B, A, draw(4, 6) if x is None else x, "input", cause)


act(
    "swish misses 1-s",
    lambda x: x * sigmoid(x),
    lambda s: sigmoid(s.x) + s.x * sigmoid(s.x) * (1 - sigmoid(s.x)),
    lambda s: sigmoid(s.x) + s.x * sigmoid(s.x),
    "wrong-local-derivative",
)
act(
    "elu' from exp(y)",
    lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1),
    lambda s: np.where(s.x > 0, 1, s.y + 1),
    lambda s: np.where(s.x > 0, 1, np.exp(s.y)),
    "wrong-local-derivative",
)
act(
    "softplus' of -x",
    lambda x: np.log1p(np.exp(x)),
    lambda s: sigmoid(s.x),
    lambda s: sigmoid(-s.x),
    "wrong-local-derivative",
)
act(
    "leaky relu' zero below",
    lambda x: np.where(x > 0, x, 0.01 * x),
    lambda s: np.where(s.x > 0, 1, 0.01),
    lambda s: np.where(s.x > 0, 1.0, 0),
    "wrong-local-derivative",
)
act(
    "gelu exact, tanh form differentiated",
    lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2))),
    lambda s: 0.5 * (1 + erf(s.x / np.sqrt(2))) + s.x * np.exp(-(s.x**2) / 2) / np.sqrt(2 * np.pi),
    lambda s: gelu_tanh_prime(s.x),
    "approximation",
)
act(
    "hard sigmoid slope everywhere",
    lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    lambda s: 0.2 * ((s.x > -2.5) & (s.x < 2.5)),
    lambda s: 0.2 * np.ones_like(s.x),
    "ghost-gradient",
    x=3 * draw(4, 6),
)
act("tanh' of y twice", np.tanh, lambda s: 1 - s.y**2, lambda s: 1 - np.tanh(s.y) ** 2, "wrong-local-derivative")
act("sigmoid' from x", sigmoid, lambda s: s.y * (1 - s.y), lambda s: s.x * (1 - s.x), "wrong-local-derivative")
act(
    "softsign' without square",
    lambda x: x / (1 + abs(x)),
    lambda s: 1 / (1 + abs(s.x)) ** 2,
    lambda s: 1 / (1 + abs(s.x)),
    "wrong-local-derivative",
)
act(
    "selu' scale forgotten",
    lambda x: 1.0507 * np.where(x > 0, x, 1.67326 * (np.exp(np.minimum(x, 0)) - 1)),
    lambda s: np.where(s.x > 0, 1.0507, s.y + 1.0507 * 1.67326),
    lambda s: np.where(s.x > 0, 1.0, 1.67326 * np.exp(np.minimum(s.x, 0))),
    "constant-factor",
)
act(
    "mish' without second term",
    lambda x: x * np.tanh(np.log1p(np.exp(x))),
    lambda s: mish_prime(s.x),
    lambda s: np.tanh(np.log1p(np.exp(s.x))),
    "wrong-local-derivative",
)
act("reciprocal' sign", lambda x: 1 / x, lambda s: -1 / s.x**2, lambda s: 1 / s.x**2, "sign-flipped", x=draw(4, 6) + 3)
act("cos' sign", np.cos, lambda s: -np.sin(s.x), lambda s: np.sin(s.x), "sign-flipped")
act("power 3 with factor 2", lambda x: x**3, lambda s: 3 * s.x**2, lambda s: 2 * s.x**2, "constant-factor")


# ---- PReLU with a slope a channel
class PRelu:
    def __init__(self, channels):
        self.alpha = 0.1 + 0.1 * np.arange(1, channels + 1)

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha[None, :, None, None] * x)

    def backward(self, dy):
        self.dalpha = self.slopes(dy)
        return self.down(dy)

    def slopes(self, dy):
        return (dy * np.minimum(self.x, 0)).sum(axis=(0, 2, 3))

    def down(self, dy):
        return dy * np.where(self.x > 0, 1, self.alpha[None, :, None, None])


class PReluA(PRelu):
    def slopes(self, dy):
        return np.full_like(self.alpha, (dy * np.minimum(self.x, 0)).sum())


class PReluB(PRelu):
    def slopes(self, dy):
        return (dy * self.x).sum(axis=(0, 2, 3))


class PReluC(PRelu):
    def down(self, dy):
        return dy * (self.x > 0)


class PReluD(PRelu):
    def slopes(self, dy):
        return (dy * np.minimum(self.x, 0)).mean(axis=(0, 2, 3))


for n, cls4, leaf, cause in [
    ("prelu dalpha of all channels", PReluA, "alpha", "wrong-reduction"),
    ("prelu dalpha without mask", PReluB, "alpha", "wrong-local-derivative"),
    ("prelu dx zero below", PReluC, "input", "wrong-local-derivative"),
    ("prelu dalpha mean", PReluD, "alpha", "constant-factor"),
]:
    add(n, lambda cls=cls4: cls(3), lambda: PRelu(3), draw(2, 3, 4, 5), leaf, cause)


# ---- GLU
def glu_forward(x):
    a, b = np.split(x, 2, axis=1)
    s = sigmoid(b)
    return a * s, (a, s)


def glu_backward(dout, cache):
    a, s = cache
    return np.concatenate([dout * s, dout * a * s * (1 - s)], axis=1)


def glu_b1(dout, cache):
    a, s = cache
    return np.concatenate([dout * a * s * (1 - s), dout * s], axis=1)


def glu_b2(dout, cache):
    _a, s = cache
    return np.concatenate([dout * s, dout * s * (1 - s)], axis=1)


add(
    "glu halves exchanged",
    lambda: (glu_forward, glu_b1),
    lambda: (glu_forward, glu_backward),
    (draw(4, 6),),
    "input",
    "permuted-entries",
)
add(
    "glu gate misses a",
    lambda: (glu_forward, glu_b2),
    lambda: (glu_forward, glu_backward),
    (draw(4, 6),),
    "input",
    "elementwise-factor",
)


# ---- softmax
class Softmax:
    def __call__(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def gradient(self, dy):
        return self.y * (dy - (dy * self.y).sum(axis=1, keepdims=True))


class SoftmaxA(Softmax):
    def gradient(self, dy):
        return self.y * (1 - self.y) * dy


class SoftmaxB(Softmax):
    def gradient(self, dy):
        return self.y * (dy - (dy * self.y).sum())


class SoftmaxC(Softmax):
    def gradient(self, dy):
        return self.y * (dy - (dy * self.y).mean(axis=1, keepdims=True))


class SoftmaxD(Softmax):
    def gradient(self, dy):
        return dy


for n, cls5, cause in [
    ("softmax diagonal alone", SoftmaxA, "missing-term"),
    ("softmax sum over all", SoftmaxB, "wrong-reduction"),
    ("softmax mean for sum", SoftmaxC, "missing-term"),
    ("softmax identity", SoftmaxD, "wrong-local-derivative"),
]:
    add(n, cls5, Softmax, draw(4, 5), "input", cause)


def logsm(x):
    z = x - x.max(1, keepdims=True)
    out = z - np.log(np.exp(z).sum(1, keepdims=True))
    return out, out


def logsm_backward(dout, out):
    return dout - np.exp(out) * dout.sum(1, keepdims=True)


def logsm_b1(dout, out):
    return dout - np.exp(out) * dout


add(
    "log-softmax without sum",
    lambda: (logsm, logsm_b1),
    lambda: (logsm, logsm_backward),
    (draw(4, 5),),
    "input",
    "missing-term",
)

# ---- losses
T = one_hot(5, 4)


def ce(y_true, y_pred):
    p = np.exp(y_pred - y_pred.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return -np.mean(np.sum(y_true * np.log(p), axis=1))


def ce_prime(y_true, y_pred):
    p = np.exp(y_pred - y_pred.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return (p - y_true) / len(y_true)


def ce_p1(y_true, y_pred):
    return ce_prime(y_true, y_pred) * len(y_true)


def ce_p2(y_true, y_pred):
    return -ce_prime(y_true, y_pred)


def ce_p3(y_true, y_pred):
    return ce_prime(y_true, y_pred) * len(y_true) / y_true.size


for n, f, cause, e in [
    ("ce mean, gradient summed", ce_p1, "constant-factor", "N"),
    ("ce descends the wrong way", ce_p2, "sign-flipped", None),
    ("ce over size", ce_p3, "constant-factor", "1 / input_shape[1]"),
]:
    add(n, lambda f=f: (ce, f), lambda: (ce, ce_prime), (T, draw(5, 4)), "y_pred", cause, e)


def mse(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2)


def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size


def mse_p1(y_true, y_pred):
    return 2 * (y_pred - y_true) / len(y_true)


def mse_p2(y_true, y_pred):
    return (y_pred - y_true) / y_true.size


def mse_p3(y_true, y_pred):
    return 2 * (y_pred - y_true)


for n, f, cause, e in [
    ("mse over rows", mse_p1, "constant-factor", "input_shape[1]"),
    ("mse without 2", mse_p2, "constant-factor", "1/2"),
    ("mse without mean", mse_p3, "constant-factor", "N * input_shape[1]"),
]:
    add(n, lambda f=f: (mse, f), lambda: (mse, mse_prime), (draw(5, 3), draw(5, 3, seed=2)), "y_pred", cause, e)


class Huber:
    def __init__(self, delta=0.7):
        self.delta = delta

    def forward(self, y_pred, y_true):
        self.r = y_pred - y_true
        a = abs(self.r)
        return np.where(a < self.delta, 0.5 * a**2, self.delta * (a - 0.5 * self.delta)).sum()

    def backward(self):
        return np.clip(self.r, -self.delta, self.delta)


class HuberA(Huber):
    def backward(self):
        return np.where(abs(self.r) < self.delta, self.r, np.sign(self.r))


add("huber sign without delta", HuberA, Huber, (draw(5, 3), draw(5, 3, seed=2)), "y_pred", "constant-factor")


def svm(x, y):
    m = np.maximum(0, x - x[np.arange(len(y)), y][:, None] + 1.0)
    m[np.arange(len(y)), y] = 0
    return m.sum() / len(y), (m, y)


def svm_backward(dout, cache):
    m, y = cache
    d = (m > 0).astype(float)
    d[np.arange(len(y)), y] -= d.sum(1)
    return dout * d / len(y), None


def svm_b1(dout, cache):
    m, y = cache
    return dout * (m > 0) / len(y), None


add(
    "svm correct class forgotten",
    lambda: (svm, svm_b1),
    lambda: (svm, svm_backward),
    (draw(5, 4), np.array([0, 2, 1, 3, 2])),
    "input",
    "zero-gradient",
)


class BCE:
    def forward(self, p, t):
        self.p, self.t = p, t
        return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))

    def backward(self):
        return (self.p - self.t) / (self.p * (1 - self.p)) / self.p.size


class BCEa(BCE):
    def backward(self):
        return (self.p - self.t) / self.p.size


class BCEb(BCE):
    def backward(self):
        return -self.t / self.p + (1 - self.t) / (1 - self.p)


class BCEc(BCE):
    def backward(self):
        return (-self.t / self.p - (1 - self.t) / (1 - self.p)) / self.p.size


P01, T01 = 0.1 + 0.8 * np.abs(weights(6, 1)) * 2, np.array([[0], [1], [1.0], [0], [1], [0]])
for n, cls6, cause, e in [
    ("bce as if of logits", BCEa, "elementwise-factor", None),
    ("bce without mean", BCEb, "constant-factor", "N"),
    ("bce one sign", BCEc, "sign-flipped", None),
]:
    add(n, cls6, BCE, (P01, T01), "p", cause, e)
