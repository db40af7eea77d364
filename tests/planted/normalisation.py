"""Batch, layer, group and root-mean-square normalisation; dropout; both modes."""

import numpy as np

from tests.planted.catalogue import Planted, draw, weights


class BatchNorm:
    """Over the batch in training, with running statistics in use."""

    def __init__(self, features, training=True):
        self.training = training
        self.gamma, self.beta = 1.0 + weights(features), weights(features)
        self.running_mean, self.running_var = weights(features, seed=3), 1.0 + weights(features, seed=4)

    def forward(self, x):
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.running_mean = 0.9 * self.running_mean + 0.1 * mean
            self.running_var = 0.9 * self.running_var + 0.1 * var
        else:
            mean, var = self.running_mean, self.running_var
        self.std = np.sqrt(var + 1e-5)
        self.hat = (x - mean) / self.std
        return self.gamma * self.hat + self.beta

    def backward(self, dout):
        self.dgamma, self.dbeta = self.scale_gradient(dout), self.shift_gradient(dout)
        dhat = dout * self.gamma
        return self.trained(dhat) if self.training else self.fixed(dhat)

    def trained(self, dhat):
        return (dhat - dhat.mean(axis=0) - self.hat * (dhat * self.hat).mean(axis=0)) / self.std

    def fixed(self, dhat):
        return dhat / self.std

    def scale_gradient(self, dout):
        return (dout * self.hat).sum(axis=0)

    def shift_gradient(self, dout):
        return dout.sum(axis=0)


class EvalFormula(BatchNorm):
    def trained(self, dhat):
        return self.fixed(dhat)


class TrainFormula(BatchNorm):
    def fixed(self, dhat):
        return self.trained(dhat)


class NoVariance(BatchNorm):
    def trained(self, dhat):
        return (dhat - dhat.mean(axis=0)) / self.std


class NoMean(BatchNorm):
    def trained(self, dhat):
        return (dhat - self.hat * (dhat * self.hat).mean(axis=0)) / self.std


class NoGamma(BatchNorm):
    def trained(self, dhat):
        return super().trained(dhat / self.gamma)


class GammaTwice(BatchNorm):
    def trained(self, dhat):
        return super().trained(dhat) * self.gamma


class NoStd(BatchNorm):
    def trained(self, dhat):
        return super().trained(dhat) * self.std


class TimesBatch(BatchNorm):
    def trained(self, dhat):
        return super().trained(dhat) * len(dhat)


class GammaMean(BatchNorm):
    def scale_gradient(self, dout):
        return (dout * self.hat).mean(axis=0)


class GammaOfShift(BatchNorm):
    def scale_gradient(self, dout):
        return dout.sum(axis=0)


class BetaMean(BatchNorm):
    def shift_gradient(self, dout):
        return dout.mean(axis=0)


class BetaOfScale(BatchNorm):
    def shift_gradient(self, dout):
        return self.scale_gradient(dout)


class BetaLast(BatchNorm):
    def shift_gradient(self, dout):
        return dout[-1]


class BetaAndGammaSwapped(BatchNorm):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dgamma, self.dbeta = self.dbeta, self.dgamma
        return dx


class ScaleNegative(BatchNorm):
    def scale_gradient(self, dout):
        return -(dout * self.hat).sum(axis=0)


class NotCached(BatchNorm):
    """The statistics of the first batch stay."""

    def forward(self, x):
        out = super().forward(x)
        if not hasattr(self, "first"):
            self.first = self.std
        return out

    def trained(self, dhat):
        self.std = self.first
        return super().trained(dhat)


def group_forward(x, gamma, beta, groups):
    n, _c, _h, _w = x.shape
    parts = x.reshape(n, groups, -1)
    std = np.sqrt(parts.var(axis=2, keepdims=True) + 1e-5)
    hat = ((parts - parts.mean(axis=2, keepdims=True)) / std).reshape(x.shape)
    return gamma[:, None, None] * hat + beta[:, None, None], (hat, gamma, std, groups)


def group_backward(dout, cache):
    hat, gamma, std, groups = cache
    dhat = dout * gamma[:, None, None]
    g, y = (v.reshape(len(dout), groups, -1) for v in (dhat, hat))
    dx = (g - g.mean(axis=2, keepdims=True) - y * (g * y).mean(axis=2, keepdims=True)) / std
    return dx.reshape(dout.shape), (dout * hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3)), None


def _group(change):
    def backward(dout, cache):
        return change(*group_backward(dout, cache)[:3], dout, cache)

    return backward


def rms_forward(x, gain):
    root = np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6)
    return gain * x / root, (x, gain, root)


def rms_backward(dout, cache):
    x, gain, root = cache
    g = dout * gain
    return g / root - x * (g * x).mean(axis=-1, keepdims=True) / root**3, (dout * x / root).sum(axis=0)


def rms_constant(dout, cache):
    x, gain, root = cache
    return dout * gain / root, (dout * x / root).sum(axis=0)


def rms_plus(dout, cache):
    x, gain, root = cache
    g = dout * gain
    return g / root + x * (g * x).mean(axis=-1, keepdims=True) / root**3, (dout * x / root).sum(axis=0)


def rms_gain_not_normed(dout, cache):
    x, _gain, _root = cache
    return rms_backward(dout, cache)[0], (dout * x).sum(axis=0)


def rms_gain_mean(dout, cache):
    x, _gain, root = cache
    return rms_backward(dout, cache)[0], (dout * x / root).mean(axis=0)


class Dropout:
    """Inverted; a switch, and a mask of the last training call."""

    def __init__(self, p=0.4, training=True):
        self.p, self.training = p, training
        self.mask = np.ones(1)

    def forward(self, x):
        if not self.training:
            return x
        self.mask = (np.random.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask if self.training else dout


class DropoutKeptUnscaled(Dropout):
    def backward(self, dout):
        return dout * (self.mask > 0) if self.training else dout


class DropoutScaledAgain(Dropout):
    def backward(self, dout):
        return dout * self.mask / (1 - self.p) if self.training else dout


class DropoutIgnored(Dropout):
    def backward(self, dout):
        return dout


class DropoutRateFactor(Dropout):
    def backward(self, dout):
        return dout * self.mask * self.p if self.training else dout


class DropoutScaledInEval(Dropout):
    def backward(self, dout):
        return dout * self.mask if self.training else dout * (1 - self.p)


ROWS, MAPS, GROUPED = draw(7, 4), draw(2, 6, 3, 4), (draw(2, 6, 3, 4), 1 + weights(6), weights(6, seed=5), 3)
RMS = (draw(4, 6), 1 + weights(6))


def _norm(name, cls, leaf, cause, *, expression=None, training=True, x=ROWS):
    return Planted(name, lambda: cls(4, training), lambda: BatchNorm(4, training), x, leaf, cause, expression)


def _groups(name, change, leaf, cause):
    return Planted(name, lambda: (group_forward, _group(change)), lambda: (group_forward, group_backward), GROUPED,
                   leaf, cause)  # fmt: skip


def _rms(name, wrong, leaf, cause, expression=None):
    return Planted(
        name, lambda: (rms_forward, wrong), lambda: (rms_forward, rms_backward), RMS, leaf, cause, expression
    )


def _drop(name, cls, cause, *, expression=None, training=True):
    return Planted(name, lambda: cls(0.4, training), lambda: Dropout(0.4, training), draw(6, 5), "input", cause,
                   expression)  # fmt: skip


PLANTED = [
    _norm("the eval formula in training", EvalFormula, "input", "mode-mixup"),
    _norm("the training formula in eval", TrainFormula, "input", "mode-mixup", training=False),
    _norm("the training formula in eval, three rows", TrainFormula, "input", "mode-mixup", training=False, x=ROWS[:3]),
    _norm("the eval formula in training, three rows", EvalFormula, "input", "mode-mixup", x=ROWS[:3]),
    _norm("batch norm without the variance's term", NoVariance, "input", "missing-term"),
    _norm("batch norm without the mean's term", NoMean, "input", "missing-term"),
    _norm("batch norm without gamma", NoGamma, "input", "elementwise-factor"),
    _norm("batch norm with gamma twice", GammaTwice, "input", "elementwise-factor"),
    _norm("batch norm not divided by its deviation", NoStd, "input", "elementwise-factor"),
    _norm("batch norm times the batch", TimesBatch, "input", "constant-factor", expression="N"),
    _norm("dgamma averaged", GammaMean, "gamma", "constant-factor", expression="1 / N"),
    _norm("dgamma of dbeta", GammaOfShift, "gamma", "swapped-leaves"),
    _norm("dbeta averaged", BetaMean, "beta", "wrong-reduction", expression="1 / N"),
    _norm("dbeta of dgamma", BetaOfScale, "beta", "swapped-leaves"),
    _norm("dbeta of the last sample", BetaLast, "beta", "overwritten-contribution"),
    _norm("dbeta and dgamma exchanged", BetaAndGammaSwapped, "gamma beta", "swapped-leaves"),
    _norm("dgamma with the wrong sign", ScaleNegative, "gamma", "sign-flipped"),
    _norm("the deviation of the first batch", NotCached, "input", "stale-cache"),
    _groups("group dgamma per sample", lambda dx, dg, db, d, c: (dx, (d * c[0]).sum(axis=(2, 3)), db, None), "gamma",
            "shape-mismatch"),
    _groups("group dbeta averaged", lambda dx, dg, db, d, c: (dx, dg, d.mean(axis=(0, 2, 3)), None), "beta",
            "wrong-reduction"),
    _groups("group norm with constants", lambda dx, dg, db, d, c: (
        (d.reshape(2, 3, -1) * np.repeat(c[1], 12).reshape(3, -1) / c[2]).reshape(d.shape), dg, db, None), "input",
            "missing-term"),
    _groups("group norm doubled", lambda dx, dg, db, d, c: (2 * dx, dg, db, None), "input", "constant-factor"),
    _groups("group norm channels reversed", lambda dx, dg, db, d, c: (dx[:, ::-1], dg, db, None), "input",
            "axis-flipped"),
    _groups("group dgamma rolled", lambda dx, dg, db, d, c: (dx, np.roll(dg, 1), db, None), "gamma",
            "permuted-entries"),
    _rms("rms taken as a constant", rms_constant, "input", "missing-term"),
    _rms("rms term with the wrong sign", rms_plus, "input", "missing-term"),
    _rms("rms gain's x not normed", rms_gain_not_normed, "gain", "wrong-local-derivative"),
    _rms("rms gain averaged", rms_gain_mean, "gain", "constant-factor", "1 / N"),
    _drop("kept units not scaled", DropoutKeptUnscaled, "constant-factor", expression="1 - p"),
    _drop("kept units scaled twice", DropoutScaledAgain, "constant-factor", expression="1 / (1 - p)"),
    _drop("the mask ignored in training", DropoutIgnored, "mode-mixup"),
    _drop("the rate as a factor", DropoutRateFactor, "constant-factor", expression="p"),
    _drop("scaled in eval", DropoutScaledInEval, "constant-factor", expression="1 - p", training=False),
]  # fmt: skip
