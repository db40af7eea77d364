"""Losses: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def mse(bug=""):
    def loss(y_true, y_pred):
        return np.mean((y_true - y_pred) ** 2)

    def loss_prime(y_true, y_pred):
        if bug == "sign":
            return 2 * (y_true - y_pred) / y_true.size
        return 2 * (y_pred - y_true) / (len(y_true) if bug == "len" else y_true.size)

    return loss, loss_prime


def cross_entropy_logits(bug=""):
    def loss(y_pred, labels):
        p = softmax(y_pred)
        return -np.log(p[np.arange(len(labels)), labels]).mean()

    def loss_prime(y_pred, labels):
        d = softmax(y_pred)
        d[np.arange(len(labels)), labels] -= 1
        return d if bug else d / len(labels)

    return loss, loss_prime


def cross_entropy(bug=""):
    def loss(y_true, y_pred):
        return -np.sum(y_true * np.log(y_pred)) / len(y_true)

    def loss_prime(y_true, y_pred):
        return (y_pred - y_true if bug else -y_true / y_pred) / len(y_true)

    return loss, loss_prime


def svm(bug=""):
    """Multi-class hinge, in loops."""

    def forward(scores, y):
        n = len(scores)
        margins = np.maximum(0, scores - scores[np.arange(n), y][:, None] + 1)
        margins[np.arange(n), y] = 0
        return margins.sum() / n, (scores, y)

    def backward(dout, cache):
        scores, y = cache
        n, c = scores.shape
        dx = np.zeros_like(scores)
        for i in range(n):
            for j in range(c):
                if j != y[i] and scores[i, j] - scores[i, y[i]] + 1 > 0:
                    dx[i, j] += 1
                    if bug == "set":
                        dx[i, y[i]] = -1
                    else:
                        dx[i, y[i]] -= 1
        return dx / n * dout, None

    return forward, backward


def hinge(bug=""):
    def loss(y_true, y_pred):
        return np.maximum(0, 1 - y_true * y_pred).mean()

    def loss_prime(y_true, y_pred):
        return -y_true * (1 if bug else (y_true * y_pred < 1)) / y_true.size

    return loss, loss_prime


def huber(bug=""):
    def loss(y_true, y_pred, delta=0.7):
        e = np.abs(y_pred - y_true)
        return np.where(e <= delta, 0.5 * e**2, delta * (e - 0.5 * delta)).mean()

    def loss_prime(y_true, y_pred, delta=0.7):
        e = y_pred - y_true
        far = np.sign(e) if bug else delta * np.sign(e)
        return np.where(np.abs(e) <= delta, e, far) / e.size

    return loss, loss_prime


def bce(bug=""):
    def loss(y_true, y_pred):
        return -np.mean(y_true * np.log(y_pred + 1e-5) + (1 - y_true) * np.log(1 - y_pred + 1e-5))

    def loss_prime(y_true, y_pred):
        e = 0 if bug == "eps" else 1e-5
        second = (1 - y_true) / (1 - y_pred + e)
        return (-y_true / (y_pred + e) + (-second if bug == "sign" else second)) / y_true.size

    return loss, loss_prime


def bce_logits(bug=""):
    def loss(y_true, y_pred):
        return np.mean(np.logaddexp(0, y_pred) - y_true * y_pred)

    def loss_prime(y_true, y_pred):
        p = 1 / (1 + np.exp(-y_pred))
        if bug:
            return (-y_true / p + (1 - y_true) / (1 - p)) * p * (1 - p) / y_true.size
        return (p - y_true) / y_true.size

    return loss, loss_prime


def kl(bug=""):
    """KL(y_pred || y_true), summed and over the batch."""

    def loss(y_true, y_pred):
        return np.sum(y_pred * np.log(y_pred / y_true)) / len(y_true)

    def loss_prime(y_true, y_pred):
        return (np.log(y_pred / y_true) + (0 if bug else 1)) / len(y_true)

    return loss, loss_prime


def focal(bug=""):
    """-(1 - p)^2 log p of the right class, p given."""

    def loss(y_true, y_pred):
        return -np.sum(y_true * (1 - y_pred) ** 2 * np.log(y_pred)) / len(y_true)

    def loss_prime(y_true, y_pred):
        weight = 0 if bug else 2 * (1 - y_pred) * np.log(y_pred)
        return y_true * (weight - (1 - y_pred) ** 2 / y_pred) / len(y_true)

    return loss, loss_prime


def cosine(bug=""):
    def forward(u, v):
        nu, nv = np.linalg.norm(u, axis=1, keepdims=True), np.linalg.norm(v, axis=1, keepdims=True)
        cos = (u * v).sum(1, keepdims=True) / (nu * nv)
        return (1 - cos[:, 0]), (u, v, nu, nv, cos)

    def backward(dout, cache):
        u, v, nu, nv, cos = cache
        d = -dout[:, None]
        du = d * (v / (nu * nv) - (0 if bug else cos * u / nu**2))
        return du, d * (u / (nu * nv) - cos * v / nv**2)

    return forward, backward


def triplet(bug=""):
    def forward(anchor, positive, negative):
        gap = ((anchor - positive) ** 2).sum(1) - ((anchor - negative) ** 2).sum(1) + 0.5
        return np.maximum(gap, 0).mean(), (anchor, positive, negative, gap)

    def backward(dout, cache):
        anchor, positive, negative, gap = cache
        on = dout * (gap > 0)[:, None] / len(gap)
        da, dp, dn = 2 * (negative - positive) * on, -2 * (anchor - positive) * on, 2 * (anchor - negative) * on
        return (da, dn, dp) if bug else (da, dp, dn)

    return forward, backward
