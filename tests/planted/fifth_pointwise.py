"""Activations and dropout of the fifth held-out batch. The table stands in unseen_fifth.py."""

import numpy as np
from scipy.special import erf

_C = np.sqrt(2 / np.pi)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# 1: forward by erf, backward by the tanh form
def gelu(x):
    return 0.5 * x * (1 + erf(x / np.sqrt(2)))


def gelu_derivative_tanh(x):
    t = np.tanh(_C * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * _C * (1 + 3 * 0.044715 * x**2)


def gelu_derivative(x):
    return 0.5 * (1 + erf(x / np.sqrt(2))) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


class GELUTanh:
    def forward(self, x):
        self.x = x
        self.t = np.tanh(_C * (x + 0.044715 * x**3))
        return 0.5 * x * (1 + self.t)

    def backward(self, dout):
        inner = _C * (1 + 3 * 0.044715 * self.x**2)
        return dout * (0.5 * (1 + self.t) + 0.5 * self.x * (1 - self.t**2) * inner)


class GELUTanhFirstTerm(GELUTanh):
    """The product rule's second term is missing."""

    def backward(self, dout):
        return dout * 0.5 * (1 + self.t)


class SiLU:
    def forward(self, x):
        self.x, self.s = x, sigmoid(x)
        return x * self.s

    def backward(self, grad):
        return grad * (self.s + self.x * self.s * (1 - self.s))


class SiLUSigmoids(SiLU):
    """The derivative of the sigmoid alone."""

    def backward(self, grad):
        return grad * self.s * (1 - self.s)


def softplus(x):
    return np.logaddexp(0, x)


def softplus_prime_mirrored(x):
    return 1 / (1 + np.exp(x))


def softplus_prime(x):
    return 1 / (1 + np.exp(-x))


class ELU:
    def __init__(self, alpha=0.6):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        self.out = np.where(x > 0, x, self.alpha * (np.exp(np.minimum(x, 0)) - 1))
        return self.out

    def backward(self, dout):
        return dout * np.where(self.x > 0, 1, self.out + self.alpha)


class ELUOutput(ELU):
    """On the left the output itself, without alpha."""

    def backward(self, dout):
        return dout * np.where(self.x > 0, 1, self.out)


_LAMBDA, _ALPHA = 1.0507009873554805, 1.6732632423543772


def selu(x):
    return _LAMBDA * np.where(x > 0, x, _ALPHA * np.expm1(x))


def selu_backward_unscaled(dout, x):
    return dout * np.where(x > 0, 1, _ALPHA * np.exp(x))


def selu_backward(dout, x):
    return dout * _LAMBDA * np.where(x > 0, 1, _ALPHA * np.exp(x))


class PReLU:
    """One learned slope a channel, (N, C)."""

    def __init__(self, channels):
        self.alpha = np.linspace(0.1, 0.4, channels)

    def forward(self, x):
        self.x = x
        return np.maximum(x, 0) + self.alpha * np.minimum(x, 0)

    def backward(self, dout):
        self.dalpha = (dout * np.minimum(self.x, 0)).sum(axis=0)
        return dout * np.where(self.x > 0, 1, self.alpha)


class PReLUSlopeOfX(PReLU):
    """The slope's gradient lacks dE/dY."""

    def backward(self, dout):
        self.dalpha = np.minimum(self.x, 0).sum(axis=0)
        return dout * np.where(self.x > 0, 1, self.alpha)


class PReLUDeadLeft(PReLU):
    """dE/dX is that of a ReLU."""

    def backward(self, dout):
        self.dalpha = (dout * np.minimum(self.x, 0)).sum(axis=0)
        return dout * (self.x > 0)


class Maxout:
    """(N, D * K) to (N, D): the best of K neighbours."""

    def __init__(self, pieces):
        self.pieces = pieces

    def forward(self, x):
        z = x.reshape(len(x), -1, self.pieces)
        self.mask = np.arange(self.pieces) == z.argmax(axis=2)[:, :, None]
        return z.max(axis=2)

    def backward(self, dout):
        return (self.mask * dout[:, :, None]).reshape(len(dout), -1)


class MaxoutPiecesFirst(Maxout):
    """Backward lays the pieces out first."""

    def backward(self, dout):
        return (self.mask * dout[:, :, None]).transpose(0, 2, 1).reshape(len(dout), -1)


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, dout):
        return self.y * (dout - (dout * self.y).sum(axis=1, keepdims=True))


class SoftmaxDiagonal(Softmax):
    """Only the diagonal of the Jacobian."""

    def backward(self, dout):
        return dout * self.y * (1 - self.y)


def log_softmax_forward(x):
    y = x - x.max(axis=1, keepdims=True)
    y = y - np.log(np.exp(y).sum(axis=1, keepdims=True))
    return y, y


def log_softmax_backward_no_sum(dout, y):
    """As if dE/dY summed to 1 in each row."""
    return dout - np.exp(y)


def log_softmax_backward(dout, y):
    return dout - np.exp(y) * dout.sum(axis=1, keepdims=True)


# 14: no clipping in the derivative
def hard_sigmoid(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


def hard_sigmoid_prime_everywhere(x):
    return np.full_like(x, 0.2)


def hard_sigmoid_prime(x):
    return np.where(np.abs(x) < 2.5, 0.2, 0)


class Mish:
    def forward(self, x):
        self.x = x
        self.t = np.tanh(np.logaddexp(0, x))
        return x * self.t

    def backward(self, dout):
        return dout * (self.t + self.x * (1 - self.t**2) * sigmoid(self.x))


class MishNoSigmoid(Mish):
    """The softplus inside is not differentiated."""

    def backward(self, dout):
        return dout * (self.t + self.x * (1 - self.t**2))


class Swish:
    """A learned beta, one for all."""

    def __init__(self):
        self.beta = np.array([1.3])

    def forward(self, x):
        self.x, self.s = x, sigmoid(self.beta * x)
        return x * self.s

    def backward(self, dout):
        ds = self.s * (1 - self.s)
        self.dbeta = np.array([(dout * self.x**2 * ds).sum()])
        return dout * (self.s + self.beta * self.x * ds)


class SwishBetaLost(Swish):
    """dE/dX as if beta were 1."""

    def backward(self, dout):
        ds = self.s * (1 - self.s)
        self.dbeta = np.array([(dout * self.x**2 * ds).sum()])
        return dout * (self.s + self.x * ds)


class Dropout:
    def __init__(self, p=0.4):
        self.p = p
        self.training = True
        self.rng = np.random.default_rng(0)

    def draw(self, shape):
        return self.rng.random(shape) >= self.p

    def forward(self, x):
        if not self.training:
            return x
        self.mask = self.draw(x.shape)
        return x * self.mask / (1 - self.p)

    def backward(self, dout):
        return dout * self.mask / (1 - self.p) if self.training else dout


class DropoutUnscaled(Dropout):
    """A kept unit lacks 1 / (1 - p)."""

    def backward(self, dout):
        return dout * self.mask if self.training else dout


class ChannelDropout(Dropout):
    """Whole channels of (N, C, L)."""

    def draw(self, shape):
        return self.rng.random((*shape[:2], 1)) >= self.p


class ChannelDropoutUnmasked(ChannelDropout):
    """The scale without the mask."""

    def backward(self, dout):
        return dout / (1 - self.p) if self.training else dout


class DropoutFirstMask(Dropout):
    """Backward keeps the first mask for ever; forward draws a new one each time."""

    first = None

    def forward(self, x):
        out = super().forward(x)
        if self.training and self.first is None:
            self.first = self.mask
        return out

    def backward(self, dout):
        return dout * self.first / (1 - self.p) if self.training else dout
