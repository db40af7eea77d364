"""Fully connected layers, for a batch of rows."""

import numpy as np

from tests.planted.catalogue import Planted, draw, weights


class Dense:
    """Y = X W + B."""

    def __init__(self, input_size, output_size):
        self.input_size, self.output_size = input_size, output_size
        self.weights = weights(input_size, output_size)
        self.bias = weights(1, output_size)

    def forward_propagation(self, input):
        self.input = input
        return input @ self.weights + self.bias

    def backward_propagation(self, output_error, learning_rate):
        input_error, weights_error, bias_error = self.gradients(self.input, output_error)
        self.weights -= learning_rate * weights_error
        self.bias = self.bias - learning_rate * bias_error
        return input_error

    def gradients(self, x, dy):
        return dy @ self.weights.T, x.T @ dy, dy.sum(axis=0, keepdims=True)


class Averaged(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, x.T @ dy / len(x), dy.mean(axis=0, keepdims=True)


class Ascends(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, -(x.T @ dy), dy.sum(axis=0, keepdims=True)


class WeightsTransposed(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, dy.T @ x, dy.sum(axis=0, keepdims=True)


class ForgetsT(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights, x.T @ dy, dy.sum(axis=0, keepdims=True)


class ReshapesForT(Dense):
    def gradients(self, x, dy):
        return (self.weights @ dy.T).reshape(x.shape), x.T @ dy, dy.sum(axis=0, keepdims=True)


class BiasNotSummed(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, x.T @ dy, dy


class BiasMean(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, x.T @ dy, dy.mean(axis=0, keepdims=True)


class BiasLastRow(Dense):
    def gradients(self, x, dy):
        for row in dy:
            bias_error = row
        return dy @ self.weights.T, x.T @ dy, bias_error


class BiasOtherAxis(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, x.T @ dy, dy.sum(axis=1)


class BiasAllSummed(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, x.T @ dy, dy.sum()


class BiasMaximum(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, x.T @ dy, dy.max(axis=0)


class BiasForgotten(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, x.T @ dy, 0.0


class WeightsForgotten(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, np.zeros_like(self.weights), dy.sum(axis=0, keepdims=True)


class StopsHere(Dense):
    def gradients(self, x, dy):
        return np.zeros_like(x), x.T @ dy, dy.sum(axis=0, keepdims=True)


class InputDoubled(Dense):
    def gradients(self, x, dy):
        return 2 * dy @ self.weights.T, x.T @ dy, dy.sum(axis=0, keepdims=True)


class WeightsTimesOutputs(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, self.output_size * x.T @ dy, dy.sum(axis=0, keepdims=True)


class InputOverRoot(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T / np.sqrt(self.input_size), x.T @ dy, dy.sum(axis=0, keepdims=True)


class Regularised(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, x.T @ dy + 0.01 * self.weights, dy.sum(axis=0, keepdims=True)


class RegularisedL1(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, x.T @ dy + 0.01 * np.sign(self.weights), dy.sum(axis=0, keepdims=True)


class LastSampleOnly(Dense):
    def gradients(self, x, dy):
        for row, error in zip(x, dy, strict=True):
            weights_error = np.outer(row, error)
        return dy @ self.weights.T, weights_error, dy.sum(axis=0, keepdims=True)


class FirstSampleOnly(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, np.outer(x[0], dy[0]), dy.sum(axis=0, keepdims=True)


class WrongInput(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, (x**2).T @ dy, dy.sum(axis=0, keepdims=True)


class LastRowMissed(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, x[:-1].T @ dy[:-1], dy.sum(axis=0, keepdims=True)


class OneEntry(Dense):
    def gradients(self, x, dy):
        weights_error = x.T @ dy
        weights_error[2, 1] *= 1.001
        return dy @ self.weights.T, weights_error, dy.sum(axis=0, keepdims=True)


class FrozenRow(Dense):
    def gradients(self, x, dy):
        weights_error = x.T @ dy
        weights_error[0] = 0
        return dy @ self.weights.T, weights_error, dy.sum(axis=0, keepdims=True)


class ColumnTwice(Dense):
    def gradients(self, x, dy):
        weights_error = x.T @ dy
        weights_error[:, 1] *= 2
        return dy @ self.weights.T, weights_error, dy.sum(axis=0, keepdims=True)


class Rolled(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, np.roll(x.T @ dy, 1, axis=0), dy.sum(axis=0, keepdims=True)


class Mirrored(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, (x.T @ dy)[::-1], dy.sum(axis=0, keepdims=True)


class Objective(Dense):
    def gradients(self, x, dy):
        dy = dy / 2
        return dy @ self.weights.T, x.T @ dy, dy.sum(axis=0, keepdims=True)


class ScaleError(Dense):
    def gradients(self, x, dy):
        return dy @ self.weights.T, (1 + 1e-6) * x.T @ dy, dy.sum(axis=0, keepdims=True)


class ForwardScales:
    """Attention's scale: Y = X W / sqrt(input_size)."""

    def __init__(self, input_size, output_size):
        self.input_size, self.output_size = input_size, output_size
        self.weights = weights(input_size, output_size)

    def forward_propagation(self, input):
        self.input = input
        return input @ self.weights / np.sqrt(self.input_size)

    def backward_propagation(self, output_error, learning_rate):
        output_error = output_error / np.sqrt(self.input_size)
        input_error = output_error @ self.weights.T
        self.weights -= learning_rate * self.input.T @ output_error
        return input_error


class ForgetsScale(ForwardScales):
    def backward_propagation(self, output_error, learning_rate):
        input_error = output_error @ self.weights.T / np.sqrt(self.input_size)
        self.weights -= learning_rate * self.input.T @ output_error
        return input_error


class TwoGates:
    """Y = tanh(X U) * (X V)."""

    def __init__(self, size):
        self.size = size
        self.U, self.V = weights(size, size), weights(size, size, seed=2)

    def forward_propagation(self, input):
        self.input = input
        self.gate, self.value = np.tanh(input @ self.U), input @ self.V
        return self.gate * self.value

    def backward_propagation(self, output_error, learning_rate):
        into_gate = output_error * self.value * (1 - self.gate**2)
        into_value = output_error * self.gate
        input_error = into_gate @ self.U.T + into_value @ self.V.T
        self.update(learning_rate, self.input.T @ into_gate, self.input.T @ into_value)
        return input_error

    def update(self, learning_rate, dU, dV):
        self.U -= learning_rate * dU
        self.V -= learning_rate * dV


class GatesExchanged(TwoGates):
    def update(self, learning_rate, dU, dV):
        super().update(learning_rate, dV, dU)


class Residual(Dense):
    """Y = X + X W + B, square."""

    def forward_propagation(self, input):
        return input + super().forward_propagation(input)

    def gradients(self, x, dy):
        return dy + dy @ self.weights.T, x.T @ dy, dy.sum(axis=0, keepdims=True)


class SkipForgotten(Residual):
    def gradients(self, x, dy):
        return dy @ self.weights.T, x.T @ dy, dy.sum(axis=0, keepdims=True)


class UnusedParameter(Dense):
    """Its forward has no use for `gamma`."""

    def __init__(self, input_size, output_size):
        super().__init__(input_size, output_size)
        self.gamma = np.ones((1, output_size))


class UpdatesTheUnused(UnusedParameter):
    def backward_propagation(self, output_error, learning_rate):
        self.gamma -= learning_rate * output_error.sum(axis=0)
        return super().backward_propagation(output_error, learning_rate)


X, SQUARE = draw(5, 4), draw(5, 4, seed=1)


def _wide(name, cls, leaf, cause, expression=None):
    return Planted(name, lambda: cls(4, 3), lambda: Dense(4, 3), X, leaf, cause, expression)


def _square(name, cls, leaf, cause, x=SQUARE):
    return Planted(name, lambda: cls(4, 4), lambda: Dense(4, 4), x, leaf, cause)


PLANTED = [
    _wide("dW and dB averaged over the batch", Averaged, "weights bias", "constant-factor", "1 / N"),
    _wide("dW with the wrong sign", Ascends, "weights", "sign-flipped"),
    _square("dW transposed while square", WeightsTransposed, "weights", "transposed"),
    _square("dX without .T while square", ForgetsT, "input", "transposed"),
    _wide("dX reshaped in place of .T", ReshapesForT, "input", "permuted-entries"),
    _wide("dB not summed over the batch", BiasNotSummed, "bias", "shape-mismatch"),
    _wide("dB the mean of the batch", BiasMean, "bias", "wrong-reduction", "1 / N"),
    _wide("dB of the last row", BiasLastRow, "bias", "overwritten-contribution"),
    _square("dB summed over the other axis", BiasOtherAxis, "bias", "wrong-reduction", draw(4, 4)),
    _wide("dB summed over everything", BiasAllSummed, "bias", "wrong-reduction"),
    _wide("dB the maximum of the batch", BiasMaximum, "bias", "wrong-reduction"),
    _wide("dB forgotten", BiasForgotten, "bias", "zero-gradient"),
    _wide("dW zero", WeightsForgotten, "weights", "zero-gradient"),
    _wide("dX zero", StopsHere, "input", "zero-gradient"),
    _wide("dX doubled", InputDoubled, "input", "constant-factor", "2"),
    _wide("dW times output_size", WeightsTimesOutputs, "weights", "constant-factor", "output_size"),
    _wide("dX over sqrt(input_size)", InputOverRoot, "input", "constant-factor", "1 / sqrt(input_size)"),
    _wide("weight decay in dW", Regularised, "weights", "missing-term"),
    _wide("L1 decay in dW", RegularisedL1, "weights", "missing-term"),
    _wide("dW of the last sample", LastSampleOnly, "weights", "overwritten-contribution"),
    _wide("dW of the first sample", FirstSampleOnly, "weights", "overwritten-contribution"),
    _wide("dW from x squared", WrongInput, "weights", "unrecognised"),
    _wide("dW without the last row", LastRowMissed, "weights", "unrecognised"),
    _wide("one entry of dW", OneEntry, "weights", "located"),
    _wide("a row of dW zero", FrozenRow, "weights", "zero-gradient"),
    _wide("a column of dW twice", ColumnTwice, "weights", "constant-factor"),
    _wide("dW rolled", Rolled, "weights", "permuted-entries"),
    _wide("dW upside down", Mirrored, "weights", "axis-flipped"),
    _wide("dY halved on entry", Objective, "input weights bias", "constant-factor", "1/2"),
    _wide("dW off by a millionth", ScaleError, "weights", "constant-factor"),
    Planted("the scale forgotten in dW", lambda: ForgetsScale(4, 3), lambda: ForwardScales(4, 3), X, "weights",
            "constant-factor", "sqrt(input_size)"),
    Planted("two gradients exchanged", lambda: GatesExchanged(4), lambda: TwoGates(4), X, "U V", "swapped-leaves"),
    Planted("the skip connection forgotten", lambda: SkipForgotten(4, 4), lambda: Residual(4, 4), X, "input",
            "missing-term"),
]  # fmt: skip
