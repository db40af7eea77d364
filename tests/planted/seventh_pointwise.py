"""Activations and dropout: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

import math
from typing import Any

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def relu_forward(x, bug):
    if bug == "input":
        x[x < 0] = 0
        return x
    return np.maximum(0, x)


FORWARD: dict[str, Any] = {
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "softplus": lambda x: np.logaddexp(0, x),
    "mish": lambda x: x * np.tanh(np.logaddexp(0, x)),
    "sigmoid": sigmoid,
}


def relu_backward(dout, x, y, bug):
    if bug == "upstream":
        dout[x < 0] = 0
        return dout
    if bug == "all":
        return dout.copy()
    if bug == "dout":
        return np.where(dout > 0, dout, 0)
    return dout * (y > 0)


def gelu_backward(dout, x, y, bug):
    if bug:
        cdf = 0.5 * (1 + np.vectorize(math.erf)(x / np.sqrt(2)))
        return dout * (cdf + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi))
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (x + 0.044715 * x**3))
    return dout * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * c * (1 + 3 * 0.044715 * x**2))


def softplus_backward(dout, x, y, bug):
    if bug == "overflow":
        e = np.exp(x)
        return dout * (e / (1 + e))
    z = y if bug == "y" else x
    return dout * np.exp(-np.logaddexp(0, -z))


def mish_backward(dout, x, y, bug):
    t = np.tanh(np.logaddexp(0, x))
    return dout * (t + (0 if bug else x * (1 - t**2) * sigmoid(x)))


def sigmoid_backward(dout, x, y, bug):
    return y * (1 - y) * (1 if bug else dout)


BACKWARD: dict[str, Any] = {
    "relu": relu_backward,
    "gelu": gelu_backward,
    "softplus": softplus_backward,
    "mish": mish_backward,
    "sigmoid": sigmoid_backward,
}


class Activation:
    def __init__(self, kind, bug=""):
        self.kind, self.bug, self.alpha, self.cache = kind, bug, 0.2, []

    def forward(self, x):
        k = self.kind
        self.x = x
        if k == "relu":
            self.out = relu_forward(x, self.bug)
        elif k == "leaky":
            self.out = np.where(x > 0, x, self.alpha * x)
        elif k == "elu":
            self.out = np.where(x > 0, x, self.alpha * (np.exp(np.minimum(x, 0)) - 1))
        elif k == "swish":
            self.s = sigmoid(x)
            self.out = x * self.s
        elif k == "tanh":
            self.out = np.tanh(x)
            self.cache.append(self.out)
        else:
            self.out = FORWARD[k](x)
        return self.out

    def backward(self, dout):
        k, bug, x, y, a = self.kind, self.bug, self.x, self.out, self.alpha
        if k == "leaky":
            return dout * np.where(x > 0, 1, 0.01 if bug else a)
        if k == "elu":
            return dout * np.where(x > 0, 1, y if bug else y + a)
        if k == "swish":
            s = self.s
            return dout * ((s + y * (1 - y)) if bug else (y + s * (1 - y)))
        if k == "tanh":
            y = self.cache.pop(0) if bug == "queue" else self.cache.pop()
            return dout * (1 - np.tanh(y) ** 2 if bug == "twice" else 1 - y**2)
        return BACKWARD[k](dout, x, y, bug)


def act(kind):
    return lambda bug="": Activation(kind, bug)


class PReLU:
    """One alpha for each channel, updated in place."""

    def __init__(self, bug=""):
        self.alpha, self.bug = np.array([0.1, 0.25, 0.3, 0.05]), bug

    def forward_propagation(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * x)

    def backward_propagation(self, dy, learning_rate):
        dx = np.where(self.x > 0, dy, self.alpha * dy)
        dalpha = np.sum(dy * np.minimum(self.x, 0), axis=None if self.bug else 0)
        self.alpha -= learning_rate * dalpha
        return dx


def maxout(bug=""):
    """(N, pieces, D) -> (N, D)"""

    def forward(z):
        return z.max(axis=1), z

    def backward(dout, z):
        if bug == "all":
            return (np.repeat(dout[:, None], z.shape[1], axis=1),)
        if bug == "equal":
            return ((z == z.max(axis=1, keepdims=True)) * dout[:, None],)
        dz = np.zeros_like(z)
        np.put_along_axis(dz, z.argmax(1)[:, None], dout[:, None], axis=1)
        return (dz,)

    return forward, backward


def glu(bug=""):
    def forward(x):
        a, b = np.split(x, 2, axis=1)
        return a * sigmoid(b), (a, b)

    def backward(dout, cache):
        a, b = cache
        s = sigmoid(b)
        da, db = dout * s, dout * a * (s if bug == "slope" else s * (1 - s))
        return (np.concatenate([db, da] if bug == "order" else [da, db], axis=1),)

    return forward, backward


class Dropout:
    def __init__(self, bug="", p=0.4, training=True):
        self.p, self.bug, self.training = p, bug, training
        self.rng = np.random.default_rng(5)

    def forward(self, x):
        rng = np.random.default_rng() if self.bug == "entropy" else self.rng
        self.mask = rng.random(x.shape) > self.p
        return x * self.mask / (1 - self.p) if self.training else x

    def backward(self, dout):
        if not self.training and self.bug != "eval":
            return dout.copy()
        return dout * self.mask / (1 if self.bug == "scale" else 1 - self.p)


def dropout_eval(bug=""):
    return Dropout(bug, training=False)


class Softmax:
    def __init__(self, bug=""):
        self.bug = bug

    def forward(self, x):
        if self.bug == "input":
            x -= x.max(axis=1, keepdims=True)
        self.y = softmax(x)
        return self.y

    def backward(self, dy):
        y = self.y
        if self.bug == "diagonal":
            return dy * y * (1 - y)
        return y * (dy - (dy * y).sum(axis=1, keepdims=True))


def log_softmax(bug=""):
    def forward(logits):
        shifted = logits - logits.max(axis=1, keepdims=True)
        out = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return out, out

    def backward(dout, out):
        return (dout - np.exp(out) * dout.sum(axis=0 if bug == "axis" else 1, keepdims=True),)

    return forward, backward
