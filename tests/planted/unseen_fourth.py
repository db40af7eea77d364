"""The fourth batch, written and labelled after the third had been mended and before the diagnosis saw it.

Each fault is one edit of the correct source. Where the diagnosis gives another name than was meant, that stands last.
"""

import numpy as np

from tests.planted.unseen import Batch, draw, sigmoid, weights

PLANTED = Batch()
layer, functions, activation = PLANTED.layer, PLANTED.functions, PLANTED.activation


class TwoLayer:
    def __init__(self, d, h, c):
        self.params = {"W1": weights(d, h), "b1": weights(h), "W2": weights(h, c, seed=2), "b2": weights(c, seed=3)}
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x, self.a = x, sigmoid(x @ p["W1"] + p["b1"])
        self.y = sigmoid(self.a @ p["W2"] + p["b2"])
        return self.y

    def backward(self, dy):
        p, g = self.params, self.grads
        dz2 = dy * self.y * (1 - self.y)
        g["W2"], g["b2"] = self.a.T @ dz2, dz2.sum(0)
        dz1 = (dz2 @ p["W2"].T) * self.a * (1 - self.a)
        g["W1"], g["b1"] = self.x.T @ dz1, dz1.sum(0)
        return dz1 @ p["W1"].T


ALL = "input params['W1'] params['b1'] params['W2'] params['b2']"
layer(
    TwoLayer,
    (3, 5, 2),
    draw(6, 3),
    ("two layers outer sigmoid' forgotten", "dy * self.y * (1 - self.y)", "dy", ALL, "wrong-local-derivative"),
    (
        "two layers inner sigmoid' forgotten",
        " * self.a * (1 - self.a)",
        "",
        "input params['W1'] params['b1']",
        "wrong-local-derivative",
    ),
    ("two layers dW1 over N", "self.x.T @ dz1,", "self.x.T @ dz1 / len(dy),", "params['W1']", "constant-factor"),
    (
        "two layers db1 of dz2",
        "dz1.sum(0)",
        "dz2.sum() * np.ones(5)",
        "params['b1']",
        "unrecognised",
        "wrong-reduction",
    ),
    ("two layers dW2 of z", "self.a.T @ dz2", "(1 - self.a).T @ dz2", "params['W2']", "unrecognised", "missing-term"),
    ("two layers dy squared", "dz2 = dy *", "dz2 = dy * np.abs(dy) *", ALL, "not-linear-upstream"),
)


class DepthwiseStrided:
    def __init__(self, channels, k, stride):
        self.kernel, self.bias = weights(channels, k), weights(channels)
        self.k, self.stride = k, stride

    def forward(self, x):
        self.x = x
        self.n = (x.shape[1] - self.k) // self.stride + 1
        cut = [x[:, t * self.stride : t * self.stride + self.k] for t in range(self.n)]
        return np.stack([np.einsum("bkc,ck->bc", c, self.kernel) for c in cut], 1) + self.bias

    def backward(self, d):
        dx, self.dkernel = np.zeros_like(self.x), np.zeros_like(self.kernel)
        for t in range(self.n):
            at = slice(t * self.stride, t * self.stride + self.k)
            self.dkernel += np.einsum("bc,bkc->ck", d[:, t], self.x[:, at])
            dx[:, at] += np.einsum("bc,ck->bkc", d[:, t], self.kernel)
        self.dbias = d.sum((0, 1))
        return dx


layer(
    DepthwiseStrided,
    (3, 4, 2),
    draw(2, 10, 3),
    ("depthwise 1d dkernel last window", "self.dkernel +=", "self.dkernel =", "kernel", "overwritten-contribution"),
    ("depthwise 1d taps reversed", "d[:, t], self.kernel)", "d[:, t], self.kernel[:, ::-1])", "input", "axis-flipped"),
    (
        "depthwise 1d last window dropped",
        "for t in range(self.n):\n            at",
        "for t in range(self.n - 1):\n            at",
        "input kernel:unrecognised",
        "located",
    ),
    ("depthwise 1d dbias over steps", "d.sum((0, 1))", "d.sum(0).mean(0)", "bias", "constant-factor"),
    (
        "depthwise 1d dkernel over stride",
        "d[:, t], self.x[:, at])",
        "d[:, t], self.x[:, at]) / self.stride",
        "kernel",
        "constant-factor",
    ),
    ("depthwise 1d dx minus", "dx[:, at] +=", "dx[:, at] -=", "input", "sign-flipped"),
    ("depthwise 1d dx assigns", "dx[:, at] +=", "dx[:, at] =", "input", "overwritten-contribution"),
)


def attention_pool(x, query, W):
    s = np.tanh(x @ W) @ query
    e = np.exp(s - s.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    return np.einsum("bt,btd->bd", p, x), (x, query, W, p)


def attention_pool_backward(dout, cache):
    x, query, W, p = cache
    h = np.tanh(x @ W)
    dp = np.einsum("bd,btd->bt", dout, x)
    ds = p * (dp - (dp * p).sum(1, keepdims=True))
    dquery = np.einsum("bt,bth->h", ds, h)
    dz = ds[:, :, None] * query * (1 - h**2)
    dW = np.einsum("btd,bth->dh", x, dz)
    dx = p[:, :, None] * dout[:, None, :] + dz @ W.T
    return dx, dquery, dW


functions(
    attention_pool,
    attention_pool_backward,
    (draw(3, 4, 5), weights(6), weights(5, 6)),
    (
        "attention pool values' path forgotten",
        "p[:, :, None] * dout[:, None, :] + dz @ W.T",
        "dz @ W.T",
        "input",
        "unrecognised",
        "missing-term",
    ),
    ("attention pool scores' path forgotten", " + dz @ W.T", "", "input", "missing-term"),
    ("attention pool scores' path twice", " + dz @ W.T", " + 2 * dz @ W.T", "input", "constant-factor", "missing-term"),
    (
        "attention pool dquery of the last sample",
        'np.einsum("bt,bth->h", ds, h)',
        "ds[-1] @ h[-1]",
        "query",
        "overwritten-contribution",
    ),
    (
        "attention pool softmax over the batch",
        "(dp * p).sum(1, keepdims=True)",
        "(dp * p).sum(0, keepdims=True)",
        "input query W",
        "wrong-reduction",
        "missing-term",
    ),
)


class SumRnn:
    """The states are added up; a reset at a flag."""

    def __init__(self, d, h):
        self.W, self.U, self.b = weights(d, h), weights(h, h, seed=9), weights(h)

    def forward(self, x):
        self.x, self.h = x, [np.zeros((len(x), len(self.U)))]
        for t in range(x.shape[1]):
            self.h.append(np.tanh(x[:, t] @ self.W + self.h[-1] @ self.U + self.b))
        return np.stack(self.h[1:], 1)

    def backward(self, dy):
        self.dW, self.dU, self.db = 0 * self.W, 0 * self.U, 0 * self.b
        dx, carry = np.zeros_like(self.x), 0.0
        for t in range(dy.shape[1] - 1, -1, -1):
            dz = (dy[:, t] + carry) * (1 - self.h[t + 1] ** 2)
            self.dW += self.x[:, t].T @ dz
            self.dU += self.h[t].T @ dz
            self.db += dz.sum(0)
            dx[:, t] = dz @ self.W.T
            carry = dz @ self.U.T
        return dx


layer(
    SumRnn,
    (3, 4),
    draw(2, 5, 3),
    (
        "batch rnn carry before tanh'",
        "(dy[:, t] + carry) * (1 - self.h[t + 1] ** 2)",
        "dy[:, t] * (1 - self.h[t + 1] ** 2) + carry",
        "W U b input",
        "time-step-wrong",
        "unrecognised",
    ),
    ("batch rnn dx of every step at 0", "dx[:, t] = dz", "dx[:, 0] = dz", "input", "zero-gradient", "unrecognised"),
    (
        "batch rnn stops before the first",
        "dy.shape[1] - 1, -1, -1",
        "dy.shape[1] - 1, 0, -1",
        "input W b",
        "time-step-wrong",
    ),
    ("batch rnn db per sample", "dz.sum(0)", "dz.mean(0)", "b", "constant-factor"),
    ("batch rnn carry through W of U", "carry = dz @ self.U.T", "carry = dz @ self.U", "W U b input", "transposed"),
    ("batch rnn db once", "self.db += dz", "self.db = dz", "b", "overwritten-contribution"),
)


class Standardise:
    """Each sample to mean 0 and deviation 1, no eps, ddof 1."""

    def forward(self, x):
        self.s = x.std(1, ddof=1, keepdims=True)
        self.y = (x - x.mean(1, keepdims=True)) / self.s
        return self.y

    def backward(self, dy):
        n = dy.shape[1]
        return (dy - dy.mean(1, keepdims=True) - self.y * (dy * self.y).sum(1, keepdims=True) / (n - 1)) / self.s


layer(
    Standardise,
    (),
    draw(4, 6),
    ("standardise by n", "/ (n - 1))", "/ n)", "input", "missing-term"),
    ("standardise mean only", " - self.y * (dy * self.y).sum(1, keepdims=True) / (n - 1)", "", "input", "missing-term"),
    (
        "standardise s twice",
        "/ (n - 1)) / self.s",
        "/ (n - 1)) / self.s**2",
        "input",
        "elementwise-factor",
        "constant-factor",
    ),
    ("standardise with dy of the sum", "(dy * self.y).sum(1", "dy.sum(1", "input", "missing-term"),
)


def log_loss(y_true, y_pred):
    return -np.mean(y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))


def log_loss_prime(y_true, y_pred):
    return (y_pred - y_true) / (y_pred * (1 - y_pred)) / y_true.size


PROBABLE = 0.2 + 0.6 * np.random.default_rng(8).random((4, 3))
functions(
    log_loss,
    log_loss_prime,
    ((draw(4, 3) > 0) * 1.0, PROBABLE),
    (
        "log loss as of logits",
        "(y_pred - y_true) / (y_pred * (1 - y_pred))",
        "(y_pred - y_true)",
        "y_pred",
        "elementwise-factor",
        "wrong-local-derivative",
    ),
    ("log loss over rows", "/ y_true.size", "/ len(y_true)", "y_pred", "constant-factor"),
    ("log loss + eps", "(y_pred * (1 - y_pred))", "(y_pred * (1 - y_pred) + 1e-4)", "y_pred", "approximation"),
    (
        "log loss of ones alone",
        "(y_pred - y_true) / (y_pred * (1 - y_pred))",
        "-y_true / y_pred",
        "y_pred",
        "zero-gradient",
        "located",
    ),
    ("log loss turned round", "(y_pred - y_true)", "(y_true - y_pred)", "y_pred", "sign-flipped"),
)


class BilinearUp:
    """Twice as long, the mean of neighbours between."""

    def forward(self, x):
        y = np.empty((len(x), 2 * x.shape[1] - 1))
        y[:, ::2], y[:, 1::2] = x, (x[:, 1:] + x[:, :-1]) / 2
        return y

    def backward(self, dy):
        dx = dy[:, ::2].copy()
        dx[:, 1:] += dy[:, 1::2] / 2
        dx[:, :-1] += dy[:, 1::2] / 2
        return dx


layer(
    BilinearUp,
    (),
    draw(3, 6),
    (
        "linear up right neighbour forgotten",
        "        dx[:, :-1] += dy[:, 1::2] / 2\n",
        "",
        "input",
        "located",
        "missing-term",
    ),
    (
        "linear up halves forgotten",
        "dx[:, 1:] += dy[:, 1::2] / 2\n        dx[:, :-1] += dy[:, 1::2] / 2",
        "dx[:, 1:] += dy[:, 1::2]\n        dx[:, :-1] += dy[:, 1::2]",
        "input",
        "unrecognised",
        "missing-term",
    ),
    ("linear up copies", "dx = dy[:, ::2].copy()", "dx = dy[:, ::2]", "input", "mutates-upstream"),
    (
        "linear up nodes alone",
        "        dx[:, 1:] += dy[:, 1::2] / 2\n        dx[:, :-1] += dy[:, 1::2] / 2\n",
        "",
        "input",
        "unrecognised",
        "overwritten-contribution",
    ),
)


class MeanPoolMasked:
    def __init__(self, rate):
        self.p = rate
        self.training = True
        self.gain_w = 1 + weights(4)

    def forward(self, x):
        self.x = x
        self.keep = (np.random.rand(*x.shape) >= self.p) / (1 - self.p) if self.training else np.ones(x.shape)
        return x * self.keep * self.gain_w

    def backward(self, dy):
        self.dgain_w = (dy * self.x * self.keep).sum(0)
        return dy * self.keep * self.gain_w


layer(
    MeanPoolMasked,
    (0.3,),
    draw(6, 4),
    (
        "gained dropout dgain without mask",
        "(dy * self.x * self.keep)",
        "(dy * self.x)",
        "gain_w",
        "unrecognised",
        "mode-mixup",
    ),
    ("gained dropout dgain without x", "(dy * self.x * self.keep)", "(dy * self.keep)", "gain_w", "unrecognised"),
    (
        "gained dropout gain forgotten",
        "return dy * self.keep * self.gain_w",
        "return dy * self.keep",
        "input",
        "elementwise-factor",
        "constant-factor",
    ),
    (
        "gained dropout mask forgotten",
        "return dy * self.keep * self.gain_w",
        "return dy * self.gain_w",
        "input",
        "elementwise-factor",
        "mode-mixup",
    ),
    (
        "gained dropout unscaled",
        "return dy * self.keep * self.gain_w",
        "return dy * (self.keep > 0) * self.gain_w",
        "input",
        "constant-factor",
    ),
)

activation(
    lambda x: x / (1 + np.abs(x)),
    lambda x: 1 / (1 + np.abs(x)) ** 2,
    draw(4, 6),
    ("softsign' of x alone", lambda x: 1 / (1 + x) ** 2, "wrong-local-derivative", "located"),
    ("softsign' halved", lambda x: 0.5 / (1 + np.abs(x)) ** 2, "constant-factor"),
)
activation(
    lambda x: np.exp(-(x**2)),
    lambda x: -2 * x * np.exp(-(x**2)),
    draw(4, 6),
    ("gaussian' without x", lambda x: -2 * np.exp(-(x**2)), "elementwise-factor", "wrong-local-derivative"),
    ("gaussian' sign", lambda x: 2 * x * np.exp(-(x**2)), "sign-flipped"),
)
activation(
    np.sqrt,
    lambda x: 0.5 / np.sqrt(x),
    1 + np.abs(draw(4, 6)),
    ("sqrt' without root", lambda x: 0.5 / x, "wrong-local-derivative", "elementwise-factor"),
    ("sqrt' half lost", lambda x: 1 / np.sqrt(x), "constant-factor"),
)
