"""The third batch, written and labelled before the diagnosis saw it: correct layers and the edits that spoil them.

Each fault is one edit of the correct source, as a slip of the hand makes it. The labels are what the diagnosis must
give; where they are not those that were written before it ran, those stand last.
"""

import numpy as np
from scipy.special import erf

from tests.planted.unseen import Batch, draw, sigmoid, weights

PLANTED = Batch()
layer, functions, activation = PLANTED.layer, PLANTED.functions, PLANTED.activation


# ---- dense layers
class ListAffine:
    def __init__(self, n_in, n_out):
        self.params = [weights(n_in, n_out), weights(n_out)]
        self.grads = [np.zeros((n_in, n_out)), np.zeros(n_out)]

    def forward(self, x):
        W, b = self.params
        self.x = x
        return np.dot(x, W) + b

    def backward(self, dout):
        W, _b = self.params
        dx = np.dot(dout, W.T)
        self.grads[0][...] = np.dot(self.x.T, dout)
        self.grads[1][...] = np.sum(dout, axis=0)
        return dx


layer(
    ListAffine,
    (4, 3),
    draw(5, 4),
    ("list affine db one sum for all", "np.sum(dout, axis=0)", "np.sum(dout)", "params[1]", "wrong-reduction"),
    (
        "list affine dW over features",
        "np.dot(self.x.T, dout)",
        "np.dot(self.x.T, dout) / self.x.shape[1]",
        "params[0]",
        "constant-factor",
    ),
    ("list affine dx times x", "np.dot(dout, W.T)", "np.dot(dout, W.T) * self.x", "input", "elementwise-factor"),
    (
        "list affine adds to dW",
        "self.grads[0][...] =",
        "self.grads[0][...] +=",
        "params[0]",
        "accumulates-across-calls",
    ),
    (
        "list affine dW from abs",
        "self.grads[0][...] = np.dot(self.x.T, dout)",
        "self.grads[0][...] = np.dot(np.abs(self.x).T, dout)",
        "params[0]",
        "unrecognised",
    ),
)


class Columns:
    """Samples are columns, as in the course."""

    def __init__(self, n_in, n_out):
        self.W = weights(n_out, n_in)
        self.b = weights(n_out, 1)

    def forward(self, A_prev):
        self.A_prev = A_prev
        self.A = np.tanh(self.W @ A_prev + self.b)
        return self.A

    def backward(self, dA, learning_rate):
        dZ = dA * (1 - self.A**2)
        dW = dZ @ self.A_prev.T
        db = dZ.sum(axis=1, keepdims=True)
        dA_prev = self.W.T @ dZ
        self.W -= learning_rate * dW
        self.b -= learning_rate * db
        return dA_prev


layer(
    Columns,
    (4, 3),
    draw(4, 6),
    ("columns dW over m", "dZ @ self.A_prev.T", "dZ @ self.A_prev.T / self.A_prev.shape[1]", "W", "constant-factor"),
    (
        "columns dX after the update",
        "        dA_prev = self.W.T @ dZ\n        self.W -= learning_rate * dW\n",
        "        self.W -= learning_rate * dW\n        dA_prev = self.W.T @ dZ\n",
        "input",
        "updated-before-use",
    ),
    ("columns tanh' as 1 - A", "(1 - self.A**2)", "(1 - self.A)", "input W b", "wrong-local-derivative"),
    ("columns weight decay", "learning_rate * dW", "learning_rate * (dW + 0.1 * self.W)", "W", "missing-term"),
    (
        "columns decoupled decay",
        "self.b -= learning_rate * db",
        "self.b -= learning_rate * db\n        self.W *= 0.99",
        "W",
        "update-not-proportional",
    ),
    ("columns dZ skips tanh'", "dZ = dA * (1 - self.A**2)", "dZ = dA", "input W b", "wrong-local-derivative"),
    ("columns db of dA", "db = dZ.sum", "db = dA.sum", "b", "wrong-local-derivative"),
)


class Param:
    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)


class ObjectLinear:
    def __init__(self, n_in, n_out):
        self.weight = Param(weights(n_out, n_in))
        self.bias = Param(weights(n_out))

    def forward(self, x):
        self._x = x
        return np.einsum("bti,oi->bto", x, self.weight.value) + self.bias.value

    def backward(self, grad_output):
        self.weight.grad = np.einsum("bto,bti->oi", grad_output, self._x)
        self.bias.grad = grad_output.sum(axis=(0, 1))
        return np.einsum("bto,oi->bti", grad_output, self.weight.value)


layer(
    ObjectLinear,
    (4, 3),
    draw(2, 5, 4),
    (
        "object linear first step alone",
        '"bto,bti->oi", grad_output, self._x',
        '"bo,bi->oi", grad_output[:, 0], self._x[:, 0]',
        "weight.value",
        "overwritten-contribution",
    ),
    (
        "object linear db mean over steps",
        "grad_output.sum(axis=(0, 1))",
        "grad_output.mean(axis=1).sum(axis=0)",
        "bias.value",
        "constant-factor",
    ),
    (
        "object linear last sample forgotten",
        "grad_output.sum(axis=(0, 1))",
        "grad_output[:-1].sum(axis=(0, 1))",
        "bias.value",
        "overwritten-contribution",
        "missing-term",
    ),
    (
        "object linear steps reversed in dx",
        'return np.einsum("bto,oi->bti", grad_output',
        'return np.einsum("bto,oi->bti", grad_output[:, ::-1]',
        "input",
        "axis-flipped",
    ),
    (
        "object linear steps shifted in dW",
        '"bto,bti->oi", grad_output, self._x',
        '"bto,bti->oi", grad_output[:, 1:], self._x[:, :-1]',
        "weight.value",
        "unrecognised",
    ),
)


# ---- convolutions
def conv_forward(x, w, b, stride=2, pad=1):
    N, _C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    Ho, Wo = 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride
    out = np.zeros((N, F, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            window = xp[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            out[:, :, i, j] = np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out, (x, w, b, stride, pad, xp)


def conv_backward(dout, cache):
    x, w, b, stride, pad, xp = cache
    F, _C, HH, WW = w.shape
    _N, _, Ho, Wo = dout.shape
    dxp, dw, db = np.zeros_like(xp), np.zeros_like(w), np.zeros_like(b)
    for f in range(F):
        db[f] = dout[:, f].sum()
    for i in range(Ho):
        for j in range(Wo):
            rows, columns = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)
            d = dout[:, :, i, j]
            dw += np.tensordot(d, xp[:, :, rows, columns], axes=([0], [0]))
            dxp[:, :, rows, columns] += np.tensordot(d, w, axes=([1], [0]))
    return dxp[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw, db


functions(
    conv_forward,
    conv_backward,
    (draw(2, 3, 5, 7), weights(4, 3, 3, 3), weights(4)),
    ("strided conv dw overwritten", "dw += np", "dw = np", "w", "overwritten-contribution"),
    (
        "strided conv db of the first sample",
        "db[f] = dout[:, f].sum()",
        "db[f] = dout[0, f].sum()",
        "b",
        "overwritten-contribution",
    ),
    (
        "strided conv dx keeps the corner",
        "pad : pad + x.shape[2], pad : pad + x.shape[3]",
        ": x.shape[2], : x.shape[3]",
        "input",
        "permuted-entries",
    ),
    (
        "strided conv dw from unpadded",
        "dw += np.tensordot(d, xp[:, :, rows, columns]",
        "dw += np.tensordot(d, np.pad(x, ((0, 0), (0, 0), (0, 2), (0, 2)))[:, :, rows, columns]",
        "w",
        "unrecognised",
    ),
    (
        "strided conv dx stops at j < Wo - 1",
        "dxp[:, :, rows, columns] += np",
        "dxp[:, :, rows, columns] += (j < Wo - 1) * np",
        "input",
        "located",
        "border-wrong",
    ),
    (
        "strided conv dx overwritten",
        "dxp[:, :, rows, columns] +=",
        "dxp[:, :, rows, columns] =",
        "input",
        "overwritten-contribution",
    ),
    (
        "strided conv db over positions",
        "db[f] = dout[:, f].sum()",
        "db[f] = dout[:, f].mean(axis=(1, 2)).sum()",
        "b",
        "constant-factor",
    ),
)


class DilatedConv1d:
    def __init__(self, c_in, c_out, k, dilation):
        self.k, self.dilation = k, dilation
        self.params = {"W": weights(c_out, c_in, k), "b": weights(c_out)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.T = x.shape[2] - (self.k - 1) * self.dilation
        out = np.zeros((len(x), len(self.params["b"]), self.T)) + self.params["b"][:, None]
        for j in range(self.k):
            out += np.einsum(
                "nct,oc->not", x[:, :, j * self.dilation : j * self.dilation + self.T], self.params["W"][:, :, j]
            )
        return out

    def backward(self, dout):
        dx, dW = np.zeros_like(self.x), np.zeros_like(self.params["W"])
        for j in range(self.k):
            part = slice(j * self.dilation, j * self.dilation + self.T)
            dW[:, :, j] = np.einsum("not,nct->oc", dout, self.x[:, :, part])
            dx[:, :, part] += np.einsum("not,oc->nct", dout, self.params["W"][:, :, j])
        self.grads["W"], self.grads["b"] = dW, dout.sum(axis=(0, 2))
        return dx


layer(
    DilatedConv1d,
    (3, 4, 3, 2),
    draw(2, 3, 9),
    (
        "dilated conv1d taps turned in dx",
        'dout, self.params["W"][:, :, j])\n        self.grads',
        'dout, self.params["W"][:, :, self.k - 1 - j])\n        self.grads',
        "input",
        "axis-flipped",
    ),
    ("dilated conv1d dx undilated", "dx[:, :, part] +=", "dx[:, :, j : j + self.T] +=", "input", "located"),
    ("dilated conv1d dx last tap kept", "dx[:, :, part] +=", "dx[:, :, part] =", "input", "overwritten-contribution"),
    (
        "dilated conv1d middle tap forgotten",
        "for j in range(self.k):\n            part",
        "for j in range(0, self.k, 2):\n            part",
        "params['W'] input:located",
        "zero-gradient",
    ),
    (
        "dilated conv1d gradient as k, c, o",
        "dW, dout.sum(axis=(0, 2))",
        "dW.transpose(2, 1, 0), dout.sum(axis=(0, 2))",
        "params['W']",
        "shape-mismatch",
    ),
)


class TransposedConv2d:
    def __init__(self, c_in, c_out, k, stride):
        self.k, self.stride = k, stride
        self.W = weights(c_in, c_out, k, k)
        self.b = weights(c_out)

    def forward_pass(self, x):
        self.x = x
        n, _, h, w = x.shape
        s, k = self.stride, self.k
        out = np.zeros((n, self.W.shape[1], (h - 1) * s + k, (w - 1) * s + k))
        for i in range(h):
            for j in range(w):
                out[:, :, i * s : i * s + k, j * s : j * s + k] += np.einsum("nc,cokl->nokl", x[:, :, i, j], self.W)
        return out + self.b[:, None, None]

    def backward_pass(self, grad):
        s, k = self.stride, self.k
        self.dW, dx = np.zeros_like(self.W), np.zeros_like(self.x)
        for i in range(self.x.shape[2]):
            for j in range(self.x.shape[3]):
                window = grad[:, :, i * s : i * s + k, j * s : j * s + k]
                dx[:, :, i, j] = np.einsum("nokl,cokl->nc", window, self.W)
                self.dW += np.einsum("nc,nokl->cokl", self.x[:, :, i, j], window)
        self.db = grad.sum(axis=(0, 2, 3))
        return dx


layer(
    TransposedConv2d,
    (2, 3, 3, 2),
    draw(2, 2, 3, 4),
    (
        "up-conv dW turned",
        "self.db = grad",
        "self.dW = self.dW[:, :, ::-1, ::-1]\n        self.db = grad",
        "W",
        "axis-flipped",
    ),
    ("up-conv db twice", "self.db = grad.sum", "self.db = 2 * grad.sum", "b", "constant-factor"),
    (
        "up-conv windows without stride",
        "window = grad[:, :, i * s : i * s + k, j * s : j * s + k]",
        "window = grad[:, :, i : i + k, j : j + k]",
        "input W",
        "unrecognised",
    ),
    (
        "up-conv dx of the centre tap",
        'np.einsum("nokl,cokl->nc", window, self.W)',
        'np.einsum("no,co->nc", window[:, :, 1, 1], self.W[:, :, 1, 1])',
        "input",
        "unrecognised",
    ),
)


# ---- pooling
class TiedMaxPool:
    def __init__(self, pool):
        self.pool = pool

    def forward(self, x):
        self.x = x
        n, h, w, c = x.shape
        p = self.pool
        self.windows = x.reshape(n, h // p, p, w // p, p, c)
        self.out = self.windows.max(axis=(2, 4), keepdims=True)
        return self.out.reshape(n, h // p, w // p, c)

    def backward(self, dout):
        hit = self.windows == self.out
        hit = hit / hit.sum(axis=(2, 4), keepdims=True)
        dx = hit * dout[:, :, None, :, None, :]
        return dx.reshape(self.x.shape)


TIES = np.round(draw(2, 4, 6, 2))
layer(
    TiedMaxPool,
    (2,),
    TIES,
    (
        "max pool every tie gets all",
        "hit = hit / hit.sum(axis=(2, 4), keepdims=True)",
        "hit = hit * 1.0",
        "input",
        "tie-overcounted",
    ),
    (
        "max pool every cell gets it",
        "hit * dout",
        "np.ones_like(hit) * dout",
        "input",
        "ghost-gradient",
        "tie-overcounted",
    ),
)


class StridedAvgPool1d:
    def __init__(self, width, stride):
        self.width, self.stride = width, stride

    def forward(self, x):
        self.shape = x.shape
        self.steps = (x.shape[-1] - self.width) // self.stride + 1
        return np.stack(
            [x[..., t * self.stride : t * self.stride + self.width].mean(-1) for t in range(self.steps)], -1
        )

    def backward(self, dy):
        dx = np.zeros(self.shape)
        for t in range(self.steps):
            dx[..., t * self.stride : t * self.stride + self.width] += dy[..., t : t + 1] / self.width
        return dx


layer(
    StridedAvgPool1d,
    (3, 2),
    draw(2, 3, 9),
    ("avg pool1d over stride", "/ self.width\n", "/ self.stride\n", "input", "constant-factor"),
    ("avg pool1d assigns", "+= dy", "= dy", "input", "overwritten-contribution"),
    (
        "avg pool1d dY of the step before",
        "dy[..., t : t + 1]",
        "dy[..., t - 1 : t or None]",
        "input",
        "unrecognised",
        "permuted-entries",
    ),
    (
        "avg pool1d centre alone",
        "dx[..., t * self.stride : t * self.stride + self.width] += dy[..., t : t + 1] / self.width",
        "dx[..., t * self.stride + 1] += dy[..., t]",
        "input",
        "unrecognised",
    ),
)


def masked_mean(x, mask):
    return (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True), (x, mask)


def masked_mean_backward(dout, cache):
    x, mask = cache
    dx = np.repeat(dout[:, None, :], x.shape[1], axis=1)
    return dx * mask[:, :, None] / mask.sum(1)[:, None, None], None


MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 0, 0, 0]])
functions(
    masked_mean,
    masked_mean_backward,
    (draw(3, 5, 4), MASK),
    ("masked mean mask forgotten", "dx * mask[:, :, None] / mask", "dx / mask", "input", "ghost-gradient"),
    ("masked mean over all steps", "/ mask.sum(1)[:, None, None]", "/ x.shape[1]", "input", "constant-factor"),
    ("masked mean not divided", " / mask.sum(1)[:, None, None]", "", "input", "constant-factor"),
)


# ---- normalisations
class ObjectLayerNorm:
    def __init__(self, n):
        self.gamma, self.beta = Param(1 + weights(n)), Param(weights(n))

    def forward(self, x):
        self.mean = x.mean(-1, keepdims=True)
        self.inv = 1 / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        self.hat = (x - self.mean) * self.inv
        return self.gamma.value * self.hat + self.beta.value

    def backward(self, grad):
        axes = tuple(range(grad.ndim - 1))
        self.gamma.grad = (grad * self.hat).sum(axes)
        self.beta.grad = grad.sum(axes)
        g = grad * self.gamma.value
        return self.inv * (g - g.mean(-1, keepdims=True) - self.hat * (g * self.hat).mean(-1, keepdims=True))


layer(
    ObjectLayerNorm,
    (5,),
    draw(2, 3, 5),
    (
        "layer norm both sums undivided",
        "g.mean(-1, keepdims=True) - self.hat * (g * self.hat).mean",
        "g.sum(-1, keepdims=True) - self.hat * (g * self.hat).sum",
        "input",
        "wrong-reduction",
    ),
    ("layer norm dbeta averaged", "grad.sum(axes)", "grad.mean(axes)", "beta.value", "wrong-reduction"),
    (
        "layer norm as one scale",
        "self.inv * (g - g.mean(-1, keepdims=True) - self.hat * (g * self.hat).mean(-1, keepdims=True))",
        "self.inv * g",
        "input",
        "missing-term",
    ),
    ("layer norm hat term's sign", "- self.hat * (g", "+ self.hat * (g", "input", "missing-term"),
    ("layer norm dgamma without hat", "(grad * self.hat).sum(axes)", "grad.sum(axes)", "gamma.value", "swapped-leaves"),
)


class RunningBatchNorm:
    def __init__(self, n):
        self.gamma, self.beta = 1 + weights(n), weights(n)
        self.running_mean, self.running_var = 0.3 * np.ones(n), 1.7 * np.ones(n)
        self.training = True

    def forward(self, x):
        if self.training:
            self.mu, self.var = x.mean(0), x.var(0)
            self.running_mean = 0.9 * self.running_mean + 0.1 * self.mu
            self.running_var = 0.9 * self.running_var + 0.1 * self.var
        else:
            self.mu, self.var = self.running_mean, self.running_var
        self.hat = (x - self.mu) / np.sqrt(self.var + 1e-5)
        return self.gamma * self.hat + self.beta

    def backward(self, dout):
        self.dgamma, self.dbeta = (dout * self.hat).sum(0), dout.sum(0)
        g = dout * self.gamma / np.sqrt(self.var + 1e-5)
        if not self.training:
            return g
        return g - g.mean(0) - self.hat * (g * self.hat).mean(0)


layer(
    RunningBatchNorm,
    (3,),
    draw(6, 3),
    ("running norm train formula dropped", "if not self.training:", "if self.training:", "input", "mode-mixup"),
    (
        "running norm var + 1e-3",
        "self.gamma / np.sqrt(self.var + 1e-5)",
        "self.gamma / np.sqrt(self.var + 1e-3)",
        "input",
        "approximation",
    ),
    (
        "running norm mean over features",
        "g - g.mean(0)",
        "g - g.mean(1, keepdims=True)",
        "input",
        "unrecognised",
        "missing-term",
    ),
    (
        "running norm dbeta of g",
        "(dout * self.hat).sum(0), dout.sum(0)",
        "(dout * self.hat).sum(0), (dout * self.gamma).sum(0)",
        "beta",
        "elementwise-factor",
        "constant-factor",
    ),
    (
        "running norm unbiased divisor",
        "(g * self.hat).mean(0)",
        "(g * self.hat).sum(0) / (len(g) - 1)",
        "input",
        "missing-term",
    ),
)


def group_rms(x, scale, groups=2):
    n, c, t = x.shape
    xg = x.reshape(n, groups, -1)
    r = np.sqrt((xg**2).mean(-1, keepdims=True) + 1e-6)
    hat = (xg / r).reshape(n, c, t)
    return hat * scale[:, None], (xg, r, hat, scale)


def group_rms_backward(dout, cache):
    xg, r, hat, scale = cache
    g = (dout * scale[:, None]).reshape(xg.shape)
    dscale = (dout * hat).sum((0, 2))
    dx = g / r - xg * (g * xg).mean(-1, keepdims=True) / r**3
    return dx.reshape(dout.shape), dscale


functions(
    group_rms,
    group_rms_backward,
    (draw(2, 4, 3), 1 + weights(4)),
    ("group rms scale left out", "(dout * scale[:, None]).reshape", "dout.reshape", "input", "elementwise-factor"),
    ("group rms term over r", "/ r**3", "/ r", "input", "missing-term"),
    ("group rms sum for mean", "(g * xg).mean", "(g * xg).sum", "input", "wrong-reduction"),
    ("group rms dscale keeps steps", "(dout * hat).sum((0, 2))", "(dout * hat).sum(0)", "scale", "shape-mismatch"),
)


class LocalResponse:
    """Across channels: y = x / (1 + alpha * sum of squares of all) ** beta."""

    def __init__(self, strength, power):
        self.strength, self.power = strength, power

    def forward(self, x):
        self.x = x
        self.scale = 1 + self.strength * (x**2).sum(1, keepdims=True)
        return x * self.scale**-self.power

    def backward(self, dout):
        own = dout * self.scale**-self.power
        inner = (dout * self.x).sum(1, keepdims=True) * self.scale ** (-self.power - 1)
        return own - 2 * self.strength * self.power * self.x * inner


layer(
    LocalResponse,
    (0.5, 0.75),
    draw(2, 4, 3, 2),
    (
        "response norm cross term forgotten",
        "own - 2 * self.strength * self.power * self.x * inner",
        "own",
        "input",
        "missing-term",
    ),
    ("response norm without 2", "own - 2 * self.strength", "own - self.strength", "input", "missing-term"),
    (
        "response norm inner own entry only",
        "(dout * self.x).sum(1, keepdims=True)",
        "(dout * self.x)",
        "input",
        "missing-term",
    ),
)


# ---- tables
class PaddedEmbedding:
    def __init__(self, words, width):
        self.table_weight = weights(words, width)
        self.scale = float(np.sqrt(width))

    def forward(self, ids):
        self.ids = ids
        return self.table_weight[ids] * (ids != 0)[..., None] * self.scale

    def backward(self, dout):
        self.grad_table_weight = np.zeros_like(self.table_weight)
        np.add.at(self.grad_table_weight, self.ids, dout * self.scale * (self.ids != 0)[..., None])


IDS = np.array([[1, 4, 0, 2], [4, 4, 3, 0], [5, 1, 0, 0]])
layer(
    PaddedEmbedding,
    (7, 5),
    IDS,
    ("padded embedding learns its padding", " * (self.ids != 0)[..., None])", ")", "table_weight", "ghost-gradient"),
    ("padded embedding scale forgotten", "dout * self.scale *", "dout *", "table_weight", "constant-factor"),
    (
        "padded embedding fancy index",
        "np.add.at(self.grad_table_weight, self.ids, dout * self.scale * (self.ids != 0)[..., None])",
        "self.grad_table_weight[self.ids] += dout * self.scale * (self.ids != 0)[..., None]",
        "table_weight",
        "duplicate-index-lost",
    ),
    (
        "padded embedding ids less one",
        "np.add.at(self.grad_table_weight, self.ids,",
        "np.add.at(self.grad_table_weight, self.ids - 1,",
        "table_weight",
        "permuted-entries",
    ),
)


def take_rows(x, index=(0, 2, 2, 1, 0)):
    return x[list(index)], (x.shape, list(index))


def take_rows_backward(dout, cache):
    shape, index = cache
    dx = np.zeros(shape)
    for position, row in enumerate(index):
        dx[row] += dout[position]
    return dx


functions(
    take_rows,
    take_rows_backward,
    (draw(4, 3),),
    ("take rows assigns", "dx[row] += ", "dx[row] = ", "input", "duplicate-index-lost"),
    (
        "take rows by position",
        "dx[row] += dout[position]",
        "dx[min(position, 3)] += dout[row]",
        "input",
        "unrecognised",
    ),
)


class LearnedPositions:
    def __init__(self, length, width):
        self.pos_weight = weights(length, width)
        self.d_model = width

    def forward(self, x):
        self.t = x.shape[1]
        return x * np.sqrt(self.d_model) + self.pos_weight[: self.t]

    def backward(self, dout):
        self.dpos_weight = np.zeros_like(self.pos_weight)
        self.dpos_weight[: self.t] = dout.sum(axis=0)
        return dout * np.sqrt(self.d_model)


layer(
    LearnedPositions,
    (8, 3),
    draw(2, 5, 3),
    (
        "positions scale forgotten in dx",
        "return dout * np.sqrt(self.d_model)",
        "return dout",
        "input",
        "constant-factor",
    ),
    (
        "positions from the end",
        "self.dpos_weight[: self.t] =",
        "self.dpos_weight[-self.t :] =",
        "pos_weight",
        "permuted-entries",
    ),
    ("positions one for all", "= dout.sum(axis=0)", "= dout.sum(axis=(0, 1))", "pos_weight", "wrong-reduction"),
)


# ---- recurrences
class ManyToOne:
    def __init__(self, n_in, n_hidden, n_out):
        self.Wxh, self.Whh, self.Why = weights(n_hidden, n_in), weights(n_hidden, n_hidden), weights(n_out, n_hidden)
        self.bh, self.by = weights(n_hidden, 1), weights(n_out, 1)

    def forward(self, inputs):
        h = np.zeros((self.Whh.shape[0], 1))
        self.inputs, self.hs = inputs, {-1: h}
        for t, x in enumerate(inputs):
            h = np.tanh(self.Wxh @ x[:, None] + self.Whh @ h + self.bh)
            self.hs[t] = h
        return (self.Why @ h + self.by)[:, 0]

    def backward(self, d_y, learning_rate=2e-2):
        n = len(self.inputs)
        d_y = d_y[:, None]
        d_Why, d_by = d_y @ self.hs[n - 1].T, d_y
        d_Whh, d_Wxh, d_bh = np.zeros_like(self.Whh), np.zeros_like(self.Wxh), np.zeros_like(self.bh)
        d_inputs = np.zeros_like(self.inputs)
        d_h = self.Why.T @ d_y
        for t in reversed(range(n)):
            temp = (1 - self.hs[t] ** 2) * d_h
            d_bh += temp
            d_Whh += temp @ self.hs[t - 1].T
            d_Wxh += temp @ self.inputs[t][None, :]
            d_inputs[t] = (self.Wxh.T @ temp)[:, 0]
            d_h = self.Whh.T @ temp
        self.Whh -= learning_rate * d_Whh
        self.Wxh -= learning_rate * d_Wxh
        self.Why -= learning_rate * d_Why
        self.bh -= learning_rate * d_bh
        self.by -= learning_rate * d_by
        return d_inputs


layer(
    ManyToOne,
    (3, 4, 2),
    draw(5, 3),
    (
        "many to one dWhy clipped",
        "self.Why -= learning_rate * d_Why",
        "self.Why -= learning_rate * np.clip(d_Why, -0.05, 0.05)",
        "Why",
        "not-linear-upstream",
    ),
    (
        "many to one clipped",
        "        d_inputs = np.zeros_like(self.inputs)\n        d_h = self.Why.T @ d_y\n",
        "        d_inputs = np.zeros_like(self.inputs)\n        d_h = np.clip(self.Why.T @ d_y, -0.05, 0.05)\n",
        "input bh Wxh Whh",
        "not-linear-upstream",
    ),
    (
        "many to one dWhh of this step's h",
        "temp @ self.hs[t - 1].T",
        "temp @ self.hs[t].T",
        "Whh",
        "time-step-wrong",
    ),
    (
        "many to one dh not renewed",
        "            d_h = self.Whh.T @ temp\n",
        "",
        "input Wxh Whh bh",
        "time-step-wrong",
    ),
    (
        "many to one dbh of the first step",
        "d_bh += temp",
        "d_bh = temp",
        "bh",
        "overwritten-contribution",
    ),
    (
        "many to one carry adds up",
        "d_h = self.Whh.T @ temp",
        "d_h = d_h + self.Whh.T @ temp",
        "input Wxh Whh bh",
        "time-step-wrong",
    ),
    ("many to one dWhy before the last", "d_y @ self.hs[n - 1].T", "d_y @ self.hs[n - 2].T", "Why", "time-step-wrong"),
)


REST = " ".join(f"params['{kind}{gate}']:unrecognised" for gate in "fiog" for kind in "Wb")


class GateLstm:
    """Gates in dicts, a batch of sequences (N, T, D), the last h as the output."""

    def __init__(self, d, h):
        self.params = {}
        for gate in "fiog":
            self.params["W" + gate] = weights(d + h, h, seed=ord(gate))
            self.params["b" + gate] = weights(h, seed=ord(gate))
        self.h = h

    def forward(self, x):
        n, t, _ = x.shape
        h, c = np.zeros((n, self.h)), np.zeros((n, self.h))
        self.cache, self.x = [], x
        p = self.params
        for s in range(t):
            z = np.hstack([x[:, s], h])
            f, i, o = (sigmoid(z @ p["W" + k] + p["b" + k]) for k in "fio")
            g = np.tanh(z @ p["Wg"] + p["bg"])
            before, c = c, f * c + i * g
            h = o * np.tanh(c)
            self.cache.append((z, f, i, o, g, before, c))
        return h

    def backward(self, dh):
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}
        p, dx, dc = self.params, np.zeros_like(self.x), np.zeros_like(dh)
        for s in reversed(range(len(self.cache))):
            z, f, i, o, g, before, c = self.cache[s]
            tc = np.tanh(c)
            do = dh * tc * o * (1 - o)
            dc = dc + dh * o * (1 - tc**2)
            df = dc * before * f * (1 - f)
            di = dc * g * i * (1 - i)
            dg = dc * i * (1 - g**2)
            dz = np.zeros_like(z)
            for k, d in zip("fiog", (df, di, do, dg), strict=True):
                self.grads["W" + k] += z.T @ d
                self.grads["b" + k] += d.sum(0)
                dz += d @ p["W" + k].T
            dx[:, s], dh = dz[:, : -self.h], dz[:, -self.h :]
            dc = dc * f
        return dx


layer(
    GateLstm,
    (3, 4),
    draw(2, 4, 3),
    (
        "gate lstm o' forgotten",
        "do = dh * tc * o * (1 - o)",
        "do = dh * tc",
        "input params['Wf'] params['bf'] params['Wi'] params['bi'] params['Wo'] params['bo'] params['Wg'] params['bg']",
        "unrecognised",
    ),
    (
        "gate lstm dbi overwritten",
        'self.grads["b" + k] += d',
        'self.grads["b" + k] = d',
        "params['bf'] params['bi']:unrecognised params['bo']:unrecognised params['bg']:unrecognised",
        "zero-gradient",
        "overwritten-contribution",
    ),
    (
        "gate lstm cell not carried",
        "            dc = dc * f\n",
        "            dc = np.zeros_like(dc)\n",
        "input " + REST,
        "time-step-wrong",
    ),
    (
        "gate lstm di and dg exchanged",
        "(df, di, do, dg)",
        "(df, dg, do, di)",
        "input params['Wf'] params['bf'] params['Wi'] params['bi'] params['Wo'] params['bo'] params['Wg'] params['bg']",
        "unrecognised",
    ),
    (
        "gate lstm dh at the first step only",
        "dx[:, s], dh = dz[:, : -self.h], dz[:, -self.h :]",
        "dx[:, s] = dz[:, : -self.h]",
        "input " + REST,
        "time-step-wrong",
    ),
)


class MinimalGru:
    def __init__(self, d, h):
        self.Wf, self.Uf, self.Wh, self.Uh = weights(d, h), weights(h, h), weights(d, h, seed=5), weights(h, h, seed=6)

    def __call__(self, x):
        h = np.zeros((x.shape[1], self.Uf.shape[0]))
        self.x, self.steps, out = x, [], []
        for xt in x:
            f = sigmoid(xt @ self.Wf + h @ self.Uf)
            n = np.tanh(xt @ self.Wh + (f * h) @ self.Uh)
            self.steps.append((h, f, n))
            h = (1 - f) * h + f * n
            out.append(h)
        return np.array(out)

    def backward(self, dout):
        self.dWf, self.dUf, self.dWh, self.dUh = (np.zeros_like(w) for w in (self.Wf, self.Uf, self.Wh, self.Uh))
        dx, dh = np.zeros_like(self.x), np.zeros_like(dout[0])
        for t in reversed(range(len(dout))):
            h, f, n = self.steps[t]
            dh = dh + dout[t]
            dn = dh * f * (1 - n**2)
            dr = dn @ self.Uh.T
            df = (dh * (n - h) + dr * h) * f * (1 - f)
            self.dWh += self.x[t].T @ dn
            self.dUh += (f * h).T @ dn
            self.dWf += self.x[t].T @ df
            self.dUf += h.T @ df
            dx[t] = dn @ self.Wh.T + df @ self.Wf.T
            dh = dh * (1 - f) + dr * f + df @ self.Uf.T
        return dx


layer(
    MinimalGru,
    (3, 4),
    draw(4, 2, 3),
    ("minimal gru dUh without f", "(f * h).T @ dn", "h.T @ dn", "Uh", "unrecognised"),
    (
        "minimal gru dx one part",
        "dx[t] = dn @ self.Wh.T + df @ self.Wf.T",
        "dx[t] = dn @ self.Wh.T",
        "input",
        "missing-term",
    ),
    (
        "minimal gru carry misses Uf",
        "dh = dh * (1 - f) + dr * f + df @ self.Uf.T",
        "dh = dh * (1 - f) + dr * f",
        "input Wf Uf Wh Uh",
        "time-step-wrong",
    ),
    (
        "minimal gru dout once",
        "dh = dh + dout[t]",
        "dh = dh + (dout[t] if t == len(dout) - 1 else 0)",
        "input " + " ".join(f"{name}:overwritten-contribution" for name in ("Wf", "Uf", "Wh", "Uh")),
        "time-step-wrong",
        "overwritten-contribution",
    ),
)


def moving_average(x, rate=0.3):
    out, y = [], np.zeros(x.shape[1:])
    for row in x:
        y = (1 - rate) * y + rate * row
        out.append(y)
    return np.array(out), (x, rate)


def moving_average_backward(dout, cache):
    x, rate = cache
    dx, carry = np.zeros_like(x), np.zeros(x.shape[1:])
    for t in reversed(range(len(x))):
        carry = carry + dout[t]
        dx[t] = rate * carry
        carry = (1 - rate) * carry
    return dx


functions(
    moving_average,
    moving_average_backward,
    (draw(6, 3),),
    ("moving average forgets the rate", "dx[t] = rate * carry", "dx[t] = carry", "input", "constant-factor"),
    ("moving average carries all", "carry = (1 - rate) * carry", "carry = carry", "input", "time-step-wrong"),
    ("moving average forwards in time", "reversed(range(len(x)))", "range(len(x))", "input", "unrecognised"),
)


class Cumulate:
    def forward(self, x):
        return np.cumsum(x, axis=1)

    def backward(self, dout):
        return np.cumsum(dout[:, ::-1], axis=1)[:, ::-1]


layer(
    Cumulate,
    (),
    draw(3, 5),
    ("cumsum not turned back", "axis=1)[:, ::-1]", "axis=1)", "input", "axis-flipped"),
    (
        "cumsum the same way",
        "np.cumsum(dout[:, ::-1], axis=1)[:, ::-1]",
        "np.cumsum(dout, axis=1)",
        "input",
        "unrecognised",
    ),
    ("cumsum passes dY", "np.cumsum(dout[:, ::-1], axis=1)[:, ::-1]", "dout * 1.0", "input", "time-step-wrong"),
)


# ---- attention
class CausalHeads:
    def __init__(self, d, heads):
        self.d, self.heads = d, heads
        self.Wq, self.Wk, self.Wv, self.Wo = (weights(d, d, seed=s) for s in (11, 12, 13, 14))

    def split(self, x):
        return x.reshape(len(x), x.shape[1], self.heads, -1).transpose(0, 2, 1, 3)

    def merge(self, x):
        return x.transpose(0, 2, 1, 3).reshape(len(x), x.shape[2], self.d)

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = (self.split(x @ w) for w in (self.Wq, self.Wk, self.Wv))
        s = self.q @ self.k.swapaxes(-1, -2) / np.sqrt(self.d // self.heads)
        s = np.where(np.tril(np.ones(s.shape[-2:], bool)), s, -1e9)
        e = np.exp(s - s.max(-1, keepdims=True))
        self.p = e / e.sum(-1, keepdims=True)
        self.joined = self.merge(self.p @ self.v)
        return self.joined @ self.Wo

    def backward(self, dout):
        def outer(a, b):
            return np.einsum("nti,ntj->ij", a, b)

        self.dWo = outer(self.joined, dout)
        do = self.split(dout @ self.Wo.T)
        dv = self.p.swapaxes(-1, -2) @ do
        dp = do @ self.v.swapaxes(-1, -2)
        ds = self.p * (dp - (dp * self.p).sum(-1, keepdims=True))
        ds = ds / np.sqrt(self.d // self.heads)
        dq, dk, dv = self.merge(ds @ self.k), self.merge(ds.swapaxes(-1, -2) @ self.q), self.merge(dv)
        self.dWq, self.dWk, self.dWv = outer(self.x, dq), outer(self.x, dk), outer(self.x, dv)
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


layer(
    CausalHeads,
    (6, 2),
    draw(2, 5, 6),
    (
        "causal heads scale of the model",
        "ds = ds / np.sqrt(self.d // self.heads)",
        "ds = ds / np.sqrt(self.d)",
        "input Wq Wk",
        "constant-factor",
    ),
    (
        "causal heads dWo transposed",
        "self.dWo = outer(self.joined, dout)",
        "self.dWo = outer(dout, self.joined)",
        "Wo",
        "transposed",
    ),
    (
        "causal heads softmax over queries",
        "(dp * self.p).sum(-1, keepdims=True)",
        "(dp * self.p).sum(-2, keepdims=True)",
        "input Wq Wk",
        "unrecognised",
    ),
    ("causal heads dk from ds", "ds.swapaxes(-1, -2) @ self.q", "ds @ self.q", "input Wk", "unrecognised"),
    ("causal heads v's path forgotten", " + dv @ self.Wv.T", "", "input", "missing-term"),
    ("causal heads Wo not turned", "dout @ self.Wo.T", "dout @ self.Wo", "input Wq Wk Wv", "transposed"),
)


def masked_attention(q, k, v):
    s = np.einsum("nqd,nkd->nqk", q, k)
    keep = np.arange(k.shape[1]) < np.array([3, 4])[: len(q), None, None]
    e = np.exp(s) * keep
    p = e / e.sum(-1, keepdims=True)
    return p @ v, (q, k, v, p)


def masked_attention_backward(dout, cache):
    q, k, v, p = cache
    dv = p.swapaxes(1, 2) @ dout
    dp = dout @ v.swapaxes(1, 2)
    ds = p * (dp - (dp * p).sum(-1, keepdims=True))
    return ds @ k, ds.swapaxes(1, 2) @ q, dv


functions(
    masked_attention,
    masked_attention_backward,
    (draw(2, 3, 5), draw(2, 4, 5, seed=1), draw(2, 4, 6, seed=2)),
    ("masked attention p outside", "p * (dp - (dp * p)", "(dp - (dp * p)", "input k", "unrecognised"),
    (
        "masked attention dv weighs by ds",
        "return ds @ k, ds.swapaxes(1, 2) @ q, dv",
        "return ds @ k, ds.swapaxes(1, 2) @ q, ds.swapaxes(1, 2) @ dout",
        "v",
        "not-linear-upstream",
    ),
    (
        "masked attention dq dk sign",
        "return ds @ k, ds.swapaxes(1, 2) @ q, dv",
        "return -ds @ k, -ds.swapaxes(1, 2) @ q, dv",
        "input k",
        "sign-flipped",
    ),
)


# ---- losses
class IgnoreCrossEntropy:
    """Labels of -1 are ignored; a mean over the others."""

    def __init__(self):
        self.labels = np.array([2, 0, -1, 1, 3, -1])

    def forward(self, logits):
        e = np.exp(logits - logits.max(1, keepdims=True))
        self.p = e / e.sum(1, keepdims=True)
        self.kept = self.labels >= 0
        rows = np.arange(len(logits))
        return -np.log(self.p[rows, self.labels])[self.kept].mean()

    def backward(self, dout=1.0):
        d = self.p.copy()
        d[np.arange(len(d)), self.labels] -= 1
        d *= self.kept[:, None]
        return dout * d / self.kept.sum()


layer(
    IgnoreCrossEntropy,
    (),
    draw(6, 4),
    ("ignoring loss keeps the ignored", "        d *= self.kept[:, None]\n", "", "input", "ghost-gradient"),
    ("ignoring loss over all rows", "/ self.kept.sum()", "/ len(d)", "input", "constant-factor"),
    (
        "ignoring loss p alone",
        "        d[np.arange(len(d)), self.labels] -= 1\n",
        "",
        "input",
        "located",
        "missing-term",
    ),
    (
        "ignoring loss the label's column alone",
        "        d *= self.kept[:, None]\n",
        "        d *= self.kept[:, None] * (np.arange(4) == self.labels[:, None])\n",
        "input",
        "zero-gradient",
    ),
)


def smoothed_ce(y_true, y_pred, smoothing=0.1):
    z = y_pred - y_pred.max(-1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(-1, keepdims=True))
    target = (1 - smoothing) * y_true + smoothing / y_true.shape[-1]
    return -(target * logp).sum() / len(y_true)


def smoothed_ce_prime(y_true, y_pred, smoothing=0.1):
    e = np.exp(y_pred - y_pred.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    target = (1 - smoothing) * y_true + smoothing / y_true.shape[-1]
    return (p - target) / len(y_true)


HOT = np.eye(4)[[2, 0, 3, 3, 1]]
functions(
    smoothed_ce,
    smoothed_ce_prime,
    (HOT, draw(5, 4)),
    ("smoothing forgotten", "(p - target)", "(p - y_true)", "y_pred", "unrecognised", "missing-term"),
    ("smoothing target minus p", "(p - target)", "(target - p)", "y_pred", "sign-flipped"),
    ("smoothing softmax over all", "e / e.sum(-1, keepdims=True)", "e / e.sum()", "y_pred", "unrecognised"),
)


class Hinge:
    def __init__(self, margin):
        self.margin = margin
        self.y = np.sign(draw(6, seed=4))

    def forward(self, scores):
        self.scores = scores
        return np.maximum(0, self.margin - self.y * scores).sum()

    def backward(self):
        return np.where(self.y * self.scores < self.margin, -self.y, 0.0)


layer(
    Hinge,
    (0.7,),
    draw(6, seed=5),
    (
        "hinge never lets go",
        "np.where(self.y * self.scores < self.margin, -self.y, 0.0)",
        "-self.y * 1.0",
        "input",
        "ghost-gradient",
    ),
    ("hinge margin of 0", "< self.margin, -", "< 0, -", "input", "located", "zero-gradient"),
    (
        "hinge positive class alone",
        "-self.y, 0.0)",
        "np.where(self.y > 0, -self.y, 0.0), 0.0)",
        "input",
        "located",
        "zero-gradient",
    ),
)


class GaussianNll:
    def forward(self, mean, log_var, target):
        self.d, self.log_var = target - mean, log_var
        return 0.5 * (log_var + self.d**2 * np.exp(-log_var)).sum()

    def backward(self, grad=1.0):
        iv = np.exp(-self.log_var)
        return -self.d * iv * grad, 0.5 * (1 - self.d**2 * iv) * grad, self.d * iv * grad


GAUSS = (draw(4, 3), 0.5 * draw(4, 3, seed=1), draw(4, 3, seed=2))
layer(
    GaussianNll,
    (),
    GAUSS,
    (
        "gaussian nll variance's 1 forgotten",
        "0.5 * (1 - self.d**2 * iv)",
        "-0.5 * self.d**2 * iv",
        "log_var",
        "missing-term",
    ),
    (
        "gaussian nll iv as std",
        "return -self.d * iv * grad,",
        "return -self.d * np.sqrt(iv) * grad,",
        "mean",
        "elementwise-factor",
    ),
    ("gaussian nll mean's sign", "return -self.d", "return self.d", "mean", "sign-flipped"),
)


def triplet(anchor, positive, negative, margin=1.0):
    near, far = ((anchor - positive) ** 2).sum(1), ((anchor - negative) ** 2).sum(1)
    active = near - far + margin > 0
    return ((near - far + margin) * active).sum(), (anchor, positive, negative, active[:, None])


def triplet_backward(dout, cache):
    anchor, positive, negative, active = cache
    da = 2 * (negative - positive) * active
    dp = -2 * (anchor - positive) * active
    dn = 2 * (anchor - negative) * active
    return dout * da, dout * dp, dout * dn


functions(
    triplet,
    triplet_backward,
    (draw(5, 3), draw(5, 3, seed=1), draw(5, 3, seed=2)),
    (
        "triplet anchor misses negative",
        "2 * (negative - positive) * active",
        "2 * (anchor - positive) * active",
        "input",
        "missing-term",
    ),
    ("triplet 2 forgotten for negative", "dn = 2 *", "dn =", "negative", "constant-factor"),
    (
        "triplet always active",
        "dp = -2 * (anchor - positive) * active",
        "dp = -2 * (anchor - positive)",
        "positive",
        "ghost-gradient",
    ),
)


def quantile(y_true, y_pred, tau=0.8):
    e = y_true - y_pred
    return np.where(e > 0, tau * e, (tau - 1) * e).mean()


def quantile_prime(y_true, y_pred, tau=0.8):
    return np.where(y_true > y_pred, -tau, 1 - tau) / y_true.size


functions(
    quantile,
    quantile_prime,
    (draw(4, 3), draw(4, 3, seed=1)),
    (
        "quantile sides exchanged",
        "y_true > y_pred",
        "y_true < y_pred",
        "y_pred",
        "wrong-local-derivative",
    ),
    ("quantile over the batch", "/ y_true.size", "/ len(y_true)", "y_pred", "constant-factor"),
    (
        "quantile tau everywhere",
        "np.where(y_true > y_pred, -tau, 1 - tau)",
        "np.where(y_true > y_pred, -tau, tau)",
        "y_pred",
        "wrong-local-derivative",
    ),
)


# ---- activations, gates, dropout
class PointwiseGate:
    """SwiGLU in place of an MLP's middle."""

    def __init__(self, d, h):
        self.w1, self.w2, self.w3 = weights(d, h, seed=21), weights(h, d, seed=22), weights(d, h, seed=23)

    def forward(self, x):
        self.x, self.a, self.g = x, x @ self.w1, x @ self.w3
        self.s = sigmoid(self.a)
        self.h = self.a * self.s * self.g
        return self.h @ self.w2

    def backward(self, dy):
        dh = dy @ self.w2.T
        da = dh * self.g * (self.s + self.a * self.s * (1 - self.s))
        dg = dh * self.a * self.s
        self.dw2, self.dw1, self.dw3 = self.h.T @ dy, self.x.T @ da, self.x.T @ dg
        return da @ self.w1.T + dg @ self.w3.T


layer(
    PointwiseGate,
    (3, 5),
    draw(4, 3),
    (
        "swiglu dw3 without the sigmoid",
        "dg = dh * self.a * self.s",
        "dg = dh * self.a",
        "input w3",
        "elementwise-factor",
    ),
    (
        "swiglu gate path forgotten",
        "return da @ self.w1.T + dg @ self.w3.T",
        "return da @ self.w1.T",
        "input",
        "missing-term",
    ),
    (
        "swiglu w1 w3 exchanged in dx",
        "da @ self.w1.T + dg @ self.w3.T",
        "da @ self.w3.T + dg @ self.w1.T",
        "input",
        "unrecognised",
    ),
    (
        "swiglu sigmoid for swish'",
        "(self.s + self.a * self.s * (1 - self.s))",
        "self.s * (1 - self.s)",
        "input w1",
        "wrong-local-derivative",
    ),
)


activation(
    lambda x: np.where(x > 0, x, 0.3 * (np.exp(np.minimum(x, 0)) - 1)),
    lambda x: np.where(x > 0, 1, 0.3 * np.exp(np.minimum(x, 0))),
    draw(4, 6),
    ("elu alpha forgotten", lambda x: np.where(x > 0, 1, np.exp(np.minimum(x, 0))), "wrong-local-derivative"),
    (
        "elu output for derivative",
        lambda x: np.where(x > 0, 1, 0.3 * (np.exp(np.minimum(x, 0)) - 1)),
        "wrong-local-derivative",
    ),
)
activation(
    lambda x: x * np.clip(x + 3, 0, 6) / 6,
    lambda x: np.where(x < -3, 0, np.where(x > 3, 1, (2 * x + 3) / 6)),
    2 * draw(4, 6),
    ("hard swish without 2", lambda x: np.where(x < -3, 0, np.where(x > 3, 1, (x + 3) / 6)), "wrong-local-derivative"),
    ("hard swish middle everywhere", lambda x: (2 * x + 3) / 6, "located", "wrong-local-derivative"),
)
activation(
    lambda x: x * 0.5 * (1 + erf(x / np.sqrt(2))),
    lambda x: 0.5 * (1 + erf(x / np.sqrt(2))) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),
    draw(4, 6),
    ("gelu cdf alone", lambda x: 0.5 * (1 + erf(x / np.sqrt(2))), "wrong-local-derivative"),
    (
        "gelu density not normalised",
        lambda x: 0.5 * (1 + erf(x / np.sqrt(2))) + x * np.exp(-(x**2) / 2),
        "wrong-local-derivative",
    ),
    (
        "gelu as x sigmoid 1.702 x",
        lambda x: sigmoid(1.702 * x) * (1 + 1.702 * x * (1 - sigmoid(1.702 * x))),
        "wrong-local-derivative",
        "approximation",
    ),
)
activation(
    lambda x: np.where(x == 0, 1.0, np.sin(x) / np.where(x == 0, 1.0, x)),
    lambda x: np.where(x == 0, 0.0, np.cos(x) / np.where(x == 0, 1, x) - np.sin(x) / np.where(x == 0, 1, x) ** 2),
    np.array([[0.5, 0.0, -1.3], [2.0, 1.0, -0.4]]),
    ("sinc' at zero", lambda x: np.cos(x) / x - np.sin(x) / x**2, "non-finite"),
    ("sinc' first part", lambda x: np.where(x == 0, 0.0, np.cos(x) / np.where(x == 0, 1, x)), "wrong-local-derivative"),
)
activation(
    lambda x: np.clip(x, -1, 1),
    lambda x: ((x > -1) & (x < 1)) * 1.0,
    draw(4, 6),
    ("hard tanh one side", lambda x: (x < 1) * 1.0, "ghost-gradient"),
)
activation(
    lambda x: np.log1p(x**2),
    lambda x: 2 * x / (1 + x**2),
    draw(4, 6),
    ("log1p square not halved", lambda x: x / (1 + x**2), "constant-factor"),
    ("log1p square no 1", lambda x: 2 / x, "wrong-local-derivative"),
)
activation(
    np.arctan,
    lambda x: 1 / (1 + x**2),
    draw(4, 6),
    ("arctan' of y", lambda x: 1 / (1 + np.arctan(x) ** 2), "wrong-local-derivative"),
    ("arctan' single precision", lambda x: (1 / (1 + x.astype(np.float32) ** 2)).astype(np.float64), "precision-lost"),
)


class ChannelPRelu:
    def __init__(self, channels):
        self.alpha = 0.25 + 0.1 * np.arange(channels)

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha[:, None, None] * x)

    def backward(self, g):
        self.alpha_grad = (g * np.minimum(self.x, 0)).sum(axis=(0, 2, 3))
        return np.where(self.x > 0, g, self.alpha[:, None, None] * g)


layer(
    ChannelPRelu,
    (3,),
    draw(2, 3, 4, 5),
    (
        "channel prelu dalpha of the first image",
        "(g * np.minimum(self.x, 0)).sum(axis=(0, 2, 3))",
        "(g * np.minimum(self.x, 0))[0].sum(axis=(1, 2))",
        "alpha",
        "overwritten-contribution",
    ),
    ("channel prelu dalpha of both sides", "np.minimum(self.x, 0)", "self.x", "alpha", "wrong-local-derivative"),
    (
        "channel prelu dalpha positive",
        "(g * np.minimum(self.x, 0))",
        "(g * -np.minimum(self.x, 0))",
        "alpha",
        "sign-flipped",
    ),
    (
        "channel prelu alpha of channel 0",
        "return np.where(self.x > 0, g, self.alpha[:, None, None] * g)",
        "return np.where(self.x > 0, g, self.alpha[0] * g)",
        "input",
        "unrecognised",
    ),
)


class ChannelDropout:
    def __init__(self, rate):
        self.rate = rate
        self.training = True

    def forward(self, x):
        if not self.training:
            return x
        keep = 1 - self.rate
        self.mask = (np.random.rand(*x.shape[:2]) < keep)[:, :, None] / keep
        return x * self.mask

    def backward(self, grad):
        if not self.training:
            return grad
        return grad * self.mask


layer(
    ChannelDropout,
    (0.4,),
    draw(4, 6, 3),
    (
        "channel dropout mask one sample",
        "return grad * self.mask",
        "return grad * self.mask[0]",
        "input",
        "elementwise-factor",
    ),
    (
        "channel dropout kept unscaled",
        "return grad * self.mask",
        "return grad * (self.mask > 0)",
        "input",
        "constant-factor",
    ),
    (
        "channel dropout scaled again",
        "return grad * self.mask",
        "return grad * self.mask / (1 - self.rate)",
        "input",
        "constant-factor",
    ),
    (
        "channel dropout inverted mask",
        "return grad * self.mask",
        "return grad * (self.mask == 0)",
        "input",
        "elementwise-factor",
        "ghost-gradient",
    ),
)


# ---- wholes
class PreActResidual:
    def __init__(self, d):
        self.gates = {"w": weights(d, d, seed=31), "b": weights(d, seed=32)}
        self.d_gates = {}

    def forward(self, x):
        self.x = x
        self.r = np.maximum(x, 0)
        return x + self.r @ self.gates["w"] + self.gates["b"]

    def backward(self, dy):
        self.d_gates["w"] = self.r.T @ dy
        self.d_gates["b"] = dy.sum(0)
        return dy + (dy @ self.gates["w"].T) * (self.x > 0)


layer(
    PreActResidual,
    (4,),
    draw(5, 4),
    (
        "pre-activation mask over the skip too",
        'dy + (dy @ self.gates["w"].T) * (self.x > 0)',
        '(dy + dy @ self.gates["w"].T) * (self.x > 0)',
        "input",
        "zero-gradient",
    ),
    ("pre-activation mask forgotten", " * (self.x > 0)", "", "input", "located"),
    ("pre-activation dw of x", "self.r.T @ dy", "self.x.T @ dy", "gates['w']", "unrecognised"),
    ("pre-activation w not turned", 'dy @ self.gates["w"].T', 'dy @ self.gates["w"]', "input", "transposed"),
)


class TiedMlp:
    def __init__(self, d, h):
        self.W = weights(d, h)

    def feed_forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W)
        return self.h @ self.W.T

    def feed_backward(self, delta):
        dz = (delta @ self.W) * (1 - self.h**2)
        self.dW = delta.T @ self.h + self.x.T @ dz
        return dz @ self.W.T

    backprop = feed_backward


layer(
    TiedMlp,
    (4, 3),
    draw(5, 4),
    (
        "tied mlp encoder alone",
        "delta.T @ self.h + self.x.T @ dz",
        "self.x.T @ dz",
        "W",
        "overwritten-contribution",
    ),
    (
        "tied mlp uses averaged",
        "delta.T @ self.h + self.x.T @ dz",
        "(delta.T @ self.h + self.x.T @ dz) / 2",
        "W",
        "constant-factor",
    ),
    (
        "tied mlp x of the first call",
        "        self.x = x\n",
        '        self.x = getattr(self, "x", x)\n',
        "W",
        "stale-cache",
    ),
)


def circular(x, kernel):
    n = x.shape[-1]
    return np.fft.irfft(np.fft.rfft(x) * np.fft.rfft(kernel), n=n), (x, kernel)


def circular_backward(dout, cache):
    x, kernel = cache
    n = x.shape[-1]
    D, X, K = np.fft.rfft(dout), np.fft.rfft(x), np.fft.rfft(kernel)
    dx = np.fft.irfft(D * np.conj(K), n=n)
    dkernel = np.fft.irfft((D * np.conj(X)).sum(0), n=n)
    return dx, dkernel


functions(
    circular,
    circular_backward,
    (draw(3, 7), draw(7, seed=1)),
    ("circular without conj in dx", "D * np.conj(K)", "D * K", "input", "unrecognised"),
    (
        "circular dkernel conj of the wrong one",
        "D * np.conj(X)",
        "np.conj(D) * X",
        "kernel",
        "permuted-entries",
        "axis-flipped",
    ),
    (
        "circular dkernel of the mean",
        "(D * np.conj(X)).sum(0)",
        "(D * np.conj(X)).mean(0)",
        "kernel",
        "constant-factor",
    ),
)


class Upsample:
    def __init__(self, factor):
        self.factor = factor

    def forward(self, x):
        self.shape = x.shape
        return x.repeat(self.factor, axis=2).repeat(self.factor, axis=3)

    def backward(self, dout):
        n, c, h, w = self.shape
        r = self.factor
        return dout.reshape(n, c, h, r, w, r).sum(axis=(3, 5))


layer(
    Upsample,
    (2,),
    draw(2, 2, 3, 4),
    (
        "upsample blocks as r, h, r, w",
        "dout.reshape(n, c, h, r, w, r).sum(axis=(3, 5))",
        "dout.reshape(n, c, r, h, r, w).sum(axis=(2, 4))",
        "input",
        "unrecognised",
    ),
    (
        "upsample takes every second",
        "dout.reshape(n, c, h, r, w, r).sum(axis=(3, 5))",
        "dout[:, :, ::r, ::r]",
        "input",
        "overwritten-contribution",
    ),
    ("upsample one axis averaged", ".sum(axis=(3, 5))", ".sum(axis=5).mean(axis=3)", "input", "constant-factor"),
)


class Distances:
    """Squared distances to centres, an RBF layer."""

    def __init__(self, centres, d):
        self.centers = weights(centres, d)
        self.w = weights(centres, 2)

    def forward(self, x):
        self.diff = x[:, None, :] - self.centers
        self.phi = np.exp(-(self.diff**2).sum(-1))
        return self.phi @ self.w

    def backward(self, dout):
        self.grad_w = self.phi.T @ dout
        dphi = dout @ self.w.T
        inner = (dphi * self.phi)[:, :, None] * self.diff
        self.grad_centers = 2 * inner.sum(0)
        return -2 * inner.sum(1)


layer(
    Distances,
    (4, 3),
    draw(5, 3),
    ("rbf centres' sign", "2 * inner.sum(0)", "-2 * inner.sum(0)", "centers", "sign-flipped"),
    ("rbf without 2", "return -2 *", "return -1 *", "input", "constant-factor"),
    ("rbf phi forgotten", "(dphi * self.phi)[:, :, None]", "dphi[:, :, None]", "input centers", "unrecognised"),
    (
        "rbf nearest centre alone",
        "return -2 * inner.sum(1)",
        "return -2 * inner[np.arange(len(inner)), self.phi.argmax(1)]",
        "input",
        "unrecognised",
    ),
)


class UnitRows:
    def forward(self, x):
        self.norm = np.linalg.norm(x, axis=1, keepdims=True)
        self.y = x / self.norm
        return self.y

    def backward(self, dy):
        return (dy - self.y * (dy * self.y).sum(axis=1, keepdims=True)) / self.norm


layer(
    UnitRows,
    (),
    draw(4, 5),
    (
        "unit rows as constants",
        "(dy - self.y * (dy * self.y).sum(axis=1, keepdims=True)) / self.norm",
        "dy / self.norm",
        "input",
        "missing-term",
    ),
    (
        "unit rows over the square",
        "keepdims=True)) / self.norm",
        "keepdims=True)) / self.norm**2",
        "input",
        "elementwise-factor",
        "constant-factor",
    ),
    (
        "unit rows projected by columns",
        "(dy * self.y).sum(axis=1, keepdims=True)",
        "(dy * self.y).sum(axis=0, keepdims=True)",
        "input",
        "unrecognised",
        "missing-term",
    ),
    (
        "unit rows view of F order",
        "(dy - self.y * (dy * self.y)",
        "(dy.ravel(order='K').reshape(dy.shape) - self.y * (dy * self.y)",
        "input",
        "memory-layout",
    ),
)


class Fused:
    def __init__(self, n):
        self.scale_w = 1 + weights(n)
        self.velocity = np.zeros(n)

    def forward(self, a, b):
        self.a, self.b = a, b
        return (a + b) * self.scale_w

    def backward(self, dout, lr):
        g = (dout * (self.a + self.b)).sum(0)
        d = dout * self.scale_w
        self.velocity = 0.9 * self.velocity * 0 + g
        self.scale_w = self.scale_w - lr * self.velocity
        return d, d


layer(
    Fused,
    (3,),
    (draw(4, 3), draw(4, 3, seed=1)),
    ("fused momentum", "0.9 * self.velocity * 0 + g", "0.9 * self.velocity + g", "scale_w", "update-not-proportional"),
    ("fused second input minus", "return d, d", "return d, -d", "b", "sign-flipped"),
    (
        "fused dscale of a alone",
        "(dout * (self.a + self.b)).sum(0)",
        "(dout * self.a).sum(0)",
        "scale_w",
        "unrecognised",
        "missing-term",
    ),
    ("fused b not scaled", "return d, d", "return d, dout", "b", "elementwise-factor"),
)


class ReluWriter:
    def forward(self, x):
        self.out = np.maximum(x, 0)
        return self.out

    def backward(self, dout):
        dout = np.array(dout)
        dout[self.out <= 0] = 0
        return dout


layer(
    ReluWriter,
    (),
    draw(4, 5),
    ("relu writer writes upstream", "        dout = np.array(dout)\n", "", "input", "mutates-upstream"),
    ("relu writer maximum in place", "np.maximum(x, 0)", "np.maximum(x, 0, out=x)", "input", "mutates-input"),
    ("relu writer mask of dout", "dout[self.out <= 0] = 0", "dout[dout <= 0] = 0", "input", "not-linear-upstream"),
)
