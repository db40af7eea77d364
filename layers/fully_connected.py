"""The fully connected layer: every output depends on every input, Y = X W + B."""

import numpy as np

from layers.base import Layer
from layers.shapes import Array, Shape, require_shape


class FCLayer(Layer):
    """Y = X W + B, for one row X (1, i) or a batch of N rows (N, i).

    Attributes:
        weights: W, of shape (i, j).
        bias: B, of shape (1, j).
        Both start uniform in [-0.5, 0.5), drawn from numpy's global generator as in the article:
        `np.random.seed` makes them reproducible.
    """

    def __init__(self, input_shape: Shape, output_shape: Shape) -> None:
        """Make a layer from input_shape (1, i) to output_shape (1, j).

        Raises:
            ValueError: a shape is not one row.
        """
        require_shape("FCLayer", "input_shape", (1, "i"), input_shape)
        require_shape("FCLayer", "output_shape", (1, "j"), output_shape)
        super().__init__(input_shape, output_shape)
        self.weights: Array = np.random.rand(input_shape[1], output_shape[1]) - 0.5
        self.bias: Array = np.random.rand(1, output_shape[1]) - 0.5

    def forward_propagation(self, input: Array) -> Array:
        """Return Y = X W + B, of shape (N, j), for X = input of shape (N, i).

        Raises:
            ValueError: input has another shape.
        """
        self.check_input(input, ("N", self.input_shape[1]))
        self.input = input
        self.output = input @ self.weights + self.bias
        return self.output

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        """Return dE/dX = dE/dY Wᵀ, of shape (N, i), for output_error = dE/dY of shape (N, j).

        dE/dW = Xᵀ dE/dY. B is added to each of the N rows, so dE/dB is the sum of the rows of dE/dY.

        Raises:
            RuntimeError: there has been no forward pass.
            ValueError: output_error does not have the shape of the last output.
        """
        x = self.recall(output_error)
        input_error: Array = output_error @ self.weights.T
        weights_error = x.T @ output_error
        bias_error = output_error.sum(axis=0, keepdims=True)
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * bias_error
        return input_error
