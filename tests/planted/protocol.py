"""Faults of behaviour, which the exact tests see without any step size."""

import numpy as np

from tests.planted.catalogue import Planted, draw
from tests.planted.dense import Dense, UnusedParameter, UpdatesTheUnused
from tests.planted.elementwise import Softmax


class KeepsTheFirst(Dense):
    """Its cache is filled once and never again."""

    def forward_propagation(self, input):
        if not hasattr(self, "input"):
            self.input = input
        return input @ self.weights + self.bias


class Relu:
    """max(X, 0)."""

    def forward_propagation(self, input):
        self.positive = input > 0
        return input * self.positive

    def backward_propagation(self, output_error, learning_rate):
        return output_error * self.positive


class ReluInPlace(Relu):
    def forward_propagation(self, input):
        self.positive = input > 0
        input[~self.positive] = 0
        return input.copy()


class ReluIntoUpstream(Relu):
    def backward_propagation(self, output_error, learning_rate):
        output_error[~self.positive] = 0
        return output_error


class UpdatesFirst(Dense):
    def backward_propagation(self, output_error, learning_rate):
        self.weights -= learning_rate * self.input.T @ output_error
        self.bias = self.bias - learning_rate * output_error.sum(axis=0, keepdims=True)
        return output_error @ self.weights.T


class FreshNoise(Dense):
    """Noise that no seed reaches."""

    def forward_propagation(self, input):
        return super().forward_propagation(input) + np.random.default_rng().normal(size=(len(input), 1))


class SeededNoise(Dense):
    """Its twin: noise that can be replayed."""

    def __init__(self, input_size, output_size):
        super().__init__(input_size, output_size)
        self.generator = np.random.default_rng(0)

    def forward_propagation(self, input):
        return super().forward_propagation(input) + self.generator.normal(size=(len(input), 1))


class Accumulates(Dense):
    """Adds to its buffer and never empties it."""

    def __init__(self, input_size, output_size):
        super().__init__(input_size, output_size)
        self.total = np.zeros_like(self.weights)

    def gradients(self, x, dy):
        self.total += x.T @ dy
        return dy @ self.weights.T, self.total, dy.sum(axis=0, keepdims=True)


class Decays(Dense):
    """Decoupled decay: the weights shrink at every call."""

    def backward_propagation(self, output_error, learning_rate):
        input_error = super().backward_propagation(output_error, learning_rate)
        self.weights *= 0.99
        return input_error


class SquaredRate(Dense):
    def backward_propagation(self, output_error, learning_rate):
        return super().backward_propagation(output_error, learning_rate**2)


class KnowsTheTarget(Softmax):
    """Its backward has the loss built in."""

    def __init__(self):
        self.target = np.eye(6)[[0, 2, 4, 1]]

    def backward_propagation(self, output_error, learning_rate):
        return self.output - self.target


class Clips(Dense):
    def gradients(self, x, dy):
        input_error, weights_error, bias_error = super().gradients(x, dy)
        return np.clip(input_error, -0.1, 0.1), weights_error, bias_error


class SignOnly(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, np.sign(x.T @ dy), dy.sum(axis=0, keepdims=True)


class UnitLength(Dense):
    def gradients(self, x, dy):
        weights_error = x.T @ dy
        return dy @ self.weights.T, weights_error / np.linalg.norm(weights_error), dy.sum(axis=0, keepdims=True)


X, ROWS = draw(5, 4), draw(4, 6)


def _dense(name, cls, leaf, cause, twin=Dense):
    return Planted(name, lambda: cls(4, 3), lambda: twin(4, 3), X, leaf, cause)


PLANTED = [
    _dense("the cache is never renewed", KeepsTheFirst, "weights", "stale-cache"),
    Planted("relu in place", ReluInPlace, Relu, X, "input", "mutates-input"),
    Planted("relu writes into dY", ReluIntoUpstream, Relu, X, "input", "mutates-upstream"),
    _dense("updated before dX", UpdatesFirst, "input", "updated-before-use"),
    _dense("noise from the system", FreshNoise, "", "nondeterministic", SeededNoise),
    _dense("a buffer that is never emptied", Accumulates, "weights", "accumulates-across-calls"),
    _dense("decay at every call", Decays, "weights", "update-not-proportional"),
    _dense("the rate squared", SquaredRate, "weights bias", "update-not-proportional"),
    Planted("softmax with the loss built in", KnowsTheTarget, Softmax, ROWS, "input", "upstream-ignored"),
    _dense("dX clipped", Clips, "input", "not-linear-upstream"),
    _dense("the sign of dW", SignOnly, "weights", "not-linear-upstream"),
    _dense("dW divided by its length", UnitLength, "weights", "not-linear-upstream"),
    _dense("a parameter without effect is updated", UpdatesTheUnused, "gamma", "ghost-gradient", UnusedParameter),
]
