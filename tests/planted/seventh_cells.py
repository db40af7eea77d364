"""Gated cells and scans: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

from typing import Any

import numpy as np

from tests.planted.catalogue import weights


def sig(x):
    return 1 / (1 + np.exp(-x))


def lstm_step(bug=""):
    def forward(x, prev_h, prev_c, Wx, Wh, b):  # noqa: PLR0917 -- as people write it
        H = prev_h.shape[1]
        a = x @ Wx + prev_h @ Wh + b
        i, f, o, g = sig(a[:, :H]), sig(a[:, H : 2 * H]), sig(a[:, 2 * H : 3 * H]), np.tanh(a[:, 3 * H :])
        c = f * prev_c + i * g
        return np.hstack([o * np.tanh(c), c]), (x, prev_h, prev_c, Wx, Wh, i, f, o, g, c)

    def backward(dout, cache):
        x, prev_h, prev_c, Wx, Wh, i, f, o, g, c = cache
        dnext_h, dnext_c = np.hsplit(dout, 2)
        tc = np.tanh(c)
        dc = dnext_c + dnext_h * o * (1 - tc**2)
        do = dnext_h * (c if bug == "tanh c" else tc)
        df, di, dg = dc * prev_c, dc * g, dc * i
        if bug == "exchange":
            di, df = df, di
        da: Any = [di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (g * (1 - g) if bug == "g" else 1 - g**2)]
        if bug == "order":
            da = [da[0], da[1], da[3], da[2]]
        da = np.hstack(da)
        dprev_c = (dnext_c if bug == "only c" else dc) * f
        return da @ Wx.T, da @ Wh.T, dprev_c, x.T @ da, prev_h.T @ da, da.sum(axis=0)

    return forward, backward


class PeepholeLSTM:
    """x (T, D), output all h; forget gate peeps at c[t-1]; input gate is 1 - forget (coupled)"""

    def __init__(self, bug=""):
        self.bug = bug
        self.W_f, self.W_c, self.W_o = weights(3, 4) * 2, weights(3, 4, seed=2) * 2, weights(3, 4, seed=3) * 2
        self.p_f, self.b_f = weights(4, seed=4) * 3, weights(4, seed=6)

    def forward(self, x):
        c = np.zeros(4) + 0.3
        self.x, self.tape, out = x, [], []
        for xt in x:
            f = sig(xt @ self.W_f + self.p_f * c + self.b_f)
            g, o = np.tanh(xt @ self.W_c), sig(xt @ self.W_o)
            new = f * c + (1 - f) * g
            self.tape.append((c, f, g, o, new))
            c = new
            out.append(o * np.tanh(c))
        return np.array(out)

    def backward(self, dout):
        bug = self.bug
        self.grads = {k: np.zeros_like(getattr(self, k)) for k in ("W_f", "W_c", "W_o", "p_f", "b_f")}
        dx, dc = np.zeros_like(self.x), np.zeros(4)
        for t in range(len(self.x) - 1, -1, -1):
            c_prev, f, g, o, c = self.tape[t]
            dzo = dout[t] * np.tanh(c) * o * (1 - o)
            dc = dc + dout[t] * o * (1 - np.tanh(c) ** 2)
            dzf = dc * (c_prev if bug == "coupled" else c_prev - g) * f * (1 - f)
            dzg = dc * (1 - f) * (1 - g**2)
            self.grads["W_f"] += np.outer(self.x[t], dzf)
            self.grads["W_c"] += np.outer(self.x[t], dzg)
            self.grads["W_o"] += np.outer(self.x[t], dzo)
            self.grads["p_f"] += dzf * (c if bug == "peep" else c_prev)
            self.grads["b_f"] += dzf
            dx[t] = dzf @ self.W_f.T + dzg @ self.W_c.T + dzo @ self.W_o.T
            dc = dc * f + (0 if bug == "through" else dzf * self.p_f)
        return dx


class GRUCell:
    """forward(x, h): vectors; Wz, Uz, bz, Wr, Ur, Wh, Uh"""

    def __init__(self, bug=""):
        self.bug = bug
        self.Wz, self.Wr, self.Wh = (weights(4, 3, seed=s) * 2 for s in (1, 2, 3))
        self.Uz, self.Ur, self.Uh = (weights(4, 4, seed=s) * 2 for s in (4, 5, 6))
        self.bz = weights(4)

    def forward(self, x, h):
        self.x, self.h = x, h
        self.z = sig(self.Wz @ x + self.Uz @ h + self.bz)
        self.r = sig(self.Wr @ x + self.Ur @ h)
        self.c = np.tanh(self.Wh @ x + self.Uh @ (self.r * h))
        return (1 - self.z) * h + self.z * self.c

    def backward(self, dy):
        bug, x, h, z, r, c = self.bug, self.x, self.h, self.z, self.r, self.c
        dac = dy * z * (1 - c**2)
        drh = self.Uh.T @ dac
        daz = dy * ((h - c) if bug == "z" else (c - h)) * z * (1 - z)
        dar = drh * h * r * (1 - r)
        self.dWz, self.dUz, self.dbz = np.outer(daz, x), np.outer(daz, h), daz
        self.dWr, self.dUr = np.outer(dar, x), np.outer(dar, h)
        self.dWh = np.outer(dac, x)
        self.dUh = np.outer(dac, h if bug == "reset" else r * h)
        if bug == "Uz":
            self.dUz = np.outer(h, daz)
        dx = self.Wz.T @ daz + self.Wr.T @ dar + self.Wh.T @ dac
        dh = self.Uz.T @ daz + self.Ur.T @ dar + drh * r
        if bug != "leak":
            dh = dh + dy * (1 - z)
        return dx, dh


def cumulative(bug=""):
    def forward(x):
        return np.cumsum(x, axis=1), None

    def backward(dy, cache):
        back = np.cumsum(dy[:, ::-1], axis=1)
        if bug == "turn":
            return (back,)
        return (back[:, ::-1] - (dy if bug == "exclusive" else 0),)

    return forward, backward


class EMA:
    """s[0] = x[0]; s[t] = alpha s[t-1] + (1 - alpha) x[t]; alpha is learned."""

    def __init__(self, bug=""):
        self.alpha, self.bug = np.array([0.7]), bug

    def forward(self, x):
        self.x, s = x, [x[0]]
        for row in x[1:]:
            s.append(self.alpha * s[-1] + (1 - self.alpha) * row)
        self.s = np.array(s)
        return self.s

    def backward(self, dy):
        bug, a, dx, ds = self.bug, self.alpha, np.zeros_like(self.x), np.zeros(self.x.shape[1])
        da = np.zeros(1)
        for t in range(len(dy) - 1, 0, -1):
            ds = ds + dy[t]
            dx[t] = ds * (1 - a)
            da += (ds * ((self.s[t] if bug == "now" else self.s[t - 1]) - self.x[t])).sum()
            ds = ds * a
        dx[0] = (ds + dy[0]) * ((1 - a) if bug == "first" else 1)
        self.dalpha = -da if bug == "sign" else da
        return dx


def ssm(bug=""):
    """h = a h + b x; y = c h + d x for each channel, (N, T, D)."""

    def forward(x, a, b, c, d):
        hs: Any = []
        h = np.zeros((x.shape[0], x.shape[2]))
        for t in range(x.shape[1]):
            h = a * h + b * x[:, t]
            hs.append(h)
        hs = np.stack(hs, 1)
        return c * hs + d * x, (x, a, b, c, d, hs)

    def backward(dy, cache):
        x, a, b, c, d, hs = cache
        dx, dh = np.zeros_like(x), np.zeros_like(hs[:, 0])
        da, db = np.zeros_like(a), np.zeros_like(b)
        for t in range(x.shape[1] - 1, -1, -1):
            dh = dh + dy[:, t] * (1 if bug == "c" else c)
            dx[:, t] = dh * b + (0 if bug == "skip" else dy[:, t] * d)
            if t > 0 or bug == "index":
                da += (dh * hs[:, t - 1]).sum(0)
            db += (dh * x[:, t]).sum(0)
            dh = dh * a
        dc = (dy * hs).sum((0, 1))
        dd = (dy * x).sum((0, 1))
        if bug == "dd":
            dd = np.zeros_like(d)
        return dx, da, db, dc, dd

    return forward, backward


class MatrixSSM:
    """h = A h + B x, all states; A is a full matrix. Dropout of the input while training."""

    def __init__(self, bug=""):
        self.A, self.B, self.bug = weights(3, 3) * 1.5, weights(3, 2) * 2, bug
        self.p, self.training = 0.4, True

    def forward(self, x):
        self.keep = (np.random.random(x.shape) >= self.p) / (1 - self.p) if self.training else np.ones(x.shape)
        self.u, self.h = x * self.keep, [np.zeros(3)]
        for row in self.u:
            self.h.append(self.A @ self.h[-1] + self.B @ row)
        return np.array(self.h[1:])

    def backward(self, dy):
        dA, dB, du, dh = np.zeros_like(self.A), np.zeros_like(self.B), np.zeros_like(self.u), np.zeros(3)
        for t in range(len(dy) - 1, -1, -1):
            dh = dh + dy[t]
            dA += np.outer(dh, self.h[t])
            dB += np.outer(dh, self.u[t])
            du[t] = self.B.T @ dh
            dh = (self.A if self.bug == "A" else self.A.T) @ dh
        self.dA, self.dB = dA, dB
        if self.bug == "scale":
            return du * (self.keep > 0)
        return du if self.bug == "drop" else du * self.keep
