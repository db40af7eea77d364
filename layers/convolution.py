"""The convolutional layer: each output channel is a filter slid over all input channels.

In the formulas below y and x run over the places of the output, m and n over the kernel, d over the
input channels and k over the output channels.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from layers.base import Layer
from layers.shapes import Array, Shape, require_shape, require_window


class ConvLayer(Layer):
    """Y[y, x, k] = bias[k] + sum over m, n, d of X[y + m, x + n, d] * weights[m, n, d, k].

    Stride 1, no padding. As usual in neural networks the forward pass is a *correlation*: the
    kernel is not rotated. It is in the backward pass that it must be.

    Attributes:
        input_shape: (i, j, d).
        output_shape: (i - m + 1, j - n + 1, layer_depth).
        kernel_shape: (m, n).
        input_depth: d, the number of input channels.
        layer_depth: the number of output channels.
        weights: of shape (m, n, d, layer_depth).
        bias: of shape (layer_depth,).
        Both start uniform in [-0.5, 0.5), drawn from numpy's global generator as in the article.
    """

    def __init__(self, input_shape: Shape, kernel_shape: Shape, layer_depth: int) -> None:
        """Make a layer for images of input_shape (i, j, d) with kernels of kernel_shape (m, n).

        Raises:
            ValueError: a shape has the wrong form, or the kernel is larger than the image.
        """
        require_window("ConvLayer", "kernel_shape", kernel_shape, input_shape)
        require_shape("ConvLayer", "(layer_depth,) of the form", ("k",), (layer_depth,))
        rows, columns, depth = input_shape
        output_shape = (rows - kernel_shape[0] + 1, columns - kernel_shape[1] + 1, layer_depth)
        super().__init__(input_shape, output_shape)
        self.kernel_shape = kernel_shape
        self.input_depth = depth
        self.layer_depth = layer_depth
        self.weights: Array = np.random.rand(*kernel_shape, depth, layer_depth) - 0.5
        self.bias: Array = np.random.rand(layer_depth) - 0.5

    def forward_propagation(self, input: Array) -> Array:
        """Return Y, of output_shape, for X = input of input_shape. The bias counts once.

        Raises:
            ValueError: input has another shape.
        """
        self.check_input(input, self.input_shape)
        self.input = input
        self.output = self._correlate(input, "yxdmn,mndk->yxk", self.weights) + self.bias
        return self.output

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        """Return dE/dX, of input_shape, for output_error = dE/dY of output_shape.

        dE/dX[:, :, d]   = sum over k of convolve(dE/dY[:, :, k], weights[:, :, d, k], full)
        dE/dW[:, :, d, k] = correlate(X[:, :, d], dE/dY[:, :, k], valid)
        dE/dbias[k]       = sum of dE/dY[:, :, k]

        Raises:
            RuntimeError: there has been no forward pass.
            ValueError: output_error does not have output_shape.
        """
        x = self.recall(output_error)
        input_error = self._input_error(output_error)
        weights_error = self._correlate(x, "yxdmn,yxk->mndk", output_error)
        bias_error = output_error.sum(axis=(0, 1))
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * bias_error
        return input_error

    def _input_error(self, output_error: Array) -> Array:
        """Return dE/dX, by a full convolution: pad dE/dY, and correlate it with the rotated kernel."""
        m, n = self.kernel_shape
        padded = np.pad(output_error, ((m - 1, m - 1), (n - 1, n - 1), (0, 0)))
        rotated = self.weights[::-1, ::-1]
        return self._correlate(padded, "yxkmn,mndk->yxd", rotated)

    def _correlate(self, image: Array, subscripts: str, other: Array) -> Array:
        """Return the einsum of `other` with the kernel-sized windows [y, x, channel, m, n] of `image`."""
        windows = sliding_window_view(image, self.kernel_shape, axis=(0, 1))
        result: Array = np.einsum(subscripts, windows, other, optimize=True)
        return result
