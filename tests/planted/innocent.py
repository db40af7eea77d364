"""What naive checkers flag and this one must not: the list "Not faults" of the causes, one by one.

Each is correct. note: words of the note, or of a leaf's mark, that says how it was judged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.planted.catalogue import draw, weights


@dataclass(frozen=True)
class Innocent:
    """kind: its place in the list · make: a layer, or a pair of functions · x: its input, or the arguments."""

    kind: str
    name: str
    make: Callable[[], Any]
    x: Any
    note: str = ""


class Relu:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dy):
        return dy * (self.x > 0)


class Abs:
    def forward(self, x):
        self.x = x
        return np.abs(x)

    def backward(self, dy):
        return dy * np.sign(self.x)


class RowMaximum:
    def forward(self, x):
        self.x = x
        return x.max(axis=1)

    def backward(self, dy):
        dx = np.zeros_like(self.x)
        dx[np.arange(len(dx)), self.x.argmax(axis=1)] = dy
        return dx


class SharedMaximum(RowMaximum):
    """Ties share what came in: a legal subgradient too."""

    def backward(self, dy):
        ties = self.x == self.x.max(axis=1, keepdims=True)
        return dy[:, None] * ties / ties.sum(axis=1, keepdims=True)


class Sort:
    def forward(self, x):
        self.order = np.argsort(x, axis=1, kind="stable")
        return np.take_along_axis(x, self.order, axis=1)

    def backward(self, dy):
        dx = np.zeros_like(dy)
        np.put_along_axis(dx, self.order, dy, axis=1)
        return dx


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y**2)


class Sigmoid:
    def forward(self, x):
        self.y = 0.5 * (1 + np.tanh(0.5 * x))
        return self.y

    def backward(self, dy):
        return dy * self.y * (1 - self.y)


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, dy):
        return self.y * (dy - (dy * self.y).sum(axis=1, keepdims=True))


class Dense:
    def __init__(self, n, m, scale=1.0):
        self.W, self.b, self.scale = weights(n, m), weights(m), scale

    def forward(self, x):
        self.x = x
        return self.scale * np.tanh(x @ self.W + self.b)

    def backward(self, dy):
        d = self.scale * dy * (1 - np.tanh(self.x @ self.W + self.b) ** 2)
        self.dW, self.db = self.x.T @ d, d.sum(axis=0)
        return d @ self.W.T


class Single(Dense):
    def __init__(self, n, m):
        super().__init__(n, m)
        self.W, self.b, self.scale = self.W.astype(np.float32), self.b.astype(np.float32), np.float32(1)


class Unused(Dense):
    def __init__(self, n, m):
        super().__init__(n, m)
        self.gamma = np.ones(m)


class Buffered(Dense):
    """An offset of the data, which nobody trains."""

    def __init__(self, n, m):
        super().__init__(n, m)
        self.center = weights(n, seed=7)

    def forward(self, x):
        return super().forward(x - self.center)


class Dropout:
    def __init__(self, p):
        self.p = p

    def forward(self, x):
        self.mask = (np.random.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class OwnGenerator(Dropout):
    def __init__(self, p):
        super().__init__(p)
        self.rng = np.random.default_rng(3)

    def forward(self, x):
        self.mask = (self.rng.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask


class Standardise:
    """A batch norm with running statistics."""

    def __init__(self, n):
        self.training = True
        self.running_mean, self.running_var = np.zeros(n), np.ones(n)

    def forward(self, x):
        mean, var = (x.mean(axis=0), x.var(axis=0)) if self.training else (self.running_mean, self.running_var)
        if self.training:
            self.running_mean = 0.9 * self.running_mean + 0.1 * mean
            self.running_var = 0.9 * self.running_var + 0.1 * var
        self.std = np.sqrt(var + 1e-5)
        self.y = (x - mean) / self.std
        return self.y

    def backward(self, dy):
        if not self.training:
            return dy / self.std
        return (dy - dy.mean(axis=0) - self.y * (dy * self.y).mean(axis=0)) / self.std


class Lookup:
    def __init__(self, rows, n):
        self.W = weights(rows, n)

    def forward(self, ids):
        self.ids = ids
        return self.W[ids]

    def backward(self, dy):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.ids, dy)


class Constant:
    def forward(self, x):
        self.shape = x.shape
        return np.ones(x.shape)

    def backward(self, dy):
        return np.zeros(self.shape)


class Step:
    """Piecewise constant: its slope is 0 wherever it has one."""

    def forward(self, x):
        return np.where(x > 0.1, 1.0, 0.0)

    def backward(self, dy):
        return np.zeros_like(dy)


def near(distance):
    x = draw(3, 5, seed=4)
    x.flat[::4] = distance * np.array([1, -1, 1, -1])
    return x


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def standardised(training):
    layer = Standardise(4)
    layer.forward(draw(6, 4, seed=9))
    layer.training = training
    return layer


X, TIES = draw(5, 4), np.array([[1.0, 3, 3, 0], [2, 2, 2, 2], [0, -1, -1, -2], [5, 1, 5, 1]])
HOT = 40 * np.sign(draw(3, 5)) * (1 + np.abs(draw(3, 5, seed=5)))
INNOCENT = [
    *(
        Innocent("inputs near a kink", f"{cls.__name__} {d:g} from its kink", cls, near(d))
        for cls in (Relu, Abs)
        for d in (0.0, 1e-12, 1e-9, 1e-7, 1e-5)
    ),
    *(Innocent("ties", f"{cls.__name__} with ties", cls, TIES) for cls in (RowMaximum, SharedMaximum, Sort)),
    *(
        Innocent("scales", f"{cls.__name__} at {s:g}", cls, s * draw(3, 5))
        for cls in (Relu, Tanh, Softmax)
        for s in (1e6, 1e-8)
    ),
    Innocent("scales", "dense at 1e6", lambda: Dense(4, 3), 1e6 * X),
    Innocent("scales", "dense at 1e-8", lambda: Dense(4, 3), 1e-8 * X),
    *(Innocent("saturated activations", cls.__name__, cls, HOT) for cls in (Tanh, Sigmoid, Softmax)),
    Innocent("tiny and huge gradients", "1e-12", lambda: Dense(4, 3, 1e-12), X),
    Innocent("tiny and huge gradients", "1e12", lambda: Dense(4, 3, 1e12), X),
    Innocent("float32 layers", "dense", lambda: Single(4, 3), X.astype(np.float32)),
    Innocent("float32 layers", "softmax", Softmax, X.astype(np.float32)),
    Innocent("dropout and running statistics", "numpy's generator", lambda: Dropout(0.4), X),
    Innocent("dropout and running statistics", "a generator of its own", lambda: OwnGenerator(0.4), X),
    Innocent("dropout and running statistics", "training", lambda: standardised(True), draw(6, 4)),
    Innocent("dropout and running statistics", "eval", lambda: standardised(False), draw(6, 4)),
    Innocent("buffers", "a centre", lambda: Buffered(4, 3), X, "center: not checked"),
    Innocent("unused parameters", "gamma", lambda: Unused(4, 3), X),
    Innocent("integer inputs", "a table", lambda: Lookup(6, 3), np.array([[0, 2], [2, 5], [1, 1]])),
    Innocent("constant layers", "ones", Constant, X, "vacuous"),
    Innocent("constant layers", "a step", Step, X, "vacuous"),
    Innocent("memory", "read-only", lambda: Dense(4, 3), read_only(X)),
    Innocent("memory", "Fortran order", lambda: Dense(4, 3), np.asfortranarray(X)),
    Innocent("memory", "strided", lambda: Dense(4, 3), np.repeat(X, 2, axis=1)[:, ::2]),
    Innocent("memory", "reversed", Softmax, draw(4, 6)[::-1, ::-1]),
]
