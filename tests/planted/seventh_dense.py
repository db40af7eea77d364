"""Dense layers and small networks: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

from typing import Any

import numpy as np

from tests.planted.catalogue import weights


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class FCLayer:
    def __init__(self, bug="", input_size=3, output_size=5):
        self.bug = bug
        self.weights = weights(input_size, output_size)
        self.bias = weights(1, output_size, seed=2)
        self.velocity = np.zeros_like(self.weights)
        self.total = np.zeros_like(self.weights)

    def forward_propagation(self, input_data):
        self.input = input_data
        self.output = np.dot(self.input, self.weights) + self.bias
        return self.output

    def backward_propagation(self, output_error, learning_rate):
        bug = self.bug
        weights_error = np.dot(self.input.T, output_error)
        if bug == "early":
            self.weights -= learning_rate * weights_error
            self.bias -= learning_rate * output_error.sum(axis=0, keepdims=True)
            return np.dot(output_error, self.weights.T)
        input_error = np.dot(output_error, self.weights.T)
        if bug == "momentum":
            self.velocity = 0.9 * self.velocity + learning_rate * weights_error
            self.weights -= self.velocity
        elif bug == "total":
            self.total += weights_error
            self.weights -= learning_rate * self.total
        elif bug == "decay":
            self.weights -= learning_rate * weights_error + 0.01 * self.weights
        elif bug == "clip":
            self.weights -= learning_rate * np.clip(weights_error, -0.5, 0.5)
        else:
            self.weights -= learning_rate * weights_error
        reduce = np.mean if bug == "mean" else np.sum
        self.bias -= learning_rate * reduce(output_error, axis=0, keepdims=True)
        return input_error


class Dense:
    def __init__(self, bug="", n_in=4, n_out=3):
        self.bug, self.W, self.b = bug, weights(n_in, n_out), weights(n_out, seed=2)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        self.x: Any = None

    def forward(self, x):
        self.batch_size = x.shape[0]
        if self.bug == "half":
            self.x = x.astype(np.float16)
        elif self.bug != "stale" or self.x is None:
            self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        bug = self.bug
        dW = self.x.T @ dout
        if bug == "turned":
            dW = dout.T @ self.x
        if bug == "batch":
            dW = dW / self.batch_size
        if bug == "decay":
            dW = dW + 0.1 * self.W
        db = dout if bug == "unsummed" else dout.sum(axis=0)
        if bug == "accumulate":
            self.dW += dW
            self.db += db
        else:
            self.dW, self.db = dW, db
        return dout @ (self.W if bug == "straight" else self.W.T)


def square(bug=""):
    return Dense(bug, 4, 4)


def bilinear(bug=""):
    """out[n, k] = left[n] A[k] right[n] + c[k]"""

    def forward(left, right, A, c):
        return np.einsum("ni,kij,nj->nk", left, A, right) + c, (left, right, A)

    def backward(dout, cache):
        left, right, A = cache
        dleft = np.einsum("nk,kij,nj->ni", dout, A, right)
        dright = np.einsum("nk,kij,ni->nj", dout, A, left)
        dA = np.einsum("nk,nj,ni->kij" if bug == "turned" else "nk,ni,nj->kij", dout, left, right)
        if bug == "order":
            dleft, dright = dright, dleft
        return dleft, dright, dA, dout.sum(0)

    return forward, backward


class TwoLayerNet:
    def __init__(self, bug="", sizes=(4, 5, 3)):
        i, h, o = sizes
        self.bug = bug
        self.params = {
            "W1": weights(i, h) * 2,
            "b1": weights(h, seed=2),
            "W2": weights(h, o, seed=3) * 2,
            "b2": weights(o, seed=4),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x, self.z1 = x, x @ p["W1"] + p["b1"]
        self.a1 = np.tanh(self.z1)
        return self.a1 @ p["W2"] + p["b2"]

    def backward(self, dout):
        p, bug = self.params, self.bug
        da1 = dout @ p["W2"].T
        if bug == "z":
            dz1 = da1 * (1 - self.z1**2)
        elif bug == "none":
            dz1 = da1
        else:
            dz1 = da1 * (1 - self.a1**2)
        self.grads = {"W1": self.x.T @ dz1, "b1": dz1.sum(0), "W2": self.a1.T @ dout}
        if bug != "b2":
            self.grads["b2"] = dout.sum(0)
        return dz1 @ p["W1"].T


class XorNet:
    """2-3-1, sigmoid inside, updates itself from the output backwards."""

    def __init__(self, bug=""):
        self.w1, self.w2, self.bug = weights(2, 3) * 4, weights(3, 1) * 4, bug

    def forward(self, x):
        self.x, self.h = x, sigmoid(x @ self.w1)
        return self.h @ self.w2

    def backward(self, error, lr):
        dw2 = self.h.T @ error
        if self.bug == "early":
            self.w2 -= lr * dw2
        dz = error @ self.w2.T * self.h * (1 - self.h)
        if self.bug != "early":
            self.w2 -= lr * dw2
        dx = dz @ self.w1.T
        self.w1 -= lr * (self.x.T @ dz)
        return dx


class ResidualBlock:
    """relu(x Wa) Wb + x Ws"""

    def __init__(self, bug=""):
        self.Wa, self.Wb, self.Ws = weights(4, 6) * 2, weights(6, 3, seed=2) * 2, weights(4, 3, seed=3) * 2
        self.bug = bug

    def forward(self, x):
        self.x, self.z = x, x @ self.Wa
        self.h = np.maximum(self.z, 0)
        return self.h @ self.Wb + x @ self.Ws

    def backward(self, dout):
        dz = (dout @ self.Wb.T) * (self.z > 0)
        self.dWa, self.dWb = self.x.T @ dz, self.h.T @ dout
        self.dWs = np.zeros_like(self.Ws) if self.bug == "Ws" else self.x.T @ dout
        dx = dz @ self.Wa.T
        return dx if self.bug == "skip" else dx + dout @ self.Ws.T


class IdentityBlock:
    """x + tanh(x W)"""

    def __init__(self, bug=""):
        self.W, self.bug = weights(5, 5) * 2, bug

    def forward(self, x):
        self.x, self.t = x, np.tanh(x @ self.W)
        return x + self.t

    def backward(self, dout):
        dz = dout * (1 - self.t**2)
        self.grads = {"W": self.x.T @ dz}
        dx = dout if self.bug == "upstream" else dout.copy()
        dx += dz @ self.W.T
        return dx


class StandardScaler:
    def __init__(self, bug=""):
        self.mean, self.std, self.bug = np.array([0.5, -1.0, 2.0]), np.array([0.4, 2.5, 1.7]), bug

    def forward(self, x):
        return (x - self.mean) / self.std

    def backward(self, dy):
        return dy * self.std if self.bug else dy / self.std


def scaler(bug=""):
    def forward(x, scale, shift):
        return x * scale + shift, (x, scale)

    def backward(dout, cache):
        x, scale = cache
        return dout * scale, np.array(np.mean(dout * x) if bug else np.sum(dout * x)), np.array(dout.sum())

    return forward, backward


def softmax_regression(bug=""):
    """cs231n's loss with L2"""

    def forward(X, W, y):
        p = softmax(X @ W)
        return -np.log(p[np.arange(len(y)), y]).mean() + 0.3 * np.sum(W * W), (X, W, y, p)

    def backward(dout, cache):
        X, W, y, p = cache
        d = p.copy()
        d[np.arange(len(y)), y] -= 1
        d = d / len(y) * dout
        return d @ W.T, X.T @ d + (0 if bug == "none" else 0.3 * W if bug == "two" else 0.6 * W) * dout, None

    return forward, backward


class Flatten:
    def __init__(self, bug=""):
        self.bug = bug

    def forward(self, x):
        self.shape = x.shape
        return x.ravel(order="K" if self.bug else "C")

    def backward(self, dout):
        return dout.reshape(self.shape)
