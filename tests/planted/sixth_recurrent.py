"""Recurrences of the sixth held-out batch. The table stands in unseen_sixth.py."""

from typing import Any

import numpy as np

from tests.planted.catalogue import weights

Pair = tuple[Any, Any]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


class GRU:
    """Reset after the product, as in Keras: n = tanh(x Wn + r (h Un + bn)); (N, T, D) to the last state."""

    def __init__(self, bug: str = "") -> None:
        self.Wz, self.Wr, self.Wn = (weights(3, 4, seed=seed) * 2 for seed in range(3))
        self.Uz, self.Ur, self.Un = (weights(4, 4, seed=seed) * 2 for seed in range(5, 8))
        self.bn, self.bug = weights(4, seed=9), bug

    def forward(self, x: Any) -> Any:
        h, self.x, self.steps = np.zeros((len(x), 4)), x, []
        for t in range(x.shape[1]):
            z, r = sigmoid(x[:, t] @ self.Wz + h @ self.Uz), sigmoid(x[:, t] @ self.Wr + h @ self.Ur)
            u = h @ self.Un + self.bn
            n = np.tanh(x[:, t] @ self.Wn + r * u)
            self.steps.append((h, z, r, u, n))
            h = z * h + (1 - z) * n
        return h

    def backward(self, dh: Any) -> Any:
        bug, dx = self.bug, np.zeros_like(self.x)
        grads = {k: np.zeros_like(v) for k, v in vars(self).items() if k[0] in "WU" or k == "bn"}
        for t in reversed(range(self.x.shape[1])):
            h, z, r, u, n = self.steps[t]
            dn = dh * (1 - z) * (1 - n**2)
            dz = dh * ((n - h) if bug == "update" else (h - n)) * z * (1 - z)
            dr = dn * u * r * (1 - r)
            du = dn * (1 if bug == "reset" else r)
            for k, d in (("Wz", dz), ("Wr", dr), ("Wn", dn)):
                grads[k] += self.x[:, t].T @ d
            for k, d in (("Uz", dz), ("Ur", dr), ("Un", du)):
                grads[k] += h.T @ d
            grads["bn"] += (dn if bug == "bias" else du).sum(0)
            dx[:, t] = dz @ self.Wz.T + dr @ self.Wr.T + dn @ self.Wn.T
            dh = dz @ self.Uz.T + dr @ self.Ur.T + du @ self.Un.T + (0 if bug == "keep" else dh * z)
        self.grads = grads
        return dx


class LSTM:
    """Time first, (T, N, D); W of x and h joined, gates f, i, g, o; gives every state."""

    def __init__(self, bug: str = "") -> None:
        self.W, self.b, self.bug = weights(3 + 2, 8) * 2, weights(8, seed=2), bug

    def forward(self, x: Any) -> Any:
        h = c = np.zeros((x.shape[1], 2))
        self.steps, hs = [], []
        for row in x:
            joined = np.concatenate([row, h], axis=1)
            f, i, g, o = np.split(joined @ self.W + self.b, 4, axis=1)
            f, i, g, o = sigmoid(f), sigmoid(i), np.tanh(g), sigmoid(o)
            self.steps.append((joined, f, i, g, o, c))
            c = f * c + i * g
            h = o * np.tanh(c)
            hs.append(h)
        return np.stack(hs)

    def backward(self, dhs: Any) -> Any:
        bug, dx = self.bug, list[Any]()
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        dh, dc = np.zeros_like(dhs[0]), np.zeros_like(dhs[0])
        for (joined, f, i, g, o, c_old), d in zip(self.steps[::-1], dhs[::-1], strict=True):
            c = f * c_old + i * g
            dh = dh + d
            dc = dh * o * (1 - np.tanh(c) ** 2) + (0 if bug == "fresh" else dc)
            df, di, do = dc * c_old * f * (1 - f), dc * g * i * (1 - i), dh * np.tanh(c) * o * (1 - o)
            if bug == "next":
                df = dc * c * f * (1 - f)
            dg = dc * i * (g * (1 - g) if bug == "candidate" else 1 - g**2)
            da = np.concatenate([df, di, do, dg] if bug == "order" else [df, di, dg, do], axis=1)
            self.dW += joined.T @ da
            self.db += da.sum(0) if bug != "mean" else da.mean(0)
            back = da @ self.W.T
            dx.insert(0, back[:, :3])
            dh = d if bug == "state" else back[:, 3:]
            dc = dc * (i if bug == "input gate" else f)
        return np.stack(dx)


def both_ways(bug: str = "") -> Pair:
    """Two plain recurrences whose states are added, (T, D)."""

    def run(x: Any, W: Any, U: Any) -> Any:
        hs = [np.zeros(len(U))]
        for row in x:
            hs.append(np.tanh(row @ W + hs[-1] @ U))
        return np.stack(hs)

    def back(x: Any, hs: Any, dhs: Any, W: Any, U: Any) -> Any:
        dx, dW, dU, dh = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
        for t in reversed(range(len(x))):
            da = (dhs[t] + dh) * (1 - hs[t + 1] ** 2)
            dx[t], dh = W @ da, U @ da
            dW, dU = dW + np.outer(x[t], da), dU + np.outer(hs[t], da)
        return dx, dW, dU

    def forward(x: Any, W1: Any, U1: Any, W2: Any, U2: Any) -> Any:
        ahead, behind = run(x, W1, U1), run(x[::-1], W2, U2)
        return ahead[1:] + behind[:0:-1], (x, ahead, behind, W1, U1, W2, U2)

    def backward(dout: Any, cache: Any) -> Any:
        x, ahead, behind, W1, U1, W2, U2 = cache
        dx1, dW1, dU1 = back(x, ahead, dout, W1, U1)
        dx2, dW2, dU2 = back(x[::-1], behind, dout if bug == "unturned" else dout[::-1], W2, U2)
        return (dx1 if bug == "ahead" else dx1 + dx2[::-1]), dW1, dU1, dW2, dU2

    return forward, backward


def independent(bug: str = "") -> Pair:
    """IndRNN: h = tanh(x W + u h), each unit by itself; from a given state, to all states."""

    def forward(x: Any, h0: Any, W: Any, u: Any) -> Any:
        hs = [h0]
        for row in x:
            hs.append(np.tanh(row @ W + u * hs[-1]))
        return np.stack(hs[1:]), (x, hs, W, u)

    def backward(dout: Any, cache: Any) -> Any:
        x, hs, W, u = cache
        dx, dW, du, dh = np.zeros_like(x), np.zeros_like(W), np.zeros_like(u), np.zeros_like(hs[0])
        for t in reversed(range(len(x))):
            da = (dout[t] + dh) * (1 - hs[t + 1] ** 2)
            dW += x[t].T @ da
            du += (da * (hs[t + 1] if bug == "state" else hs[t])).sum(0)
            dx[t], dh = da @ W.T, da if bug == "u" else da * u
        return dx, da if bug == "first" else dh, dW, du

    return forward, backward


def light(bug: str = "") -> Pair:
    """SRU: c = f c + (1 - f) z with f = sigmoid(x Wf), z = x Wz; the states are the output, (T, N, D)."""

    def forward(x: Any, Wf: Any, Wz: Any) -> Any:
        f, z = sigmoid(x @ Wf), x @ Wz
        cs = [np.zeros_like(z[0])]
        for t in range(len(x)):
            cs.append(f[t] * cs[-1] + (1 - f[t]) * z[t])
        return np.stack(cs[1:]), (x, f, z, cs, Wf, Wz)

    def backward(dout: Any, cache: Any) -> Any:
        x, f, z, cs, Wf, Wz = cache
        df, dz, dc = np.zeros_like(f), np.zeros_like(z), np.zeros_like(z[0])
        for t in reversed(range(len(x))):
            dc = dc + dout[t]
            df[t] = dc * (cs[t] if bug == "gate" else cs[t] - z[t])
            dz[t] = dc * (1 - f[t])
            dc = dc * (f[t - 1] if bug == "before" else f[t])
        da = df * f * (1 - f)
        flat = x.reshape(-1, x.shape[-1]).T
        return da @ Wf.T + dz @ Wz.T, flat @ da.reshape(-1, Wf.shape[1]), flat @ dz.reshape(-1, Wz.shape[1])

    return forward, backward
