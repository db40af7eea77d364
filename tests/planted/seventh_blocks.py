"""Parts of transformers: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

import numpy as np

from tests.planted.catalogue import weights


def sig(x):
    return 1 / (1 + np.exp(-x))


class TimeDistributedDense:
    def __init__(self, bug="", dtype=np.float64):
        self.kernel, self.bias, self.bug = weights(3, 4).astype(dtype), weights(4).astype(dtype), bug

    def forward(self, x):
        self.x, self.steps = x, x.shape[1]
        return x @ self.kernel + self.bias

    def backward(self, dy):
        N, T, D = self.x.shape
        dk = np.zeros_like(self.kernel)
        for t in range(T):
            if self.bug == "set":
                dk = self.x[:, t].T @ dy[:, t]
            else:
                dk += self.x[:, t].T @ dy[:, t]
        if self.bug == "memory":
            dk = self.x.ravel(order="K").reshape(-1, D).T @ dy.reshape(-1, dy.shape[-1])
        self.dkernel = dk
        self.dbias = dy.mean(axis=1).sum(axis=0) if self.bug == "mean" else dy.sum(axis=(0, 1))
        if self.bug == "axis":
            self.dbias = dy.sum(axis=0)
        flat = dy.reshape(N * T, -1) @ self.kernel.T
        if self.bug == "reshape":
            return flat.reshape(T, N, D).transpose(1, 0, 2)
        return flat.reshape(N, T, D)


def dense32(bug=""):
    return TimeDistributedDense(bug, np.float32)


class LayerNorm:
    def __init__(self, bug=""):
        self.gamma, self.beta, self.eps, self.bug = weights(5) + 1.5, weights(5, seed=2), 1e-3, bug

    def forward(self, x):
        self.mu = x.mean(-1, keepdims=True)
        self.var = x.var(-1, keepdims=True)
        self.xc = x - self.mu
        self.hat = self.xc / np.sqrt(self.var + self.eps)
        return self.gamma * self.hat + self.beta

    def backward(self, dy):
        g, hat, bug = dy * self.gamma, self.hat, self.bug
        self.dgamma, self.dbeta = (dy * hat).sum((0, 1)), dy.sum((0, 1))
        std = np.sqrt(self.var if bug == "eps" else self.var + self.eps)
        mean = 0 if bug == "mean" else g.mean(-1, keepdims=True)
        return (g - mean - hat * (g * hat).mean(-1, keepdims=True)) / std


class FeedForward:
    """y = x + relu(x W1 + b1) W2"""

    def __init__(self, bug=""):
        self.W1, self.b1, self.W2, self.bug = weights(3, 6) * 2, weights(6), weights(6, 3, seed=2) * 2, bug

    def forward(self, x):
        self.x = x
        self.a = x @ self.W1 + self.b1
        self.h = np.maximum(self.a, 0)
        return x + self.h @ self.W2

    def backward(self, dy):
        dh = dy @ self.W2.T
        dh[self.h <= 0] = 0
        self.grads = {"W1": self.x.T @ dh, "b1": dh.sum(0), "W2": self.h.T @ dy}
        return dh @ self.W1.T + (0 if self.bug == "skip" else dy)


class ResidualReLU:
    """y = x + relu(x * s), s a channel; the mask is written into dy."""

    def __init__(self, bug=""):
        self.s, self.bug = weights(3) * 2, bug

    def forward(self, x):
        self.x, self.on = x, x * self.s > 0
        return x + np.where(self.on, x * self.s, 0)

    def backward(self, dy):
        dz = dy if self.bug == "inplace" else dy.copy()
        dz[~self.on] = 0
        self.ds = (dz * self.x).sum((0, 1))
        return dz * self.s + dy


class TokenAndPosition:
    """sqrt(d) E[ids] + P[:T]; token 0 is padding and gives zeros."""

    def __init__(self, bug=""):
        self.E, self.P, self.d_model, self.bug = weights(6, 3), weights(7, 3, seed=2), 3, bug

    def forward(self, ids):
        self.ids, self.keep = ids, (ids != 0)[..., None]
        return np.sqrt(self.d_model) * self.E[ids] * self.keep + self.P[: ids.shape[1]]

    def backward(self, dy):
        bug = self.bug
        dE, dP = np.zeros_like(self.E), np.zeros_like(self.P)
        rows = dy * (1 if bug == "root" else np.sqrt(self.d_model)) * (1 if bug == "pad" else self.keep)
        if bug == "repeat":
            dE[self.ids] += rows
        else:
            np.add.at(dE, self.ids, rows)
        for sample in dy:
            if bug == "last":
                dP[: len(sample)] = sample
            else:
                dP[: len(sample)] += sample
        self.grads = {"E": dE, "P": dP}


class Highway:
    def __init__(self, bug=""):
        self.W_h, self.W_t, self.b_t, self.bug = weights(4, 4) * 3, weights(4, 4, seed=2) * 2, weights(4), bug

    def forward(self, x):
        self.x = x
        self.h, self.t = np.tanh(x @ self.W_h), sig(x @ self.W_t + self.b_t)
        return self.t * self.h + (1 - self.t) * x

    def backward(self, dy):
        bug, x, h, t = self.bug, self.x, self.h, self.t
        da = dy * t * (1 - h**2)
        dg = dy * (h if bug == "gate" else h - x) * (1 if bug == "slope" else t * (1 - t))
        self.dW_h, self.dW_t, self.db_t = x.T @ da, x.T @ dg, dg.sum(0)
        return da @ self.W_h.T + dg @ self.W_t.T + (0 if bug == "carry" else dy * (1 - t))


def glu(bug=""):
    def forward(x):
        a, b = np.split(x, 2, axis=-1)
        return a * sig(b), (a, sig(b))

    def backward(dy, cache):
        a, s = cache
        halves = [dy * s, dy * a * s * (1 - s)]
        return (np.concatenate(halves[::-1] if bug else halves, axis=-1),)

    return forward, backward
