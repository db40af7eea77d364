"""The article's fully connected layer, with its fault: the bias is not ready for a batch."""

import numpy as np

from layers.base import Layer
from layers.shapes import Array, Shape


class FCLayer(Layer):
    """Y = X W + B, for one row X (1, i). As in the article, the shape of the input is not checked.

    Fault: the gradient of the bias is taken to be dE/dY itself. That is right for one row. For a
    batch (N, i) dE/dY has N rows and the bias has one: it must be the sum of the rows, and the
    update in place raises numpy's broadcasting error. (Written `self.bias = self.bias - ...` it would
    not even raise, but grow the bias to N rows.)

    Attributes:
        weights: W, of shape (i, j), uniform in [-0.5, 0.5).
        bias: B, of shape (1, j), uniform in [-0.5, 0.5).
    """

    def __init__(self, input_shape: Shape, output_shape: Shape) -> None:
        """Make a layer from input_shape (1, i) to output_shape (1, j)."""
        super().__init__(input_shape, output_shape)
        self.weights: Array = np.random.rand(input_shape[1], output_shape[1]) - 0.5
        self.bias: Array = np.random.rand(1, output_shape[1]) - 0.5

    def forward_propagation(self, input: Array) -> Array:
        """Return Y = X W + B, of shape (1, j), for X = input of shape (1, i)."""
        self.input = input
        self.output = np.dot(self.input, self.weights) + self.bias
        return self.output

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        """Return dE/dX = dE/dY Wᵀ, of shape (1, i), for output_error = dE/dY of shape (1, j).

        Raises:
            ValueError: the fault above, for a batch of more than one row; the weights have then
                been updated, the bias has not.
        """
        x = self.recall(output_error)
        input_error: Array = np.dot(output_error, self.weights.T)
        weights_error = np.dot(x.T, output_error)
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * output_error  # fault: dE/dB = dE/dY for one row only
        return input_error
