"""The activation layer, and four activations with their derivatives.

Each activation maps an array of any shape, entry by entry, to an array of the same shape and float
dtype, and so does its derivative, `<name>_prime`. Both take the *input* x of the activation. They
neither overflow nor warn, however large |x|.
"""

from collections.abc import Callable, Iterator

import numpy as np

from layers.base import Layer
from layers.shapes import Array, Shape, require_sizes, rows

Activation = Callable[[Array], Array]


class ActivationLayer(Layer):
    """Y = f(X), entry by entry; no parameters.

    Attributes:
        activation: f, which maps an array to an array of the same shape.
        activation_prime: its derivative f', as a function of the same X.
    """

    def __init__(self, input_shape: Shape, activation: Activation, activation_prime: Activation) -> None:
        """Make a layer for inputs of input_shape (any shape; one row (1, i) admits batches).

        Raises:
            ValueError: input_shape is not a tuple of sizes of at least 1.
        """
        require_sizes("ActivationLayer", "input_shape", input_shape)
        super().__init__(input_shape, input_shape)
        self.activation = activation
        self.activation_prime = activation_prime

    def forward_propagation(self, input: Array) -> Array:
        """Return f(X), of the shape of X = input: input_shape, or (N, i) where that is (1, i).

        Raises:
            ValueError: input has another shape.
        """
        self.check_input(input, rows(self.input_shape))
        self.input = input
        self.output = self.activation(input)
        return self.output

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        """Return dE/dX = f'(X) * dE/dY, of the shape of X; learning_rate has nothing to act on.

        f' is taken at the input X, not at the output f(X).

        Raises:
            RuntimeError: there has been no forward pass.
            ValueError: output_error does not have the shape of the last output.
        """
        x = self.recall(output_error)
        return self.activation_prime(x) * output_error


def tanh(x: Array) -> Array:
    """Return tanh x."""
    return np.tanh(x)


def tanh_prime(x: Array) -> Array:
    """Return 1 - tanh² x."""
    return 1 - np.tanh(x) ** 2


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), as exp(-softplus(-x)), which does not overflow where exp(-x) would."""
    y: Array = np.exp(-softplus(-x))
    return y


def sigmoid_prime(x: Array) -> Array:
    """Return sigmoid(x) * sigmoid(-x).

    That is sigmoid(x) * (1 - sigmoid(x)) without the cancellation in 1 - sigmoid(x) at large x.
    """
    return sigmoid(x) * sigmoid(-x)


def relu(x: Array) -> Array:
    """Return max(x, 0)."""
    return np.maximum(x, 0)


def relu_prime(x: Array) -> Array:
    """Return 1 where x > 0, else 0: at the kink, x = 0, the slope from the left."""
    return np.heaviside(x, 0.0)


def softplus(x: Array) -> Array:
    """Return log(1 + exp(x)), as log(exp(0) + exp(x)), which numpy computes without overflow."""
    return np.logaddexp(0, x)


def softplus_prime(x: Array) -> Array:
    """Return sigmoid(x)."""
    return sigmoid(x)


PAIRS = ((tanh, tanh_prime), (sigmoid, sigmoid_prime), (relu, relu_prime), (softplus, softplus_prime))


def gradcheck_cases() -> Iterator[object]:
    """Yield what `gradcheck run` checks here: each pair by itself, and in a layer."""
    x = np.random.default_rng(0).normal(size=(2, 3))
    for activation, activation_prime in PAIRS:
        yield activation, activation_prime, (x,)
        yield ActivationLayer((1, 5), activation, activation_prime)
        yield ActivationLayer((4, 3, 2), activation, activation_prime)
