"""The flatten layer: an image becomes one row, as a fully connected layer expects it."""

import math

from layers.base import Layer
from layers.shapes import Array, Shape, require_sizes


class FlattenLayer(Layer):
    """Y = the n entries of X, last axis fastest, in one row of output_shape (1, n); no parameters."""

    def __init__(self, input_shape: Shape) -> None:
        """Make a layer for inputs of input_shape, of any number of axes.

        Raises:
            ValueError: input_shape is not a tuple of sizes of at least 1.
        """
        require_sizes("FlattenLayer", "input_shape", input_shape)
        super().__init__(input_shape, (1, math.prod(input_shape)))

    def forward_propagation(self, input: Array) -> Array:
        """Return the entries of input, of input_shape, as a new array of output_shape.

        Raises:
            ValueError: input has another shape.
        """
        self.check_input(input, self.input_shape)
        self.input = input
        self.output = input.flatten().reshape(self.output_shape)
        return self.output

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        """Return dE/dX, the entries of output_error = dE/dY, as a new array of input_shape.

        Raises:
            RuntimeError: there has been no forward pass.
            ValueError: output_error does not have output_shape.
        """
        self.recall(output_error)
        return output_error.flatten().reshape(self.input_shape)
