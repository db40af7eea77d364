"""Correct layers of many kinds, small and at random: what no checker may ever fail.

Every function draws one: (layer, input) or (forward, backward, arguments). Each gradient is a textbook's formula.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import layers

Made = tuple[Any, ...]
Generator = np.random.Generator
SCALES = (1.0, 1.0, 1.0, 1.0, 1e-3, 1e-2, 10.0, 1e3)


class Dense:
    """x W + b."""

    def __init__(self, rng: Generator, n_in: int, n_out: int, dtype: Any = np.float64) -> None:
        self.W = (rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)).astype(dtype)
        self.b = (0.1 * rng.normal(size=n_out)).astype(dtype)

    def forward(self, x: Any) -> Any:
        """Shape (rows, n_in) to (rows, n_out)."""
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy: Any) -> Any:
        """DE/dX; dE/dW and dE/db are kept."""
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


class ReluNet:
    """relu(x W + b) V + c."""

    def __init__(self, rng: Generator, n_in: int, hidden: int, n_out: int, dtype: Any = np.float64) -> None:
        self.first, self.second = Dense(rng, n_in, hidden, dtype), Dense(rng, hidden, n_out, dtype)

    def forward(self, x: Any) -> Any:
        """Shape (rows, n_in) to (rows, n_out)."""
        self.z = self.first.forward(x)
        return self.second.forward(np.maximum(self.z, 0))

    def backward(self, dy: Any) -> Any:
        """DE/dX."""
        return self.first.backward(self.second.backward(dy) * (self.z > 0))


class Norm:
    """gamma * (x - mean) / sqrt(var + eps) + beta, over an axis: 0 is batch norm, 1 layer norm."""

    def __init__(self, rng: Generator, n: int, axis: int, dtype: Any = np.float64) -> None:
        self.gamma = (1 + 0.3 * rng.normal(size=n)).astype(dtype)
        self.beta = rng.normal(size=n).astype(dtype)
        self.axis = axis

    def forward(self, x: Any) -> Any:
        """Any shape (rows, n)."""
        centred = x - x.mean(self.axis, keepdims=True)
        self.std = np.sqrt((centred**2).mean(self.axis, keepdims=True) + x.dtype.type(1e-5))
        self.x_hat = centred / self.std
        return self.gamma * self.x_hat + self.beta

    def backward(self, dy: Any) -> Any:
        """DE/dX."""
        self.dgamma, self.dbeta = (dy * self.x_hat).sum(0), dy.sum(0)
        d = dy * self.gamma
        mean = d.mean(self.axis, keepdims=True)
        return (d - mean - self.x_hat * (d * self.x_hat).mean(self.axis, keepdims=True)) / self.std


class RNN:
    """h_t = tanh(x_t Wx + h_{t-1} Wh + b), every h_t an output."""

    def __init__(self, rng: Generator, n: int, hidden: int, dtype: Any = np.float64) -> None:
        self.Wx = (rng.normal(size=(n, hidden)) / np.sqrt(n)).astype(dtype)
        self.Wh = (rng.normal(size=(hidden, hidden)) / np.sqrt(hidden)).astype(dtype)
        self.b = (0.1 * rng.normal(size=hidden)).astype(dtype)

    def forward(self, x: Any) -> Any:
        """Shape (time, n) to (time, hidden)."""
        self.x, self.h = x, [np.zeros_like(self.b)]
        for x_t in x:
            self.h.append(np.tanh(x_t @ self.Wx + self.h[-1] @ self.Wh + self.b))
        return np.stack(self.h[1:])

    def backward(self, dy: Any) -> Any:
        """DE/dX, by backpropagation through time."""
        self.dWx, self.dWh, self.db = (np.zeros_like(w) for w in (self.Wx, self.Wh, self.b))
        dx, carried = np.zeros_like(self.x), np.zeros_like(self.b)
        for t in reversed(range(len(self.x))):
            dz = (dy[t] + carried) * (1 - self.h[t + 1] ** 2)
            self.dWx += np.outer(self.x[t], dz)
            self.dWh += np.outer(self.h[t], dz)
            self.db += dz
            dx[t], carried = dz @ self.Wx.T, dz @ self.Wh.T
        return dx


class Attention:
    """softmax(x Wq (x Wk)^T / sqrt(d)) x Wv."""

    def __init__(self, rng: Generator, n: int, d: int, dtype: Any = np.float64) -> None:
        self.Wq, self.Wk, self.Wv = ((rng.normal(size=(n, d)) / np.sqrt(n)).astype(dtype) for _ in range(3))

    def forward(self, x: Any) -> Any:
        """Shape (tokens, n) to (tokens, d)."""
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.root = x.dtype.type(np.sqrt(self.q.shape[1]))
        self.p = softmax(self.q @ self.k.T / self.root)
        return self.p @ self.v

    def backward(self, dy: Any) -> Any:
        """DE/dX."""
        dp, dv = dy @ self.v.T, self.p.T @ dy
        ds = self.p * (dp - (dp * self.p).sum(-1, keepdims=True)) / self.root
        dq, dk = ds @ self.k, ds.T @ self.q
        self.dWq, self.dWk, self.dWv = self.x.T @ dq, self.x.T @ dk, self.x.T @ dv
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class Embedding:
    """Rows of a table."""

    def __init__(self, rng: Generator, words: int, n: int) -> None:
        self.W = rng.normal(size=(words, n))

    def forward(self, index: Any) -> Any:
        """Integers of any shape to the shape with n appended."""
        self.index = index
        return self.W[index]

    def backward(self, dy: Any) -> None:
        """Repeated indices add up."""
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.index, dy)


class Dropout:
    """Inverted dropout with numpy's global generator."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def forward(self, x: Any) -> Any:
        """Any shape."""
        self.mask = (np.random.rand(*x.shape) >= self.rate) / (1 - self.rate)  # noqa: NPY002 -- as most people do
        return x * self.mask

    def backward(self, dy: Any) -> Any:
        """DE/dX."""
        return dy * self.mask


def softmax(z: Any) -> Any:
    """Over the last axis."""
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def cross_entropy(z: Any, labels: Any) -> Any:
    """Mean over the rows of -log softmax(z)[label]."""
    shifted = z - z.max(-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return -logs[np.arange(len(z)), labels].mean()


def cross_entropy_prime(z: Any, labels: Any) -> Any:
    """(softmax - one hot) / rows."""
    one_hot = np.eye(z.shape[-1])[labels]
    return ((softmax(z) - one_hot) / len(z)).astype(z.dtype)


def dense(rng: Generator, dtype: Any = np.float64) -> Made:
    """A fully connected layer and a batch."""
    rows, n_in, n_out = _sizes(rng, 3, 5)
    return Dense(rng, n_in, n_out, dtype), _values(rng, (rows, n_in), dtype)


def convolution(rng: Generator) -> Made:
    """A convolution of any kernel that fits."""
    m, n, depth, out = _sizes(rng, 4, 3)
    shape = (m + int(rng.integers(0, 2)), n + int(rng.integers(0, 2)), depth)
    return layers.ConvLayer(shape, (m, n), out), _values(rng, shape)


def pooling(rng: Generator) -> Made:
    """Max pooling, in one case of four with ties."""
    height, width, depth = _sizes(rng, 3, 2)
    shape = (2 * height, 2 * width, depth)
    x = _values(rng, shape)
    return layers.MaxPoolLayer(shape, (2, 2)), np.round(x) if rng.random() < 0.25 else x


def norm(rng: Generator, dtype: Any = np.float64) -> Made:
    """Batch norm or layer norm."""
    rows, n, axis = int(rng.integers(2, 6)), int(rng.integers(2, 6)), int(rng.integers(2))
    return Norm(rng, n, axis, dtype), _values(rng, (rows, n), dtype)


def recurrent(rng: Generator, dtype: Any = np.float64) -> Made:
    """A recurrent layer over a few steps."""
    steps, n, hidden = _sizes(rng, 3, 3)
    return RNN(rng, n, hidden, dtype), _values(rng, (steps, n), dtype)


def attention(rng: Generator, dtype: Any = np.float64) -> Made:
    """One head."""
    tokens, n, d = _sizes(rng, 3, 3)
    return Attention(rng, n, d, dtype), _values(rng, (tokens, n), dtype)


def softmax_loss(rng: Generator, dtype: Any = np.float64) -> Made:
    """Cross-entropy of a softmax, with integer labels."""
    rows, classes = int(rng.integers(1, 5)), int(rng.integers(2, 6))
    labels = rng.integers(0, classes, rows)
    return cross_entropy, cross_entropy_prime, (_values(rng, (rows, classes), dtype), labels)


def dropout(rng: Generator) -> Made:
    """Inverted dropout."""
    rows, n = _sizes(rng, 2, 5)
    return Dropout(float(rng.uniform(0.1, 0.8))), _values(rng, (rows, n))


def embedding(rng: Generator) -> Made:
    """A table and some words, repeated ones among them."""
    words, n = _sizes(rng, 2, 4)
    return Embedding(rng, words, n), rng.integers(0, words, _sizes(rng, 2, 3))


def activation(rng: Generator) -> Made:
    """One of the activations; some points saturated, some on the kink of relu."""
    name = ("tanh", "sigmoid", "relu", "softplus")[rng.integers(4)]
    size = int(rng.integers(1, 9))
    layer = layers.ActivationLayer((1, size), getattr(layers, name), getattr(layers, f"{name}_prime"))
    x = _values(rng, (1, size))
    return layer, np.where(rng.random(x.shape) < 0.1, 0.0, x)


def relu_net(rng: Generator, dtype: Any = np.float64) -> Made:
    """Two dense layers with a relu between."""
    rows, n_in, n_out = _sizes(rng, 3, 3)
    return ReluNet(rng, n_in, int(rng.integers(2, 7)), n_out, dtype), _values(rng, (rows, n_in), dtype)


def _single(make: Callable[..., Made]) -> Callable[[Generator], Made]:
    return lambda rng: make(rng, np.float32)


KINDS: dict[str, Callable[[Generator], Made]] = {
    "dense": dense,
    "convolution": convolution,
    "max pooling": pooling,
    "normalisation": norm,
    "recurrent": recurrent,
    "attention": attention,
    "softmax cross-entropy": softmax_loss,
    "dropout": dropout,
    "embedding": embedding,
    "activation": activation,
    "relu network": relu_net,
    "dense, float32": _single(dense),
    "normalisation, float32": _single(norm),
    "recurrent, float32": _single(recurrent),
    "attention, float32": _single(attention),
    "softmax, float32": _single(softmax_loss),
    "relu network, float32": _single(relu_net),
}


def _sizes(rng: Generator, count: int, most: int) -> tuple[int, ...]:
    return tuple(int(n) for n in rng.integers(1, most + 1, count))


def _values(rng: Generator, shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
    """Normal values, half of them of another scale, 1e-3 to 1e3."""
    return np.asarray(rng.choice(SCALES) * rng.normal(size=shape), dtype=dtype)
