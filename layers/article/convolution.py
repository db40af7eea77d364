"""The article's convolutional layer, with its two faults: both are about the bias."""

import numpy as np
from scipy.signal import convolve2d, correlate2d

from layers.base import Layer
from layers.shapes import Array, Shape


class ConvLayer(Layer):
    """A valid correlation, stride 1. As in the article, the shape of the input is not checked.

    Fault 1: forward adds bias[k] inside the loop over the input channels, so that it counts
    input_depth times.

    Fault 2: backward returns layer_depth * sum(dE/dY[:, :, k]) as the gradient of bias[k]. With the
    forward as it stands the true factor is input_depth, so the gradient is layer_depth / input_depth
    times the true one. With equal depths nothing shows.

    The gradients of the input and of the weights are right.

    Attributes:
        input_shape: (i, j, d).
        output_shape: (i - m + 1, j - n + 1, layer_depth).
        kernel_shape: (m, n).
        input_depth: d.
        layer_depth: the number of output channels.
        weights: of shape (m, n, d, layer_depth), uniform in [-0.5, 0.5).
        bias: of shape (layer_depth,), uniform in [-0.5, 0.5).
    """

    def __init__(self, input_shape: Shape, kernel_shape: Shape, layer_depth: int) -> None:
        """Make a layer for images of input_shape (i, j, d) with kernels of kernel_shape (m, n)."""
        i, j, d = input_shape
        m, n = kernel_shape
        super().__init__(input_shape, (i - m + 1, j - n + 1, layer_depth))
        self.input_depth = d
        self.kernel_shape = kernel_shape
        self.layer_depth = layer_depth
        self.weights: Array = np.random.rand(m, n, d, layer_depth) - 0.5
        self.bias: Array = np.random.rand(layer_depth) - 0.5

    def forward_propagation(self, input: Array) -> Array:
        """Return Y, of output_shape, for X = input of input_shape. Fault 1 is here."""
        self.input = input
        self.output = np.zeros(self.output_shape)
        for k in range(self.layer_depth):
            for d in range(self.input_depth):
                self.output[:, :, k] += correlate2d(self.input[:, :, d], self.weights[:, :, d, k], "valid")
                self.output[:, :, k] += self.bias[k]  # fault 1: once per input channel
        return self.output

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        """Return dE/dX, of input_shape, for output_error = dE/dY of output_shape. Fault 2 is here."""
        x = self.recall(output_error)
        input_error = np.zeros(self.input_shape)
        weights_error = np.zeros(self.weights.shape)
        bias_error = np.zeros(self.layer_depth)
        for k in range(self.layer_depth):
            for d in range(self.input_depth):
                input_error[:, :, d] += convolve2d(output_error[:, :, k], self.weights[:, :, d, k], "full")
                weights_error[:, :, d, k] = correlate2d(x[:, :, d], output_error[:, :, k], "valid")
            bias_error[k] = self.layer_depth * np.sum(output_error[:, :, k])  # fault 2: not input_depth
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * bias_error
        return input_error
