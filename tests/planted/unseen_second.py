"""Written after the diagnosis had been mended by the first ones, and before it saw these."""

import numpy as np

from tests.planted.unseen import Batch, draw, sigmoid, weights

PLANTED = Batch()
add, family, pairs = PLANTED.add, PLANTED.family, PLANTED.pairs


# 1 conv1d, article style updates (N, C, T) with padding, groups
class GroupConv1d:
    def __init__(self, channels, kernel, groups, padding):
        self.channels, self.kernel, self.groups, self.padding = channels, kernel, groups, padding
        self.weights = weights(channels, channels // groups, kernel)
        self.bias = weights(channels)

    def forward_propagation(self, x):
        self.x = np.pad(x, ((0, 0), (0, 0), (self.padding, self.padding)))
        n, c, t = self.x.shape
        T = t - self.kernel + 1
        m = c // self.groups
        self.T = T
        out = np.zeros((n, c, T))
        for g in range(self.groups):
            for s in range(T):
                out[:, g * m : (g + 1) * m, s] = np.einsum(
                    "nck,ock->no",
                    self.x[:, g * m : (g + 1) * m, s : s + self.kernel],
                    self.weights[g * m : (g + 1) * m],
                )
        return out + self.bias[:, None]

    def backward_propagation(self, output_error, learning_rate):
        dW, dx = self.grads(output_error)
        self.weights -= learning_rate * dW
        self.bias -= learning_rate * self.dbias(output_error)
        return dx

    def dbias(self, d):
        return d.sum(axis=(0, 2))

    def grads(self, d, src=lambda g, G: g):
        m = self.channels // self.groups
        dW = np.zeros_like(self.weights)
        dx = np.zeros_like(self.x)
        for g in range(self.groups):
            h = src(g, self.groups)
            for s in range(self.T):
                dx[:, g * m : (g + 1) * m, s : s + self.kernel] += np.einsum(
                    "no,ock->nck", d[:, g * m : (g + 1) * m, s], self.weights[h * m : (h + 1) * m]
                )
                dW[g * m : (g + 1) * m] += np.einsum(
                    "no,nck->ock", d[:, g * m : (g + 1) * m, s], self.x[:, g * m : (g + 1) * m, s : s + self.kernel]
                )
        p = self.padding
        return dW, dx[:, :, p : dx.shape[2] - p]


class GC1(GroupConv1d):
    def dbias(self, d):
        return d.sum(axis=(0, 2)) / self.T


class GC2(GroupConv1d):
    def grads(self, d, src=None):
        return super().grads(d, lambda g, G: G - 1 - g)


class GC3(GroupConv1d):
    def grads(self, d, src=None):
        dW, dx = super().grads(d)
        return dW / self.groups, dx


class GC4(GroupConv1d):
    def grads(self, d, src=None):
        dW, dx = super().grads(d)
        return dW[::-1], dx


class GC5(GroupConv1d):
    def grads(self, d, src=None):
        dW, dx = super().grads(d)
        dx[:, :, 0] = 0
        return dW, dx


family(
    GroupConv1d,
    draw(2, 4, 7),
    lambda c: c(4, 3, 2, 1),
    ("grouped conv db over T", GC1, "bias", "constant-factor", None),
    ("grouped conv dx with the other group's kernels", GC2, "input", "unrecognised", None),
    ("grouped conv dW over groups", GC3, "weights", "constant-factor", "1 / groups"),
    ("grouped conv dW in reverse", GC4, "weights", "axis-flipped", None),
    ("grouped conv first step of dx zeroed", GC5, "input", "zero-gradient", None),
)


# 2 im2col conv functions NHWC
def im2col(x, k):
    N, Hh, W, _C = x.shape
    return np.stack([x[:, i : i + k, j : j + k].reshape(N, -1) for i in range(Hh - k + 1) for j in range(W - k + 1)], 1)


def convn(x, w, b):
    k = w.shape[0]
    cols = im2col(x, k)
    out = cols @ w.reshape(-1, w.shape[3]) + b
    return out.reshape(x.shape[0], x.shape[1] - k + 1, x.shape[2] - k + 1, -1), (x, w, cols)


def convn_bwd(dout, cache):
    x, w, cols = cache
    k = w.shape[0]
    d = dout.reshape(x.shape[0], -1, w.shape[3])
    dw = np.einsum("npc,npo->co", cols, d).reshape(w.shape)
    db = d.sum((0, 1))
    dcols = d @ w.reshape(-1, w.shape[3]).T
    return col2im(dcols, x, k), dw, db


def col2im(dcols, x, k, add=True):
    dx = np.zeros_like(x)
    p = 0
    N, Hh, W, C = x.shape
    for i in range(Hh - k + 1):
        for j in range(W - k + 1):
            patch = dcols[:, p].reshape(N, k, k, C)
            p += 1
            if add:
                dx[:, i : i + k, j : j + k] += patch
            else:
                dx[:, i : i + k, j : j + k] = patch
    return dx


def convn_1(dout, cache):
    dx, _dw, db = convn_bwd(dout, cache)
    x, w, cols = cache
    d = dout.reshape(x.shape[0], -1, w.shape[3])
    return dx, np.einsum("npc,npo->oc", cols, d).reshape(w.shape), db


def convn_2(dout, cache):
    _dx, dw, db = convn_bwd(dout, cache)
    x, w, _cols = cache
    dcols = dout.reshape(x.shape[0], -1, w.shape[3]) @ w.reshape(-1, w.shape[3]).T
    return col2im(dcols, x, w.shape[0], add=False), dw, db


def convn_3(dout, cache):
    dx, dw, _db = convn_bwd(dout, cache)
    return dx, dw, dout.sum(axis=(0, 1))


def convn_4(dout, cache):
    dx, dw, db = convn_bwd(dout, cache)
    return dx, np.transpose(dw, (1, 0, 2, 3)), db


def convn_5(dout, cache):
    dx, dw, db = convn_bwd(dout, cache)
    return -dx, dw, db


pairs(
    convn,
    convn_bwd,
    (draw(2, 5, 6, 2), weights(3, 3, 2, 4), weights(4)),
    ("im2col dw laid out by output", convn_1, "w", "permuted-entries", None),
    ("col2im overwrites", convn_2, "input", "overwritten-contribution", None),
    ("im2col db keeps columns", convn_3, "b", "shape-mismatch", None),
    ("im2col dw height and width exchanged", convn_4, "w", "transposed", None),
    ("im2col dx negative", convn_5, "input", "sign-flipped", None),
)


# 3 batch norm 2d functions with settings
def bn2(x, gamma, beta, bn_param):
    eps = 1e-5
    if bn_param["mode"] == "train":
        mu, var = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
    else:
        mu, var = bn_param["running_mean"].reshape(1, -1, 1, 1), bn_param["running_var"].reshape(1, -1, 1, 1)
    xh = (x - mu) / np.sqrt(var + eps)
    return gamma.reshape(1, -1, 1, 1) * xh + beta.reshape(1, -1, 1, 1), (xh, var, gamma, bn_param["mode"])


def bn2_bwd(dout, cache):
    xh, var, gamma, mode = cache
    d = dout * gamma.reshape(1, -1, 1, 1)
    s = np.sqrt(var + 1e-5)
    dg, db = (dout * xh).sum((0, 2, 3)), dout.sum((0, 2, 3))
    if mode != "train":
        return d / s, dg, db
    m = (0, 2, 3)
    return (d - d.mean(m, keepdims=True) - xh * (d * xh).mean(m, keepdims=True)) / s, dg, db


def bn2_1(dout, cache):
    _dx, dg, db = bn2_bwd(dout, cache)
    xh, var, gamma, _mode = cache
    d = dout * gamma.reshape(1, -1, 1, 1)
    m = 0
    return (d - d.mean(m, keepdims=True) - xh * (d * xh).mean(m, keepdims=True)) / np.sqrt(var + 1e-5), dg, db


def bn2_2(dout, cache):
    _dx, dg, db = bn2_bwd(dout, cache)
    _xh, var, gamma, _mode = cache
    m = (0, 2, 3)
    d = dout * gamma.reshape(1, -1, 1, 1)
    return (d - d.mean(m, keepdims=True)) / np.sqrt(var + 1e-5), dg, db


def bn2_3(dout, cache):
    _dx, dg, db = bn2_bwd(dout, cache)
    xh, var, gamma, _mode = cache
    m = (0, 2, 3)
    d = dout * gamma.reshape(1, -1, 1, 1)
    return (d - xh * (d * xh).mean(m, keepdims=True)) / np.sqrt(var + 1e-5), dg, db


def bn2_4(dout, cache):
    dx, dg, db = bn2_bwd(dout, cache)
    return dx, dg / dout.shape[0], db


def bn2_5(dout, cache):
    return bn2_bwd(dout, (*cache[:3], "train"))


def bn2_6(dout, cache):
    return bn2_bwd(dout, (*cache[:3], "test"))


def setting(mode):
    return {"mode": mode, "running_mean": weights(3, seed=8), "running_var": 1 + weights(3, seed=9)}


bx = draw(3, 3, 4, 2)
pairs(
    bn2,
    bn2_bwd,
    (bx, 1 + weights(3), weights(3, seed=3), setting("train")),
    ("bn2d means over batch alone", bn2_1, "input", "wrong-reduction", None),
    ("bn2d variance term", bn2_2, "input", "missing-term", None),
    ("bn2d mean term", bn2_3, "input", "missing-term", None),
    ("bn2d dgamma over N", bn2_4, "gamma", "constant-factor", "1 / N"),
    ("bn2d eval formula in train", bn2_6, "input", "mode-mixup", None),
)
pairs(
    bn2,
    bn2_bwd,
    (bx, 1 + weights(3), weights(3, seed=3), setting("test")),
    ("bn2d train formula in test", bn2_5, "input", "mode-mixup", None),
)


# 4 instance norm functions without affine
def inorm(x):
    mu, sd = x.mean((2, 3), keepdims=True), np.sqrt(x.var((2, 3), keepdims=True) + 1e-5)
    return (x - mu) / sd, ((x - mu) / sd, sd)


def inorm_bwd(dout, cache):
    xh, sd = cache
    m = (2, 3)
    return (dout - dout.mean(m, keepdims=True) - xh * (dout * xh).mean(m, keepdims=True)) / sd


def inorm_1(dout, cache):
    xh, sd = cache
    return inorm_bwd(dout, (xh, sd**2))


def inorm_2(dout, cache):
    return dout / cache[1]


def inorm_3(dout, cache):
    return inorm_bwd(dout, cache) * dout.shape[2] * dout.shape[3]


pairs(
    inorm,
    inorm_bwd,
    (draw(2, 3, 4, 3),),
    ("instance norm over the variance", inorm_1, "input", "constant-factor", None),
    ("instance norm with constants", inorm_2, "input", "missing-term", None),
    ("instance norm times H W", inorm_3, "input", "constant-factor", None),
)


# 5 GRU cell (single step functions)
def gru(x, h, Wz, Wr, Wn, Uz, Ur, Un):  # noqa: PLR0917 -- as people write it
    z = sigmoid(x @ Wz + h @ Uz)
    r = sigmoid(x @ Wr + h @ Ur)
    n = np.tanh(x @ Wn + r * (h @ Un))
    return (1 - z) * n + z * h, (x, h, z, r, n, Wz, Wr, Wn, Uz, Ur, Un)


def gru_bwd(d, cache, fault=""):
    x, h, z, r, n, Wz, Wr, Wn, Uz, Ur, Un = cache
    dn = d * (1 - z) * (1 - n**2)
    dz = d * (h - n) * z * (1 - z)
    dhu = dn * r
    dr = dn * (h @ Un) * r * (1 - r)
    if fault == "z":
        dz = d * (n - h) * z * (1 - z)
    if fault == "n":
        dn = d * (1 - z)
        dhu = dn * r
    dh = d * z + dz @ Uz.T + dr @ Ur.T + dhu @ Un.T
    if fault == "carry":
        dh = dh - d * z
    if fault == "un":
        return (dz @ Wz.T + dr @ Wr.T + dn @ Wn.T, dh, x.T @ dz, x.T @ dr, x.T @ dn, h.T @ dz, h.T @ dr, h.T @ dn)
    return (dz @ Wz.T + dr @ Wr.T + dn @ Wn.T, dh, x.T @ dz, x.T @ dr, x.T @ dn, h.T @ dz, h.T @ dr, h.T @ dhu)


gargs = (
    draw(4, 3),
    draw(4, 5),
    *(weights(3, 5, seed=s) for s in (1, 2, 3)),
    *(weights(5, 5, seed=s) for s in (4, 5, 6)),
)


def gru_1(d, cache):
    return gru_bwd(d, cache, "carry")


def gru_2(d, cache):
    return gru_bwd(d, cache, "un")


def gru_3(d, cache):
    return gru_bwd(d, cache, "z")


def gru_4(d, cache):
    g = list(gru_bwd(d, cache))
    g[2], g[3] = g[3], g[2]
    return tuple(g)


def gru_5(d, cache):
    g = list(gru_bwd(d, cache))
    g[7] = g[7].T
    return tuple(g)


pairs(
    gru,
    gru_bwd,
    gargs,
    ("gru carry forgotten", gru_1, "h", "missing-term", None),
    ("gru reset gate left out of dUn", gru_2, "Un", "unrecognised", None),
    ("gru update gate's sign", gru_3, "Wz Uz input h", "sign-flipped", None),
    ("gru dWz dWr exchanged", gru_4, "Wz Wr", "swapped-leaves", None),
    ("gru dUn transposed", gru_5, "Un", "transposed", None),
)


# 6 multi-head attention functions q, k, v
def att(q, k, v):
    s = np.einsum("nhtd,nhsd->nhts", q, k) / np.sqrt(q.shape[-1])
    e = np.exp(s - s.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    return p @ v, (q, k, v, p)


def att_bwd(dout, cache, scale=True, soft=True, turn=True):
    q, k, v, p = cache
    dp = dout @ v.swapaxes(-1, -2)
    ds = p * (dp - (dp * p).sum(-1, keepdims=True)) if soft else p * dp
    if scale:
        ds = ds / np.sqrt(q.shape[-1])
    return ds @ k, ds.swapaxes(-1, -2) @ q, p.swapaxes(-1, -2) @ dout


def att_1(dout, cache):
    return att_bwd(dout, cache, scale=False)


def att_2(dout, cache):
    return att_bwd(dout, cache, soft=False)


def att_3(dout, cache):
    dq, dk, dv = att_bwd(dout, cache)
    return dk, dq, dv


def att_4(dout, cache):
    dq, dk, _dv = att_bwd(dout, cache)
    return dq, dk, cache[3] @ dout


def att_5(dout, cache):
    dq, dk, dv = att_bwd(dout, cache)
    return dq / np.sqrt(cache[0].shape[-1]), dk, dv


pairs(
    att,
    att_bwd,
    (draw(2, 2, 4, 3), draw(2, 2, 4, 3, seed=2), draw(2, 2, 4, 3, seed=3)),
    ("attention scale left out", att_1, "input k", "constant-factor", "sqrt(input_shape[3])"),
    ("attention softmax sum left out", att_2, "input k", "missing-term", None),
    ("attention dq dk exchanged", att_3, "input k", "swapped-leaves", None),
    ("attention p not transposed", att_4, "v", "transposed", None),
    ("attention scale twice in dq", att_5, "input", "constant-factor", "1 / sqrt(input_shape[3])"),
)


# 7 losses, classes with reduction and pairs
class Focal:
    def __init__(self, gamma=2.0):
        self.gamma = gamma

    def __call__(self, y_pred, y_true):
        pt = np.where(y_true == 1, y_pred, 1 - y_pred)
        return np.mean(-((1 - pt) ** self.gamma) * np.log(pt))

    def gradient(self, y_pred, y_true):
        return self.d(y_pred, y_true) / y_pred.size

    def d(self, p, t):
        pt = np.where(t == 1, p, 1 - p)
        s = np.where(t == 1, 1.0, -1.0)
        return s * (self.gamma * (1 - pt) ** (self.gamma - 1) * np.log(pt) - (1 - pt) ** self.gamma / pt)


class FocalA(Focal):
    def d(self, p, t):
        pt = np.where(t == 1, p, 1 - p)
        s = np.where(t == 1, 1.0, -1.0)
        return s * -((1 - pt) ** self.gamma) / pt


class FocalB(Focal):
    def d(self, p, t):
        pt = np.where(t == 1, p, 1 - p)
        return self.gamma * (1 - pt) ** (self.gamma - 1) * np.log(pt) - (1 - pt) ** self.gamma / pt


class FocalC(Focal):
    def gradient(self, y_pred, y_true):
        return self.d(y_pred, y_true)


PP, TT = np.array([[0.2], [0.7], [0.4], [0.9], [0.55], [0.15], [0.35]]), np.array([[0.0], [1], [1], [1], [0], [0], [1]])
for n, cls1, cause, e in [
    ("focal second term alone", FocalA, "wrong-local-derivative", None),
    ("focal sign of negatives", FocalB, "sign-flipped", None),
    ("focal not averaged", FocalC, "constant-factor", "N"),
]:
    add(n, cls1, Focal, (PP, TT), "y_pred", cause, e)


def kl(p, q):
    return np.sum(p * (np.log(p) - np.log(q)))


def kl_prime(p, q):
    return np.log(p) - np.log(q) + 1, -p / q


def kl_1(p, q):
    return np.log(p) - np.log(q), -p / q


def kl_2(p, q):
    return np.log(p) - np.log(q) + 1, p / q


P1, Q1 = np.abs(draw(3, 4)) + 0.2, np.abs(draw(3, 4, seed=3)) + 0.3
for n, f, leaf, cause in [
    ("kl without + 1", kl_1, "input", "missing-term"),
    ("kl dq positive", kl_2, "q", "sign-flipped"),
]:
    add(n, lambda f=f: (kl, f), lambda: (kl, kl_prime), (P1, Q1), leaf, cause)


def smooth_l1(y_true, y_pred):
    r = np.abs(y_true - y_pred)
    return np.sum(np.where(r < 1, 0.5 * r**2, r - 0.5)) / len(y_true)


def smooth_prime(y_true, y_pred):
    r = y_pred - y_true
    return np.where(np.abs(r) < 1, r, np.sign(r)) / len(y_true)


def smooth_1(y_true, y_pred):
    return (y_pred - y_true) / len(y_true)


def smooth_2(y_true, y_pred):
    return smooth_prime(y_true, y_pred) * len(y_true) / y_true.size


SL = (draw(4, 3), 2 * draw(4, 3, seed=3))
add(
    "smooth l1 as if quadratic",
    lambda: (smooth_l1, smooth_1),
    lambda: (smooth_l1, smooth_prime),
    SL,
    "y_pred",
    "wrong-local-derivative",
)
add(
    "smooth l1 over size",
    lambda: (smooth_l1, smooth_2),
    lambda: (smooth_l1, smooth_prime),
    SL,
    "y_pred",
    "constant-factor",
    "1 / input_shape[1]",
)


class NLL:
    def forward(self, logp, target):
        self.shape, self.t = logp.shape, target
        return -logp[np.arange(len(target)), target].mean()

    def backward(self):
        d = np.zeros(self.shape)
        d[np.arange(len(self.t)), self.t] = -1 / len(self.t)
        return d


class NLLa(NLL):
    def backward(self):
        return NLL.backward(self) * len(self.t)


class NLLb(NLL):
    def backward(self):
        d = np.zeros(self.shape)
        d[:, self.t] = -1 / len(self.t)
        return d


class NLLc(NLL):
    def backward(self):
        return NLL.backward(self) + 0.01


for n, cls2, cause, e in [
    ("nll sum", NLLa, "constant-factor", "N"),
    ("nll columns for places", NLLb, "ghost-gradient", None),
    ("nll constant added", NLLc, "missing-term", None),
]:
    add(n, cls2, NLL, (draw(5, 4), np.array([0, 2, 1, 3, 2])), "input", cause, e)


# 8 embeddings and gathers, dict of parameters
class Emb:
    def __init__(self, v, d):
        self.params = {"table": weights(v, d)}
        self.grads = {"table": np.zeros((v, d))}

    def forward(self, ids):
        self.ids = ids
        return self.params["table"][ids].sum(axis=1)

    def backward(self, dy):
        g = np.zeros_like(self.params["table"])
        for i, row in enumerate(self.ids):
            for j in row:
                self.put(g, j, dy[i])
        self.grads["table"] = g

    def put(self, g, j, d):
        g[j] += d


class EmbA(Emb):
    def put(self, g, j, d):
        g[j] = d


class EmbB(Emb):
    def put(self, g, j, d):
        g[j] += d / self.ids.shape[1]


family(
    Emb,
    np.array([[0, 1], [1, 3], [1, 1], [4, 0]]),
    lambda c: c(6, 3),
    ("bag overwrites", EmbA, "params['table']", "duplicate-index-lost", None),
    ("bag averaged", EmbB, "params['table']", "constant-factor", "1 / input_shape[1]"),
)


# 9 pooling others
class MaxPool1d:
    def __init__(self, k):
        self.k = k

    def forward(self, x):
        n, c, t = x.shape
        w = x[:, :, : t // self.k * self.k].reshape(n, c, -1, self.k)
        self.x, self.arg = x, w.argmax(-1)
        return w.max(-1)

    def backward(self, dy):
        dx = np.zeros_like(self.x)
        _n, _c, t = dy.shape
        for i in range(t):
            self.put(dx, dy[:, :, i], i)
        return dx

    def put(self, dx, d, i):
        n, c = d.shape
        a, b = np.indices((n, c))
        dx[a, b, i * self.k + self.arg[:, :, i]] += d


class MP1(MaxPool1d):
    def put(self, dx, d, i):
        n, c = d.shape
        a, b = np.indices((n, c))
        dx[a, b, i * self.k + self.arg[0, 0, i]] += d


class MP2(MaxPool1d):
    def put(self, dx, d, i):
        dx[:, :, i * self.k : (i + 1) * self.k] += d[:, :, None] / self.k


class MP3(MaxPool1d):
    def put(self, dx, d, i):
        super().put(dx, -d, i)


family(
    MaxPool1d,
    draw(2, 3, 7),
    lambda c: c(2),
    ("max pool first sample's places", MP1, "input", "permuted-entries", None),
    ("max pool as average", MP2, "input", "unrecognised", None),
    ("max pool negative", MP3, "input", "sign-flipped", None),
)


# 10 layers with modes: flag, method, keyword
class NoiseDrop:
    def __init__(self, rate):
        self.rate = rate
        self.is_training = True

    def forward_pass(self, x, training=True):
        self.training_now = training
        if not training:
            return x
        self.keep = (np.random.rand(*x.shape) > self.rate).astype(float)
        return x * self.keep / (1 - self.rate)

    def backward_pass(self, grad):
        return grad * self.keep / (1 - self.rate) if self.training_now else grad


class ND1(NoiseDrop):
    def backward_pass(self, grad):
        return grad * self.keep if self.training_now else grad


class ND2(NoiseDrop):
    def backward_pass(self, grad):
        return grad * self.keep * (1 - self.rate) if self.training_now else grad


class ND3(NoiseDrop):
    def backward_pass(self, grad):
        return grad * (1 - self.rate) if self.training_now else grad


family(
    NoiseDrop,
    draw(4, 6),
    lambda c: c(0.4),
    ("keyword dropout unscaled", ND1, "input", "constant-factor", "1 - rate"),
    ("keyword dropout scaled down", ND2, "input", "constant-factor", "(1 - rate) * (1 - rate)"),
    ("keyword dropout no mask", ND3, "input", "mode-mixup", None),
)


# 11 gating & others, several conventions
class ReZero:
    def __init__(self, n):
        self.alpha = 0.3
        self.W = weights(n, n)
        self.g_alpha = 0.0
        self.g_W = np.zeros((n, n))

    def fprop(self, x):
        self.x, self.h = x, np.tanh(x @ self.W)
        return x + self.alpha * self.h

    def bprop(self, d):
        self.g_alpha = self.da(d)
        dh = self.alpha * d * (1 - self.h**2)
        self.g_W = self.x.T @ dh
        return self.dx(d, dh)

    def da(self, d):
        return float((d * self.h).sum())

    def dx(self, d, dh):
        return d + dh @ self.W.T


class RZ1(ReZero):
    def da(self, d):
        return float((d * self.h).mean())


class RZ2(ReZero):
    def da(self, d):
        return float((d * self.h).sum() * self.alpha)


class RZ3(ReZero):
    def dx(self, d, dh):
        return d + dh @ self.W


class RZ4(ReZero):
    def dx(self, d, dh):
        return self.alpha * d + dh @ self.W.T


family(
    ReZero,
    draw(5, 4),
    lambda c: c(4),
    ("rezero dalpha mean", RZ1, "alpha", "constant-factor", None),
    ("rezero dalpha times alpha", RZ2, "alpha", "constant-factor", "alpha"),
    ("rezero dx without .T", RZ3, "input", "transposed", None),
    ("rezero skip weighted", RZ4, "input", "missing-term", None),
)


class LayerScale:
    def __init__(self, n):
        self.gamma = 1 + weights(n)

    def forward(self, x):
        self.x = x
        return x * self.gamma

    def backward(self, d):
        self.dgamma = self.dg(d)
        return self.dx(d)

    def dg(self, d):
        return (d * self.x).sum(axis=(0, 1))

    def dx(self, d):
        return d * self.gamma


class LS1(LayerScale):
    def dx(self, d):
        return d


class LS2(LayerScale):
    def dg(self, d):
        return d.sum(axis=(0, 1))


class LS3(LayerScale):
    def dg(self, d):
        return (d * self.x).sum(axis=1)


class LS4(LayerScale):
    def dx(self, d):
        return d / self.gamma


class LS5(LayerScale):
    def dg(self, d):
        return (d * self.x)[:, -1].sum(axis=0)


family(
    LayerScale,
    draw(2, 4, 3),
    lambda c: c(3),
    ("layer scale dx without gamma", LS1, "input", "elementwise-factor", None),
    ("layer scale dgamma without x", LS2, "gamma", "unrecognised", None),
    ("layer scale dgamma per sample", LS3, "gamma", "shape-mismatch", None),
    ("layer scale divides", LS4, "input", "elementwise-factor", None),
    ("layer scale dgamma of the last step", LS5, "gamma", "overwritten-contribution", None),
)


class Bidirectional:
    def forward(self, x):
        return np.concatenate([np.cumsum(x, 1), np.cumsum(x[:, ::-1], 1)[:, ::-1]], -1)

    def backward(self, d):
        n = d.shape[-1] // 2
        f, b = d[..., :n], d[..., n:]
        return self.a(f) + self.b(b)

    def a(self, f):
        return np.cumsum(f[:, ::-1], 1)[:, ::-1]

    def b(self, b):
        return np.cumsum(b, 1)


class Bi1(Bidirectional):
    def b(self, b):
        return 0


class Bi2(Bidirectional):
    def b(self, b):
        return self.a(b)


family(
    Bidirectional,
    draw(2, 4, 3),
    lambda c: c(),
    ("backward direction forgotten", Bi1, "input", "overwritten-contribution", None),
    ("backward direction as forward", Bi2, "input", "unrecognised", None),
)


# 12 padding layers, crops, slices
class ZeroPad:
    def __init__(self, p):
        self.p = p

    def forward(self, x):
        return np.pad(x, ((0, 0), (self.p, self.p), (self.p, self.p), (0, 0)))

    def backward(self, d):
        p = self.p
        return d[:, p : d.shape[1] - p, p : d.shape[2] - p]


class ZP1(ZeroPad):
    def backward(self, d):
        p = self.p
        return d[:, : d.shape[1] - 2 * p, p : d.shape[2] - p]


class ZP2(ZeroPad):
    def backward(self, d):
        return d


family(
    ZeroPad,
    draw(2, 5, 4, 2),
    lambda c: c(1),
    ("zero padding cut at one side", ZP1, "input", "permuted-entries", None),
    ("zero padding not cut", ZP2, "input", "shape-mismatch", None),
)


class EdgePad:
    def forward(self, x):
        return np.concatenate([x[:, :1], x, x[:, -1:]], 1)

    def backward(self, d):
        g = d[:, 1:-1].copy()
        g[:, 0] += d[:, 0]
        g[:, -1] += d[:, -1]
        return g


class EP1(EdgePad):
    def backward(self, d):
        return d[:, 1:-1]


family(EdgePad, draw(2, 6), lambda c: c(), ("edge padding's share forgotten", EP1, "input", "border-wrong", None))


# 13 normalisation of weights
class WeightNorm:
    def __init__(self, n, m):
        self.v, self.g = weights(n, m), 1 + weights(m)

    def forward(self, x):
        self.x = x
        self.n = np.sqrt((self.v**2).sum(0))
        self.w = self.v * self.g / self.n
        return x @ self.w

    def backward(self, d):
        dw = self.x.T @ d
        self.dg = self.ofg(dw)
        self.dv = self.ofv(dw)
        return d @ self.w.T

    def ofg(self, dw):
        return (dw * self.v).sum(0) / self.n

    def ofv(self, dw):
        return self.g / self.n * (dw - self.v * (dw * self.v).sum(0) / self.n**2)


class WN1(WeightNorm):
    def ofv(self, dw):
        return self.g / self.n * dw


class WN2(WeightNorm):
    def ofg(self, dw):
        return (dw * self.v).sum(0)


class WN3(WeightNorm):
    def ofv(self, dw):
        return (dw - self.v * (dw * self.v).sum(0) / self.n**2) / self.n


family(
    WeightNorm,
    draw(5, 4),
    lambda c: c(4, 3),
    ("weight norm projection forgotten", WN1, "v", "missing-term", None),
    ("weight norm dg not divided", WN2, "g", "elementwise-factor", None),
    ("weight norm dv without g", WN3, "v", "elementwise-factor", None),
)


# 14 protocol in other styles
class Params:
    def __init__(self, n, m):
        self.params = [weights(n, m), weights(m)]
        self.grads = [np.zeros((n, m)), np.zeros(m)]

    def forward(self, x):
        self.x = x
        return x @ self.params[0] + self.params[1]

    def backward(self, d):
        self.grads[0][...] = self.x.T @ d
        self.grads[1][...] = d.sum(0)
        return d @ self.params[0].T


class PA(Params):
    def backward(self, d):
        self.grads[0] += self.x.T @ d
        self.grads[1][...] = d.sum(0)
        return d @ self.params[0].T


class PB(Params):
    def backward(self, d):
        np.clip(d, -0.5, 0.5, out=d)
        return super().backward(d)


class PC(Params):
    def backward(self, d):
        r = super().backward(d)
        self.grads[0][...] = self.grads[0].astype(np.float32)
        return r


class PD(Params):
    def backward(self, d):
        self.grads = self.grads[::-1]
        self.grads = [self.x.T @ d, d.sum(0) * 0]
        return d @ self.params[0].T


family(
    Params,
    draw(5, 4),
    lambda c: c(4, 3),
    ("list buffer adds up", PA, "params[0]", "accumulates-across-calls", None),
    ("dY clipped in place", PB, "input params[0] params[1] input:mutates-upstream", "not-linear-upstream", None),
    ("dW kept in float32", PC, "params[0]", "precision-lost", None),
    ("db zeroed", PD, "params[1]", "zero-gradient", None),
)
