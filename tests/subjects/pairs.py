"""backward(x) beside forward(x), right and wrong: the derivative of an activation, or dE/dX of a dE/dY called x."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Elementwise:
    def forward(self, x):
        self.x = x
        self.y = self.f(x)
        return self.y

    def f(self, x):
        return np.tanh(x)


# The derivative f'(x), to be multiplied by the caller.


class TanhPair(Elementwise):
    def backward(self, x):
        return 1 - np.tanh(x) ** 2


class TanhPairWrong(Elementwise):
    def backward(self, x):
        return 1 + np.tanh(x) ** 2


class TanhPairAtItself(Elementwise):
    def backward(self, x):
        return 1 - x**3


class ReLUPair:
    def forward(self, data):
        return np.maximum(0, data)

    def backward(self, data):
        return (data > 0) * 1


class ReLUPairWrong(ReLUPair):
    def backward(self, data):
        return (data < 0) * 1


class LeakyPair:
    def forward(self, data):
        return np.where(data >= 0, data, data * 0.05)

    def backward(self, data):
        return np.where(data > 0, 1, 0.05)


class LeakyPairWrong(LeakyPair):
    def backward(self, data):
        return np.where(data > 0, 1, 0.5)


class RandomPair:
    """Its slopes are drawn in forward: what backward keeps is no function of forward's x."""

    def forward(self, data):
        self.slopes = np.random.uniform(0.1, 0.3, data.shape)
        return np.where(data >= 0, data, data * self.slopes)

    def backward(self, data):
        return np.where(data > 0, 1, self.slopes)


class RandomPairWrong(RandomPair):
    def backward(self, data):
        return np.where(data > 0, 1, 1 - self.slopes)


class SoftplusPair:
    def forward(self, x):
        return np.log(1 + np.exp(x))

    def backward(self, x):
        return sigmoid(x)


class SoftplusPairWrong(SoftplusPair):
    def backward(self, x):
        return sigmoid(x) * (1 - sigmoid(x))


class OutputPair:
    """Its parameter is called as the output is."""

    def forward(self, x):
        return sigmoid(x)

    def backward(self, y):
        return y * (1 - y)


class OutputPairWrong(OutputPair):
    def backward(self, y):
        return y * (1 + y)


class IgnoringPair(Elementwise):
    def backward(self, *_):
        return 1 - self.y**2


class IgnoringPairWrong(IgnoringPair):
    def backward(self, *_):
        return 1 - self.y


class SoftmaxDiagonal:
    """Right on the diagonal of the Jacobian, which is not all of it."""

    def forward(self, x):
        e = np.exp(x - x.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def backward(self, x):
        y = self.forward(x)
        return y * (1 - y)


# dE/dX of a dE/dY that is called x.


class TanhVjp(Elementwise):
    def backward(self, x):
        return x * (1 - self.y**2)


class TanhVjpWrong(Elementwise):
    def backward(self, x):
        return x * (1 - self.y)


class ReLUVjp(ReLUPair):
    def forward(self, x):
        self.x = x
        return np.maximum(0, x)

    def backward(self, x):
        return x * (self.x > 0)


class ReLUByTheWrongSign(ReLUVjp):
    def backward(self, x):
        return x * (x > 0)


class MaskedSign(ReLUVjp):
    """f'(x) if it is handed x, which needs what forward has kept: a wrong dE/dX and no derivative."""

    def backward(self, x):
        return (self.x > 0) * np.sign(x) ** 2


class ForgetsUpstream(Elementwise):
    def backward(self, x):
        return 1 - self.y**2


class Triple:
    def forward(self, x):
        return 3 * x

    def backward(self, x):
        return 3 * x


class TripleWrong(Triple):
    def backward(self, x):
        return 2 * x


class Same:
    def forward(self, x):
        return 1 * x

    def backward(self, x):
        return x


class CutSame(Same):
    def backward(self, x):
        return np.clip(x, -0.5, 0.5)


class Reversed:
    def forward(self, x):
        return np.ascontiguousarray(x[::-1])

    def backward(self, x):
        return np.ascontiguousarray(x[::-1])


class ReversedWrong(Reversed):
    def backward(self, x):
        return x


class SoftmaxVjp(SoftmaxDiagonal):
    def forward(self, x):
        self.y = super().forward(x)
        return self.y

    def backward(self, x):
        return self.y * (x - (x * self.y).sum(1, keepdims=True))


PAIRS = (TanhPair, ReLUPair, LeakyPair, RandomPair, SoftplusPair)
WRONG_PAIRS = (TanhPairWrong, TanhPairAtItself, ReLUPairWrong, LeakyPairWrong, RandomPairWrong, SoftplusPairWrong,
               OutputPairWrong, IgnoringPairWrong, SoftmaxDiagonal)  # fmt: skip
VJPS = (TanhVjp, ReLUVjp, Triple, Same, Reversed, SoftmaxVjp)
WRONG_VJPS = (TanhVjpWrong, ReLUByTheWrongSign, MaskedSign, ForgetsUpstream, TripleWrong, CutSame, ReversedWrong)


# What two readings are right or wrong for, as the caller calls it.


class Identity:
    def forward(self, x):
        return 1 * x

    def backward(self, x):
        return np.ones_like(x)


class HalfSquare:
    def forward(self, x):
        return x * x / 2

    def backward(self, x):
        return x


class Sigmoid:
    def forward(self, data):
        return sigmoid(data)

    def backward(self, data):
        return data * (1 - data)


class HardShrink:
    def forward(self, data):
        return np.where(np.abs(data) < 0.5, 0, data)

    def backward(self, data):
        return (data != 0) * 1


class SigmoidOfInput:
    """Called after the output, and right at the input."""

    def forward(self, x):
        return sigmoid(x)

    def backward(self, y):
        return sigmoid(y) * (1 - sigmoid(y))
