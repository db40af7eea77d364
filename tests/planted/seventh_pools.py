"""Pools: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class MaxPool:
    """(H, W, C), floor."""

    def __init__(self, bug="", size=2, stride=2):
        self.size, self.stride, self.bug = size, stride, bug

    def forward_propagation(self, x):
        self.x = x
        h, w, c = x.shape
        self.y = np.zeros(((h - self.size) // self.stride + 1, (w - self.size) // self.stride + 1, c), x.dtype)
        for i in range(self.y.shape[0]):
            for j in range(self.y.shape[1]):
                self.y[i, j] = self.window(x, i, j).max((0, 1))
        return self.y

    def window(self, a, i, j):
        return a[i * self.stride : i * self.stride + self.size, j * self.stride : j * self.stride + self.size]

    def backward_propagation(self, dy, learning_rate):
        bug, dx = self.bug, np.zeros_like(self.x)
        if bug == "repeat":
            big = np.repeat(np.repeat(dy, self.size, 0), self.size, 1)
            top = np.repeat(np.repeat(self.y, self.size, 0), self.size, 1)
            return big * (self.x[: big.shape[0], : big.shape[1]] == top)
        for i in range(dy.shape[0]):
            for j in range(dy.shape[1]):
                win, out = self.window(self.x, i, j), self.window(dx, i, j)
                if bug == "tie":
                    out += (win == self.y[i, j]) * dy[i, j]
                    continue
                if bug == "ones":
                    out += win == self.y[i, j]
                    continue
                self.route(win, out, dy[i, j])
        return dx

    def route(self, win, out, d):
        for c in range(len(d)):
            a, b = divmod(int(win[:, :, c].argmax()), self.size)
            if self.bug == "set":
                out[a, b, c] = d[c]
            elif self.bug == "turned":
                out[b, a, c] += d[c]
            else:
                out[a, b, c] += d[c]


class AvgPool1D:
    def __init__(self, bug="", window=3, stride=1):
        self.window, self.stride, self.bug = window, stride, bug

    def forward(self, x):
        self.shape = x.shape
        return sliding_window_view(x, self.window, axis=1)[:, :: self.stride].mean(2)

    def backward(self, grad):
        dx = np.zeros(self.shape)
        for t in range(grad.shape[1]):
            share = grad[:, t : t + 1] / (1 if self.bug == "undivided" else self.window)
            dx[:, t * self.stride : t * self.stride + self.window] += share
        return dx


def avg_same(bug=""):
    """Average of three, the padding not counted."""

    def forward(x):
        count = np.convolve(np.ones(x.shape[1]), np.ones(3), "same")
        return sliding_window_view(np.pad(x, ((0, 0), (1, 1))), 3, axis=1).sum(2) / count, count

    def backward(dy, count):
        d = dy / (3 if bug == "count" else count)
        return sliding_window_view(np.pad(d, ((0, 0), (1, 1))), 3, axis=1).sum(2)

    return forward, backward


class GlobalAvgPool:
    def __init__(self, bug=""):
        self.bug = bug

    def forward(self, x):
        self.shape = x.shape
        return x.mean((2, 3))

    def backward(self, dy):
        _, _, h, w = self.shape
        return np.ones(self.shape) * dy[:, :, None, None] / (h if self.bug == "height" else h * w)


class AdaptiveAvgPool:
    def __init__(self, bug="", bins=3):
        self.bins, self.bug = bins, bug

    def edges(self):
        n = self.shape[1]
        return [(i * n // self.bins, -(-(i + 1) * n // self.bins)) for i in range(self.bins)]

    def forward(self, x):
        self.shape = x.shape
        return np.stack([x[:, a:b].mean(1) for a, b in self.edges()], 1)

    def backward(self, dy):
        dx = np.zeros(self.shape)
        for i, (a, b) in enumerate(self.edges()):
            if self.bug == "set":
                dx[:, a:b] = dy[:, i : i + 1] / (b - a)
            else:
                dx[:, a:b] += dy[:, i : i + 1] / (b - a)
        return dx


class LpPool:
    """(sum |x|^p)^(1/p) over windows of two."""

    def __init__(self, bug="", p=3):
        self.p, self.bug = p, bug

    def forward(self, x):
        self.x = x.reshape(x.shape[0], -1, 2)
        self.y = (np.abs(self.x) ** self.p).sum(2, keepdims=True) ** (1 / self.p)
        return self.y[:, :, 0]

    def backward(self, dout):
        x, y, p, bug = self.x, self.y, self.p, self.bug
        d = dout[:, :, None]
        if bug == "sign":
            dx = d * np.abs(x) ** (p - 1) * y ** (1 - p)
        elif bug == "root":
            dx = d * np.sign(x) * np.abs(x) ** (p - 1)
        elif bug == "p":
            dx = d * p * np.sign(x) * np.abs(x) ** (p - 1) * y ** (1 - p)
        elif bug == "zero":
            dx = d * x * np.abs(x) ** (p - 2) * y ** (1 - p)
        else:
            dx = d * np.sign(x) * np.abs(x) ** (p - 1) * y ** (1 - p)
        return dx.reshape(len(dx), -1)


class MaskedMean:
    """(N, T, D) averaged over the steps that count."""

    def __init__(self, bug=""):
        self.bug = bug
        self.mask = np.array([[1.0, 1, 1, 1, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0]])[:, :, None]

    def forward(self, x):
        return (x * self.mask).sum(1) / self.mask.sum(1)

    def backward(self, dout):
        if self.bug == "mask":
            return np.ones_like(self.mask) * (dout / self.mask.sum(1))[:, None]
        return self.mask * (dout / (5 if self.bug == "length" else self.mask.sum(1)))[:, None]
