"""Dense layers, embeddings, reshaping and forms of the fifth held-out batch. The table stands in unseen_fifth.py."""

import numpy as np


class TiedAutoencoder:
    """y = tanh(x W) W.T + b"""

    def __init__(self, inputs, hidden):
        r = np.random.default_rng(8)
        self.W, self.b = r.normal(size=(inputs, hidden)), r.normal(size=inputs)

    def forward(self, x):
        self.x, self.h = x, np.tanh(x @ self.W)
        return self.h @ self.W.T + self.b

    def backward(self, dout):
        dz = dout @ self.W * (1 - self.h**2)
        self.dW, self.db = self.x.T @ dz + dout.T @ self.h, dout.sum(axis=0)
        return dz @ self.W.T


class TiedAutoencoderDecoder(TiedAutoencoder):
    """The second use overwrites the first."""

    def backward(self, dout):
        dz = dout @ self.W * (1 - self.h**2)
        self.dW, self.db = dout.T @ self.h, dout.sum(axis=0)
        return dz @ self.W.T


class Linear:
    """y = x W.T + b, W (outputs, inputs)."""

    def __init__(self, inputs, outputs):
        r = np.random.default_rng(9)
        self.W, self.b = r.normal(size=(outputs, inputs)), r.normal(size=outputs)
        self.reg = 0.1

    def forward(self, x):
        self.x = x
        return x @ self.W.T + self.b

    def backward(self, dout):
        return dout @ self.W, dout.T @ self.x, dout.sum(axis=0)


class LinearTransposed(Linear):
    """dW laid out as (inputs, outputs)."""

    def backward(self, dout):
        return dout @ self.W, self.x.T @ dout, dout.sum(axis=0)


class LinearRegularised(Linear):
    """dW holds a decay that the output does not."""

    def backward(self, dout):
        return dout @ self.W, dout.T @ self.x + self.reg * self.W, dout.sum(axis=0)


class LinearBiasAxis(Linear):
    """The bias is summed over the outputs; as many rows as outputs."""

    def backward(self, dout):
        return dout @ self.W, dout.T @ self.x, dout.sum(axis=1)


class LinearAveraged(Linear):
    """dW is averaged over the rows, db and dX are not."""

    def backward(self, dout):
        return dout @ self.W, dout.T @ self.x / len(dout), dout.sum(axis=0)


class FCLayer:
    def __init__(self, input_size, output_size):
        r = np.random.default_rng(10)
        self.weights, self.bias = r.normal(size=(input_size, output_size)), r.normal(size=(1, output_size))

    def forward_propagation(self, input_data):
        self.input = input_data
        return input_data @ self.weights + self.bias

    def backward_propagation(self, output_error, learning_rate):
        input_error = output_error @ self.weights.T
        self.weights -= learning_rate * self.input.T @ output_error
        self.bias -= learning_rate * output_error.sum(axis=0, keepdims=True)
        return input_error


class FCLayerUpdatedFirst(FCLayer):
    """dE/dX by the new weights."""

    def backward_propagation(self, output_error, learning_rate):
        self.weights -= learning_rate * self.input.T @ output_error
        self.bias -= learning_rate * output_error.sum(axis=0, keepdims=True)
        return output_error @ self.weights.T


def mlp_forward(x, w1, w2):
    h = np.maximum(x @ w1, 0)
    return h @ w2, (x, h, w1, w2)


def mlp_backward_mask_of_gradient(dout, cache):
    """The ReLU's mask is taken from the gradient."""
    x, h, w1, w2 = cache
    dh = dout @ w2.T
    dh = dh * (dh > 0)
    return dh @ w1.T, x.T @ dh, h.T @ dout


def mlp_backward(dout, cache):
    x, h, w1, w2 = cache
    dh = dout @ w2.T * (h > 0)
    return dh @ w1.T, x.T @ dh, h.T @ dout


class Embedding:
    def __init__(self, words, size, padding_idx=None):
        self.W = np.random.default_rng(11).normal(size=(words, size))
        self.padding_idx = padding_idx

    def forward(self, idx):
        self.idx = idx
        out = self.W[idx]
        if self.padding_idx is not None:
            out[idx == self.padding_idx] = 0
        return out

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.idx, dout)
        if self.padding_idx is not None:
            self.dW[self.padding_idx] = 0


class EmbeddingFancy(Embedding):
    """`+=` loses words that come twice."""

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        self.dW[self.idx] += dout


class EmbeddingPaddingTaught(Embedding):
    """The padding's row gets a gradient."""

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.idx, dout)


def upsample_forward(x):
    return x.repeat(2, axis=2).repeat(2, axis=3), None


def upsample_backward_first(dout, _):
    """One of the four copies."""
    return dout[:, :, ::2, ::2].copy()


def upsample_backward(dout, _):
    n, c, h, w = dout.shape
    return dout.reshape(n, c, h // 2, 2, w // 2, 2).sum(axis=(3, 5))


class PixelShuffle:
    """(N, C r r, H, W) to (N, C, H r, W r)."""

    def __init__(self, r=2):
        self.r = r

    def forward(self, x):
        n, c, h, w = x.shape
        r = self.r
        z = x.reshape(n, c // r**2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3)
        return z.reshape(n, c // r**2, h * r, w * r)

    def backward(self, dout):
        n, c, h, w = dout.shape
        r = self.r
        z = dout.reshape(n, c, h // r, r, w // r, r).transpose(0, 1, 3, 5, 2, 4)
        return z.reshape(n, c * r**2, h // r, w // r)


class PixelShuffleExchanged(PixelShuffle):
    """The two offsets within a block are exchanged."""

    def backward(self, dout):
        n, c, h, w = dout.shape
        r = self.r
        z = dout.reshape(n, c, h // r, r, w // r, r).transpose(0, 1, 5, 3, 2, 4)
        return z.reshape(n, c * r**2, h // r, w // r)


class ReflectionPad1d:
    def __init__(self, pad=2):
        self.pad = pad

    def forward(self, x):
        return np.pad(x, ((0, 0), (self.pad, self.pad)), mode="reflect")

    def backward(self, dout):
        p = self.pad
        dx = dout[:, p:-p].copy()
        dx[:, 1 : p + 1] += dout[:, :p][:, ::-1]
        dx[:, -p - 1 : -1] += dout[:, -p:][:, ::-1]
        return dx


class ReflectionPad1dCropped(ReflectionPad1d):
    """Only the middle."""

    def backward(self, dout):
        return dout[:, self.pad : -self.pad].copy()


def concat_forward(x, y):
    return np.concatenate([x, y], axis=1), x.shape[1]


def concat_backward_exchanged(dout, split):
    return dout[:, split:].copy(), dout[:, :split].copy()


def concat_backward(dout, split):
    return dout[:, :split].copy(), dout[:, split:].copy()


class GatedSplit:
    """The first half times the sigmoid of the second."""

    def forward(self, x):
        self.a, self.b = np.split(x, 2, axis=1)
        self.s = 1 / (1 + np.exp(-self.b))
        return self.a * self.s

    def backward(self, dout):
        return np.concatenate([dout * self.s, dout * self.a * self.s * (1 - self.s)], axis=1)


class GatedSplitGateOpen(GatedSplit):
    """The gate's gradient lacks a."""

    def backward(self, dout):
        return np.concatenate([dout * self.s, dout * self.s * (1 - self.s)], axis=1)


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1, order="F")

    def backward(self, dout):
        return dout.reshape(self.shape, order="F")


class FlattenOtherOrder(Flatten):
    """Flattened in one order, restored in the other."""

    def backward(self, dout):
        return dout.reshape(self.shape)


def bilinear_forward(x, w, z):
    """y[b, k] = x[b] . w[k] . z[b]"""
    return np.einsum("bi,kij,bj->bk", x, w, z), (x, w, z)


def bilinear_backward_transposed(dout, cache):
    x, w, z = cache
    dw = np.einsum("bk,bj,bi->kij", dout, x, z)
    return np.einsum("bk,kij,bj->bi", dout, w, z), dw, np.einsum("bk,kij,bi->bj", dout, w, x)


def bilinear_backward(dout, cache):
    x, w, z = cache
    dw = np.einsum("bk,bi,bj->kij", dout, x, z)
    return np.einsum("bk,kij,bj->bi", dout, w, z), dw, np.einsum("bk,kij,bi->bj", dout, w, x)


class RBF:
    """y[b, k] = exp(-gamma[k] |x[b] - c[k]|^2)"""

    def __init__(self, inputs, units):
        r = np.random.default_rng(12)
        self.centers, self.gamma = r.normal(size=(units, inputs)), r.uniform(0.2, 0.6, size=units)

    def forward(self, x):
        self.d = x[:, None] - self.centers
        self.sq = (self.d**2).sum(axis=2)
        self.y = np.exp(-self.gamma * self.sq)
        return self.y

    def backward(self, dout):
        k = (dout * self.y * self.gamma)[:, :, None] * self.d
        self.grad_centers = 2 * k.sum(axis=0)
        self.grad_gamma = -(dout * self.y * self.sq).sum(axis=0)
        return -2 * k.sum(axis=1)


class RBFCentersSign(RBF):
    """The centres move as the input does."""

    def backward(self, dout):
        k = (dout * self.y * self.gamma)[:, :, None] * self.d
        self.grad_centers = -2 * k.sum(axis=0)
        self.grad_gamma = -(dout * self.y * self.sq).sum(axis=0)
        return -2 * k.sum(axis=1)


class FactorizationMachine:
    """y = w0 + x w + ((x V)^2 - x^2 V^2).sum / 2"""

    def __init__(self, features, factors):
        r = np.random.default_rng(13)
        self.w0, self.w, self.V = r.normal(size=1), r.normal(size=features), r.normal(size=(features, factors))

    def forward(self, x):
        self.x, self.xv = x, x @ self.V
        return self.w0 + x @ self.w + 0.5 * (self.xv**2 - x**2 @ self.V**2).sum(axis=1)

    def second(self, dout):
        return (dout @ self.x**2)[:, None] * self.V

    def backward(self, dout):
        d = dout[:, None]
        self.dw0, self.dw = dout.sum(keepdims=True), self.x.T @ dout
        self.dV = self.x.T @ (d * self.xv) - self.second(dout)
        return d * (self.w + self.xv @ self.V.T - self.x * (self.V**2).sum(axis=1))


class FactorizationMachineNoSquares(FactorizationMachine):
    """The squares are forgotten in dV."""

    def second(self, dout):
        return 0.0


class LayerScale:
    def __init__(self, channels):
        self.gamma = np.linspace(0.3, 1.9, channels)

    def forward(self, x):
        self.x = x
        self.out = x * self.gamma
        return self.out

    def backward(self, dout):
        self.dgamma = (dout * self.x).sum(axis=0)
        return dout * self.gamma


class LayerScaleOutput(LayerScale):
    """dgamma by the output in place of the input."""

    def backward(self, dout):
        self.dgamma = (dout * self.out).sum(axis=0)
        return dout * self.gamma


def residual_forward(x, w, scale):
    """y = x + scale * tanh(x w)"""
    h = np.tanh(x @ w)
    return x + scale * h, (x, w, scale, h)


def residual_backward_branch_alone(dout, cache):
    """The way past the branch is forgotten."""
    x, w, scale, h = cache
    dz = dout * scale * (1 - h**2)
    return dz @ w.T, x.T @ dz, (dout * h).sum(axis=0)


def residual_backward(dout, cache):
    x, w, scale, h = cache
    dz = dout * scale * (1 - h**2)
    return dout + dz @ w.T, x.T @ dz, (dout * h).sum(axis=0)
