"""Correct layers that look odd, written with the third batch: each must pass."""

import numpy as np

from tests.planted.innocent import Innocent
from tests.planted.unseen import draw, sigmoid, weights

ODD: list[Innocent] = []


def odd(name, make, x):
    ODD.append(Innocent("unusual formulas", name, make, x))


class CompactBatchNorm:
    """The one-line formula: N times dout less two sums, over N std."""

    def __init__(self, n):
        self.gamma, self.beta = 1 + weights(n), weights(n)

    def forward(self, x):
        self.std = np.sqrt(x.var(0) + 1e-8)
        self.hat = (x - x.mean(0)) / self.std
        return self.gamma * self.hat + self.beta

    def backward(self, d):
        self.dbeta, self.dgamma = d.sum(0), (d * self.hat).sum(0)
        return self.gamma / (len(d) * self.std) * (len(d) * d - self.dbeta - self.hat * self.dgamma)


odd("compact batch norm", lambda: CompactBatchNorm(3), draw(5, 3))


class Symmetric:
    """W + W.T: both places of an entry of W count."""

    def __init__(self, n):
        self.W = weights(n, n)

    def forward(self, x):
        self.x = x
        return x @ (self.W + self.W.T)

    def backward(self, dout):
        g = self.x.T @ dout
        self.dW = g + g.T
        return dout @ (self.W + self.W.T)


odd("symmetric weights", lambda: Symmetric(4), draw(5, 4))


class ViewGradient:
    def __init__(self, n, m):
        self.W = weights(n, m)

    def forward(self, x):
        self.x = x
        return (self.W.T @ x.T).T

    def backward(self, dout):
        self.dW = (dout.T @ self.x).T
        return np.ascontiguousarray(dout[::-1] @ self.W.T)[::-1]


odd("gradients that are views", lambda: ViewGradient(4, 3), draw(5, 4))


class ZeroGrad:
    def __init__(self, n, m):
        self.w, self.b = weights(n, m), weights(m)
        self.zero_grad()

    def zero_grad(self):
        self.dw, self.db = np.zeros_like(self.w), np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, dout):
        self.dw += self.x.T @ dout
        self.db += dout.sum(0)
        return dout @ self.w.T


odd("gradients add up until zero_grad", lambda: ZeroGrad(4, 3), draw(5, 4))


class OneHotEmbedding:
    def __init__(self, words, width):
        self.W = weights(words, width)

    def forward(self, ids):
        self.hot = np.eye(len(self.W))[ids]
        return self.hot @ self.W

    def backward(self, dout):
        self.dW = np.einsum("ntw,ntd->wd", self.hot, dout)


odd("embedding by a product", lambda: OneHotEmbedding(6, 3), np.array([[1, 1, 5], [0, 1, 2]]))


def fft_convolution(x, k):
    n = x.shape[-1] + len(k) - 1
    return np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(k, n), n), (x, k)


def fft_convolution_backward(dout, cache):
    x, k = cache
    dx = np.stack([np.correlate(row, k, "valid") for row in dout])
    return dx, sum(np.correlate(d, row, "valid") for d, row in zip(dout, x, strict=True))


odd(
    "convolution by fft, gradient by correlation",
    lambda: (fft_convolution, fft_convolution_backward),
    (draw(3, 7), draw(4, seed=1)),
)


class MaskedRow:
    """Attention weights where one query may look nowhere: its row is zero."""

    def __init__(self):
        self.keep = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 1]], dtype=bool)

    def forward(self, s):
        e = np.exp(s) * self.keep
        self.p = e / np.maximum(e.sum(-1, keepdims=True), 1e-12)
        return self.p

    def backward(self, dp):
        return self.p * (dp - (dp * self.p).sum(-1, keepdims=True))


odd("softmax with a row of nothing", MaskedRow, draw(2, 3, 3))


def log_sum_exp(x):
    m = x.max(1, keepdims=True)
    return (m + np.log(np.exp(x - m).sum(1, keepdims=True)))[:, 0], (x,)


def log_sum_exp_backward(dout, cache):
    (x,) = cache
    e = np.exp(x - x.max(1, keepdims=True))
    return (dout[:, None] * e / e.sum(1, keepdims=True),)


odd("log-sum-exp of large values", lambda: (log_sum_exp, log_sum_exp_backward), (800 * draw(4, 5),))


class SortedRows:
    def forward(self, x):
        self.order = np.argsort(x, axis=1)
        return np.take_along_axis(x, self.order, axis=1)

    def backward(self, dy):
        dx = np.empty_like(dy)
        np.put_along_axis(dx, self.order, dy, axis=1)
        return dx


odd("sorted rows", SortedRows, draw(4, 5))


class DetachedTarget:
    """A frozen copy takes part in forward; it is no parameter."""

    def __init__(self, n):
        self.w = weights(n, n)
        self.frozen = self.w.copy() + 0.1

    def forward(self, x):
        self.x = x
        return x @ self.w - np.tanh(x @ self.frozen)

    def backward(self, dout):
        self.dw = self.x.T @ dout
        t = np.tanh(self.x @ self.frozen)
        return dout @ self.w.T - (dout * (1 - t**2)) @ self.frozen.T


odd("a frozen copy", lambda: DetachedTarget(3), draw(4, 3))


class RateFirst:
    """Updates, and returns dX from the weights that forward used."""

    def __init__(self, n, m):
        self.weights, self.bias = weights(n, m), weights(1, m)

    def forward_propagation(self, input_data):
        self.input = input_data
        return input_data @ self.weights + self.bias

    def backward_propagation(self, output_error, learning_rate):
        old = self.weights
        self.weights = self.weights - learning_rate * np.outer(self.input, output_error)
        self.bias = self.bias - learning_rate * output_error
        return output_error @ old.T


odd("updates first, dX from the old weights", lambda: RateFirst(4, 3), draw(1, 4))


class Bidirectional:
    """Two running sums, one in each direction."""

    def forward(self, x):
        return np.cumsum(x, 0) + 0.5 * np.cumsum(x[::-1], 0)[::-1]

    def backward(self, dy):
        return np.cumsum(dy[::-1], 0)[::-1] + 0.5 * np.cumsum(dy, 0)


odd("two running sums", Bidirectional, draw(5, 3))


class SoftArgmax:
    def forward(self, x):
        e = np.exp(x - x.max(1, keepdims=True))
        self.p = e / e.sum(1, keepdims=True)
        self.places = np.arange(x.shape[1])
        self.y = self.p @ self.places
        return self.y

    def backward(self, dy):
        return dy[:, None] * self.p * (self.places - self.y[:, None])


odd("soft argmax", SoftArgmax, draw(4, 6))


class Determinant:
    def forward(self, x):
        self.x = x
        return np.linalg.slogdet(x)[1]

    def backward(self, dy):
        return dy[:, None, None] * np.linalg.inv(self.x).swapaxes(-1, -2)


odd("logarithm of a determinant", Determinant, draw(3, 4, 4) + 3 * np.eye(4))


class Temperature:
    """A parameter without axes."""

    def __init__(self):
        self.alpha = np.array(0.7)

    def forward(self, x):
        self.x = x
        self.s = sigmoid(self.alpha * x)
        return x * self.s

    def backward(self, dy):
        slope = self.s * (1 - self.s)
        self.dalpha = np.array((dy * self.x**2 * slope).sum())
        return dy * (self.s + self.alpha * self.x * slope)


odd("a parameter without axes", Temperature, draw(4, 3))


class CumulativeProduct:
    def forward(self, x):
        self.x, self.y = x, np.cumprod(x, axis=1)
        return self.y

    def backward(self, dy):
        return np.cumsum((dy * self.y)[:, ::-1], axis=1)[:, ::-1] / self.x


odd("running product", CumulativeProduct, draw(3, 4))


class Dct:
    """An orthonormal cosine transform: its backward is its inverse."""

    def __init__(self, n):
        k = np.arange(n)
        self.basis = np.sqrt(2 / n) * np.cos(np.pi * (k[:, None] + 0.5) * k / n)
        self.basis[:, 0] /= np.sqrt(2)

    def forward(self, x):
        return x @ self.basis

    def backward(self, dy):
        return np.linalg.solve(self.basis.T, dy.T).T


odd("cosine transform and its inverse", lambda: Dct(5), draw(3, 5))


class ScalarLoss:
    """The end of a network: its backward takes dout=1 for form's sake."""

    def __init__(self):
        self.labels = np.array([2, 0, 1, 3, 3])

    def forward(self, logits):
        e = np.exp(logits - logits.max(1, keepdims=True))
        self.p = e / e.sum(1, keepdims=True)
        return -np.log(self.p[np.arange(len(logits)), self.labels]).mean()

    def backward(self, dout=1.0):
        d = self.p.copy()
        d[np.arange(len(d)), self.labels] -= 1
        return d / len(d)


odd("a loss that drops dout=1", ScalarLoss, draw(5, 4))
