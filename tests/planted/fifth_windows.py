"""Convolutions and pooling of the fifth held-out batch. The table stands in unseen_fifth.py."""

from typing import Any

import numpy as np


class Conv1D:
    """Valid correlation of (N, C, L) with weights (F, C, K)."""

    def __init__(self, channels, filters, width):
        r = np.random.default_rng(1)
        self.W, self.b = r.normal(size=(filters, channels, width)), r.normal(size=filters)

    def forward(self, x):
        self.x = x
        k = self.W.shape[2]
        cols = np.stack([x[:, :, i : i + k] for i in range(x.shape[2] - k + 1)], axis=2)
        return np.einsum("nclk,fck->nfl", cols, self.W) + self.b[:, None]

    def kernel(self):
        return self.W[:, :, ::-1]

    def backward(self, dout):
        k = self.W.shape[2]
        padded = np.pad(dout, ((0, 0), (0, 0), (k - 1, k - 1)))
        cols = np.stack([padded[:, :, i : i + k] for i in range(self.x.shape[2])], axis=2)
        self.db = dout.sum(axis=(0, 2))
        length = dout.shape[2]
        self.dW = np.stack([np.einsum("nfl,ncl->fc", dout, self.x[:, :, i : i + length]) for i in range(k)], axis=2)
        return np.einsum("nflk,fck->ncl", cols, self.kernel())


class Conv1DUnflipped(Conv1D):
    """dE/dX correlates with the kernel as it stands."""

    def kernel(self):
        return self.W


def im2col(x, kh, kw):
    n, c, h, w = x.shape
    oh, ow = h - kh + 1, w - kw + 1
    cols = np.empty((n, oh, ow, c, kh, kw))
    for i in range(oh):
        for j in range(ow):
            cols[:, i, j] = x[:, :, i : i + kh, j : j + kw]
    return cols.reshape(n * oh * ow, c * kh * kw)


def col2im(cols, shape, kh, kw):
    n, c, h, w = shape
    oh, ow = h - kh + 1, w - kw + 1
    x, cols = np.zeros(shape), cols.reshape(n, oh, ow, c, kh, kw)
    for i in range(oh):
        for j in range(ow):
            x[:, :, i : i + kh, j : j + kw] += cols[:, i, j]
    return x


def conv_im2col_forward(x, w, b):
    f, _, kh, kw = w.shape
    cols = im2col(x, kh, kw)
    out = cols @ w.reshape(f, -1).T + b
    n, _, h, wd = x.shape
    return out.reshape(n, h - kh + 1, wd - kw + 1, f).transpose(0, 3, 1, 2), (x.shape, w, cols)


def conv_im2col_backward_reshaped(dout, cache):
    """dW has the filters last and is reshaped, where a transpose is needed."""
    shape, w, cols = cache
    f, _, kh, kw = w.shape
    d = dout.transpose(0, 2, 3, 1).reshape(-1, f)
    return col2im(d @ w.reshape(f, -1), shape, kh, kw), (cols.T @ d).reshape(w.shape), d.sum(axis=0)


def conv_im2col_backward(dout, cache):
    shape, w, cols = cache
    f, _, kh, kw = w.shape
    d = dout.transpose(0, 2, 3, 1).reshape(-1, f)
    return col2im(d @ w.reshape(f, -1), shape, kh, kw), (cols.T @ d).T.reshape(w.shape), d.sum(axis=0)


class PaddedConv2D:
    """Stride 1, zero padding, NCHW; updates itself."""

    mode: Any = "constant"

    def __init__(self, channels, filters, size, pad):
        r = np.random.default_rng(2)
        self.weights, self.bias = r.normal(size=(filters, channels, size, size)), r.normal(size=filters)
        self.pad = pad

    def forward(self, x):
        p, k = self.pad, self.weights.shape[2]
        self.padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), mode=self.mode)
        h, w = self.padded.shape[2] - k + 1, self.padded.shape[3] - k + 1
        out = np.zeros((len(x), len(self.weights), h, w)) + self.bias[:, None, None]
        for i in range(k):
            for j in range(k):
                window = self.padded[:, :, i : i + h, j : j + w]
                out += np.einsum("nchw,fc->nfhw", window, self.weights[:, :, i, j])
        return out

    def crop(self, dpadded):
        p = self.pad
        return dpadded[:, :, p:-p, p:-p]

    def backward(self, dout, learning_rate):
        h, w = dout.shape[2:]
        k = self.weights.shape[2]
        dpadded, dweights = np.zeros_like(self.padded), np.zeros_like(self.weights)
        for i in range(k):
            for j in range(k):
                window = self.padded[:, :, i : i + h, j : j + w]
                dweights[:, :, i, j] = np.einsum("nfhw,nchw->fc", dout, window)
                dpadded[:, :, i : i + h, j : j + w] += np.einsum("nfhw,fc->nchw", dout, self.weights[:, :, i, j])
        self.weights -= learning_rate * dweights
        self.bias -= learning_rate * dout.sum(axis=(0, 2, 3))
        return self.crop(dpadded)


class PaddedConv2DCropped(PaddedConv2D):
    """The padding is cut off at the end only: the gradient is shifted by the padding."""

    def crop(self, dpadded):
        p = self.pad
        return dpadded[:, :, : -2 * p, : -2 * p]


class ReplicatePaddedConv2D(PaddedConv2D):
    """The padding repeats the border, so its gradient belongs to the border."""

    mode = "edge"

    def crop(self, dpadded):
        p, inner = self.pad, dpadded.copy()
        for axis in (2, 3):
            moved = np.moveaxis(inner, axis, 0)
            moved[p] += moved[:p].sum(axis=0)
            moved[-p - 1] += moved[-p:].sum(axis=0)
        return inner[:, :, p:-p, p:-p]


class ReplicatePaddedConv2DCropped(ReplicatePaddedConv2D):
    """Crops as if zeros had been padded."""

    def crop(self, dpadded):
        return PaddedConv2D.crop(self, dpadded)


def strided_forward(x, w, stride):
    """x (N, L), w (K,)."""
    length = (x.shape[1] - len(w)) // stride + 1
    out = np.stack([x[:, i * stride : i * stride + len(w)] @ w for i in range(length)], axis=1)
    return out, (x, w, stride)


def strided_backward_leftover(dout, cache):
    """dX ends with the last window, though x goes on."""
    x, w, stride = cache
    dx, dw = np.zeros((len(x), (dout.shape[1] - 1) * stride + len(w))), np.zeros_like(w)
    for i in range(dout.shape[1]):
        dx[:, i * stride : i * stride + len(w)] += dout[:, i, None] * w
        dw += dout[:, i] @ x[:, i * stride : i * stride + len(w)]
    return dx, dw, None


def strided_backward(dout, cache):
    x, w, stride = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i in range(dout.shape[1]):
        dx[:, i * stride : i * stride + len(w)] += dout[:, i, None] * w
        dw += dout[:, i] @ x[:, i * stride : i * stride + len(w)]
    return dx, dw, None


class DilatedConv1D:
    """(N, L, C) with kernel (K, C, F), holes of the dilation between taps."""

    def __init__(self, channels, filters, taps, dilation):
        self.params = {"kernel": np.random.default_rng(4).normal(size=(taps, channels, filters))}
        self.grads = {}
        self.dilation = dilation

    def forward(self, x):
        self.x = x
        w, d = self.params["kernel"], self.dilation
        length = x.shape[1] - d * (len(w) - 1)
        return sum(x[:, k * d : k * d + length] @ w[k] for k in range(len(w)))

    def backward(self, dout):
        w, d, length = self.params["kernel"], self.dilation, dout.shape[1]
        dx, dw = np.zeros_like(self.x), np.zeros_like(w)
        for n in range(len(dout)):
            for k in range(len(w)):
                dw[k] += self.x[n, k * d : k * d + length].T @ dout[n]
                dx[n, k * d : k * d + length] += dout[n] @ w[k].T
        self.grads["kernel"] = dw
        return dx


class DilatedConv1DLastSample(DilatedConv1D):
    """`=` for `+=` in the loop over samples."""

    def backward(self, dout):
        w, d, length = self.params["kernel"], self.dilation, dout.shape[1]
        dx, dw = np.zeros_like(self.x), np.zeros_like(w)
        for n in range(len(dout)):
            for k in range(len(w)):
                dw[k] = self.x[n, k * d : k * d + length].T @ dout[n]
                dx[n, k * d : k * d + length] += dout[n] @ w[k].T
        self.grads["kernel"] = dw
        return dx


class ConvTranspose2D:
    """(N, C, H, W), weights (C, F, K, K), stride s."""

    def __init__(self, channels, filters, size, stride):
        r = np.random.default_rng(5)
        self.W, self.b, self.stride = r.normal(size=(channels, filters, size, size)), r.normal(size=filters), stride

    def forward(self, x):
        self.x = x
        s, k = self.stride, self.W.shape[2]
        n, _, h, w = x.shape
        out = np.zeros((n, len(self.b), (h - 1) * s + k, (w - 1) * s + k))
        for i in range(h):
            for j in range(w):
                out[:, :, i * s : i * s + k, j * s : j * s + k] += np.einsum("nc,cfkl->nfkl", x[:, :, i, j], self.W)
        return out + self.b[:, None, None]

    def bias_gradient(self, dout):
        return dout.sum(axis=(0, 2, 3))

    def backward(self, dout):
        s, k = self.stride, self.W.shape[2]
        dx, self.dW = np.zeros_like(self.x), np.zeros_like(self.W)
        for i in range(self.x.shape[2]):
            for j in range(self.x.shape[3]):
                patch = dout[:, :, i * s : i * s + k, j * s : j * s + k]
                dx[:, :, i, j] = np.einsum("nfkl,cfkl->nc", patch, self.W)
                self.dW += np.einsum("nc,nfkl->cfkl", self.x[:, :, i, j], patch)
        self.db = self.bias_gradient(dout)
        return dx


class ConvTranspose2DMeanBias(ConvTranspose2D):
    """A mean where a sum belongs."""

    def bias_gradient(self, dout):
        return dout.mean(axis=(0, 2, 3))


class DepthwiseConv1D:
    """(N, C, L), weights (C, M, K): output channel c * M + m."""

    def __init__(self, channels, multiplier, width):
        self.w = np.random.default_rng(6).normal(size=(channels, multiplier, width))

    def forward(self, x):
        self.x = x
        c, m, k = self.w.shape
        length = x.shape[2] - k + 1
        out = sum(np.einsum("ncl,cm->ncml", x[:, :, i : i + length], self.w[:, :, i]) for i in range(k))
        return out.reshape(len(x), c * m, length)

    def split(self, dout):
        c, m, _ = self.w.shape
        return dout.reshape(len(dout), c, m, -1)

    def backward(self, dout):
        d, length = self.split(dout), dout.shape[2]
        dx, self.dw = np.zeros_like(self.x), np.zeros_like(self.w)
        for i in range(self.w.shape[2]):
            dx[:, :, i : i + length] += np.einsum("ncml,cm->ncl", d, self.w[:, :, i])
            self.dw[:, :, i] = np.einsum("ncml,ncl->cm", d, self.x[:, :, i : i + length])
        return dx


class DepthwiseConv1DMixed(DepthwiseConv1D):
    """Backward takes output channel m * C + c."""

    def split(self, dout):
        c, m, _ = self.w.shape
        return dout.reshape(len(dout), m, c, -1).transpose(0, 2, 1, 3)


def grouped_forward(x, w):
    """A pointwise convolution in groups: x (N, G * C, L), w (G, F, C)."""
    g, _, c = w.shape
    out = [np.einsum("ncl,fc->nfl", x[:, i * c : (i + 1) * c], w[i]) for i in range(g)]
    return np.concatenate(out, axis=1), (x, w)


def grouped_backward_fresh(dout, cache):
    """dX starts anew in each group."""
    x, w = cache
    g, f, c = w.shape
    dw = np.zeros_like(w)
    for i in range(g):
        dx = np.zeros_like(x)
        d = dout[:, i * f : (i + 1) * f]
        dx[:, i * c : (i + 1) * c] = np.einsum("nfl,fc->ncl", d, w[i])
        dw[i] = np.einsum("nfl,ncl->fc", d, x[:, i * c : (i + 1) * c])
    return dx, dw


def grouped_backward(dout, cache):
    x, w = cache
    g, f, c = w.shape
    dw, dx = np.zeros_like(w), np.zeros_like(x)
    for i in range(g):
        d = dout[:, i * f : (i + 1) * f]
        dx[:, i * c : (i + 1) * c] = np.einsum("nfl,fc->ncl", d, w[i])
        dw[i] = np.einsum("nfl,ncl->fc", d, x[:, i * c : (i + 1) * c])
    return dx, dw


def unfold_indices(height, width, k):
    i0, j0 = np.divmod(np.arange(k * k), k)
    i1, j1 = np.divmod(np.arange((height - k + 1) * (width - k + 1)), width - k + 1)
    return i0[:, None] + i1, j0[:, None] + j1


def patches_forward(x, w):
    """x (N, H, W), w (K * K,): every patch times w."""
    i, j = unfold_indices(x.shape[1], x.shape[2], round(len(w) ** 0.5))
    cols = x[:, i, j]
    return np.einsum("nkl,k->nl", cols, w), (x.shape, cols, w, i, j)


def patches_backward_fancy(dout, cache):
    """`+=` with repeated indices keeps one of them."""
    shape, cols, w, i, j = cache
    dx = np.zeros(shape)
    dx[:, i, j] += dout[:, None] * w[:, None]
    return dx, np.einsum("nl,nkl->k", dout, cols)


def patches_backward(dout, cache):
    shape, cols, w, i, j = cache
    dx = np.zeros(shape)
    np.add.at(dx, (slice(None), i, j), dout[:, None] * w[:, None])  # type: ignore[arg-type]
    return dx, np.einsum("nl,nkl->k", dout, cols)


class PointwiseConv:
    """1 x 1 on (N, H, W, C), as many channels out as in."""

    def __init__(self, channels):
        r = np.random.default_rng(7)
        self.kernel, self.bias = r.normal(size=(channels, channels)), r.normal(size=channels)

    def forward(self, x):
        self.x = x
        return x @ self.kernel + self.bias

    def backward(self, dout):
        flat = dout.reshape(-1, dout.shape[-1])
        return dout @ self.kernel.T, self.x.reshape(-1, self.x.shape[-1]).T @ flat, flat.sum(axis=0)


class PointwiseConvTransposed(PointwiseConv):
    """dX by the kernel itself."""

    def backward(self, dout):
        flat = dout.reshape(-1, dout.shape[-1])
        return dout @ self.kernel, self.x.reshape(-1, self.x.shape[-1]).T @ flat, flat.sum(axis=0)


class PointwiseConvBiasAxes(PointwiseConv):
    """The bias is summed over (0, 1): the columns are left."""

    def backward(self, dout):
        flat = dout.reshape(-1, dout.shape[-1])
        return dout @ self.kernel.T, self.x.reshape(-1, self.x.shape[-1]).T @ flat, dout.sum(axis=(0, 1))


class MaxPool2:
    """2 x 2, stride 2, (N, C, H, W): the first of equal cells gets the gradient."""

    def forward(self, x):
        n, c, h, w = x.shape
        cells = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
        self.x, self.winner, self.out = x, cells.argmax(axis=-1), cells.max(axis=-1)
        return self.out

    def backward(self, dout):
        mask = (np.arange(4) == self.winner[..., None]) * dout[..., None]
        n, c, h, w = self.x.shape
        return mask.reshape(n, c, h // 2, w // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(self.x.shape)


class MaxPool2Ties(MaxPool2):
    """All cells that equal the maximum get the whole."""

    def backward(self, dout):
        grown = self.out.repeat(2, axis=2).repeat(2, axis=3)
        return (self.x == grown) * dout.repeat(2, axis=2).repeat(2, axis=3)


class MaxPool2Everywhere(MaxPool2):
    """Every cell of the window gets the whole."""

    def backward(self, dout):
        return dout.repeat(2, axis=2).repeat(2, axis=3)


class AveragePadded:
    """Width 3, stride 1, padding 1 on (N, L), the padding not counted."""

    def forward(self, x):
        self.shape = x.shape
        p = np.pad(x, ((0, 0), (1, 1)))
        self.count = np.convolve(np.ones(x.shape[1]), np.ones(3), "same")
        return (p[:, :-2] + p[:, 1:-1] + p[:, 2:]) / self.count

    def backward(self, dout):
        p = np.pad(dout / self.count, ((0, 0), (1, 1)))
        return p[:, :-2] + p[:, 1:-1] + p[:, 2:]


class AveragePaddedCounted(AveragePadded):
    """Backward divides by 3 at the border too."""

    def backward(self, dout):
        p = np.pad(dout / 3, ((0, 0), (1, 1)))
        return p[:, :-2] + p[:, 1:-1] + p[:, 2:]


def global_average_forward(x):
    return x.mean(axis=(2, 3)), x.shape


def global_average_backward_undivided(dout, shape):
    return np.broadcast_to(dout[:, :, None, None], shape).copy()


def global_average_backward(dout, shape):
    return np.broadcast_to(dout[:, :, None, None], shape) / (shape[2] * shape[3])


class LPPool:
    """(sum |x|^p)^(1/p) over windows of two."""

    def __init__(self, p=3.0):
        self.p = p

    def forward(self, x):
        self.x = x.reshape(len(x), -1, 2)
        self.y = (np.abs(self.x) ** self.p).sum(axis=2) ** (1 / self.p)
        return self.y

    def backward(self, dout):
        d = dout[..., None] * np.sign(self.x) * (np.abs(self.x) / self.y[..., None]) ** (self.p - 1)
        return d.reshape(len(d), -1)


class LPPoolUnsigned(LPPool):
    """The sign of x is lost."""

    def backward(self, dout):
        d = dout[..., None] * (np.abs(self.x) / self.y[..., None]) ** (self.p - 1)
        return d.reshape(len(d), -1)


class AdaptiveAveragePool:
    """(N, L) to a given length; bins may overlap by one."""

    def __init__(self, output_size):
        self.output_size = output_size

    def bins(self, length):
        n = self.output_size
        return [(i * length // n, -(-(i + 1) * length // n)) for i in range(n)]

    def forward(self, x):
        self.shape = x.shape
        return np.stack([x[:, a:b].mean(axis=1) for a, b in self.bins(x.shape[1])], axis=1)

    def backward(self, dout):
        dx = np.zeros(self.shape)
        for i, (a, b) in enumerate(self.bins(self.shape[1])):
            dx[:, a:b] += dout[:, i, None] / (b - a)
        return dx


class AdaptiveAveragePoolSet(AdaptiveAveragePool):
    """`=` for `+=` where bins overlap."""

    def backward(self, dout):
        dx = np.zeros(self.shape)
        for i, (a, b) in enumerate(self.bins(self.shape[1])):
            dx[:, a:b] = dout[:, i, None] / (b - a)
        return dx


def max_pool1d_forward(x, width):
    """Stride 1, (N, L)."""
    windows = np.stack([x[:, i : i + width] for i in range(x.shape[1] - width + 1)], axis=1)
    return windows.max(axis=2), (x.shape, windows.argmax(axis=2))


def max_pool1d_backward_set(dout, cache):
    """A cell that wins twice keeps the last window's gradient."""
    shape, winner = cache
    dx = np.zeros(shape)
    for n in range(dout.shape[0]):
        for i in range(dout.shape[1]):
            dx[n, i + winner[n, i]] = dout[n, i]
    return dx, None


def max_pool1d_backward(dout, cache):
    shape, winner = cache
    dx = np.zeros(shape)
    for n in range(dout.shape[0]):
        for i in range(dout.shape[1]):
            dx[n, i + winner[n, i]] += dout[n, i]
    return dx, None
