"""The article's activation layer, and its one activation. No faults are known."""

from collections.abc import Callable, Iterator

import numpy as np

from layers.base import Layer
from layers.shapes import Array, Shape

Activation = Callable[[Array], Array]


class ActivationLayer(Layer):
    """Y = f(X), entry by entry; no parameters. As in the article, the shape of the input is not checked."""

    def __init__(self, input_shape: Shape, activation: Activation, activation_prime: Activation) -> None:
        """Make a layer for inputs of input_shape, of any number of axes."""
        super().__init__(input_shape, input_shape)
        self.activation = activation
        self.activation_prime = activation_prime

    def forward_propagation(self, input: Array) -> Array:
        """Return f(X), of the shape of X = input."""
        self.input = input
        self.output = self.activation(self.input)
        return self.output

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        """Return dE/dX = f'(X) * dE/dY, of the shape of X."""
        return self.activation_prime(self.recall(output_error)) * output_error


def tanh(x: Array) -> Array:
    """Return tanh x, entry by entry."""
    return np.tanh(x)


def tanh_prime(x: Array) -> Array:
    """Return 1 - tanh² x, entry by entry."""
    return 1 - np.tanh(x) ** 2


def gradcheck_cases() -> Iterator[object]:
    """Yield what `gradcheck run` checks here: the pair by itself, and in a layer."""
    yield tanh, tanh_prime, (np.random.default_rng(0).normal(size=(2, 3)),)
    yield ActivationLayer((1, 5), tanh, tanh_prime)
