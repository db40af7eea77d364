"""Written before the diagnosis saw them: normalisation, windows, sequences, attention, dropout, protocol."""

import numpy as np

from tests.planted.unseen import Batch, draw, sigmoid, weights

PLANTED = Batch()
add, family, pairs = PLANTED.add, PLANTED.family, PLANTED.pairs


# ---- layer norm
def ln_fwd(x, gamma, beta, eps=1e-5):
    mu = x.mean(-1, keepdims=True)
    std = np.sqrt(x.var(-1, keepdims=True) + eps)
    xhat = (x - mu) / std
    return gamma * xhat + beta, (xhat, std, gamma)


def ln_dx(dxhat, xhat, std):
    return (dxhat - dxhat.mean(-1, keepdims=True) - xhat * (dxhat * xhat).mean(-1, keepdims=True)) / std


def ln_bwd(dout, cache):
    xhat, std, gamma = cache
    return ln_dx(dout * gamma, xhat, std), (dout * xhat).sum(0), dout.sum(0)


def ln_b1(dout, cache):
    xhat, _std, gamma = cache
    return ln_dx(dout * gamma, xhat, 1.0), (dout * xhat).sum(0), dout.sum(0)


def ln_b2(dout, cache):
    xhat, std, gamma = cache
    d = dout * gamma
    return (d - d.mean(-1, keepdims=True)) / std, (dout * xhat).sum(0), dout.sum(0)


def ln_b3(dout, cache):
    xhat, std, _gamma = cache
    return ln_dx(dout, xhat, std), (dout * xhat).sum(0), dout.sum(0)


def ln_b4(dout, cache):
    xhat, std, gamma = cache
    d = dout * gamma
    return (d - d.mean(0) - xhat * (d * xhat).mean(0)) / std, (dout * xhat).sum(0), dout.sum(0)


def ln_b5(dout, cache):
    dx, dg, db = ln_bwd(dout, cache)
    return dx, db, dg


def ln_b6(dout, cache):
    xhat, std, gamma = cache
    return ln_dx(dout * gamma, xhat, std**2), (dout * xhat).sum(0), dout.sum(0)


pairs(
    ln_fwd,
    ln_bwd,
    (draw(5, 6), 1 + weights(6), weights(6, seed=3)),
    ("layer norm without / std", ln_b1, "input", "elementwise-factor", None),
    ("layer norm without variance term", ln_b2, "input", "missing-term", None),
    ("layer norm gamma forgotten", ln_b3, "input", "elementwise-factor", None),
    ("layer norm means over the batch", ln_b4, "input", "wrong-reduction", None),
    ("layer norm dgamma dbeta exchanged", ln_b5, "gamma beta", "swapped-leaves", None),
    ("layer norm over var", ln_b6, "input", "elementwise-factor", None),
)


# ---- RMS norm
class RMS:
    def __init__(self, n):
        self.g = 1 + weights(n)
        self.eps = 1e-6

    def forward(self, x):
        self.x = x
        self.r = np.sqrt((x**2).mean(-1, keepdims=True) + self.eps)
        return self.g * x / self.r

    def backward(self, dy):
        self.dg = (dy * self.x / self.r).sum(0)
        return self.dx(dy * self.g)

    def dx(self, d):
        return d / self.r - self.x * (d * self.x).mean(-1, keepdims=True) / self.r**3


class RMSa(RMS):
    def dx(self, d):
        return d / self.r


class RMSb(RMS):
    def dx(self, d):
        return d / self.r - self.x * (d * self.x).sum(-1, keepdims=True) / self.r**3


class RMSc(RMS):
    def dx(self, d):
        return d / self.r + self.x * (d * self.x).mean(-1, keepdims=True) / self.r**3


class RMSd(RMS):
    def dx(self, d):
        return d / self.r - self.x * (d * self.x).mean(-1, keepdims=True) / self.r**2


family(
    RMS,
    draw(4, 5),
    lambda c: c(5),
    ("rms norm without its term", RMSa, "input", "missing-term", None),
    ("rms norm sum for mean in the term", RMSb, "input", "wrong-reduction", None),
    ("rms norm term's sign", RMSc, "input", "missing-term", None),
    ("rms norm square for cube", RMSd, "input", "missing-term", None),
)


# ---- L2 normalise, cosine
def l2_fwd(x):
    n = np.linalg.norm(x, axis=1, keepdims=True)
    return x / n, (x, n)


def l2_bwd(dout, cache):
    x, n = cache
    return (dout - x * (dout * x).sum(1, keepdims=True) / n**2) / n


def l2_b1(dout, cache):
    _x, n = cache
    return dout / n


pairs(l2_fwd, l2_bwd, (draw(4, 5),), ("l2 normalise projection forgotten", l2_b1, "input", "missing-term", None))


# ---- batch norm
class BN:
    def __init__(self, n, momentum=0.9, eps=1e-5):
        self.gamma, self.beta = 1 + weights(n), weights(n, seed=3)
        self.momentum, self.eps, self.training = momentum, eps, True
        self.running_mean, self.running_var = 0.3 * weights(n, seed=5), 1 + weights(n, seed=6)

    def forward(self, x):
        if self.training:
            self.mu, self.var = x.mean(0), x.var(0)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * self.mu
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * self.var
        else:
            self.mu, self.var = self.running_mean, self.running_var
        self.x = x
        self.xhat = (x - self.mu) / np.sqrt(self.var + self.eps)
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        self.params(dy)
        d = dy * self.gamma
        if not self.training:
            return d / np.sqrt(self.var + self.eps)
        return self.train_dx(d)

    def params(self, dy):
        self.dgamma, self.dbeta = (dy * self.xhat).sum(0), dy.sum(0)

    def train_dx(self, d):
        return (d - d.mean(0) - self.xhat * (d * self.xhat).mean(0)) / np.sqrt(self.var + self.eps)


class BNa(BN):
    def train_dx(self, d):
        return d / np.sqrt(self.var + self.eps)


class BNb(BN):
    def train_dx(self, d):
        return (d - self.xhat * (d * self.xhat).mean(0)) / np.sqrt(self.var + self.eps)


class BNc(BN):
    def train_dx(self, d):
        return (d - d.mean(0)) / np.sqrt(self.var + self.eps)


class BNd(BN):
    def params(self, dy):
        self.dgamma, self.dbeta = (dy * self.x).sum(0), dy.sum(0)


class BNe(BN):
    def backward(self, dy):
        self.params(dy)
        return self.train_dx(dy)


class BNf(BN):
    def train_dx(self, d):
        return super().train_dx(d) / len(d)


class BNg(BN):
    def params(self, dy):
        self.dgamma, self.dbeta = (dy * self.xhat).mean(0), dy.mean(0)


class BNh(BN):
    def backward(self, dy):
        self.params(dy)
        return self.train_dx(dy * self.gamma)


class BNi(BN):
    def train_dx(self, d):
        return super().train_dx(d) * np.sqrt(self.var + self.eps) / (self.var + self.eps)


class BNj(BN):
    def train_dx(self, d):
        return (d - d.mean(0) - self.xhat * (d * self.xhat).mean(0)) / np.sqrt(self.running_var + self.eps)


class BNk(BN):
    def train_dx(self, d):
        return (d - d.mean(0) - self.xhat * (d * self.xhat).mean(0)) / np.sqrt(self.var)


def evaluated(c):
    bn = c(4)
    bn.training = False
    return bn


family(
    BN,
    draw(6, 4),
    lambda c: c(4),
    ("batch norm eval formula in training", BNa, "input", "mode-mixup", None),
    ("batch norm mean term", BNb, "input", "missing-term", None),
    ("batch norm variance term", BNc, "input", "missing-term", None),
    ("batch norm dgamma from x", BNd, "gamma", "wrong-local-derivative", None),
    ("batch norm gamma forgotten in dx", BNe, "input", "elementwise-factor", None),
    ("batch norm dx over N", BNf, "input", "constant-factor", "1 / N"),
    ("batch norm averaged parameters", BNg, "gamma beta", "constant-factor", "1 / N"),
    ("batch norm over var for std", BNi, "input", "constant-factor", None),
    ("batch norm running variance in dx", BNj, "input", "constant-factor", None),
    ("batch norm without eps in dx", BNk, "input", "approximation", None),
)
family(BN, draw(6, 4), evaluated, ("batch norm train formula in eval", BNh, "input", "mode-mixup", None))


# ---- instance / group norm NCHW
class GN:
    def __init__(self, groups, channels):
        self.G, self.eps = groups, 1e-5
        self.gamma, self.beta = 1 + weights(channels), weights(channels, seed=3)

    def forward(self, x):
        N, _C, _Hh, _W = x.shape
        self.shape = x.shape
        g = x.reshape(N, self.G, -1)
        self.istd = 1 / np.sqrt(g.var(2, keepdims=True) + self.eps)
        self.xhat = (g - g.mean(2, keepdims=True)) * self.istd
        return self.xhat.reshape(x.shape) * self.gamma[:, None, None] + self.beta[:, None, None]

    def backward(self, dout):
        self.dbeta = dout.sum((0, 2, 3))
        self.dgamma = (dout * self.xhat.reshape(self.shape)).sum((0, 2, 3))
        d = (dout * self.gamma[:, None, None]).reshape(self.xhat.shape)
        return self.dx(d).reshape(self.shape)

    def dx(self, d):
        return self.istd * (d - d.mean(2, keepdims=True) - self.xhat * (d * self.xhat).mean(2, keepdims=True))


class GNa(GN):
    def dx(self, d):
        return self.istd * (d - d.mean(2, keepdims=True))


class GNb(GN):
    def dx(self, d):
        M = self.shape[1]
        return self.istd * (d - d.sum(2, keepdims=True) / M - self.xhat * (d * self.xhat).sum(2, keepdims=True) / M)


class GNc(GN):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dgamma = (dout * self.xhat.reshape(self.shape)).sum((0, 2, 3)) / self.G
        return dx


family(
    GN,
    draw(2, 4, 3, 3),
    lambda c: c(2, 4),
    ("group norm variance term", GNa, "input", "missing-term", None),
    ("group norm wrong count", GNb, "input", "missing-term", None),
    ("group norm dgamma over G", GNc, "gamma", "constant-factor", "1 / G"),
)


# ---- conv NCHW via loops, stride, padding, dilation
class Conv:
    def __init__(self, cin, cout, k, stride=1, pad=0, dilation=1):  # noqa: PLR0917 -- as people write it
        self.k, self.stride, self.pad, self.dilation = k, stride, pad, dilation
        self.W, self.b = weights(cout, cin, k, k), weights(cout)

    def forward(self, x):
        p, s, d, k = self.pad, self.stride, self.dilation, self.k
        self.x = x
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        e = d * (k - 1) + 1
        self.oh, self.ow = (self.xp.shape[2] - e) // s + 1, (self.xp.shape[3] - e) // s + 1
        y = np.zeros((len(x), len(self.W), self.oh, self.ow))
        for i in range(self.oh):
            for j in range(self.ow):
                y[:, :, i, j] = np.einsum("ncuv,ocuv->no", self.patch(self.xp, i, j), self.W)
        return y + self.b[:, None, None]

    def patch(self, a, i, j):
        s, d, e = self.stride, self.dilation, self.dilation * (self.k - 1) + 1
        return a[:, :, i * s : i * s + e : d, j * s : j * s + e : d]

    def backward(self, dy):
        dxp, self.dW, self.db = np.zeros_like(self.xp), np.zeros_like(self.W), self.bias(dy)
        for i in range(self.oh):
            for j in range(self.ow):
                self.step(dxp, dy[:, :, i, j], i, j)
        return self.crop(dxp)

    def step(self, dxp, d, i, j):
        self.patch(dxp, i, j)[...] += np.einsum("no,ocuv->ncuv", d, self.W)
        self.dW += np.einsum("no,ncuv->ocuv", d, self.patch(self.xp, i, j))

    def bias(self, dy):
        return dy.sum((0, 2, 3))

    def crop(self, a):
        p = self.pad
        return a[:, :, p : a.shape[2] - p, p : a.shape[3] - p]


class ConvA(Conv):
    def step(self, dxp, d, i, j):
        self.patch(dxp, i, j)[...] = np.einsum("no,ocuv->ncuv", d, self.W)
        self.dW += np.einsum("no,ncuv->ocuv", d, self.patch(self.xp, i, j))


class ConvB(Conv):
    def step(self, dxp, d, i, j):
        self.patch(dxp, i, j)[...] += np.einsum("no,ocuv->ncuv", d, self.W[:, :, ::-1, ::-1])
        self.dW += np.einsum("no,ncuv->ocuv", d, self.patch(self.xp, i, j))


class ConvC(Conv):
    def step(self, dxp, d, i, j):
        self.patch(dxp, i, j)[...] += np.einsum("no,ocuv->ncuv", d, self.W)
        self.dW = np.einsum("no,ncuv->ocuv", d, self.patch(self.xp, i, j))


class ConvD(Conv):
    def bias(self, dy):
        return dy.mean((0, 2, 3))


class ConvE(Conv):
    def bias(self, dy):
        return dy.sum((0, 2, 3)) / len(dy)


class ConvF(Conv):
    def crop(self, a):
        p = self.pad
        return a[:, :, : a.shape[2] - 2 * p, : a.shape[3] - 2 * p]


class ConvG(Conv):
    def backward(self, dy):
        dx = super().backward(dy)
        self.dW = self.dW[:, :, ::-1, ::-1]
        return dx


class ConvH(Conv):
    def backward(self, dy):
        dx = super().backward(dy)
        self.dW = self.dW.transpose(0, 1, 3, 2)
        return dx


class ConvI(Conv):
    def backward(self, dy):
        dx = super().backward(dy)
        self.dW = self.dW / len(dy)
        return dx


class ConvJ(Conv):
    def backward(self, dy):
        dxp, self.dW, self.db = np.zeros_like(self.xp), np.zeros_like(self.W), self.bias(dy)
        for i in range(self.oh - 1):
            for j in range(self.ow - 1):
                self.step(dxp, dy[:, :, i, j], i, j)
        return self.crop(dxp)


class ConvK(Conv):
    def step(self, dxp, d, i, j):
        self.patch(dxp, i, j)[...] += np.einsum("no,ocuv->ncuv", d, self.W)
        k = self.k
        self.dW += np.einsum(
            "no,ncuv->ocuv",
            d,
            self.xp[:, :, i * self.stride : i * self.stride + k, j * self.stride : j * self.stride + k],
        )


class ConvL(Conv):
    def bias(self, dy):
        return dy.sum(0).mean((1, 2)) * self.ow


family(
    Conv,
    draw(2, 3, 6, 7),
    lambda c: c(3, 4, 3, 2, 1),
    ("conv dx overwritten", ConvA, "input", "overwritten-contribution", None),
    ("conv dx kernel turned", ConvB, "input", "axis-flipped", None),
    ("conv dW of last window", ConvC, "W", "overwritten-contribution", None),
    ("conv db mean of all", ConvD, "b", "wrong-reduction", None),
    ("conv db over batch", ConvE, "b", "constant-factor", "1 / N"),
    ("conv dx cropped at one side", ConvF, "input", "permuted-entries", None),
    ("conv dW turned", ConvG, "W", "axis-flipped", None),
    ("conv dW axes exchanged", ConvH, "W", "transposed", None),
    ("conv dW over batch", ConvI, "W", "constant-factor", "1 / N"),
    ("conv last windows lost", ConvJ, "W input", "unrecognised", None),
)
family(
    Conv,
    draw(2, 2, 7, 8),
    lambda c: c(2, 3, 2, 1, 0, 2),
    ("dilated conv dW undilated", ConvK, "W", "unrecognised", None),
)


# grouped / depthwise
def dw_fwd(x, w):
    N, C, Hh, Wd = x.shape
    k = w.shape[1]
    y = np.zeros((N, C, Hh - k + 1, Wd - k + 1))
    for u in range(k):
        for v in range(k):
            y += x[:, :, u : u + y.shape[2], v : v + y.shape[3]] * w[None, :, u, v, None, None]
    return y, (x, w)


def dw_bwd(dout, cache):
    x, w = cache
    dx, dw, k = np.zeros_like(x), np.zeros_like(w), w.shape[1]
    Ho, Wo = dout.shape[2:]
    for u in range(k):
        for v in range(k):
            dx[:, :, u : u + Ho, v : v + Wo] += dout * w[None, :, u, v, None, None]
            dw[:, u, v] = (dout * x[:, :, u : u + Ho, v : v + Wo]).sum((0, 2, 3))
    return dx, dw


def dw_b1(dout, cache):
    dx, dw = dw_bwd(dout, cache)
    x, w = cache
    for u in range(w.shape[1]):
        for v in range(w.shape[1]):
            dw[:, u, v] = (dout * x[:, :, u : u + dout.shape[2], v : v + dout.shape[3]]).sum()
    return dx, dw


def dw_b2(dout, cache):
    x, w = cache
    _dx, dw = dw_bwd(dout, cache)
    return dw_bwd(dout, (x, w[::-1]))[0], dw


def dw_b3(dout, cache):
    x, w = cache
    _dx, dw = dw_bwd(dout, cache)
    return dw_bwd(dout, (x, np.broadcast_to(w[:1], w.shape).copy()))[0], dw


pairs(
    dw_fwd,
    dw_bwd,
    (draw(2, 3, 5, 6), weights(3, 3, 3)),
    ("depthwise dw over all channels", dw_b1, "w", "wrong-reduction", None),
    ("depthwise dx kernels in reverse", dw_b2, "input", "axis-flipped", None),
    ("depthwise dx first kernel for all", dw_b3, "input", "located", None),
)


# ---- transposed conv 1-d (N, C, T)
class Deconv:
    def __init__(self, cin, cout, k, stride):
        self.W, self.b, self.stride, self.k = weights(cin, cout, k), weights(cout), stride, k

    def forward(self, x):
        self.x = x
        N, _C, T = x.shape
        y = np.zeros((N, self.W.shape[1], (T - 1) * self.stride + self.k))
        for t in range(T):
            y[:, :, t * self.stride : t * self.stride + self.k] += np.einsum("nc,cok->nok", x[:, :, t], self.W)
        return y + self.b[:, None]

    def backward(self, dy):
        dx, self.dW = np.zeros_like(self.x), np.zeros_like(self.W)
        self.db = dy.sum((0, 2))
        for t in range(self.x.shape[2]):
            self.step(dx, dy[:, :, t * self.stride : t * self.stride + self.k], t)
        return dx

    def step(self, dx, d, t):
        dx[:, :, t] = np.einsum("nok,cok->nc", d, self.W)
        self.dW += np.einsum("nc,nok->cok", self.x[:, :, t], d)


class DeconvA(Deconv):
    def step(self, dx, d, t):
        super().step(dx, d, t)
        dx[:, :, t] = np.einsum("nok,ock->nc", d, self.W)


class DeconvB(Deconv):
    def step(self, dx, d, t):
        dx[:, :, t] = np.einsum("nok,cok->nc", d, self.W)
        self.dW += np.einsum("nc,nok->ock", self.x[:, :, t], d)


class DeconvC(Deconv):
    def backward(self, dy):
        dx = super().backward(dy)
        self.db = dy.sum((0, 2)) / self.stride
        return dx


class DeconvD(Deconv):
    def step(self, dx, d, t):
        dx[:, :, t] = np.einsum("nok,cok->nc", d[:, :, ::-1], self.W)
        self.dW += np.einsum("nc,nok->cok", self.x[:, :, t], d[:, :, ::-1])


family(
    Deconv,
    draw(2, 3, 5),
    lambda c: c(3, 3, 3, 2),
    ("deconv dx weights transposed", DeconvA, "input", "transposed", None),
    ("deconv dW transposed", DeconvB, "W", "transposed", None),
    ("deconv db over stride", DeconvC, "b", "constant-factor", "1 / stride"),
    ("deconv windows reversed", DeconvD, "W input", "axis-flipped", None),
)


# ---- pooling
class MaxPool:
    def __init__(self, size, stride):
        self.size, self.stride = size, stride

    def forward(self, x):
        self.x = x
        N, C, Hh, W = x.shape
        s, k = self.stride, self.size
        self.oh, self.ow = (Hh - k) // s + 1, (W - k) // s + 1
        y = np.zeros((N, C, self.oh, self.ow))
        for i in range(self.oh):
            for j in range(self.ow):
                y[:, :, i, j] = self.pool(x[:, :, i * s : i * s + k, j * s : j * s + k])
        return y

    def pool(self, a):
        return a.max((2, 3))

    def backward(self, dy):
        dx = np.zeros_like(self.x)
        s, k = self.stride, self.size
        for i in range(self.oh):
            for j in range(self.ow):
                w = slice(i * s, i * s + k), slice(j * s, j * s + k)
                self.put(dx, (slice(None), slice(None), *w), dy[:, :, i, j, None, None])
        return dx

    def put(self, dx, at, d):
        w = self.x[at]
        flat = w.reshape(*w.shape[:2], -1)
        m = (np.arange(flat.shape[2]) == flat.argmax(2)[:, :, None]).reshape(w.shape)
        dx[at] += m * d


class MaxPoolA(MaxPool):
    def put(self, dx, at, d):
        w = self.x[at]
        dx[at] += (w == w.max((2, 3), keepdims=True)) * d


class MaxPoolB(MaxPool):
    def put(self, dx, at, d):
        w = self.x[at]
        dx[at] = (w == w.max((2, 3), keepdims=True)) * d


class MaxPoolC(MaxPool):
    def put(self, dx, at, d):
        w = self.x[at]
        dx[at] += (w == w.max()) * d


class MaxPoolD(MaxPool):
    def put(self, dx, at, d):
        w = self.x[at]
        dx[at] += (w == w.max((2, 3), keepdims=True)) * d / self.size**2


ties = np.round(draw(2, 2, 6, 6))
family(MaxPool, ties, lambda c: c(2, 2), ("max pool ties", MaxPoolA, "input", "tie-overcounted", None))
family(
    MaxPool,
    draw(2, 2, 7, 5),
    lambda c: c(3, 2),
    ("max pool overlapping overwritten", MaxPoolB, "input", "overwritten-contribution", None),
    ("max pool maximum over batch", MaxPoolC, "input", "unrecognised", None),
    ("max pool divided", MaxPoolD, "input", "constant-factor", "1 / (size * size)"),
)


class AvgPool(MaxPool):
    def pool(self, a):
        return a.mean((2, 3))

    def put(self, dx, at, d):
        dx[at] += d / self.size**2


class AvgPoolA(AvgPool):
    def put(self, dx, at, d):
        dx[at] += d


class AvgPoolB(AvgPool):
    def put(self, dx, at, d):
        dx[at] = d / self.size**2


class AvgPoolC(AvgPool):
    def put(self, dx, at, d):
        dx[at] += d / self.size


class AvgPoolD(AvgPool):
    def put(self, dx, at, d):
        dx[at][:, :, 0, 0] += d[:, :, 0, 0] / self.size**2


family(
    AvgPool,
    draw(2, 2, 7, 5),
    lambda c: c(3, 2),
    ("avg pool not divided", AvgPoolA, "input", "constant-factor", "size * size"),
    ("avg pool overwritten", AvgPoolB, "input", "overwritten-contribution", None),
    ("avg pool divided once", AvgPoolC, "input", "constant-factor", "size"),
    ("avg pool first cell alone", AvgPoolD, "input", "unrecognised", None),
)


class GAP:
    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(2, 3))

    def backward(self, dy):
        return np.ones(self.shape) * dy[:, :, None, None] / (self.shape[2] * self.shape[3])


class GAPa(GAP):
    def backward(self, dy):
        return np.ones(self.shape) * dy[:, :, None, None] / self.shape[2]


family(
    GAP,
    draw(2, 3, 4, 5),
    lambda c: c(),
    ("global pool over H alone", GAPa, "input", "constant-factor", "input_shape[3]"),
)


# ---- embedding
class Embedding:
    def __init__(self, v, d, pad=None):
        self.weight, self.pad = weights(v, d), pad

    def forward(self, idx):
        self.idx = idx
        out = self.weight[idx]
        if self.pad is not None:
            out = out * (idx != self.pad)[..., None]
        return out

    def backward(self, dout):
        self.dweight = np.zeros_like(self.weight)
        if self.pad is not None:
            dout = dout * (self.idx != self.pad)[..., None]
        np.add.at(self.dweight, self.idx, dout)


class EmbA(Embedding):
    def backward(self, dout):
        self.dweight = np.zeros_like(self.weight)
        self.dweight[self.idx] += dout


class EmbB(Embedding):
    def backward(self, dout):
        self.dweight = np.zeros_like(self.weight)
        np.add.at(self.dweight, self.idx, dout)


class EmbC(Embedding):
    def backward(self, dout):
        super().backward(dout)
        n = np.bincount(self.idx.ravel(), minlength=len(self.weight))
        self.dweight /= np.maximum(n, 1)[:, None]


I = np.array([[0, 2, 2], [5, 2, 1], [0, 3, 3]])
family(
    Embedding,
    I,
    lambda c: c(7, 4),
    ("embedding +=", EmbA, "weight", "duplicate-index-lost", None),
    ("embedding averaged by count", EmbC, "weight", "constant-factor", None),
)
add("embedding padding row", lambda: EmbB(7, 4, 0), lambda: Embedding(7, 4, 0), I, "weight", "ghost-gradient")


# ---- positional
class Pos:
    def __init__(self, t, d):
        self.pos = weights(t, d)

    def forward(self, x):
        return x + self.pos

    def backward(self, dy):
        self.dpos = dy.sum(0)
        return dy


class PosA(Pos):
    def backward(self, dy):
        self.dpos = dy.mean(0)
        return dy


class PosB(Pos):
    def backward(self, dy):
        self.dpos = dy[-1]
        return dy


family(
    Pos,
    draw(3, 4, 5),
    lambda c: c(4, 5),
    ("position mean", PosA, "pos", "wrong-reduction", "1 / input_shape[0]"),
    ("position last", PosB, "pos", "overwritten-contribution", None),
)


# ---- RNN (T, N, D)
class RNN:
    def __init__(self, d, h):
        self.Wx, self.Wh, self.b, self.h = weights(d, h), weights(h, h), weights(h), h

    def forward(self, xs):
        self.xs, self.hs = xs, [np.zeros((xs.shape[1], self.h))]
        for x in xs:
            self.hs.append(np.tanh(x @ self.Wx + self.hs[-1] @ self.Wh + self.b))
        return np.stack(self.hs[1:])

    def backward(self, dhs):
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        dxs, carry = np.zeros_like(self.xs), 0
        for t in reversed(range(len(self.xs))):
            dz = self.local(dhs[t] + carry, t)
            self.dWx += self.xs[t].T @ dz
            self.dWh += self.previous(t).T @ dz
            self.db += dz.sum(0)
            dxs[t] = dz @ self.Wx.T
            carry = self.to_previous(dz)
        return dxs

    def local(self, dh, t):
        return dh * (1 - self.hs[t + 1] ** 2)

    def previous(self, t):
        return self.hs[t]

    def to_previous(self, dz):
        return dz @ self.Wh.T


class RNNa(RNN):
    def previous(self, t):
        return self.hs[t + 1]


class RNNb(RNN):
    def to_previous(self, dz):
        return 0


class RNNc(RNN):
    def local(self, dh, t):
        return dh * (1 - self.hs[t] ** 2)


class RNNd(RNN):
    def to_previous(self, dz):
        return dz @ self.Wh


class RNNe(RNN):
    def backward(self, dhs):
        dxs = super().backward(dhs)
        self.dWx, self.dWh, self.db = (g / len(dhs) for g in (self.dWx, self.dWh, self.db))
        return dxs


class RNNf(RNN):
    def backward(self, dhs):
        dxs = super().backward(dhs)
        return dxs[::-1]


family(
    RNN,
    draw(4, 2, 3),
    lambda c: c(3, 5),
    ("rnn dWh from h of now", RNNa, "Wh", "time-step-wrong", None),
    ("rnn carry lost", RNNb, "Wx Wh b input", "time-step-wrong", None),
    ("rnn tanh' of the step before", RNNc, "Wx Wh b input", "time-step-wrong", None),
    ("rnn carry without .T", RNNd, "Wx Wh b input", "transposed", None),
    ("rnn over T", RNNe, "Wx Wh b", "constant-factor", "1 / input_shape[0]"),
    ("rnn dx not turned back", RNNf, "input", "axis-flipped", None),
)


# ---- LSTM functions, one weight, gates i f o g
def lstm_fwd(x, Wx, Wh, b):
    N, T, _D = x.shape
    Hh = Wh.shape[0]
    h, c, cache, out = np.zeros((N, Hh)), np.zeros((N, Hh)), [], []
    for t in range(T):
        a = x[:, t] @ Wx + h @ Wh + b
        i, f, o = (sigmoid(a[:, j * Hh : (j + 1) * Hh]) for j in range(3))
        g = np.tanh(a[:, 3 * Hh :])
        cn = f * c + i * g
        cache.append((x[:, t], h, c, cn, i, f, o, g))
        c, h = cn, o * np.tanh(cn)
        out.append(h)
    return np.stack(out, 1), (cache, Wx, Wh)


def lstm_bwd(dout, cache, fault=None):
    steps, Wx, Wh = cache
    dx, dWx, dWh, db = (
        np.zeros((len(dout), len(steps), Wx.shape[0])),
        np.zeros_like(Wx),
        np.zeros_like(Wh),
        np.zeros(Wx.shape[1]),
    )
    dh_next = dc_next = 0
    for t in reversed(range(len(steps))):
        x, h, c, cn, i, f, o, g = steps[t]
        dh = dout[:, t] + dh_next
        tc = np.tanh(cn)
        dc = dh * o * (1 - tc**2) + dc_next
        di, df, do, dg = dc * g, dc * c, dh * tc, dc * i
        if fault == "f":
            df = dc * cn
        if fault == "dc":
            dc = dh * o * (1 - tc**2)
        if fault == "g":
            dg = dc * i
        da = [di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)]
        if fault == "g":
            da[3] = dg * g * (1 - g)
        if fault == "order":
            da = [da[1], da[0], da[2], da[3]]
        dz = np.concatenate(da, 1)
        dx[:, t] = dz @ Wx.T
        dWx += x.T @ dz
        dWh += h.T @ dz
        db += dz.sum(0)
        dh_next, dc_next = dz @ Wh.T, dc * f
        if fault == "nof":
            dc_next = dc
    return dx, dWx, dWh, db


def lstm_b1(dout, cache):
    return lstm_bwd(dout, cache, "f")


def lstm_b2(dout, cache):
    return lstm_bwd(dout, cache, "dc")


def lstm_b3(dout, cache):
    return lstm_bwd(dout, cache, "g")


def lstm_b4(dout, cache):
    return lstm_bwd(dout, cache, "order")


def lstm_b5(dout, cache):
    return lstm_bwd(dout, cache, "nof")


def lstm_b6(dout, cache):
    dx, dWx, dWh, db = lstm_bwd(dout, cache)
    n = dWx.shape[1] // 4
    order = [1, 0, 2, 3]
    return dx, np.concatenate([dWx[:, j * n : (j + 1) * n] for j in order], 1), dWh, db


pairs(
    lstm_fwd,
    lstm_bwd,
    (draw(2, 3, 4), weights(4, 12), weights(3, 12), weights(12)),
    ("lstm df from the new cell", lstm_b1, "Wx Wh b input", "time-step-wrong", None),
    ("lstm dc carry lost", lstm_b2, "input Wx b", "time-step-wrong", None),
    ("lstm tanh' as sigmoid'", lstm_b3, "Wx Wh b input", "wrong-local-derivative", None),
    ("lstm gates i and f exchanged", lstm_b4, "Wx Wh b input", "permuted-entries", None),
    ("lstm carry without f", lstm_b5, "Wx Wh b input", "time-step-wrong", None),
    ("lstm dWx gate blocks exchanged", lstm_b6, "Wx", "permuted-entries", None),
)


# ---- attention
class Attention:
    def __init__(self, d):
        self.Wq, self.Wk, self.Wv, self.d = weights(d, d), weights(d, d, seed=2), weights(d, d, seed=3), d

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        s = self.q @ self.k.transpose(0, 2, 1) / np.sqrt(self.d)
        e = np.exp(s - s.max(-1, keepdims=True))
        self.p = e / e.sum(-1, keepdims=True)
        return self.p @ self.v

    def backward(self, dy):
        dv = self.p.transpose(0, 2, 1) @ dy
        ds = self.soft(dy @ self.v.transpose(0, 2, 1)) / np.sqrt(self.d)
        dq, dk = self.dqk(ds)

        def flat(g):
            return np.einsum("ntd,nte->de", self.x, g)

        self.dWq, self.dWk, self.dWv = flat(dq), flat(dk), flat(dv)
        return self.dx(dq, dk, dv)

    def soft(self, dp):
        return self.p * (dp - (dp * self.p).sum(-1, keepdims=True))

    def dqk(self, ds):
        return ds @ self.k, ds.transpose(0, 2, 1) @ self.q

    def dx(self, dq, dk, dv):
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class AttA(Attention):
    def dqk(self, ds):
        return ds @ self.k * np.sqrt(self.d), ds.transpose(0, 2, 1) @ self.q * np.sqrt(self.d)


class AttB(Attention):
    def dqk(self, ds):
        return ds @ self.k, ds @ self.q


class AttC(Attention):
    def soft(self, dp):
        return self.p * dp


class AttD(Attention):
    def dx(self, dq, dk, dv):
        return dv @ self.Wv.T


class AttE(Attention):
    def backward(self, dy):
        dx = super().backward(dy)
        self.dWq, self.dWk = self.dWk, self.dWq
        return dx


class AttF(Attention):
    def backward(self, dy):
        dx = super().backward(dy)
        self.dWv = self.dWv.T
        return dx


class AttG(Attention):
    def dx(self, dq, dk, dv):
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T + self.x * 0 + dv * 0 - 2 * (dk @ self.Wk.T)


family(
    Attention,
    draw(2, 4, 3),
    lambda c: c(3),
    ("attention scale forgotten", AttA, "Wq Wk input", "constant-factor", "sqrt(d)"),
    ("attention dk without .T", AttB, "Wk input", "unrecognised", None),
    ("attention softmax diagonal", AttC, "Wq Wk input:unrecognised", "missing-term", None),
    ("attention dx of v alone", AttD, "input", "overwritten-contribution", None),
    ("attention dWq dWk exchanged", AttE, "Wq Wk", "swapped-leaves", None),
    ("attention dWv transposed", AttF, "Wv", "transposed", None),
    ("attention one term's sign", AttG, "input", "sign-flipped", None),
)


# ---- dropout
class Dropout:
    def __init__(self, p=0.3):
        self.p, self.train, self.rng = p, True, np.random.default_rng(0)

    def forward(self, x):
        if not self.train:
            return x
        self.mask = self.rng.random(x.shape) >= self.p
        return x * self.mask / (1 - self.p)

    def backward(self, dy):
        return dy * self.mask / (1 - self.p) if self.train else dy


class DropA(Dropout):
    def backward(self, dy):
        return dy * self.mask if self.train else dy


class DropB(Dropout):
    def backward(self, dy):
        return dy / (1 - self.p) if self.train else dy


class DropC(Dropout):
    def backward(self, dy):
        return dy


class DropD(Dropout):
    def backward(self, dy):
        return dy * self.mask / self.p if self.train else dy


class DropE(Dropout):
    def backward(self, dy):
        if not self.train:
            return dy
        return dy * (self.rng.random(dy.shape) >= self.p) / (1 - self.p)


def off(c):
    d = c()
    d.forward(draw(4, 6))
    d.train = False
    return d


class DropF(Dropout):
    def backward(self, dy):
        return dy * self.mask / (1 - self.p)


family(
    Dropout,
    draw(4, 6),
    lambda c: c(),
    ("dropout without 1/(1-p)", DropA, "input", "constant-factor", "1 - p"),
    ("dropout without mask", DropB, "input", "ghost-gradient", None),
    ("dropout identity in training", DropC, "input", "mode-mixup", None),
    ("dropout over p", DropD, "input", "constant-factor", "(1 - p) / p"),
    ("dropout new mask", DropE, "input", "elementwise-factor", None),
)
family(Dropout, draw(4, 6), off, ("dropout mask in eval", DropF, "input", "mode-mixup", None))


# ---- upsampling, pixel shuffle
class Up:
    def __init__(self, r):
        self.r = r

    def forward(self, x):
        self.shape = x.shape
        return x.repeat(self.r, 2).repeat(self.r, 3)

    def backward(self, dy):
        N, C, Hh, W = self.shape
        return dy.reshape(N, C, Hh, self.r, W, self.r).sum((3, 5))


class UpA(Up):
    def backward(self, dy):
        return dy[:, :, :: self.r, :: self.r]


class UpB(Up):
    def backward(self, dy):
        N, C, Hh, W = self.shape
        return dy.reshape(N, C, Hh, self.r, W, self.r).mean((3, 5))


class UpC(Up):
    def backward(self, dy):
        N, C, Hh, W = self.shape
        return dy.reshape(N, C, self.r, Hh, self.r, W).sum((2, 4))


family(
    Up,
    draw(2, 2, 3, 4),
    lambda c: c(2),
    ("upsampling first pixel", UpA, "input", "overwritten-contribution", None),
    ("upsampling mean", UpB, "input", "constant-factor", "1 / (r * r)"),
    ("upsampling wrong blocks", UpC, "input", "unrecognised", None),
)


class Shuffle:
    def __init__(self, r):
        self.r = r

    def forward(self, x):
        N, C, Hh, W = x.shape
        r = self.r
        self.shape = x.shape
        return x.reshape(N, C // r**2, r, r, Hh, W).transpose(0, 1, 4, 2, 5, 3).reshape(N, C // r**2, Hh * r, W * r)

    def backward(self, dy):
        N, C, Hh, W = self.shape
        r = self.r
        return dy.reshape(N, C // r**2, Hh, r, W, r).transpose(0, 1, 3, 5, 2, 4).reshape(self.shape)


class ShuffleA(Shuffle):
    def backward(self, dy):
        N, C, Hh, W = self.shape
        r = self.r
        return dy.reshape(N, C // r**2, Hh, r, W, r).transpose(0, 1, 5, 3, 2, 4).reshape(self.shape)


family(
    Shuffle,
    draw(2, 8, 3, 4),
    lambda c: c(2),
    ("pixel shuffle blocks exchanged", ShuffleA, "input", "permuted-entries", None),
)


# ---- SE block
class SE:
    def __init__(self, c):
        self.W = weights(c, c)

    def forward(self, x):
        self.x = x
        self.z = x.mean((2, 3))
        self.s = sigmoid(self.z @ self.W)
        return x * self.s[:, :, None, None]

    def backward(self, dy):
        da = (dy * self.x).sum((2, 3)) * self.s * (1 - self.s)
        self.dW = self.z.T @ da
        return dy * self.s[:, :, None, None] + self.gate(da)

    def gate(self, da):
        return (da @ self.W.T)[:, :, None, None] / (self.x.shape[2] * self.x.shape[3])


class SEa(SE):
    def gate(self, da):
        return 0


class SEb(SE):
    def gate(self, da):
        return (da @ self.W.T)[:, :, None, None]


family(
    SE,
    draw(2, 3, 4, 5),
    lambda c: c(3),
    ("squeeze path forgotten", SEa, "input", "missing-term", None),
    ("squeeze path not averaged", SEb, "input", "missing-term", None),
)


# ---- misc functions
def cums(x):
    return np.cumsum(x, axis=1), x


def cums_bwd(dout, x):
    return np.cumsum(dout[:, ::-1], axis=1)[:, ::-1]


def cums_b1(dout, x):
    return np.cumsum(dout, axis=1)


pairs(cums, cums_bwd, (draw(3, 5),), ("cumsum not turned", cums_b1, "input", "unrecognised", None))


def mul(a, b):
    return a * b, (a, b)


def mul_bwd(dout, cache):
    a, b = cache
    return dout * b, dout * a


def mul_b1(dout, cache):
    a, b = cache
    return dout * a, dout * b


def mul_b2(dout, cache):
    _a, b = cache
    return dout * b, dout


pairs(
    mul,
    mul_bwd,
    (draw(3, 4), draw(3, 4, seed=5)),
    ("product operands exchanged", mul_b1, "input b", "swapped-leaves", None),
    ("product forgets a", mul_b2, "b", "elementwise-factor", None),
)


class Concat:
    def forward(self, a, b):
        self.n = a.shape[1]
        return np.concatenate([a, b], 1)

    def backward(self, dy):
        return dy[:, : self.n], dy[:, self.n :]


class ConcatA(Concat):
    def backward(self, dy):
        return dy[:, self.n :], dy[:, : self.n]


family(
    Concat,
    (draw(3, 4), draw(3, 4, seed=2)),
    lambda c: c(),
    ("concatenation parts exchanged", ConcatA, "a b", "swapped-leaves", None),
)


# ---- protocol, other conventions
class Dense2:
    def __init__(self, a, b):
        self.params = {"W": weights(a, b), "b": weights(b)}
        self.grads = {}

    def forward(self, x):
        self.cache = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, g):
        self.grads = {"W": self.cache.T @ g, "b": g.sum(0)}
        return g @ self.params["W"].T


class Dense2A(Dense2):
    def backward(self, g):
        return super().backward(g / np.linalg.norm(g))


class Dense2B(Dense2):
    def backward(self, g):
        return super().backward(g).astype(np.float16)


class Dense2C(Dense2):
    def forward(self, x):
        if not hasattr(self, "cache"):
            self.cache = x
        return x @ self.params["W"] + self.params["b"]


class Dense2D(Dense2):
    def backward(self, g):
        out = super().backward(g)
        g *= 0
        return out


class Dense2E(Dense2):
    def backward(self, g):
        return super().backward(np.ones_like(g))


class Dense2F(Dense2):
    def backward(self, g):
        return super().backward(np.clip(g, -1, 1))


class Dense2G(Dense2):
    def backward(self, g):
        return super().backward(
            np.ascontiguousarray(g).ravel(order="K").reshape(g.shape)
            if g.flags.c_contiguous
            else g.ravel(order="K").reshape(g.shape)
        )


family(
    Dense2,
    draw(5, 4),
    lambda c: c(4, 3),
    ("upstream normalised", Dense2A, "input params['W'] params['b']", "not-linear-upstream", None),
    ("dX in half precision", Dense2B, "input", "precision-lost", None),
    ("dict cache never renewed", Dense2C, "params['W']", "stale-cache", None),
    ("dY zeroed", Dense2D, "input", "mutates-upstream", None),
    ("ones upstream", Dense2E, "input params['W'] params['b']", "upstream-ignored", None),
    ("dY clipped", Dense2F, "input params['W'] params['b']", "not-linear-upstream", None),
    ("dY flattened in memory order", Dense2G, "input params['W'] params['b']", "memory-layout", None),
)


class Momentum:
    def __init__(self, a, b):
        self.W, self.v = weights(a, b), np.zeros((a, b))

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy, lr):
        dx = dy @ self.W.T
        self.W -= lr * self.x.T @ dy
        return dx


class MomentumA(Momentum):
    def backward(self, dy, lr):
        dx = dy @ self.W.T
        self.v = 0.9 * self.v + self.x.T @ dy
        self.W -= lr * self.v
        return dx


class MomentumB(Momentum):
    def backward(self, dy, lr):
        self.W -= lr * self.x.T @ dy
        return dy @ self.W.T


class MomentumC(Momentum):
    def backward(self, dy, lr):
        dx = dy @ self.W.T
        self.W += lr * self.x.T @ dy
        return dx


class MomentumD(Momentum):
    def backward(self, dy, lr):
        dx = dy @ self.W.T
        self.W -= lr * lr * self.x.T @ dy
        return dx


family(
    Momentum,
    draw(5, 4),
    lambda c: c(4, 3),
    ("momentum", MomentumA, "W", "update-not-proportional", None),
    ("updated first", MomentumB, "input", "updated-before-use", None),
    ("ascends", MomentumC, "W", "sign-flipped", None),
    ("rate squared", MomentumD, "W", "update-not-proportional", None),
)
