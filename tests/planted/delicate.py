"""What is nearly right, right in one memory layout alone, rounded, or not finite; factors of one slice."""

import numpy as np
from scipy.special import erf

from tests.planted.catalogue import Planted, draw, weights

ROOT = np.sqrt(2 / np.pi)
X = draw(5, 4)


class Elementwise:
    """y = f(x), dX = f'(x) dY; a pair of methods made of two functions."""

    def __init__(self, f, slope):
        self.f, self.slope = f, slope

    def forward(self, x):
        self.x = x
        return self.f(x)

    def backward(self, grad):
        return grad * self.slope(self.x)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(ROOT * (x + 0.044715 * x**3)))


def gelu_slope(x):
    t = np.tanh(ROOT * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * ROOT * (1 + 3 * 0.044715 * x**2)


def exact_gelu(x):
    return 0.5 * x * (1 + erf(x / np.sqrt(2)))


def exact_gelu_slope(x):
    return 0.5 * (1 + erf(x / np.sqrt(2))) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def smooth_abs(x):
    return np.sqrt(x**2 + 1e-2)


def log_eps(x):
    return np.log(x**2 + 1e-3)


class Rows:
    """Rows divided by their standard deviation, gamma on top."""

    def __init__(self, features, eps=1e-3, eps_back=1e-3):
        self.eps, self.eps_back = eps, eps_back
        self.gamma = 1 + weights(features)

    def forward(self, x):
        self.x = x
        self.centred = x - x.mean(axis=1, keepdims=True)
        return self.gamma * self.centred / np.sqrt(self.centred.var(axis=1, keepdims=True) + self.eps)

    def backward(self, grad):
        std = np.sqrt(self.centred.var(axis=1, keepdims=True) + self.eps_back)
        hat, g = self.centred / std, grad * self.gamma
        self.dgamma = (grad * self.centred / np.sqrt(self.centred.var(axis=1, keepdims=True) + self.eps)).sum(axis=0)
        return (g - g.mean(axis=1, keepdims=True) - hat * (g * hat).mean(axis=1, keepdims=True)) / std


class Cube:
    def forward(self, x):
        self.x = x
        return x**3

    def backward(self, grad):
        return grad * 3 * self.x**2


class CubeInMemory(Cube):
    def backward(self, grad):
        return grad * (3 * self.x.ravel(order="K") ** 2).reshape(grad.shape)


class CubeByBuffer(Cube):
    def backward(self, grad):
        flat = 3 * np.frombuffer(self.x.tobytes("A")) ** 2
        return grad * flat.reshape(grad.shape)


class Mix:
    """Y = X W; dW and dX."""

    def __init__(self, inputs, outputs):
        self.W = weights(inputs, outputs)

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, grad):
        self.dW = self.x.T @ grad
        return grad @ self.W.T


class MixInMemory(Mix):
    def backward(self, grad):
        self.dW = self.x.ravel(order="A").reshape(self.x.shape).T @ grad
        return grad @ self.W.T


class MixSingle(Mix):
    def backward(self, grad):
        self.dW = (self.x.astype(np.float16).T @ grad.astype(np.float16)).astype(np.float64)
        return grad @ self.W.T


class MixFirstColumn(Mix):
    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.dW[:, 0] *= 2
        return grad @ self.W.T


class MixOverSize(Mix):
    def backward(self, grad):
        self.dW = self.x.T @ grad / grad.size
        return grad @ self.W.T


class MixLeavesNothing(Mix):
    def backward(self, grad):
        self.dW = np.zeros_like(self.W)
        return grad @ self.W.T


class MixRowNegative(Mix):
    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.dW[1] = -self.dW[1]
        return grad @ self.W.T


def log_softmax_slope_nan(x):
    with np.errstate(all="ignore"):
        return np.exp(800 * np.abs(x)) / np.exp(800 * np.abs(x))


def _f(name, f, wrong, right, cause, *, x=X):
    return Planted(name, lambda: Elementwise(f, wrong), lambda: Elementwise(f, right), x, "input", cause)


def _of(name, cls, twin, leaf, cause, *, x=None, args=(), expression=None):
    x = draw(5, 4) if x is None else x
    return Planted(name, lambda: cls(*args), lambda: twin(*args), x, leaf, cause, expression)


FORTRAN, TURNED = np.asfortranarray(draw(5, 4)), draw(4, 5).T
PLANTED = [
    _f("tanh form of gelu, exact derivative", gelu, exact_gelu_slope, gelu_slope, "approximation",
       x=0.8 * X),
    _f("exact gelu, derivative of the tanh form", exact_gelu, gelu_slope, exact_gelu_slope, "approximation"),
    _f("epsilon left out of a root", smooth_abs, lambda x: x / np.sqrt(x**2 + 1.004e-2),
       lambda x: x / smooth_abs(x), "approximation"),
    _f("another epsilon in a logarithm", log_eps, lambda x: 2 * x / (x**2 + 1.0005e-3),
       lambda x: 2 * x / (x**2 + 1e-3), "approximation"),
    Planted("another epsilon in rows", lambda: Rows(6, 1e-3, 1.5e-3), lambda: Rows(6), draw(4, 6), "input",
            "approximation"),
    Planted("epsilon forgotten in rows", lambda: Rows(6, 1e-4, 0.0), lambda: Rows(6, 1e-4, 1e-4), draw(4, 6), "input",
            "approximation"),
    _f("difference quotient as derivative", np.sin, lambda x: (np.sin(x + 1e-4) - np.sin(x)) / 1e-4, np.cos,
       "approximation"),
    _f("swish by a rounded constant", lambda x: x / (1 + np.exp(-1.702 * x)),
       lambda x: 1 / (1 + np.exp(-1.7 * x)) + 1.7 * x * np.exp(-1.7 * x) / (1 + np.exp(-1.7 * x)) ** 2,
       lambda x: 1 / (1 + np.exp(-1.702 * x)) + 1.702 * x * np.exp(-1.702 * x) / (1 + np.exp(-1.702 * x)) ** 2,
       "approximation"),
    _of("memory order of the cache, Fortran", CubeInMemory, Cube, "input", "memory-layout", x=FORTRAN),
    _of("memory order of the cache, a transposed view", CubeInMemory, Cube, "input", "memory-layout", x=TURNED),
    _of("bytes in memory order", CubeByBuffer, Cube, "input", "memory-layout", x=FORTRAN),
    _of("dW from the buffer of a view", MixInMemory, Mix, "W", "memory-layout", x=TURNED, args=(4, 3)),
    _of("dW in half precision", MixSingle, Mix, "W", "precision-lost", args=(4, 3)),
    _of("one column of dW twice", MixFirstColumn, Mix, "W", "constant-factor", x=draw(7, 6), args=(6, 8)),
    _of("one row of dW negative", MixRowNegative, Mix, "W", "sign-flipped", x=draw(7, 6), args=(6, 8)),
    _of("dW over the size of dY", MixOverSize, Mix, "W", "constant-factor", args=(4, 3)),
    _of("a zero dW beside W", MixLeavesNothing, Mix, "W", "zero-gradient", args=(4, 3)),
    _f("inf over inf", np.tanh, lambda x: (1 - np.tanh(x) ** 2) * log_softmax_slope_nan(x),
       lambda x: 1 - np.tanh(x) ** 2, "non-finite", x=3 * X),
]  # fmt: skip
