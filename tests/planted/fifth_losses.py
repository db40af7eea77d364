"""Losses of the fifth held-out batch, each wrong gradient beside its twin. The table stands in unseen_fifth.py."""

import numpy as np


def rng(seed=3):
    return np.random.default_rng(seed)


# 1: the value is a mean over all entries, the gradient one over the rows
def mse(y_true, y_pred):
    return np.mean((y_pred - y_true) ** 2)


def mse_prime_rows(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.shape[0]


def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size


# 2: the difference taken the other way round
def mae(y_true, y_pred):
    return np.mean(np.abs(y_true - y_pred))


def mae_prime_reversed(y_true, y_pred):
    return np.sign(y_true - y_pred) / y_true.size


def mae_prime(y_true, y_pred):
    return np.sign(y_pred - y_true) / y_true.size


class HuberLoss:
    def __init__(self, delta=0.7):
        self.delta = delta

    def forward(self, y_pred, y_true):
        self.d = y_pred - y_true
        a = np.abs(self.d)
        return np.where(a <= self.delta, 0.5 * self.d**2, self.delta * (a - 0.5 * self.delta)).sum()

    def backward(self):
        return np.where(np.abs(self.d) <= self.delta, self.d, self.delta * np.sign(self.d))


class HuberLossUnitSlope(HuberLoss):
    """The linear branch's slope is 1, not delta."""

    def backward(self):
        return np.where(np.abs(self.d) <= self.delta, self.d, np.sign(self.d))


# 4: no test of the margin
def hinge(y_true, y_pred):
    return np.mean(np.maximum(0, 1 - y_true * y_pred))


def hinge_prime_everywhere(y_true, y_pred):
    return -y_true / y_pred.size + 0 * y_pred


def hinge_prime(y_true, y_pred):
    return -y_true * (y_true * y_pred < 1) / y_pred.size


def svm_loss(scores, y):
    n = scores.shape[0]
    margins = np.maximum(0, scores - scores[np.arange(n), y][:, None] + 1.0)
    margins[np.arange(n), y] = 0
    return margins.sum() / n


def svm_loss_grad_set(scores, y):
    """The right class is set to -1 by each violated margin, not lowered by 1."""
    n, k = scores.shape
    ds = np.zeros_like(scores)
    for i in range(n):
        for j in range(k):
            if j != y[i] and scores[i, j] - scores[i, y[i]] + 1.0 > 0:
                ds[i, j] += 1
                ds[i, y[i]] = -1
    return ds / n


def svm_loss_grad(scores, y):
    n, k = scores.shape
    ds = np.zeros_like(scores)
    for i in range(n):
        for j in range(k):
            if j != y[i] and scores[i, j] - scores[i, y[i]] + 1.0 > 0:
                ds[i, j] += 1
                ds[i, y[i]] -= 1
    return ds / n


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class SoftmaxCrossEntropy:
    def __init__(self, ignore_index=-1):
        self.ignore_index = ignore_index

    def forward(self, logits, labels):
        self.p, self.labels = softmax(logits), labels
        self.valid = labels != self.ignore_index
        rows = np.flatnonzero(self.valid)
        return -np.log(self.p[rows, labels[rows]]).sum() / len(rows)

    def backward(self):
        dx = self.p.copy()
        rows = np.flatnonzero(self.valid)
        dx[rows, self.labels[rows]] -= 1
        dx[~self.valid] = 0
        return dx / len(rows)


class SoftmaxCrossEntropyUndivided(SoftmaxCrossEntropy):
    """Divides by all rows, also the ignored ones, where forward divides by those that count."""

    def backward(self):
        dx = self.p.copy()
        rows = np.flatnonzero(self.valid)
        dx[rows, self.labels[rows]] -= 1
        dx[~self.valid] = 0
        return dx / len(self.labels)


class SoftmaxCrossEntropyIgnoredTaught(SoftmaxCrossEntropy):
    """Ignored rows keep their probabilities as gradient."""

    def backward(self):
        dx = self.p.copy()
        rows = np.flatnonzero(self.valid)
        dx[rows, self.labels[rows]] -= 1
        return dx / len(rows)


# 8: the modulating factor is taken for a constant
def focal_loss(p, y, gamma=2.0):
    pt = np.where(y == 1, p, 1 - p)
    return -np.sum((1 - pt) ** gamma * np.log(pt))


def focal_loss_grad_constant_weight(p, y, gamma=2.0):
    pt = np.where(y == 1, p, 1 - p)
    return np.where(y == 1, 1, -1) * -((1 - pt) ** gamma) / pt


def focal_loss_grad(p, y, gamma=2.0):
    pt = np.where(y == 1, p, 1 - p)
    dpt = gamma * (1 - pt) ** (gamma - 1) * np.log(pt) - (1 - pt) ** gamma / pt
    return np.where(y == 1, 1, -1) * dpt


# 9: d(p log p) = log p + 1: the 1 is forgotten
def kl_divergence(p, q):
    return np.sum(p * np.log(p / q)) / p.shape[0]


def kl_divergence_grad_no_one(p, q):
    return np.log(p / q) / p.shape[0], -(p / q) / p.shape[0]


def kl_divergence_grad(p, q):
    return (np.log(p / q) + 1) / p.shape[0], -(p / q) / p.shape[0]


def triplet_forward(anchor, positive, negative):
    dp, dn = anchor - positive, anchor - negative
    gap = (dp**2).sum(1) - (dn**2).sum(1) + 1.5
    return np.maximum(gap, 0).mean(), (dp, dn, gap > 0)


def triplet_backward_exchanged(dout, cache):
    """The last two gradients are returned in the wrong order."""
    dp, dn, active = cache
    g = dout * active[:, None] / len(active)
    return 2 * g * (dp - dn), 2 * g * dn, -2 * g * dp


def triplet_backward(dout, cache):
    dp, dn, active = cache
    g = dout * active[:, None] / len(active)
    return 2 * g * (dp - dn), -2 * g * dp, 2 * g * dn


def cosine_loss_forward(x, y):
    nx, ny = np.linalg.norm(x, axis=1, keepdims=True), np.linalg.norm(y, axis=1, keepdims=True)
    cos = (x * y).sum(1, keepdims=True) / (nx * ny)
    return np.mean(1 - cos), (x, y, nx, ny, cos)


def cosine_loss_backward_norms_constant(dout, cache):
    """The lengths are taken for constants."""
    x, y, nx, ny, _ = cache
    k = -dout / len(x)
    return k * y / (nx * ny), k * x / (nx * ny)


def cosine_loss_backward(dout, cache):
    x, y, nx, ny, cos = cache
    k = -dout / len(x)
    return k * (y / (nx * ny) - cos * x / nx**2), k * (x / (nx * ny) - cos * y / ny**2)


class LabelSmoothingLoss:
    def __init__(self, classes, smoothing=0.2):
        self.classes, self.smoothing = classes, smoothing

    def forward(self, logits, labels):
        self.probs, self.labels = softmax(logits), labels
        self.target = np.full(logits.shape, self.smoothing / self.classes)
        self.target[np.arange(len(labels)), labels] += 1 - self.smoothing
        return -(self.target * np.log(self.probs)).sum(axis=1).mean()

    def backward(self):
        return (self.probs - self.target) / len(self.labels)


class LabelSmoothingLossHard(LabelSmoothingLoss):
    """Backward is that of the plain cross-entropy."""

    def backward(self):
        dx = self.probs.copy()
        dx[np.arange(len(self.labels)), self.labels] -= 1
        return dx / len(self.labels)


def paths_forward(probs):
    """Minus the log of the sum over monotone paths: stay, or go one state on, at each step. probs (T, S)."""
    steps, states = probs.shape
    alpha = np.zeros((steps, states))
    alpha[0, 0] = probs[0, 0]
    for t in range(1, steps):
        for s in range(states):
            come = alpha[t - 1, s] + (alpha[t - 1, s - 1] if s else 0)
            alpha[t, s] = come * probs[t, s]
    return -np.log(alpha[-1, -1]), (probs, alpha)


def paths_backward_stay_lost(dout, cache):
    """What goes one state on overwrites what stays."""
    probs, alpha = cache
    steps, states = probs.shape
    dprobs, dalpha = np.zeros_like(probs), np.zeros_like(alpha)
    dalpha[-1, -1] = -dout / alpha[-1, -1]
    for t in range(steps - 1, 0, -1):
        for s in range(states):
            come = alpha[t - 1, s] + (alpha[t - 1, s - 1] if s else 0)
            dprobs[t, s] = dalpha[t, s] * come
            dalpha[t - 1, s] += dalpha[t, s] * probs[t, s]
            if s:
                dalpha[t - 1, s - 1] = dalpha[t, s] * probs[t, s]
    dprobs[0, 0] = dalpha[0, 0]
    return dprobs


def paths_backward(dout, cache):
    probs, alpha = cache
    steps, states = probs.shape
    dprobs, dalpha = np.zeros_like(probs), np.zeros_like(alpha)
    dalpha[-1, -1] = -dout / alpha[-1, -1]
    for t in range(steps - 1, 0, -1):
        for s in range(states):
            come = alpha[t - 1, s] + (alpha[t - 1, s - 1] if s else 0)
            dprobs[t, s] = dalpha[t, s] * come
            dalpha[t - 1, s] += dalpha[t, s] * probs[t, s]
            if s:
                dalpha[t - 1, s - 1] += dalpha[t, s] * probs[t, s]
    dprobs[0, 0] = dalpha[0, 0]
    return dprobs


class WeightedCrossEntropy:
    def __init__(self, class_weights):
        self.class_weights = class_weights

    def forward(self, logits, target):
        self.p, self.target = softmax(logits), target
        self.w = self.class_weights[target]
        return -(self.w * np.log(self.p[np.arange(len(target)), target])).sum() / self.w.sum()

    def backward(self):
        dx = self.p.copy()
        dx[np.arange(len(self.target)), self.target] -= 1
        return dx * self.w[:, None] / self.w.sum()


class WeightedCrossEntropyUnweighted(WeightedCrossEntropy):
    """The weights stand in the denominator alone."""

    def backward(self):
        dx = self.p.copy()
        dx[np.arange(len(self.target)), self.target] -= 1
        return dx / self.w.sum()


# 15: the sigmoid's derivative a second time
def bce_with_logits(y_true, y_pred):
    return np.mean(np.logaddexp(0, y_pred) - y_true * y_pred)


def bce_with_logits_prime_twice(y_true, y_pred):
    s = 1 / (1 + np.exp(-y_pred))
    return (s - y_true) * s * (1 - s) / y_true.size


def bce_with_logits_prime(y_true, y_pred):
    return (1 / (1 + np.exp(-y_pred)) - y_true) / y_true.size


class PinballLoss:
    def __init__(self, quantile=0.8):
        self.quantile = quantile

    def __call__(self, y_pred, y_true):
        e = y_true - y_pred
        return np.sum(np.maximum(self.quantile * e, (self.quantile - 1) * e))

    def gradient(self, y_pred, y_true):
        return np.where(y_true > y_pred, -self.quantile, 1 - self.quantile)


class PinballLossExchanged(PinballLoss):
    """The two slopes are exchanged."""

    def gradient(self, y_pred, y_true):
        return np.where(y_true > y_pred, self.quantile - 1, self.quantile)
