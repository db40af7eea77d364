"""Convolutions: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.planted.catalogue import weights


def correlate(a, k):
    return np.einsum("ijkl,kl->ij", sliding_window_view(a, k.shape), k)


def full(a, k):  # full convolution
    h, w = k.shape
    return correlate(np.pad(a, ((h - 1, h - 1), (w - 1, w - 1))), k[::-1, ::-1])


class ConvLayer:
    """(H, W, D) as the article has it; bias once for each filter."""

    def __init__(self, bug="", input_shape=(5, 6, 3), kernel_shape=(3, 2), layer_depth=4):
        self.input_shape, self.kernel_shape, self.layer_depth, self.bug = input_shape, kernel_shape, layer_depth, bug
        self.input_depth = input_shape[2]
        self.weights = weights(*kernel_shape, self.input_depth, layer_depth)
        self.bias = weights(layer_depth, seed=5)
        self.velocity = 0

    def forward_propagation(self, input):
        self.input = input
        h, w, _ = input.shape
        self.output = np.zeros((h - self.kernel_shape[0] + 1, w - self.kernel_shape[1] + 1, self.layer_depth))
        for k in range(self.layer_depth):
            for d in range(self.input_depth):
                self.output[:, :, k] += correlate(self.input[:, :, d], self.weights[:, :, d, k])
                if self.bug == "inner bias":
                    self.output[:, :, k] += self.bias[k]
            if self.bug != "inner bias":
                self.output[:, :, k] += self.bias[k]
        return self.output

    def backward_propagation(self, output_error, learning_rate):
        bug = self.bug
        if bug == "early":
            for k in range(self.layer_depth):
                for d in range(self.input_depth):
                    self.weights[:, :, d, k] -= learning_rate * correlate(self.input[:, :, d], output_error[:, :, k])
        in_error, dweights, dbias = self.errors(output_error)
        if bug == "clip":
            np.clip(dweights, -1, 1, out=dweights)
        if bug != "early":
            self.weights -= learning_rate * dweights
        if bug == "decay":
            self.weights *= 0.999
        if bug == "ascend":
            self.bias += learning_rate * dbias
        else:
            self.bias -= learning_rate * dbias
        return in_error

    def errors(self, output_error):
        bug = self.bug
        in_error = np.zeros(self.input.shape)
        dweights = np.zeros(self.weights.shape)
        dbias = np.zeros(self.layer_depth)
        for k in range(self.layer_depth):
            for d in range(self.input_depth):
                kernel = self.weights[:, :, d, k]
                back = full(output_error[:, :, k], kernel[::-1, ::-1] if bug == "correlate" else kernel)
                if bug == "set":
                    in_error[:, :, d] = back
                else:
                    in_error[:, :, d] += back
                dweights[:, :, d, k] = correlate(self.input[:, :, d], output_error[:, :, k])
                if bug == "convolve":
                    dweights[:, :, d, k] = dweights[::-1, ::-1, d, k].copy()
            dbias[k] = np.mean(output_error[:, :, k]) if bug == "mean" else np.sum(output_error[:, :, k])
        return in_error, dweights, dbias


def add(into, at, part, bug):
    if bug == "set":
        into[at] = part
    else:
        into[at] += part


def cropped(dxp, bug, pad, length, span):
    """dxp: of the padded input · span: how much of it the windows reach."""
    if bug == "pad0":
        return dxp[:, :, pad:-pad]
    if bug == "short":
        return dxp[:, :, pad : span - pad]
    if bug == "crop":
        return dxp[:, :, :length]
    return dxp[:, :, pad : pad + length]


def conv1d(bug="", stride=1, pad=0, dil=1, groups=1):
    def conv_forward(x, w, b):
        f, cg, k = w.shape
        xp = np.pad(x, ((0, 0), (0, 0), (pad, pad)))
        span = dil * (k - 1) + 1
        steps = (xp.shape[2] - span) // stride + 1
        out = np.zeros((x.shape[0], f, steps), dtype=x.dtype)
        fg = f // groups
        for g in range(groups):
            for t in range(steps):
                patch = xp[:, g * cg : (g + 1) * cg, t * stride : t * stride + span : dil]
                out[:, g * fg : (g + 1) * fg, t] = np.einsum("nck,fck->nf", patch, w[g * fg : (g + 1) * fg])
        return out + b[:, None], (x.shape, xp, w, span)

    def conv_backward(dout, cache):
        shape, xp, w, span = cache
        f, cg, _k = w.shape
        steps, fg, length = dout.shape[2], f // groups, shape[2]
        dxp = np.zeros(xp.shape, dtype=np.float16 if bug == "half" else xp.dtype)
        dw = np.zeros_like(w)
        for g in range(groups):
            channels = slice(g, None, groups) if bug == "interleaved" else slice(g * cg, (g + 1) * cg)
            for t in range(steps):
                window = slice(t * stride, t * stride + span, dil)
                d = dout[:, g * fg : (g + 1) * fg, t]
                part = np.einsum("nf,fck->nck", d, w[g * fg : (g + 1) * fg])
                add(dxp, (slice(None), channels, window), part, bug)
                dw[g * fg : (g + 1) * fg] += np.einsum("nf,nck->fck", d, xp[:, g * cg : (g + 1) * cg, window])
        if bug == "average":
            dw /= shape[0]
        db = dout.sum(2) if bug == "bias" else dout.sum((0, 2))
        dx = cropped(dxp, bug, pad, length, (steps - 1) * stride + span)
        return dx if bug in ("pad0", "short", "crop") else dx.astype(xp.dtype), dw, db

    return conv_forward, conv_backward


class Im2colConv:
    def __init__(self, bug="", c=2, f=4, k=3, pad=1, stride=1):  # noqa: PLR0917 -- as people write it
        self.W, self.b = weights(f, c, k, k), weights(f, seed=3)
        self.k, self.pad, self.stride, self.bug = k, pad, stride, bug
        self.col: Any = None

    def im2col(self, x):
        k, p, s = self.k, self.pad, self.stride
        win = sliding_window_view(np.pad(x, ((0, 0), (0, 0), (p, p), (p, p))), (k, k), axis=(2, 3))[:, :, ::s, ::s]
        self.oh, self.ow = win.shape[2:4]
        return win.transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * k * k)

    def forward(self, x):
        self.shape = x.shape
        if self.col is None or self.bug != "stale":
            self.col = self.im2col(x)
        out = self.im2col(x) @ self.W.reshape(len(self.W), -1).T + self.b
        return out.reshape(x.shape[0], self.oh, self.ow, -1).transpose(0, 3, 1, 2)

    def backward(self, dout):
        bug, (n, c, h, w), k, p, s = self.bug, self.shape, self.k, self.pad, self.stride
        f = len(self.W)
        d = dout.reshape(-1, f) if bug == "reshape" else dout.transpose(0, 2, 3, 1).reshape(-1, f)
        self.db = dout.sum((0, 1, 2)) if bug == "axes" else d.sum(0)
        self.dW = (self.col.T @ d).reshape(self.W.shape) if bug == "order" else (d.T @ self.col).reshape(self.W.shape)
        if bug == "decay":
            self.dW += 0.01 * self.W
        dcol = (d @ self.W.reshape(f, -1)).reshape(n, self.oh, self.ow, c, k, k)
        dx = np.zeros((n, c, h + 2 * p, w + 2 * p))
        for i in range(self.oh):
            for j in range(self.ow):
                if bug == "set":
                    dx[:, :, i * s : i * s + k, j * s : j * s + k] = dcol[:, i, j]
                else:
                    dx[:, :, i * s : i * s + k, j * s : j * s + k] += dcol[:, i, j]
        return dx if bug == "uncropped" else dx[:, :, p : p + h, p : p + w]
