"""Activations, softmax, dropout and normalisation: no parameters, or one a feature."""

import numpy as np

from tests.planted.catalogue import Planted, draw, weights


class Activation:
    """Y = f(X); dX = f'(X) * dY."""

    def __init__(self, activation, activation_prime):
        self.activation, self.activation_prime = activation, activation_prime

    def forward_propagation(self, input):
        self.input = input
        self.output = self.activation(input)
        return self.output

    def backward_propagation(self, output_error, learning_rate):
        return self.activation_prime(self.input) * output_error


class AtOutput(Activation):
    def backward_propagation(self, output_error, learning_rate):
        return self.activation_prime(self.output) * output_error


class PassesOn(Activation):
    def backward_propagation(self, output_error, learning_rate):
        return output_error


class Negative(Activation):
    def backward_propagation(self, output_error, learning_rate):
        return -self.activation_prime(self.input) * output_error


def sigmoid(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def sigmoid_prime(x):
    return sigmoid(x) * sigmoid(-x)


def sigmoid_prime_overflowing(x):
    return np.exp(x) / (1 + np.exp(x)) ** 2


def tanh_prime(x):
    return 1 - np.tanh(x) ** 2


def relu(x):
    return np.maximum(x, 0)


def relu_prime(x):
    return (x > 0) * 1.0


def leaky(x):
    return np.where(x > 0, x, 0.1 * x)


def leaky_prime(x):
    return np.where(x > 0, 1.0, 0.1)


def elu(x):
    return np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0)))


def elu_prime(x):
    return np.where(x > 0, 1.0, 0.5 * np.exp(np.minimum(x, 0)))


def elu_prime_without_alpha(x):
    return np.where(x > 0, 1.0, np.exp(np.minimum(x, 0)))


def softplus(x):
    return np.logaddexp(0, x)


def swish(x):
    return x * sigmoid(x)


def swish_prime(x):
    return sigmoid(x) + x * sigmoid_prime(x)


def swish_prime_half(x):
    return sigmoid(x) + x * sigmoid(x) ** 2


class Softmax:
    """Over the last axis."""

    def forward_propagation(self, input):
        powers = np.exp(input - input.max(axis=-1, keepdims=True))
        self.output = powers / powers.sum(axis=-1, keepdims=True)
        return self.output

    def backward_propagation(self, output_error, learning_rate):
        inner = (output_error * self.output).sum(axis=-1, keepdims=True)
        return self.output * (output_error - inner)


class SoftmaxDiagonal(Softmax):
    def backward_propagation(self, output_error, learning_rate):
        return output_error * self.output * (1 - self.output)


class SoftmaxWithoutSum(Softmax):
    def backward_propagation(self, output_error, learning_rate):
        return output_error * self.output


class SoftmaxFused(Softmax):
    def backward_propagation(self, output_error, learning_rate):
        return output_error


class LogSoftmax:
    """Over the last axis."""

    def forward_propagation(self, input):
        self.output = input - np.log(np.exp(input).sum(axis=-1, keepdims=True))
        return self.output

    def backward_propagation(self, output_error, learning_rate):
        return output_error - np.exp(self.output) * output_error.sum(axis=-1, keepdims=True)


class LogSoftmaxWithoutSum(LogSoftmax):
    def backward_propagation(self, output_error, learning_rate):
        return output_error


class UnitRows:
    """Y = X / |X|, row by row."""

    def forward_propagation(self, input):
        self.length = np.sqrt((input**2).sum(axis=1, keepdims=True))
        self.output = input / self.length
        return self.output

    def backward_propagation(self, output_error, learning_rate):
        along = (output_error * self.output).sum(axis=1, keepdims=True)
        return (output_error - self.output * along) / self.length


class UnitRowsConstantLength(UnitRows):
    def backward_propagation(self, output_error, learning_rate):
        return output_error / self.length


class LayerNorm:
    """Rows of mean 0 and variance 1, times gamma, plus beta."""

    def __init__(self, features):
        self.features = features
        self.gamma, self.beta = 1 + weights(features), weights(features, seed=2)

    def forward_propagation(self, input):
        centred = input - input.mean(axis=1, keepdims=True)
        self.scale = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
        self.normal = centred / self.scale
        return self.gamma * self.normal + self.beta

    def backward_propagation(self, output_error, learning_rate):
        input_error = self.input_error(output_error)
        self.gamma -= learning_rate * (output_error * self.normal).sum(axis=0)
        self.beta -= learning_rate * self.beta_error(output_error)
        return input_error

    def input_error(self, dy):
        dn = dy * self.gamma
        mean, along = dn.mean(axis=1, keepdims=True), (dn * self.normal).mean(axis=1, keepdims=True)
        return (dn - mean - self.normal * along) / self.scale

    def beta_error(self, dy):
        return dy.sum(axis=0)


class NormConstants(LayerNorm):
    def input_error(self, dy):
        return dy * self.gamma / self.scale


class NormWithoutMean(LayerNorm):
    def input_error(self, dy):
        dn = dy * self.gamma
        return (dn - self.normal * (dn * self.normal).mean(axis=1, keepdims=True)) / self.scale


class NormBetaMean(LayerNorm):
    def beta_error(self, dy):
        return dy.mean(axis=0)


class Scale:
    """Y = gamma * X, one gamma a feature."""

    def __init__(self, features):
        self.features = features
        self.gamma = 1 + weights(features)

    def forward_propagation(self, input):
        self.input = input
        return self.gamma * input

    def backward_propagation(self, output_error, learning_rate):
        input_error = self.gamma * output_error
        self.gamma -= learning_rate * (output_error * self.input).sum(axis=0)
        return input_error


class ScaleForgotten(Scale):
    def backward_propagation(self, output_error, learning_rate):
        super().backward_propagation(output_error, learning_rate)
        return output_error


class ScaleTwice(Scale):
    def backward_propagation(self, output_error, learning_rate):
        input_error = self.gamma**2 * output_error
        self.gamma -= learning_rate * (output_error * self.input).sum(axis=0)
        return input_error


class Dropout:
    """Inverted: what stays is divided by 1 - rate."""

    def __init__(self, rate=0.3):
        self.rate = rate
        self.generator = np.random.default_rng(3)

    def forward_propagation(self, input):
        self.mask = self.generator.random(input.shape) >= self.rate
        return input * self.mask / (1 - self.rate)

    def backward_propagation(self, output_error, learning_rate):
        return output_error * self.mask / (1 - self.rate)


class DropoutNotScaled(Dropout):
    def backward_propagation(self, output_error, learning_rate):
        return output_error * self.mask


class DropoutScaledTwice(Dropout):
    def backward_propagation(self, output_error, learning_rate):
        return output_error * self.mask / (1 - self.rate) ** 2


class DropoutNoMask(Dropout):
    def backward_propagation(self, output_error, learning_rate):
        return output_error


class DropoutNewMask(Dropout):
    def backward_propagation(self, output_error, learning_rate):
        mask = self.generator.random(output_error.shape) >= self.rate
        return output_error * mask / (1 - self.rate)


class PlainDropout(Dropout):
    """Not inverted: what stays is left as it is."""

    def forward_propagation(self, input):
        self.mask = self.generator.random(input.shape) >= self.rate
        return input * self.mask

    def backward_propagation(self, output_error, learning_rate):
        return output_error * self.mask


class PlainDropoutNoMask(PlainDropout):
    def backward_propagation(self, output_error, learning_rate):
        return output_error


X, ROWS = draw(3, 5), draw(4, 6)
FAR = np.array([[-2.0, 0.5, 1.0, 800.0, -3.0]])


def _f(name, f, wrong, right, cause="wrong-local-derivative", *, cls=Activation, x=X):
    return Planted(name, lambda: cls(f, wrong), lambda: Activation(f, right), x, "input", cause)


def _row(name, cls, twin, leaf, cause, *args, x=ROWS, expression=None):
    return Planted(name, lambda: cls(*args), lambda: twin(*args), x, leaf, cause, expression)


PLANTED = [
    _f("tanh' at the output", np.tanh, tanh_prime, tanh_prime, cls=AtOutput),
    _f("sigmoid' at the output", sigmoid, sigmoid_prime, sigmoid_prime, cls=AtOutput),
    _f("x (1 - x) for sigmoid'", sigmoid, lambda x: x * (1 - x), sigmoid_prime),
    _f("1 - x**2 for tanh'", np.tanh, lambda x: 1 - x**2, tanh_prime),
    _f("1 for relu'", relu, np.ones_like, relu_prime),
    _f("relu' upside down", relu, lambda x: (x < 0) * 1.0, relu_prime),
    _f("the leak forgotten", leaky, relu_prime, leaky_prime),
    _f("another leak", leaky, lambda x: np.where(x > 0, 1.0, 0.01), leaky_prime),
    _f("alpha forgotten in elu'", elu, elu_prime_without_alpha, elu_prime),
    _f("f' forgotten", np.tanh, tanh_prime, tanh_prime, cls=PassesOn),
    _f("tanh for softplus'", softplus, np.tanh, sigmoid),
    _f("swish' without its minus", swish, swish_prime_half, swish_prime),
    _f("cos' with the wrong sign", np.cos, np.sin, lambda x: -np.sin(x), "sign-flipped"),
    _f("dX negated", np.tanh, tanh_prime, tanh_prime, "sign-flipped", cls=Negative),
    _f("sigmoid' overflows", sigmoid, sigmoid_prime_overflowing, sigmoid_prime, "non-finite", x=FAR),
    _row("softmax, the diagonal alone", SoftmaxDiagonal, Softmax, "input", "missing-term"),
    _row("softmax without its sum", SoftmaxWithoutSum, Softmax, "input", "missing-term"),
    _row("softmax fused with a loss", SoftmaxFused, Softmax, "input", "wrong-local-derivative"),
    _row("log-softmax without its sum", LogSoftmaxWithoutSum, LogSoftmax, "input", "missing-term"),
    _row("unit rows, length taken as constant", UnitRowsConstantLength, UnitRows, "input", "missing-term"),
    _row("layer norm, mean and variance taken as constant", NormConstants, LayerNorm, "input", "missing-term", 6),
    _row("layer norm without the mean's term", NormWithoutMean, LayerNorm, "input", "missing-term", 6),
    _row("layer norm, dbeta the mean", NormBetaMean, LayerNorm, "beta", "wrong-reduction", 6),
    _row("gamma forgotten in dX", ScaleForgotten, Scale, "input", "elementwise-factor", 6),
    _row("gamma twice in dX", ScaleTwice, Scale, "input", "elementwise-factor", 6),
    _row("dropout not scaled in backward", DropoutNotScaled, Dropout, "input", "constant-factor",
         expression="1 - rate"),
    _row("dropout scaled twice", DropoutScaledTwice, Dropout, "input", "constant-factor", expression="1 / (1 - rate)"),
    _row("dropout without its mask", DropoutNoMask, Dropout, "input", "elementwise-factor"),
    _row("dropout with a new mask", DropoutNewMask, Dropout, "input", "elementwise-factor"),
    _row("plain dropout without its mask", PlainDropoutNoMask, PlainDropout, "input", "ghost-gradient"),
]  # fmt: skip
