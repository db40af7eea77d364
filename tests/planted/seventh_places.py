"""Padding, upsampling and tables: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

import numpy as np

from tests.planted.catalogue import weights


class ReflectPad2D:
    def __init__(self, bug="", pad=1):
        self.pad, self.bug = pad, bug

    def forward(self, x):
        p, (_, _, h, w) = self.pad, x.shape
        self.shape = x.shape
        self.rows, self.cols = np.pad(np.arange(h), p, "reflect"), np.pad(np.arange(w), p, "reflect")
        return x[:, :, self.rows[:, None], self.cols]

    def backward(self, dy):
        p = self.pad
        if self.bug == "crop":
            return dy[:, :, p:-p, p:-p].copy()
        dx = np.zeros(self.shape)
        np.add.at(dx, (slice(None), slice(None), self.rows[:, None], self.cols), dy)  # type: ignore[arg-type]
        return dx


class EdgePad1D:
    def __init__(self, bug="", pad=2, mode="edge"):
        self.pad, self.bug, self.mode = pad, bug, mode

    def forward(self, x):
        self.index = np.pad(np.arange(x.shape[1]), self.pad, self.mode)
        self.shape = x.shape
        return x[:, self.index]

    def backward(self, dy):
        p, dx = self.pad, np.zeros(self.shape)
        if self.bug == "index":
            dx[:, self.index] += dy
            return dx
        if self.bug == "mean":
            dx = dy[:, p:-p].copy()
            dx[:, 0], dx[:, -1] = dy[:, : p + 1].mean(1), dy[:, -p - 1 :].mean(1)
            return dx
        np.add.at(dx, (slice(None), self.index), dy)  # type: ignore[arg-type]
        return dx


class Upsample2D:
    def __init__(self, bug="", factor=2):
        self.factor, self.bug = factor, bug

    def forward(self, x):
        return x.repeat(self.factor, axis=2).repeat(self.factor, axis=3)

    def backward(self, dy):
        n, c, h, w = dy.shape
        f = self.factor
        if self.bug == "first":
            return dy[:, :, ::f, ::f].copy()
        blocks = dy.reshape(n, c, h // f, f, w // f, f)
        return blocks.mean((3, 5)) if self.bug == "mean" else blocks.sum((3, 5))


class Linear1DUpsample:
    """align_corners, to the given size."""

    def __init__(self, bug="", size=9):
        self.size, self.bug = size, bug

    def forward(self, x):
        at = np.linspace(0, x.shape[1] - 1, self.size)
        self.low = np.minimum(at.astype(int), x.shape[1] - 2)
        self.part, self.shape = at - self.low, x.shape
        return x[:, self.low] * (1 - self.part) + x[:, self.low + 1] * self.part

    def backward(self, dy):
        dx = np.zeros(self.shape)
        if self.bug == "index":
            dx[:, self.low] += dy * (1 - self.part)
            dx[:, self.low + 1] += dy * self.part
        else:
            np.add.at(dx, (slice(None), self.low), dy * (1 - self.part))  # type: ignore[arg-type]
            np.add.at(dx, (slice(None), self.low + 1), dy * self.part)  # type: ignore[arg-type]
        return dx


def sample_at(bug=""):
    """A signal (N, L) read between its points at the places t."""

    def forward(x, t):
        low = np.floor(t).astype(int)
        part = t - low
        return x[:, low] * (1 - part) + x[:, low + 1] * part, (x, low, part)

    def backward(dy, cache):
        x, low, part = cache
        dx = np.zeros_like(x)
        np.add.at(dx, (slice(None), low), dy * (1 - part))  # type: ignore[arg-type]
        np.add.at(dx, (slice(None), low + 1), dy * part)  # type: ignore[arg-type]
        rise = x[:, low] - x[:, low + 1] if bug == "sign" else x[:, low + 1] - x[:, low]
        return dx, (dy * rise).sum(0)

    return forward, backward


class PixelShuffle:
    def __init__(self, bug="", r=2):
        self.r, self.bug = r, bug

    def forward(self, x):
        n, c, h, w = x.shape
        r = self.r
        return x.reshape(n, c // r**2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(n, c // r**2, h * r, w * r)

    def backward(self, dy):
        n, c, h, w = dy.shape
        r = self.r
        cut = dy.reshape(n, c, h // r, r, w // r, r)
        axes = (0, 1, 5, 3, 2, 4) if self.bug == "order" else (0, 1, 3, 5, 2, 4)
        return cut.transpose(axes).reshape(n, c * r**2, h // r, w // r)


class ToChannelsFirst:
    def __init__(self, bug=""):
        self.bug = bug

    def forward(self, x):
        return x.transpose(0, 3, 1, 2)

    def backward(self, dy):
        return dy.transpose(0, 3, 1, 2) if self.bug else dy.transpose(0, 2, 3, 1)


class HFlip:
    def __init__(self, bug=""):
        self.bug = bug

    def forward(self, x):
        return x[:, :, ::-1]

    def backward(self, dy):
        return dy.copy() if self.bug else dy[:, :, ::-1]


def concat(bug=""):
    """Two branches side by side, as in an inception block."""

    def forward(left, right):
        return np.concatenate([left, right], axis=1), left.shape[1]

    def backward(dout, cut):
        dleft, dright = dout[:, :cut], dout[:, cut:]
        return (dright, dleft) if bug else (dleft, dright)

    return forward, backward


class Gather:
    def __init__(self, bug="", index=(3, 0, 3, 2, 3)):
        self.index, self.bug = np.array(index), bug

    def forward(self, x):
        self.shape = x.shape
        return x[:, self.index]

    def backward(self, dy):
        dx = np.zeros(self.shape)
        if self.bug:
            dx[:, self.index] += dy
        else:
            np.add.at(dx, (slice(None), self.index), dy)  # type: ignore[arg-type]
        return dx


class Embedding:
    def __init__(self, bug="", vocab=7, dim=3, padding_idx=None, max_norm=None, dtype=float):  # noqa: PLR0917 -- as people write it
        self.embeddings, self.bug = (weights(vocab, dim) * 2).astype(dtype), bug
        self.dim, self.padding_idx, self.max_norm = dim, padding_idx, max_norm

    def forward_propagation(self, input_data):
        self.input = input_data
        self.rows = self.embeddings[input_data]
        out = self.rows * np.sqrt(self.dim).astype(self.rows.dtype)
        if self.max_norm is not None:
            self.norm = np.linalg.norm(self.rows, axis=-1, keepdims=True)
            self.shrink = np.minimum(1, self.max_norm / self.norm)
            out = out * self.shrink
        if self.padding_idx is not None:
            out = out * (input_data != self.padding_idx)[..., None]
        return out

    def backward_propagation(self, output_error, learning_rate):
        bug = self.bug
        d = output_error if bug == "scale" else output_error * np.sqrt(self.dim).astype(output_error.dtype)
        if self.max_norm is not None:
            unit = self.rows / self.norm
            along = unit * (unit * d).sum(-1, keepdims=True) * (self.norm > self.max_norm)
            d = self.shrink * (d if bug == "projection" else d - along)
        if self.padding_idx is not None and bug != "padding":
            d = d * (self.input != self.padding_idx)[..., None]
        if bug == "index":
            self.embeddings[self.input] -= learning_rate * d
        else:
            np.subtract.at(self.embeddings, self.input, learning_rate * d)


class TokenAndPosition:
    def __init__(self, bug="", vocab=6, longest=7, dim=4):
        self.token, self.position, self.bug = weights(vocab, dim), weights(longest, dim, seed=4), bug

    def forward(self, ids):
        self.ids = ids
        return self.token[ids] + self.position[: ids.shape[1]]

    def backward(self, dout):
        steps = dout.shape[1]
        self.grads = {"token": np.zeros_like(self.token), "position": np.zeros_like(self.position)}
        np.add.at(self.grads["token"], self.ids, dout)
        if self.bug == "none":
            return
        over = dout.mean(0) if self.bug == "mean" else dout.sum(0)
        if self.bug == "shifted":
            self.grads["position"][1 : steps + 1] = over
        else:
            self.grads["position"][:steps] = over


class TiedAutoencoder:
    def __init__(self, bug=""):
        self.W, self.bug = weights(5, 3), bug

    def forward(self, x):
        self.x, self.h = x, np.tanh(x @ self.W)
        return self.h @ self.W.T

    def backward(self, dout):
        dz = dout @ self.W * (1 - self.h**2)
        self.dW = dout.T @ self.h
        if self.bug != "decoder":
            self.dW = self.dW + self.x.T @ dz
        return dz @ self.W.T


class ChannelReLU:
    """A ReLU that keeps its mask flat."""

    def __init__(self, bug=""):
        self.bug = bug

    def forward(self, x):
        self.on = (x > 0).ravel("K" if self.bug else "C")
        return np.maximum(x, 0)

    def backward(self, dout):
        return (dout.ravel() * self.on).reshape(dout.shape)
