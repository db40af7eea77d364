"""Convolutions of odd kinds: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.planted.catalogue import weights


class Separable:
    """Each channel by a column, then by a row."""

    def __init__(self, bug=""):
        self.col, self.row, self.bug = weights(4, 3), weights(4, 3, seed=2), bug

    def forward(self, x):
        oh, ow = x.shape[2] - 2, x.shape[3] - 2
        self.x = x
        self.mid = sum(x[:, :, i : i + oh] * self.col[:, i, None, None] for i in range(3))
        return sum(self.mid[..., j : j + ow] * self.row[:, j, None, None] for j in range(3))

    def backward(self, dy):
        oh, ow = dy.shape[2:]
        drow = np.stack([(dy * self.mid[..., j : j + ow]).sum((0, 2, 3)) for j in range(3)], 1)
        if self.bug == "shared":
            drow = np.broadcast_to(drow.sum(0), drow.shape).copy()
        dmid, dx = np.zeros_like(self.mid), np.zeros_like(self.x)
        for j in range(3):
            dmid[..., j : j + ow] += dy * self.row[:, j, None, None]
        dcol = np.stack([(dmid * self.x[:, :, i : i + oh]).sum((0, 2, 3)) for i in range(3)], 1)
        for i in range(3):
            dx[:, :, i : i + oh] += dmid * self.col[:, i, None, None]
        self.grads = {"col": drow, "row": dcol} if self.bug == "swap" else {"col": dcol, "row": drow}
        return dx


class ConvTranspose2D:
    def __init__(self, bug="", cin=3, cout=3):
        self.kernel, self.bug, self.stride, self.pad = weights(cin, cout, 3, 3), bug, 2, 1

    def forward(self, x):
        n, _, h, w = x.shape
        s, p, self.x = self.stride, self.pad, x
        y = np.zeros((n, self.kernel.shape[1], (h - 1) * s + 3, (w - 1) * s + 3))
        for i in range(h):
            for j in range(w):
                y[:, :, i * s : i * s + 3, j * s : j * s + 3] += np.einsum("nc,cokl->nokl", x[:, :, i, j], self.kernel)
        return y[:, :, p:-p, p:-p]

    def backward(self, dy):
        _, _, h, w = self.x.shape
        s, p, bug = self.stride, self.pad, self.bug
        dy = np.pad(dy, ((0, 0), (0, 0), (p, p), (p, p)))
        dx, self.dkernel = np.zeros_like(self.x), np.zeros_like(self.kernel)
        for i in range(h):
            for j in range(w):
                patch = dy[:, :, i * s : i * s + 3, j * s : j * s + 3]
                if bug != "last" or i < h - 1:
                    dx[:, :, i, j] = np.einsum("nokl,cokl->nc", patch, self.kernel)
                one = np.einsum("nc,nokl->cokl", self.x[:, :, i, j], patch)
                self.dkernel = one if bug == "set" else self.dkernel + one
        if bug == "channels":
            self.dkernel = self.dkernel.swapaxes(0, 1)
        return dx


def pointwise(bug="", slope=0.1):
    """1x1 convolution and leaky ReLU, or tanh where the slope is None."""

    def forward(x, W, b):
        z = np.einsum("nchw,fc->nfhw", x, W) + b[:, None, None]
        y = np.tanh(z) if slope is None else np.where(z > 0, z, slope * z)
        return y, (x, W, z, y)

    def backward(dy, cache):
        x, W, z, y = cache
        if slope is None:
            dz = dy * (1 - np.tanh(y) ** 2) if bug == "twice" else dy * (1 - y**2)
        else:
            dz = np.where((dy if bug == "dout" else z) > 0, dy, slope * dy)
        dx = np.einsum("nfhw,cf->nchw" if bug == "untransposed" else "nfhw,fc->nchw", dz, W)
        dW = np.einsum("nfhw,nchw->cf" if bug == "dW" else "nfhw,nchw->fc", dz, x)
        return dx, dW, dz.sum((0, 2, 3))

    return forward, backward


class MaskedConv:
    """PixelCNN, mask A, one channel (N, H, W); momentum of gradients kept by the article's way."""

    def __init__(self, bug=""):
        self.kernel, self.bug = weights(3, 3), bug
        self.mask = np.array([[1.0, 1, 1], [1, 0, 0], [0, 0, 0]])
        self.dkernel = np.zeros((3, 3))

    def forward_propagation(self, input_data):
        self.input = np.pad(input_data, ((0, 0), (1, 1), (1, 1)))
        return np.einsum("nijkl,kl->nij", sliding_window_view(self.input, (3, 3), axis=(1, 2)), self.kernel * self.mask)

    def backward_propagation(self, output_error, learning_rate):
        _, h, w = output_error.shape
        if self.bug != "accumulate":
            self.dkernel[:] = 0
        dx = np.zeros_like(self.input)
        for i in range(3):
            for j in range(3):
                self.dkernel[i, j] += (output_error * self.input[:, i : i + h, j : j + w]).sum()
                dx[:, i : i + h, j : j + w] += output_error * self.kernel[i, j] * self.mask[i, j]
        if self.bug == "mask":
            self.kernel -= learning_rate * self.dkernel
        else:
            self.kernel -= learning_rate * self.dkernel * self.mask
        return dx[:, 1:-1, 1:-1]


class CausalConv:
    def __init__(self, bug=""):
        self.w, self.b, self.dilation, self.bug = weights(3, 2, 4) * 2, weights(4), 2, bug

    def forward(self, x):
        K, d = len(self.w), self.dilation
        pad = (K - 1) * d
        self.xp = np.concatenate([np.zeros((pad, x.shape[1])), x])
        T = len(x)
        # w[0] meets the oldest value
        return sum(self.xp[k * d : k * d + T] @ self.w[k] for k in range(K)) + self.b

    def backward(self, dy):
        K, d, T, bug = len(self.w), self.dilation, len(dy), self.bug
        dw, dxp = np.zeros_like(self.w), np.zeros_like(self.xp)
        for k in range(K):
            dw[K - 1 - k if bug == "dw" else k] = self.xp[k * d : k * d + T].T @ dy
            j = K - 1 - k if bug == "flip" else k
            if bug == "set":
                dxp[k * d : k * d + T] = dy @ self.w[k].T
            elif bug == "last":
                dxp[k * d : k * d + T - 1] += dy[:-1] @ self.w[k].T
            else:
                dxp[k * d : k * d + T] += dy @ self.w[j].T
        self.dw, self.db = dw, dy.sum(axis=0)
        return dxp[(K - 1) * d :]
