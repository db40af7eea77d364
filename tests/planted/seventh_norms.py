"""Normalisations and gates: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

import numpy as np

from tests.planted.catalogue import weights


class BatchNorm:
    def __init__(self, bug="", training=True):
        self.gamma, self.beta = weights(4) + 1.5, weights(4, seed=2)
        self.bug, self.training, self.eps = bug, training, 1e-5
        self.running_mean, self.running_var, self.momentum = weights(4, seed=3), weights(4, seed=4) + 1.2, 0.9

    def forward(self, x):
        if self.training:
            mu, var = x.mean(0), x.var(0)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        else:
            mu, var = self.running_mean, self.running_var
        self.var, self.xmu = var, x - mu
        self.xhat = self.xmu / np.sqrt(var + self.eps)
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        bug, n = self.bug, len(dout)
        istd = 1 / np.sqrt(self.var + (0 if bug == "eps" else self.eps))
        self.dgamma, self.dbeta = (dout * self.xhat).sum(0), dout.sum(0)
        if bug == "names":
            self.dgamma, self.dbeta = self.dbeta, self.dgamma
        dxhat = dout * self.gamma
        if not self.training and bug != "eval":
            return dxhat * istd
        if bug == "direct":
            return dxhat * istd
        dvar = (dxhat * self.xmu).sum(0) * -0.5 * istd**3
        dmu = (0 if bug == "mean" else 1) * -(dxhat * istd).sum(0)
        return dxhat * istd + dvar * 2 * self.xmu / n + dmu / n


def batchnorm_eval(bug=""):
    return BatchNorm(bug, training=False)


class LayerNorm:
    def __init__(self, bug="", d=5, dtype=np.float64):
        self.g, self.b, self.bug = (weights(d) + 1.5).astype(dtype), weights(d, seed=2).astype(dtype), bug
        self.grads = {}

    def forward(self, x):
        self.sd = np.sqrt(x.var(-1, keepdims=True) + x.dtype.type(1e-5))
        self.h = (x - x.mean(-1, keepdims=True)) / self.sd
        return self.g * self.h + self.b

    def backward(self, dy):
        axes = 0 if self.bug == "time" else tuple(range(dy.ndim - 1))
        self.grads = {"g": (dy * self.h).sum(axes), "b": dy.sum(axes)}
        dh = dy * self.g
        ax = 0 if self.bug == "axis" else -1
        mean = 0 if self.bug == "mean" else dh.mean(ax, keepdims=True)
        return (dh - mean - self.h * (dh * self.h).mean(ax, keepdims=True)) / self.sd


def layernorm32(bug=""):
    return LayerNorm(bug, 6, np.float32)


def rms_norm(bug=""):
    def forward(x, scale):
        r = np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-6)
        return scale * x / r, (x, scale, r)

    def backward(dout, cache):
        x, scale, r = cache
        g = dout * scale
        inner = (g * x).sum(axis=1, keepdims=True)
        dx = g / r - x * inner / (r**3 * (1 if bug == "size" else x.shape[1]))
        return dx, (dout * x / r).sum(axis=0)

    return forward, backward


class GroupNorm:
    """(N, C, H, W); bug "instance" is that of one group for each channel."""

    def __init__(self, bug="", groups=2):
        self.weight, self.bias = weights(1, 4, 1, 1) + 1.5, weights(1, 4, 1, 1, seed=2)
        self.groups, self.bug = groups, bug

    def forward(self, x):
        n = x.shape[0]
        g = x.reshape(n, self.groups, -1)
        self.std = np.sqrt(g.var(2, keepdims=True) + 1e-5)
        self.hat = ((g - g.mean(2, keepdims=True)) / self.std).reshape(x.shape)
        return self.weight * self.hat + self.bias

    def backward(self, dout):
        reduce = np.mean if self.bug == "mean" else np.sum
        self.dweight = reduce(dout * self.hat, axis=(0, 2, 3), keepdims=True)
        self.dbias = dout.sum(axis=(0, 2, 3), keepdims=True)
        d = (dout * self.weight).reshape(dout.shape[0], self.groups, -1)
        h = self.hat.reshape(d.shape)
        ax = (0, 2) if self.bug == "batch" else 2
        return ((d - d.mean(ax, keepdims=True) - h * (d * h).mean(ax, keepdims=True)) / self.std).reshape(dout.shape)


def instance_norm(bug=""):
    return GroupNorm(bug, groups=4)


class BatchNorm2d:
    def __init__(self, bug="", training=True, eps=1e-5):
        self.gamma, self.beta = weights(3) + 1.5, weights(3, seed=2)
        self.bug, self.training, self.eps = bug, training, eps
        self.running_mean, self.running_var = weights(3, seed=6), weights(3, seed=7) + 1.2

    def forward(self, x):
        if self.training:
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
            self.running_mean = 0.9 * self.running_mean + 0.1 * mean
            self.running_var = 0.9 * self.running_var + 0.1 * var
        else:
            mean, var = self.running_mean, self.running_var
        self.var = var[:, None, None]
        self.xhat = (x - mean[:, None, None]) / np.sqrt(self.var + self.eps)
        return self.gamma[:, None, None] * self.xhat + self.beta[:, None, None]

    def backward(self, dout):
        bug, ax = self.bug, (0, 2, 3)
        self.dgamma, self.dbeta = (dout * self.xhat).sum(ax), dout.sum(ax)
        inv = 1 / np.sqrt(self.var + (0 if bug == "eps" else self.eps))
        if bug == "variance":
            inv = 1 / (self.var + self.eps)
        d = dout if bug == "gamma" else dout * self.gamma[:, None, None]
        if not self.training and bug != "train":
            return d * inv
        mean = 0 if bug == "mean" else d.mean(ax, keepdims=True)
        return inv * (d - mean - self.xhat * (d * self.xhat).mean(ax, keepdims=True))


def squeeze_excite(bug=""):
    def se_forward(x, W1, W2):
        pooled = x.mean((2, 3))
        a = np.maximum(pooled @ W1, 0)
        s = 1 / (1 + np.exp(-a @ W2))
        return x * s[:, :, None, None], (x, pooled, a, s, W1, W2)

    def se_backward(dout, cache):
        x, pooled, a, s, W1, W2 = cache
        ds = (dout * x).sum((2, 3))
        g = 1 / (1 + np.exp(-s)) if bug == "twice" else s
        dz = ds * g * (1 - g)
        da = dz @ W2.T * (a > 0)
        dx = dout * s[:, :, None, None]
        if bug != "squeeze":
            dx = dx + (da @ W1.T)[:, :, None, None] / (x.shape[2] * x.shape[3])
        return dx, pooled.T @ da, a.T @ dz

    return se_forward, se_backward


class SpatialDropout:
    def __init__(self, bug="", p=0.4, training=True):
        self.p, self.bug, self.training = p, bug, training

    def forward(self, x):
        self.mask = np.random.rand(*x.shape[:2], 1, 1) > self.p
        if not self.training:
            return x * 1.0
        return x * self.mask / (1 - self.p)

    def backward(self, dout):
        if self.bug == "eval":
            return dout * self.mask / (1 - self.p)
        if not self.training:
            return dout.copy()
        if self.bug == "scale":
            return dout * self.mask
        if self.bug == "mask":
            return dout / (1 - self.p)
        return dout * self.mask / (1 - self.p)
