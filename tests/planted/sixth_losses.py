"""Losses of the sixth held-out batch: (value, gradient) by a maker. The table stands in unseen_sixth.py."""

from typing import Any

import numpy as np

Pair = tuple[Any, Any]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid_focal(bug: str = "") -> Pair:
    """Of logits, gamma 2, targets 0 or 1; the mean."""

    def value(y_true: Any, y_pred: Any) -> Any:
        p = sigmoid(np.where(y_true == 1, y_pred, -y_pred))
        return np.mean(-((1 - p) ** 2) * np.log(p))

    def gradient(y_true: Any, y_pred: Any) -> Any:
        sign = np.where(y_true == 1, 1.0, -1.0)
        p = sigmoid(sign * y_pred)
        slope = 2 * (1 - p) * np.log(p) - (1 - p) ** 2 / p
        if bug == "sigmoid":
            return sign * slope / y_true.size
        return (1 if bug == "sign" else sign) * slope * p * (1 - p) / y_true.size

    return value, gradient


def distillation(bug: str = "") -> Pair:
    """KL of softened softmaxes at temperature 3, times its square."""

    def value(y_true: Any, y_pred: Any) -> Any:
        p, q = softmax(y_true / 3), softmax(y_pred / 3)
        return 9 * np.sum(p * np.log(p / q)) / len(p)

    def gradient(y_true: Any, y_pred: Any) -> Any:
        p, q = softmax(y_true / 3), softmax(y_pred if bug == "soft" else y_pred / 3)
        return (9 if bug == "factor" else 3) * (q - (y_true if bug == "target" else p)) / len(p)

    return value, gradient


def reverse_kl(bug: str = "") -> Pair:
    """sum q log(q / p) of given shares."""

    def value(y_true: Any, y_pred: Any) -> Any:
        return np.sum(y_pred * np.log(y_pred / y_true))

    def gradient(y_true: Any, y_pred: Any) -> Any:
        return -y_true / y_pred if bug else np.log(y_pred / y_true) + 1

    return value, gradient


def pseudo_huber(bug: str = "") -> Pair:
    def value(y_true: Any, y_pred: Any) -> Any:
        return np.mean(4 * (np.sqrt(1 + ((y_pred - y_true) / 2) ** 2) - 1))

    def gradient(y_true: Any, y_pred: Any) -> Any:
        e = y_pred - y_true
        return e / (1 + (e / 2) ** 2 if bug == "root" else np.sqrt(1 + (e / 2) ** 2)) / e.size

    return value, gradient


def log_cosh(bug: str = "") -> Pair:
    def value(y_true: Any, y_pred: Any) -> Any:
        return np.mean(np.log(np.cosh(y_pred - y_true)))

    def gradient(y_true: Any, y_pred: Any) -> Any:
        e = y_pred - y_true
        return (1 - np.tanh(e) ** 2 if bug else np.tanh(e)) / e.size

    return value, gradient


def squared_hinge(bug: str = "") -> Pair:
    def value(y_true: Any, y_pred: Any) -> Any:
        return np.sum(np.maximum(0, 1 - y_true * y_pred) ** 2)

    def gradient(y_true: Any, y_pred: Any) -> Any:
        gap = np.maximum(0, 1 - y_true * y_pred)
        return -(1 if bug == "two" else 2) * gap * (1 if bug == "label" else y_true)

    return value, gradient


def dice(bug: str = "") -> Pair:
    """1 - 2 sum p t / (sum p + sum t) over each row, averaged."""

    def value(y_true: Any, y_pred: Any) -> Any:
        return np.mean(1 - 2 * (y_true * y_pred).sum(1) / (y_true + y_pred).sum(1))

    def gradient(y_true: Any, y_pred: Any) -> Any:
        both, total = (y_true * y_pred).sum(1, keepdims=True), (y_true + y_pred).sum(1, keepdims=True)
        return -2 * (y_true / total - (0 if bug else both / total**2)) / len(y_true)

    return value, gradient


def poisson(bug: str = "") -> Pair:
    """Of the log of the rate."""

    def value(y_true: Any, y_pred: Any) -> Any:
        return np.mean(np.exp(y_pred) - y_true * y_pred)

    def gradient(y_true: Any, y_pred: Any) -> Any:
        return ((y_pred if bug else np.exp(y_pred)) - y_true) / y_true.size

    return value, gradient


def triplet_distance(bug: str = "") -> Pair:
    """Margin 1 between distances, not their squares; one value a triplet."""

    def forward(anchor: Any, positive: Any, negative: Any) -> Any:
        near, far = (np.sqrt(((anchor - o) ** 2).sum(1)) for o in (positive, negative))
        gap = near - far + 1
        return np.maximum(gap, 0), (anchor, positive, negative, near, far, gap)

    def backward(dout: Any, cache: Any) -> Any:
        anchor, positive, negative, near, far, gap = cache
        g = (dout * (1 if bug == "margin" else gap > 0))[:, None]
        if bug == "distance":
            near = far = np.ones(len(g))
        dp, dn = g * (positive - anchor) / near[:, None], g * (anchor - negative) / far[:, None]
        return -dp if bug == "anchor" else -dp - dn, dp, -dn if bug == "sign" else dn

    return forward, backward


def contrastive(bug: str = "") -> Pair:
    """Pairs alike (1) or not (0): d^2 or max(0, 2 - d)^2."""
    alike = np.array([1, 0, 1, 0, 0])[:, None]

    def forward(x: Any, y: Any) -> Any:
        d = np.sqrt(((x - y) ** 2).sum(1, keepdims=True))
        return np.sum(alike * d**2 + (1 - alike) * np.maximum(0, 2 - d) ** 2), (x, y, d)

    def backward(dout: Any, cache: Any) -> Any:
        x, y, d = cache
        apart = -np.maximum(0, 2 - d) * (x - y) / (1 if bug == "distance" else d)
        dx = 2 * dout * (alike * (x - y) + (1 - alike) * apart)
        return dx, dx if bug == "sign" else -dx

    return forward, backward


def info_nce(bug: str = "") -> Pair:
    """Each row of x against all rows of y, its own is the positive; temperature 1/2."""

    def forward(x: Any, y: Any) -> Any:
        p = softmax(2 * x @ y.T)
        return -np.mean(np.log(np.diag(p))), (x, y, p)

    def backward(dout: Any, cache: Any) -> Any:
        x, y, p = cache
        ds = 2 * dout * (p if bug == "positive" else p - np.eye(len(p))) / len(p)
        return ds @ y, (ds if bug == "turned" else ds.T) @ x

    return forward, backward


def in_batch(bug: str = "") -> Pair:
    """The same with x against itself: the rows 2i and 2i + 1 belong together."""

    def forward(x: Any) -> Any:
        p = softmax(x @ x.T - 1e9 * np.eye(len(x)))
        other = np.arange(len(x)) ^ 1
        return -np.log(p[np.arange(len(x)), other]).sum(), (x, p, other)

    def backward(dout: Any, cache: Any) -> Any:
        x, p, other = cache
        ds = p.copy()
        ds[np.arange(len(x)), other] -= 1
        return (dout * (ds @ x if bug else ds @ x + ds.T @ x),)

    return forward, backward


def variation(bug: str = "") -> Pair:
    """Sum of squared differences of neighbours in (H, W)."""

    def forward(x: Any) -> Any:
        return np.sum(np.diff(x, axis=0) ** 2) + np.sum(np.diff(x, axis=1) ** 2), x

    def backward(dout: Any, x: Any) -> Any:
        dx = np.zeros_like(x)
        down, right = 2 * np.diff(x, axis=0), 2 * np.diff(x, axis=1)
        dx[1:] += down
        dx[:-1] -= 0 if bug == "upper" else down
        dx[:, 1:] += right
        if bug == "edge":
            dx[:, 1:-1] -= right[:, 1:]
        else:
            dx[:, :-1] -= right
        return (dout * dx,)

    return forward, backward


def ranking(bug: str = "") -> Pair:
    """Margin ranking of two scores: max(0, -t (a - b) + 1/2)."""
    t = np.array([1.0, -1, 1, 1, -1])

    def forward(a: Any, b: Any) -> Any:
        return np.maximum(0, 0.5 - t * (a - b)), (a, b)

    def backward(dout: Any, cache: Any) -> Any:
        a, b = cache
        da = -dout * (1 if bug == "target" else t) * (0.5 - t * (a - b) > 0)
        return (-da, da) if bug == "exchanged" else (da, -da)

    return forward, backward
