"""Normalisations, residual blocks and gates of the sixth held-out batch. The table stands in unseen_sixth.py."""

from typing import Any

import numpy as np

from tests.planted.catalogue import weights

Pair = tuple[Any, Any]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


class GroupNorm:
    """(N, C, H, W) in groups of two channels."""

    def __init__(self, bug: str = "") -> None:
        self.gamma, self.beta, self.bug, self.eps = weights(4) + 1.5, weights(4, seed=2), bug, 1e-5

    def forward(self, x: Any) -> Any:
        n, c, h, w = x.shape
        g = x.reshape(n, 2, c // 2 * h * w)
        self.std = np.sqrt(g.var(2, keepdims=True) + self.eps)
        self.hat = ((g - g.mean(2, keepdims=True)) / self.std).reshape(x.shape)
        return self.gamma[:, None, None] * self.hat + self.beta[:, None, None]

    def backward(self, dy: Any) -> Any:
        bug, (n, c, _h, _w) = self.bug, dy.shape
        self.dgamma = (dy * (self.hat.mean((2, 3), keepdims=True) if bug == "gain" else self.hat)).sum((0, 2, 3))
        self.dbeta = dy.sum((0, 2, 3))
        groups = c if bug == "instance" else 2
        dhat = (dy * self.gamma[:, None, None]).reshape(n, groups, -1)
        hat, m = self.hat.reshape(dhat.shape), dhat.shape[2]
        std = np.repeat(self.std, 2, axis=1) if bug == "instance" else self.std
        slope = 0 if bug == "variance" else hat * (dhat * hat).sum(2, keepdims=True)
        return ((m * dhat - dhat.sum(2, keepdims=True) - slope) / (m * std)).reshape(dy.shape)


class InstanceNorm1d:
    """(N, C, L), step by step as in the paper."""

    def __init__(self, bug: str = "") -> None:
        self.gain, self.shift, self.bug = weights(3) + 1.5, weights(3, seed=2), bug

    def forward(self, x: Any) -> Any:
        self.away = x - x.mean(2, keepdims=True)
        self.var = x.var(2, keepdims=True) + 1e-5
        return self.gain[:, None] * self.away / np.sqrt(self.var) + self.shift[:, None]

    def backward(self, dy: Any) -> Any:
        bug, away, var = self.bug, self.away, self.var
        n, _, length = dy.shape
        dhat = dy * self.gain[:, None]
        self.grads = {
            "gain": ((dhat if bug == "gain" else dy) * away / np.sqrt(var)).sum((0, 2)),
            "shift": dy.sum((0, 2)),
        }
        dvar = (dhat * away * -0.5 * var ** (-1 if bug == "power" else -1.5)).sum(2, keepdims=True)
        m = length * n if bug == "count" else length
        dmean = (-dhat / np.sqrt(var)).sum(2, keepdims=True)
        return dhat / np.sqrt(var) + dvar * (1 if bug == "two" else 2) * away / m + dmean / m


def adaptive(bug: str = "") -> Pair:
    """AdaIN: content (N, L) with the mean and the standard deviation of a style (N, M)."""

    def forward(x: Any, style: Any) -> Any:
        std = np.sqrt(x.var(1, keepdims=True) + 1e-5)
        hat = (x - x.mean(1, keepdims=True)) / std
        mean, scale = style.mean(1, keepdims=True), np.sqrt(style.var(1, keepdims=True) + 1e-5)
        return hat * scale + mean, (hat, std, style, mean, scale)

    def backward(dy: Any, cache: Any) -> Any:
        hat, std, style, mean, scale = cache
        g = dy if bug == "scale" else dy * scale
        dx = (g - g.mean(1, keepdims=True) - hat * (g * hat).mean(1, keepdims=True)) / std
        dmean, dscale = dy.sum(1, keepdims=True), (dy * hat).sum(1, keepdims=True)
        dstyle = dscale * (style - mean) / scale / style.shape[1]
        return dx, dstyle + (0 if bug == "mean" else dmean / style.shape[1])

    return forward, backward


def scale_norm(bug: str = "") -> Pair:
    """g x / |x| over (N, D) with one g for all."""

    def forward(x: Any, g: Any) -> Any:
        size = np.sqrt((x**2).sum(1, keepdims=True))
        return g * x / size, (x, g, size)

    def backward(dy: Any, cache: Any) -> Any:
        x, g, size = cache
        along = 0 if bug == "size" else x * (dy * x).sum(1, keepdims=True) / size**2
        dg = (dy * (x if bug == "raw" else x / size)).sum()
        return g * (dy - along) / size, np.array(dg)

    return forward, backward


def standardised(bug: str = "") -> Pair:
    """A dense layer whose columns of W are standardised first."""

    def forward(x: Any, W: Any) -> Any:
        std = np.sqrt(W.var(0) + 1e-5)
        hat = (W - W.mean(0)) / std
        return x @ hat, (x, W, hat, std)

    def backward(dy: Any, cache: Any) -> Any:
        x, _W, hat, std = cache
        dhat = x.T @ dy
        if bug == "direct":
            return dy @ hat.T, dhat / std
        return dy @ hat.T, (dhat - dhat.mean(0) - hat * (dhat * hat).mean(0)) / std

    return forward, backward


class PreNormBlock:
    """y = x + alpha tanh(LN(x) W1) W2"""

    def __init__(self, bug: str = "") -> None:
        self.W1, self.W2, self.alpha, self.bug = weights(5, 4) * 2, weights(4, 5, seed=2) * 2, np.array([0.7]), bug

    def forward(self, x: Any) -> Any:
        self.std = np.sqrt(x.var(1, keepdims=True) + 1e-5)
        self.hat = (x - x.mean(1, keepdims=True)) / self.std
        self.h = np.tanh(self.hat @ self.W1)
        self.f = self.h @ self.W2
        return x + self.alpha * self.f

    def norm_back(self, g: Any) -> Any:
        hat = self.hat
        return (g - g.mean(1, keepdims=True) - hat * (g * hat).mean(1, keepdims=True)) / self.std

    def backward(self, dy: Any) -> Any:
        bug = self.bug
        df = dy if bug == "alpha" else dy * self.alpha
        dz = df @ self.W2.T * (1 - self.h**2)
        dhat = dz @ self.W1.T
        self.grads = {
            "W1": self.hat.T @ dz,
            "W2": self.h.T @ df,
            "alpha": np.array([(dy * (self.h @ self.W2 * (self.alpha if bug == "gain" else 1))).sum()]),
        }
        if bug == "inside":
            return self.norm_back(dy + dhat)
        return dy + (dhat / self.std if bug == "norm" else self.norm_back(dhat))


def swiglu(bug: str = "") -> Pair:
    """swish(x W) * (x V)"""

    def forward(x: Any, W: Any, V: Any) -> Any:
        a, b = x @ W, x @ V
        return a * sigmoid(a) * b, (x, W, V, a, b)

    def backward(dy: Any, cache: Any) -> Any:
        x, W, V, a, b = cache
        s = sigmoid(a)
        da = dy * b * (s if bug == "slope" else s + a * s * (1 - s))
        db = dy * (s if bug == "gate" else a * s)
        return da @ W.T + db @ V.T, x.T @ da, x.T @ db

    return forward, backward


def film(bug: str = "") -> Pair:
    """y = (1 + cond G) x + cond B"""

    def forward(x: Any, cond: Any, G: Any, B: Any) -> Any:
        return (1 + cond @ G) * x + cond @ B, (x, cond, G, B)

    def backward(dy: Any, cache: Any) -> Any:
        x, cond, G, B = cache
        dcond = (dy * x) @ G.T + (0 if bug == "shift" else dy @ B.T)
        dx = dy * (cond @ G if bug == "one" else 1 + cond @ G)
        return dx, dcond, cond.T @ (dy * x), cond.T @ dy

    return forward, backward


def gated_skip(bug: str = "") -> Pair:
    """y = x + tanh(a) relu(x W), one a."""

    def forward(x: Any, W: Any, a: Any) -> Any:
        return x + np.tanh(a) * np.maximum(x @ W, 0), (x, W, a)

    def backward(dy: Any, cache: Any) -> Any:
        x, W, a = cache
        z = x @ W
        dz = dy * np.tanh(a) * ((dy > 0) if bug == "mask" else (z > 0))
        da = (dy * np.maximum(z, 0)).sum() * (1 if bug == "slope" else 1 - np.tanh(a) ** 2)
        return dy + dz @ W.T, x.T @ dz, np.array(da)

    return forward, backward
