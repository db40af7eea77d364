"""Layers that move entries, look them up or repeat them, and losses."""

import numpy as np

from tests.planted.catalogue import Planted, draw, weights


class Flatten:
    """(H, W, D) -> (1, H * W * D)."""

    def forward_propagation(self, input):
        self.shape = input.shape
        return input.reshape(1, -1)

    def backward_propagation(self, output_error, learning_rate):
        return output_error.reshape(self.shape)


class FlattenOtherOrder(Flatten):
    def backward_propagation(self, output_error, learning_rate):
        return output_error.reshape(self.shape, order="F")


class Reverse:
    """Rows in reverse order, as in a bidirectional network."""

    def forward_propagation(self, input):
        return input[::-1]

    def backward_propagation(self, output_error, learning_rate):
        return output_error[::-1]


class NotReversedBack(Reverse):
    def backward_propagation(self, output_error, learning_rate):
        return output_error


class Shift:
    """Rows moved by one, in a circle."""

    def forward_propagation(self, input):
        return np.roll(input, 1, axis=0)

    def backward_propagation(self, output_error, learning_rate):
        return np.roll(output_error, -1, axis=0)


class ShiftedOn(Shift):
    def backward_propagation(self, output_error, learning_rate):
        return np.roll(output_error, 1, axis=0)


class Transpose:
    """X.T."""

    def forward_propagation(self, input):
        return input.T

    def backward_propagation(self, output_error, learning_rate):
        return output_error.T


class NotTransposedBack(Transpose):
    def backward_propagation(self, output_error, learning_rate):
        return output_error


class Embedding:
    """Rows of the weights, looked up by index."""

    def __init__(self, num_embeddings, embedding_dim):
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.weights = weights(num_embeddings, embedding_dim)

    def forward_propagation(self, input):
        self.input = input
        return self.weights[input]

    def backward_propagation(self, output_error, learning_rate):
        np.subtract.at(self.weights, self.input, learning_rate * output_error)


class LosesRepeats(Embedding):
    def backward_propagation(self, output_error, learning_rate):
        self.weights[self.input] -= learning_rate * output_error


class Padded(Embedding):
    """Index 0 is padding: zeros."""

    def forward_propagation(self, input):
        return super().forward_propagation(input) * (input > 0)[:, np.newaxis]

    def backward_propagation(self, output_error, learning_rate):
        super().backward_propagation(output_error * (self.input > 0)[:, np.newaxis], learning_rate)


class PaddingUpdated(Padded):
    def backward_propagation(self, output_error, learning_rate):
        Embedding.backward_propagation(self, output_error, learning_rate)


class CausalMean:
    """Y[t] = mean of X[: t + 1]."""

    def forward_propagation(self, input):
        self.count = np.arange(1, len(input) + 1)[:, np.newaxis]
        return np.cumsum(input, axis=0) / self.count

    def backward_propagation(self, output_error, learning_rate):
        return np.cumsum((output_error / self.count)[::-1], axis=0)[::-1]


class CausalMeanForwards(CausalMean):
    def backward_propagation(self, output_error, learning_rate):
        return np.cumsum(output_error / self.count, axis=0)


def mse(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2)


def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size


def cross_entropy(y_true, y_pred):
    return -np.sum(y_true * np.log(y_pred)) / len(y_pred)


def cross_entropy_prime(y_true, y_pred):
    return -y_true / y_pred / len(y_pred)


def binary_cross_entropy(y_true, y_pred):
    return -np.mean(y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))


def binary_cross_entropy_prime(y_true, y_pred):
    return (y_pred - y_true) / (y_pred * (1 - y_pred)) / y_pred.size


def mae(y_true, y_pred):
    return np.mean(np.abs(y_true - y_pred))


def mae_prime(y_true, y_pred):
    return np.sign(y_pred - y_true) / y_true.size


PAIR = (draw(4, 3), draw(4, 3, seed=1))
CHANCES = (np.abs(draw(4, 3)) / 4, 0.1 + 0.8 * np.random.default_rng(2).random((4, 3)))
WORDS = np.array([2, 0, 3, 2, 1, 3])


def _layer(name, cls, twin, x, cause, *, leaf="input", args=()):
    return Planted(name, lambda: cls(*args), lambda: twin(*args), x, leaf, cause)


def _loss(name, loss, wrong, right, cause, *, expression=None, arguments=PAIR):
    return Planted(name, lambda: (loss, wrong), lambda: (loss, right), arguments, "y_pred", cause, expression)


PLANTED = [
    _layer("flattened in one order, restored in another", FlattenOtherOrder, Flatten, draw(3, 4, 2),
           "permuted-entries"),
    _layer("rows not reversed back", NotReversedBack, Reverse, draw(5, 3), "axis-flipped"),
    _layer("rows shifted on", ShiftedOn, Shift, draw(5, 3), "permuted-entries"),
    _layer("not transposed back, square", NotTransposedBack, Transpose, draw(4, 4), "transposed"),
    _layer("repeated indices lost", LosesRepeats, Embedding, WORDS, "duplicate-index-lost", leaf="weights",
           args=(5, 3)),
    _layer("padding updated", PaddingUpdated, Padded, WORDS, "ghost-gradient", leaf="weights",
           args=(5, 3)),
    _layer("cumulated forwards", CausalMeanForwards, CausalMean, draw(5, 3), "unrecognised"),
    _loss("mse' without its 2", mse, lambda t, p: (p - t) / t.size, mse_prime, "constant-factor", expression="1/2"),
    _loss("mse' not divided", mse, lambda t, p: 2 * (p - t), mse_prime, "constant-factor",
          expression="N * input_shape[1]"),
    _loss("mse' over the rows", mse, lambda t, p: 2 * (p - t) / len(t), mse_prime, "constant-factor",
          expression="input_shape[1]"),
    _loss("mse' with the wrong sign", mse, lambda t, p: 2 * (t - p) / t.size, mse_prime, "sign-flipped"),
    _loss("cross entropy' not divided", cross_entropy, lambda t, p: -t / p, cross_entropy_prime, "constant-factor",
          expression="N", arguments=CHANCES),
    _loss("binary cross entropy' of the logits", binary_cross_entropy, lambda t, p: (p - t) / p.size,
          binary_cross_entropy_prime, "elementwise-factor", arguments=CHANCES),
    _loss("mae' without its sign", mae, lambda t, p: np.ones_like(p) / p.size, mae_prime, "wrong-local-derivative"),
]  # fmt: skip
