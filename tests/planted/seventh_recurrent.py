"""Recurrences: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

from typing import Any

import numpy as np

from tests.planted.catalogue import weights


class ManyToOne:
    """x (T, D) -> tanh state after the last step, (H,)"""

    def __init__(self, bug=""):
        self.Wxh, self.Whh, self.bh, self.bug = weights(3, 4) * 2, weights(4, 4) * 2, weights(4), bug

    def forward_propagation(self, input_data):
        self.input = input_data
        self.states = {-1: np.zeros(4)}
        for t in range(len(input_data)):
            self.states[t] = np.tanh(input_data[t] @ self.Wxh + self.states[t - 1] @ self.Whh + self.bh)
        return self.states[len(input_data) - 1]

    def backward_propagation(self, output_error, learning_rate):
        bug = self.bug
        dWxh, dWhh, dbh = np.zeros_like(self.Wxh), np.zeros_like(self.Whh), np.zeros_like(self.bh)
        dx = np.zeros_like(self.input)
        dh = output_error
        for t in reversed(range(len(self.input))):
            h = self.states[t]
            dz = dh * ((1 - np.tanh(h) ** 2) if bug == "tanh" else (1 - h * h))
            if bug == "bias":
                dbh = dz.copy()
            else:
                dbh += dz
            dWxh += np.outer(self.input[t], dz)
            dWhh += np.outer(self.states[t if bug == "prev" else t - 1], dz)
            if bug == "update":
                self.Wxh -= learning_rate * np.outer(self.input[t], dz)
            dx[t] = dz @ self.Wxh.T
            dh = dz @ (self.Whh if bug == "transpose" else self.Whh.T)
            if bug == "clip":
                for g in (dWxh, dWhh, dbh):
                    np.clip(g, -0.5, 0.5, out=g)
        if bug != "update":
            self.Wxh -= learning_rate * dWxh
        self.Whh -= learning_rate * dWhh
        self.bh -= learning_rate * dbh
        return dx


def rnn(bug=""):
    def forward(x, h0, Wx, Wh, b):
        hs: Any = []
        h = h0
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ Wx + h @ Wh + b)
            hs.append(h)
        hs = np.stack(hs, axis=1)
        return hs, (x, h0, Wx, Wh, hs)

    def backward(dout, cache):
        x, h0, Wx, Wh, hs = cache
        N, T, H = hs.shape
        dxs, dprev = [], np.zeros((N, H))
        dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(H)
        for t in range(T - 1, -1, -1):
            dh = dout[:, t] if bug == "carry" else dout[:, t] + dprev
            dz = dh * (1 - hs[:, t] ** 2)
            dxs.append(dz @ Wx.T)
            dWx += x[:, t].T @ dz
            dWh += (h0 if t == 0 else hs[:, t - 1]).T @ dz
            db += dz.mean(axis=0) if bug == "mean" else dz.sum(axis=0)
            dprev = dz @ Wh.T
        if bug != "reversed":
            dxs.reverse()
        dh0 = np.zeros_like(h0) if bug == "h0" else dprev
        return np.stack(dxs, axis=1), dh0, dWx, dWh, db

    return forward, backward


class TimeRNN:
    """Elman layer, returns the last state; gradients live in self.dW, self.dU, self.db"""

    def __init__(self, bug=""):
        self.W, self.U, self.b, self.bug = weights(2, 3) * 2, weights(3, 3) * 2, weights(3), bug
        self.dW, self.dU, self.db = np.zeros((2, 3)), np.zeros((3, 3)), np.zeros(3)
        self.cache: Any = None

    def forward(self, x):
        h, hs = np.zeros((x.shape[0], 3)), [np.zeros((x.shape[0], 3))]
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ self.W + h @ self.U + self.b)
            hs.append(h)
        if self.cache is None or self.bug != "stale":
            self.cache = (x, hs)
        return h

    def backward(self, dh):
        x, hs = self.cache
        if self.bug != "add":
            self.dW, self.dU, self.db = np.zeros((2, 3)), np.zeros((3, 3)), np.zeros(3)
        dx = np.zeros_like(x)
        for t in range(x.shape[1] - 1, -1, -1):
            dz = dh * (1 - hs[t + 1] ** 2)
            self.dW += x[:, t].T @ dz
            self.dU += hs[t].T @ dz
            self.db += dz.sum(0)
            dx[:, t] = dz @ self.W.T
            dh = dz @ self.U.T
        return dx


class Bidirectional:
    def __init__(self, bug=""):
        self.bug = bug
        self.Wf, self.Uf, self.bf = weights(3, 2) * 2, weights(2, 2) * 2, weights(2)
        self.Wb, self.Ub, self.bb = weights(3, 2, seed=5) * 2, weights(2, 2, seed=5) * 2, weights(2, seed=5)

    @staticmethod
    def scan(x, W, U, b):
        hs = [np.zeros(2)]
        for row in x:
            hs.append(np.tanh(row @ W + hs[-1] @ U + b))
        return np.array(hs)

    @staticmethod
    def scan_back(x, hs, dy, W, U):
        dx, dW, dU, db, dh = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(2), np.zeros(2)
        for t in range(len(x) - 1, -1, -1):
            dz = (dy[t] + dh) * (1 - hs[t + 1] ** 2)
            dW, dU, db = dW + np.outer(x[t], dz), dU + np.outer(hs[t], dz), db + dz
            dx[t], dh = dz @ W.T, dz @ U.T
        return dx, dW, dU, db

    def forward(self, x):
        self.x = x
        self.hf = self.scan(x, self.Wf, self.Uf, self.bf)
        self.hb = self.scan(x[::-1], self.Wb, self.Ub, self.bb)
        return np.concatenate([self.hf[1:], self.hb[1:][::-1]], axis=1)

    def backward(self, dy):
        bug = self.bug
        dxf, dWf, dUf, dbf = self.scan_back(self.x, self.hf, dy[:, :2], self.Wf, self.Uf)
        dxb, dWb, dUb, dbb = self.scan_back(self.x[::-1], self.hb, dy[::-1, 2:], self.Wb, self.Ub)
        if bug == "swap":
            dUf, dUb = dUb, dUf
        self.grads = {"Wf": dWf, "Uf": dUf, "bf": dbf, "Wb": dWb, "Ub": dUb, "bb": dbb}
        if bug == "only":
            return dxb[::-1]
        return dxf + (dxb if bug == "turn" else dxb[::-1])


class MaskedRNN:
    """(N, T, D) with lengths; padded steps copy the state; returns the last state. Dict of parameters."""

    def __init__(self, bug=""):
        self.bug, self.lengths = bug, np.array([5, 2, 3])
        self.params = {"W": weights(2, 4) * 2, "U": weights(4, 4) * 2}
        self.grads = {}

    def forward(self, x):
        N, T, _ = x.shape
        self.x, self.m = x, (np.arange(T)[None] < self.lengths[:, None]).astype(float)
        self.hs, self.news = [np.zeros((N, 4))], []
        for t in range(T):
            new = np.tanh(x[:, t] @ self.params["W"] + self.hs[-1] @ self.params["U"])
            m = self.m[:, t, None]
            self.news.append(new)
            self.hs.append(m * new + (1 - m) * self.hs[-1])
        return self.hs[-1]

    def backward(self, dh):
        bug, dx = self.bug, np.zeros_like(self.x)
        dW, dU = np.zeros((2, 4)), np.zeros((4, 4))
        for t in range(self.x.shape[1] - 1, -1, -1):
            m = self.m[:, t, None]
            dz = (dh if bug == "mask" else m * dh) * (1 - self.news[t] ** 2)
            dW += self.x[:, t].T @ dz
            dU += self.hs[t].T @ dz
            dx[:, t] = dz @ self.params["W"].T
            dh = dz @ self.params["U"].T + (0 if bug in ("mask", "copy") else (1 - m) * dh)
        self.grads = {"W": dW, "U": dU}
        return dx
