"""Convolutions, pools and embeddings of the sixth held-out batch. The table stands in unseen_sixth.py."""

from typing import Any

import numpy as np

from tests.planted.catalogue import weights

Pair = tuple[Any, Any]


def causal_conv(bug: str = "") -> Pair:
    """(N, C, T), padded on the left alone, dilation 2."""
    dilation = 2

    def forward(x: Any, w: Any, b: Any) -> Any:
        pad, steps = (w.shape[2] - 1) * dilation, x.shape[2]
        xp = np.pad(x, ((0, 0), (0, 0), (pad, 0)))
        y = sum(
            np.einsum("nct,fc->nft", xp[:, :, i * dilation : i * dilation + steps], w[:, :, i])
            for i in range(w.shape[2])
        )
        return y + b[:, None], (x, xp, w, pad)

    def backward(dout: Any, cache: Any) -> Any:
        x, xp, w, pad = cache
        dxp, dw, steps = np.zeros_like(xp), np.zeros_like(w), x.shape[2]
        for i in range(w.shape[2]):
            at = slice(i * dilation, i * dilation + steps)
            dxp[:, :, at] += np.einsum("nft,fc->nct", dout, w[:, :, i])
            dw[:, :, i] = np.einsum("nft,nct->fc", dout, xp[:, :, at])
        dx = dxp[:, :, : -pad or None] if bug == "crop" else dxp[:, :, pad:]
        return dx, dw, dout.sum(2) if bug == "bias" else dout.sum((0, 2))

    return forward, backward


class StridedConv2D:
    """(N, C, H, W), stride (2, 1), padding (1, 2)."""

    def __init__(self, bug: str = "") -> None:
        self.weight, self.bias, self.bug = weights(3, 2, 3, 2), weights(3, seed=2), bug
        self.stride, self.padding = (2, 1), (1, 2)

    def places(self, i: int, j: int, shape: Any) -> Any:
        (sh, sw), (h, w) = self.stride, shape
        return (slice(None), slice(None), slice(i, i + sh * h, sh), slice(j, j + sw * w, sw))

    def forward(self, x: Any) -> Any:
        (ph, pw), (sh, sw), (_, _, kh, kw) = self.padding, self.stride, self.weight.shape
        self.xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
        h, w = (self.xp.shape[2] - kh) // sh + 1, (self.xp.shape[3] - kw) // sw + 1
        y = np.zeros((len(x), len(self.weight), h, w)) + self.bias[:, None, None]
        for i in range(kh):
            for j in range(kw):
                y += np.einsum("nchw,fc->nfhw", self.xp[self.places(i, j, (h, w))], self.weight[:, :, i, j])
        return y

    def backward(self, dy: Any) -> Any:
        bug, (ph, pw), (_, _, kh, kw) = self.bug, self.padding, self.weight.shape
        dxp, self.d_weight = np.zeros_like(self.xp), np.zeros_like(self.weight)
        for i in range(kh):
            for j in range(kw):
                at = self.places(i, j, dy.shape[2:])
                dxp[at] += np.einsum("nfhw,fc->nchw", dy, self.weight[:, :, i, j])
                self.d_weight[:, :, i, j] = np.einsum("nfhw,nchw->fc", dy, self.xp[at])
        self.d_bias = dy.sum((0, 2, 3))
        if bug == "batch":
            self.d_weight /= len(dy)
        return dxp[:, :, ph:-ph, pw:-pw]


def depthwise(bug: str = "") -> Pair:
    """(N, H, W, C), kernel (k, k, C, M): M maps for each channel."""

    def forward(x: Any, kernel: Any) -> Any:
        k, _, c, m = kernel.shape
        n, h, w = x.shape[0], x.shape[1] - k + 1, x.shape[2] - k + 1
        y = np.zeros((n, h, w, c, m))
        for i in range(k):
            for j in range(k):
                y += x[:, i : i + h, j : j + w, :, None] * kernel[i, j]
        return y.reshape(n, h, w, c * m), (x, kernel)

    def backward(dout: Any, cache: Any) -> Any:
        x, kernel = cache
        k, _, c, m = kernel.shape
        n, h, w, _ = dout.shape
        dy = dout.reshape(n, h, w, c, m)
        dx, dkernel = np.zeros_like(x), np.zeros_like(kernel)
        for q in range(m):
            part = np.zeros_like(x)
            for i in range(k):
                for j in range(k):
                    part[:, i : i + h, j : j + w] += dy[..., q] * kernel[i, j, :, q]
                    patch = x[:, i : i + h, j : j + w]
                    taken = np.mean if bug == "mean" else np.sum
                    dkernel[i, j, :, q] = taken(dy[..., q] * patch, axis=(0, 1, 2))
            dx = part if bug == "maps" else dx + part
        return dx, dkernel

    return forward, backward


def transposed_conv1d(bug: str = "") -> Pair:
    """y[:, o, s t + k] += x[:, i, t] w[i, o, k], stride 2; as many channels out as in."""
    stride = 2

    def forward(x: Any, w: Any) -> Any:
        y = np.zeros((x.shape[0], w.shape[1], (x.shape[2] - 1) * stride + w.shape[2]))
        for t in range(x.shape[2]):
            y[:, :, t * stride : t * stride + w.shape[2]] += np.einsum("ni,iok->nok", x[:, :, t], w)
        return y, (x, w)

    def backward(dy: Any, cache: Any) -> Any:
        x, w = cache
        dx, dw = np.zeros_like(x), np.zeros_like(w)
        for t in range(x.shape[2]):
            piece = dy[:, :, t * stride : t * stride + w.shape[2]]
            dx[:, :, t] = np.einsum("nok,iok->ni", piece, w[:, :, ::-1] if bug == "flip" else w)
            dw += np.einsum("nok,ni->oik" if bug == "channels" else "nok,ni->iok", piece, x[:, :, t])
        return dx, dw

    return forward, backward


def unshared(bug: str = "") -> Pair:
    """Locally connected: a kernel of its own at each place, (N, T) and (places, k)."""

    def forward(x: Any, w: Any) -> Any:
        return np.stack([x[:, i : i + w.shape[1]] @ w[i] for i in range(len(w))], axis=1), (x, w)

    def backward(dy: Any, cache: Any) -> Any:
        x, w = cache
        dx, dw = np.zeros_like(x), np.zeros_like(w)
        for i in range(len(w)):
            if bug == "set":
                dx[:, i : i + w.shape[1]] = np.outer(dy[:, i], w[i])
            else:
                dx[:, i : i + w.shape[1]] += np.outer(dy[:, i], w[i])
            dw[i] = dy[0, i] * x[0, i : i + w.shape[1]] if bug == "sample" else dy[:, i] @ x[:, i : i + w.shape[1]]
        return dx, dw

    return forward, backward


def conv3d(bug: str = "") -> Pair:
    """One channel, valid; backward convolves the padded dY with the turned kernel."""

    def correlate(x: Any, w: Any) -> Any:
        shape = [a - b + 1 for a, b in zip(x.shape, w.shape, strict=True)]
        y = np.zeros(shape)
        for at in np.ndindex(*w.shape):
            y += w[at] * x[tuple(slice(a, a + s) for a, s in zip(at, shape, strict=True))]
        return y

    def backward(dy: Any, cache: Any) -> Any:
        x, w = cache
        turned = w[:, ::-1, ::-1] if bug == "flip" else w[::-1, ::-1, ::-1]
        return correlate(np.pad(dy, [(s - 1, s - 1) for s in w.shape]), turned), correlate(x, dy)

    return lambda x, w: (correlate(x, w), (x, w)), backward


def max_pool_padded(bug: str = "") -> Pair:
    """(N, H, W), window 3, stride 2, padding 1: windows overlap."""

    def windows(xp: Any) -> Any:
        for i in range((xp.shape[1] - 3) // 2 + 1):
            for j in range((xp.shape[2] - 3) // 2 + 1):
                yield i, j, xp[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3].reshape(len(xp), 9)

    def forward(x: Any) -> Any:
        xp = np.pad(x, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
        y = np.zeros((len(x), (xp.shape[1] - 3) // 2 + 1, (xp.shape[2] - 3) // 2 + 1))
        for i, j, window in windows(xp):
            y[:, i, j] = window.max(1)
        return y, xp

    def backward(dy: Any, xp: Any) -> Any:
        dxp, n = np.zeros_like(xp), np.arange(len(xp))
        for i, j, window in windows(xp):
            a, b = np.unravel_index(window.argmax(1), (3, 3))
            np.add.at(dxp, (n, 2 * i + a, 2 * j + b), dy[:, i, j])
        return (dxp[:, :-2, :-2] if bug == "shift" else dxp[:, 1:-1, 1:-1],)

    return forward, backward


def pyramid(bug: str = "") -> Pair:
    """(N, C, H, W): global maximum, global minimum and global mean of each map, side by side."""

    def forward(x: Any) -> Any:
        return np.concatenate([x.max((2, 3)), x.min((2, 3)), x.mean((2, 3))], axis=1), x

    def backward(dy: Any, x: Any) -> Any:
        top, low, mean = np.split(dy, 3, axis=1)
        area = x.shape[2] * x.shape[3]
        dx = np.zeros_like(x)
        dx += (x == x.max((2, 3), keepdims=True)) * top[:, :, None, None]
        dx += (x == x.min((2, 3), keepdims=True)) * low[:, :, None, None] * (-1 if bug == "minimum" else 1)
        if bug == "set":
            dx = np.zeros_like(x)
        if bug == "levels":
            return (dx,)
        return (dx + mean[:, :, None, None] / (1 if bug == "area" else area),)

    return forward, backward


def average_overlapping(bug: str = "") -> Pair:
    """(N, T) in windows of 4, stride 2, padding 1 that counts."""

    def forward(x: Any) -> Any:
        xp = np.pad(x, ((0, 0), (1, 1)))
        return np.stack([xp[:, i : i + 4].mean(1) for i in range(0, xp.shape[1] - 3, 2)], axis=1), x

    def backward(dy: Any, x: Any) -> Any:
        dxp = np.zeros((len(x), x.shape[1] + 2))
        for i in range(dy.shape[1]):
            if bug == "set":
                dxp[:, 2 * i : 2 * i + 4] = dy[:, [i]] / 4
            else:
                dxp[:, 2 * i : 2 * i + 4] += dy[:, [i]] / (2 if bug == "stride" else 4)
        return (dxp[:, 1:-1],)

    return forward, backward


def mean_over_time(bug: str = "") -> Pair:
    """(N, T, D) averaged over the steps that a sequence has."""
    lengths = np.array([2, 5, 3])

    def mask(x: Any) -> Any:
        return (np.arange(x.shape[1]) < lengths[:, None])[:, :, None]

    def backward(dy: Any, x: Any) -> Any:
        spread = dy[:, None] * (1 if bug == "mask" else mask(x))
        return (spread / (x.shape[1] if bug == "length" else lengths[:, None, None]),)

    return lambda x: ((x * mask(x)).sum(1) / lengths[:, None], x), backward


class EmbeddingBag:
    """The mean of the rows of each bag, plus a row for the bag's kind."""

    def __init__(self, bug: str = "") -> None:
        self.table, self.kinds, self.bug = weights(7, 3), weights(3, 3, seed=2), bug

    def forward(self, ids: Any) -> Any:
        self.ids, self.kind = ids, ids[:, 0] % 3
        return self.table[ids].mean(1) + self.kinds[self.kind]

    def backward(self, dy: Any) -> None:
        self.d_table, self.d_kinds = np.zeros_like(self.table), np.zeros_like(self.kinds)
        share = dy if self.bug == "mean" else dy / self.ids.shape[1]
        np.add.at(self.d_table, self.ids, np.repeat(share[:, None], self.ids.shape[1], axis=1))
        if self.bug == "kinds":
            self.d_kinds[self.kind] = dy
        else:
            np.add.at(self.d_kinds, self.kind, dy)


class TiedLookup:
    """A bigram model: rows of E looked up, scored against all of E."""

    def __init__(self, bug: str = "") -> None:
        self.E, self.bug = weights(5, 3) * 2, bug

    def forward(self, ids: Any) -> Any:
        self.ids, self.h = ids, np.tanh(self.E[ids])
        return self.h @ self.E.T

    def backward(self, dy: Any) -> None:
        dh = dy @ self.E
        self.dE = np.zeros_like(self.E) if self.bug == "scores" else dy.T @ self.h
        if self.bug != "lookup":
            np.add.at(self.dE, self.ids, dh * (1 - self.h**2))
