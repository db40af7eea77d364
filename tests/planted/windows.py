"""Windows over images (N, C, H, W), with stride, padding and dilation; gradients beside the parameters."""

import numpy as np

from tests.planted.catalogue import Planted, draw, weights


class Conv2d:
    """A correlation; dW and db stand beside W and b."""

    def __init__(self, in_channels, out_channels, size, *more):
        self.size = size
        self.stride, self.padding, self.dilation = more or (1, 0, 1)
        self.W = weights(out_channels, in_channels, size, size)
        self.b = weights(out_channels)

    def places(self, padded):
        reach = self.dilation * (self.size - 1) + 1
        for i in range((padded.shape[2] - reach) // self.stride + 1):
            for j in range((padded.shape[3] - reach) // self.stride + 1):
                top, left = i * self.stride, j * self.stride
                yield i, j, slice(top, top + reach, self.dilation), slice(left, left + reach, self.dilation)

    def forward(self, x):
        p, reach = self.padding, self.dilation * (self.size - 1) + 1
        self.x = x
        self.padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        windows = np.lib.stride_tricks.sliding_window_view(self.padded, (reach, reach), axis=(2, 3))
        windows = windows[:, :, :: self.stride, :: self.stride, :: self.dilation, :: self.dilation]
        out = np.tensordot(windows, self.W, axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2)
        return out + self.b[:, None, None]

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        dpadded = np.zeros_like(self.padded)
        for i, j, r, c in self.places(self.padded):
            self.weigh(dout[:, :, i, j], self.padded[:, :, r, c])
            self.spread(dpadded, r, c, dout[:, :, i, j])
        self.db = self.bias_gradient(dout)
        return self.cut(dpadded)

    def weigh(self, g, window):
        self.dW += np.tensordot(g, window, axes=(0, 0))

    def spread(self, dpadded, r, c, g):
        dpadded[:, :, r, c] += np.tensordot(g, self.W, axes=(1, 0))

    def bias_gradient(self, dout):
        return dout.sum(axis=(0, 2, 3))

    def cut(self, dpadded):
        p = self.padding
        return dpadded[:, :, p : dpadded.shape[2] - p, p : dpadded.shape[3] - p]


class SpreadsLast(Conv2d):
    def spread(self, dpadded, r, c, g):
        dpadded[:, :, r, c] = np.tensordot(g, self.W, axes=(1, 0))


class WeighsLast(Conv2d):
    def weigh(self, g, window):
        self.dW = np.tensordot(g, window, axes=(0, 0))


class CutsTopLeft(Conv2d):
    def cut(self, dpadded):
        p = self.padding
        return dpadded[:, :, : dpadded.shape[2] - 2 * p, : dpadded.shape[3] - 2 * p]


class CutsNothing(Conv2d):
    def cut(self, dpadded):
        return dpadded


class CutsBottomRight(Conv2d):
    def cut(self, dpadded):
        p = self.padding
        return dpadded[:, :, 2 * p :, 2 * p :]


class BiasBatchMean(Conv2d):
    def bias_gradient(self, dout):
        return dout.sum(axis=(2, 3)).mean(axis=0)


class BiasMapMean(Conv2d):
    def bias_gradient(self, dout):
        return dout.mean(axis=(2, 3)).sum(axis=0)


class BiasFirstImage(Conv2d):
    def bias_gradient(self, dout):
        return dout[0].sum(axis=(1, 2))


class BiasPerImage(Conv2d):
    def bias_gradient(self, dout):
        return dout.sum(axis=(2, 3))


class BiasNegative(Conv2d):
    def bias_gradient(self, dout):
        return -super().bias_gradient(dout)


class BiasForgotten(Conv2d):
    def bias_gradient(self, dout):
        return np.zeros_like(self.b)


class SpreadsRotated(Conv2d):
    def spread(self, dpadded, r, c, g):
        dpadded[:, :, r, c] += np.tensordot(g, self.W[:, :, ::-1, ::-1], axes=(1, 0))


class SpreadsTransposed(Conv2d):
    def spread(self, dpadded, r, c, g):
        dpadded[:, :, r, c] += np.tensordot(g, self.W.transpose(0, 1, 3, 2), axes=(1, 0))


class SwapsChannels(Conv2d):
    def spread(self, dpadded, r, c, g):
        dpadded[:, :, r, c] += np.tensordot(g, self.W.transpose(1, 0, 2, 3), axes=(1, 0))


class WeighsRotated(Conv2d):
    def weigh(self, g, window):
        self.dW += np.tensordot(g, window, axes=(0, 0))[..., ::-1, ::-1]


class WeighsOverBatch(Conv2d):
    def weigh(self, g, window):
        self.dW += np.tensordot(g, window, axes=(0, 0)) / len(g)


class WeighsHalf(Conv2d):
    def weigh(self, g, window):
        self.dW += 0.5 * np.tensordot(g, window, axes=(0, 0))


class WeighsTwice(Conv2d):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dW *= self.stride
        return dx


class Decayed(Conv2d):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dW += 1e-2 * self.W
        return dx


class InputTimesKernel(Conv2d):
    def cut(self, dpadded):
        return super().cut(dpadded) * self.size


class KeepsAdding(Conv2d):
    def backward(self, dout):
        old = getattr(self, "dW", 0.0)
        dx = super().backward(dout)
        self.dW += old
        return dx


class ForgetsLeftovers(Conv2d):
    """Its last row and column of windows are left out."""

    def backward(self, dout):
        cut = dout.copy()
        cut[:, :, -1], cut[:, :, :, -1] = 0, 0
        db = self.bias_gradient(dout)
        dx = super().backward(cut)
        self.db = db
        return dx


class SpreadsWithoutDilation(Conv2d):
    def spread(self, dpadded, r, c, g):
        k = self.size
        dpadded[:, :, r.start : r.start + k, c.start : c.start + k] += np.tensordot(g, self.W, axes=(1, 0))


class SpreadsWithoutStride(Conv2d):
    def backward(self, dout):
        super().backward(dout)
        dpadded, k = np.zeros_like(self.padded), self.size
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                dpadded[:, :, i : i + k, j : j + k] += np.tensordot(dout[:, :, i, j], self.W, axes=(1, 0))
        return self.cut(dpadded)


def pool_forward(x, size, stride):
    rows, columns = (x.shape[2] - size) // stride + 1, (x.shape[3] - size) // stride + 1
    out = np.zeros((*x.shape[:2], rows, columns))
    for i in range(rows):
        for j in range(columns):
            out[:, :, i, j] = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size].max(axis=(2, 3))
    return out, (x, out, size, stride)


def _over_windows(write):
    def backward(dout, cache):
        x, out, size, stride = cache
        dx = np.zeros_like(x)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                window = (..., slice(i * stride, i * stride + size), slice(j * stride, j * stride + size))
                write(dx, window, x[window] == out[:, :, i, j, None, None], dout[:, :, i, j, None, None])
        return dx, None, None

    return backward


def _adds(dx, window, mask, g):
    dx[window] += mask * g


def _sets(dx, window, mask, g):
    dx[window] = mask * g


def _adds_everywhere(dx, window, mask, g):
    dx[window] += g


def _adds_share(dx, window, mask, g):
    dx[window] += g / mask.shape[-1] ** 2


def _adds_twice(dx, window, mask, g):
    dx[window] += 2 * mask * g


def _adds_root(dx, window, mask, g):
    dx[window] += g / mask.shape[-1]


def _sets_share(dx, window, mask, g):
    dx[window] = g / mask.shape[-1] ** 2


def average_forward(x, size, stride):
    out, cache = pool_forward(x, size, stride)
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[:, :, i, j] = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size].mean(axis=(2, 3))
    return out, cache


class GlobalAverage:
    """The mean of every map."""

    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(2, 3))

    def backward(self, dout):
        _n, _c, h, w = self.shape
        return np.broadcast_to(dout[:, :, None, None] / (h * w), self.shape).copy()


class GlobalSum(GlobalAverage):
    def backward(self, dout):
        return np.broadcast_to(dout[:, :, None, None], self.shape).copy()


class GlobalHeightTwice(GlobalAverage):
    def backward(self, dout):
        _n, _c, h, _w = self.shape
        return np.broadcast_to(dout[:, :, None, None] / (h * h), self.shape).copy()


class Upsample:
    """Every pixel twice along both axes."""

    def forward(self, x):
        return x.repeat(2, axis=2).repeat(2, axis=3)

    def backward(self, dout):
        n, c, h, w = dout.shape
        return dout.reshape(n, c, h // 2, 2, w // 2, 2).sum(axis=(3, 5))


class UpsampleMean(Upsample):
    def backward(self, dout):
        n, c, h, w = dout.shape
        return dout.reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5))


class UpsampleFirst(Upsample):
    def backward(self, dout):
        return dout[:, :, ::2, ::2].copy()


class UpsampleLast(Upsample):
    def backward(self, dout):
        return dout[:, :, 1::2, 1::2].copy()


class ZeroPad:
    """A margin of zeros."""

    def forward(self, x):
        return np.pad(x, ((0, 0), (0, 0), (1, 1), (2, 2)))

    def backward(self, dout):
        return dout[:, :, 1:-1, 2:-2].copy()


class ZeroPadShifted(ZeroPad):
    def backward(self, dout):
        return dout[:, :, :-2, :-4].copy()


class ZeroPadSwapped(ZeroPad):
    def backward(self, dout):
        return dout[:, :, 2:, 4:].copy()


class Conv1d:
    """Signals (N, C, T); grads['W'] beside params['W']."""

    def __init__(self, in_channels, out_channels, size, stride=1):
        self.stride = stride
        self.params = {"W": weights(out_channels, in_channels, size), "b": weights(out_channels)}
        self.grads = {}

    def forward(self, x):
        self.x, size = x, self.params["W"].shape[2]
        self.windows = np.stack([x[:, :, s : s + size] for s in range(0, x.shape[2] - size + 1, self.stride)], axis=3)
        return np.einsum("nckt,fck->nft", self.windows, self.params["W"]) + self.params["b"][:, None]

    def backward(self, dout):
        self.grads = {"W": self.weight_gradient(dout), "b": dout.sum(axis=(0, 2))}
        dx, size = np.zeros_like(self.x), self.params["W"].shape[2]
        for t in range(dout.shape[2]):
            self.add(dx, t * self.stride, size, dout[:, :, t])
        return dx

    def add(self, dx, start, size, g):
        dx[:, :, start : start + size] += np.einsum("nf,fck->nck", g, self.params["W"])

    def weight_gradient(self, dout):
        return np.einsum("nckt,nft->fck", self.windows, dout)


class Conv1dReversed(Conv1d):
    def weight_gradient(self, dout):
        return super().weight_gradient(dout)[:, :, ::-1]


class Conv1dKernelReversed(Conv1d):
    def add(self, dx, start, size, g):
        dx[:, :, start : start + size] += np.einsum("nf,fck->nck", g, self.params["W"][:, :, ::-1])


class Conv1dSets(Conv1d):
    def add(self, dx, start, size, g):
        dx[:, :, start : start + size] = np.einsum("nf,fck->nck", g, self.params["W"])


class Conv1dPerStep(Conv1d):
    def weight_gradient(self, dout):
        return super().weight_gradient(dout) / dout.shape[2]


IMAGES, SIGNALS = draw(2, 3, 6, 7), draw(2, 3, 9)


def _conv(name, cls, leaf, cause, *, expression=None, args=(3, 4, 3), x=IMAGES):
    return Planted(name, lambda: cls(*args), lambda: Conv2d(*args), x, leaf, cause, expression)


def _pool(name, forward, wrong, right, cause, *, size=2, stride=2, expression=None):
    return Planted(
        name, lambda: (forward, _over_windows(wrong)), lambda: (forward, _over_windows(right)),
        (IMAGES, size, stride), "input", cause, expression,
    )  # fmt: skip


def _layer(name, cls, twin, cause, *, x=IMAGES, leaf="input", args=(), expression=None):
    return Planted(name, lambda: cls(*args), lambda: twin(*args), x, leaf, cause, expression)


STRIDED, PADDED, DILATED = (3, 4, 3, 2, 0, 1), (3, 4, 3, 1, 1, 1), (3, 4, 2, 1, 0, 2)

PLANTED = [
    _conv("windows overwrite each other", SpreadsLast, "input", "overwritten-contribution"),
    _conv("strided windows overwrite each other", SpreadsLast, "input", "overwritten-contribution", args=STRIDED),
    _conv("the last window's weights alone", WeighsLast, "W", "overwritten-contribution"),
    _conv("padding cut from one side", CutsTopLeft, "input", "permuted-entries", args=PADDED),
    _conv("padding cut from the other side", CutsBottomRight, "input", "permuted-entries", args=PADDED),
    _conv("padding not cut", CutsNothing, "input", "shape-mismatch", args=PADDED),
    _conv("conv bias averaged over the batch", BiasBatchMean, "b", "constant-factor", expression="1 / N"),
    _conv("conv bias averaged over the map", BiasMapMean, "b", "constant-factor"),
    _conv("conv bias of the first image", BiasFirstImage, "b", "overwritten-contribution"),
    _conv("conv bias not summed over images", BiasPerImage, "b", "shape-mismatch"),
    _conv("conv bias with the wrong sign", BiasNegative, "b", "sign-flipped"),
    _conv("conv bias forgotten", BiasForgotten, "b", "zero-gradient"),
    _conv("kernel rotated in dX", SpreadsRotated, "input", "axis-flipped"),
    _conv("kernel rotated in dX, padded", SpreadsRotated, "input", "axis-flipped", args=PADDED),
    _conv("kernel transposed in dX", SpreadsTransposed, "input", "transposed"),
    _conv("kernel's channels exchanged in dX", SwapsChannels, "input", "transposed", args=(3, 3, 2)),
    _conv("conv dW rotated", WeighsRotated, "W", "axis-flipped"),
    _conv("conv dW rotated, strided", WeighsRotated, "W", "axis-flipped", args=STRIDED),
    _conv("conv dW averaged over the batch", WeighsOverBatch, "W", "constant-factor", expression="1 / N"),
    _conv("conv dW halved", WeighsHalf, "W", "constant-factor", expression="1/2"),
    _conv("conv dW times its stride", WeighsTwice, "W", "constant-factor", expression="stride", args=STRIDED),
    _conv("conv dX times the kernel's size", InputTimesKernel, "input", "constant-factor", expression="size"),
    _conv("conv decay in dW", Decayed, "W", "missing-term"),
    _conv("conv dW adds to the last call's", KeepsAdding, "W", "accumulates-across-calls"),
    _conv("the last windows left out", ForgetsLeftovers, "W input", "unrecognised", args=STRIDED),
    _conv("dX without dilation", SpreadsWithoutDilation, "input", "unrecognised", args=DILATED),
    _conv("dX without stride", SpreadsWithoutStride, "input", "unrecognised", args=STRIDED),
    _pool("overlapping max windows overwrite", pool_forward, _sets, _adds, "overwritten-contribution", size=3),
    _pool("max pool gives to all", pool_forward, _adds_everywhere, _adds, "ghost-gradient"),
    _pool("max pool twice", pool_forward, _adds_twice, _adds, "constant-factor"),
    _pool("average pool not divided", average_forward, _adds_everywhere, _adds_share, "constant-factor"),
    _pool("average pool divided by the side alone", average_forward, _adds_root, _adds_share, "constant-factor"),
    _pool("average pool to the maximum", average_forward, _adds, _adds_share, "zero-gradient"),
    _pool("overlapping averages overwrite", average_forward, _sets_share, _adds_share, "overwritten-contribution",
          size=3),
    _layer("global average not divided", GlobalSum, GlobalAverage, "constant-factor",
           expression="input_shape[2] * input_shape[3]"),
    _layer("global average divided by the height twice", GlobalHeightTwice, GlobalAverage, "constant-factor",
           expression="input_shape[3] / input_shape[2]"),
    _layer("upsampling averaged back", UpsampleMean, Upsample, "constant-factor", expression="1/4"),
    _layer("upsampling takes the first of each", UpsampleFirst, Upsample, "overwritten-contribution"),
    _layer("upsampling takes the last", UpsampleLast, Upsample, "overwritten-contribution"),
    _layer("zero padding cut at one end", ZeroPadShifted, ZeroPad, "permuted-entries"),
    _layer("zero padding cut at the other end", ZeroPadSwapped, ZeroPad, "permuted-entries"),
    _layer("1d dW reversed", Conv1dReversed, Conv1d, "axis-flipped", x=SIGNALS, leaf="params['W']", args=(3, 2, 3)),
    _layer("1d kernel reversed in dX", Conv1dKernelReversed, Conv1d, "axis-flipped", x=SIGNALS, args=(3, 2, 3)),
    _layer("1d windows overwrite", Conv1dSets, Conv1d, "overwritten-contribution", x=SIGNALS, args=(3, 2, 3)),
    _layer("1d dW averaged over the steps", Conv1dPerStep, Conv1d, "constant-factor", x=SIGNALS, leaf="params['W']",
           args=(3, 2, 3)),
]  # fmt: skip
