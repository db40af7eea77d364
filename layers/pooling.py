"""The max-pooling layer: of each window of an image only the largest entry goes on."""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from layers.base import Layer
from layers.shapes import Array, Shape, require_shape, require_window


class MaxPoolLayer(Layer):
    """Y[y, x, d] = max of the window of X[:, :, d] that starts at (y * stride[0], x * stride[1]).

    No padding: rows and columns at the far edge that fill no whole window are dropped. No parameters.

    Attributes:
        input_shape: (H, W, D).
        output_shape: ((H - m) // stride[0] + 1, (W - n) // stride[1] + 1, D).
        pool_shape: (m, n), the window.
        stride: the steps down and right from window to window.
        winners: for each entry of the last Y, where in its window (counted row by row) it came from.
    """

    def __init__(self, input_shape: Shape, pool_shape: Shape = (2, 2), stride: Shape | None = None) -> None:
        """Make a layer for images of input_shape (H, W, D); stride None means that of pool_shape.

        Raises:
            ValueError: a shape has the wrong form, or the window is larger than the image.
        """
        require_window("MaxPoolLayer", "pool_shape", pool_shape, input_shape)
        stride = pool_shape if stride is None else stride
        require_shape("MaxPoolLayer", "stride", ("m", "n"), stride)
        height, width, depth = input_shape
        down = (height - pool_shape[0]) // stride[0] + 1
        right = (width - pool_shape[1]) // stride[1] + 1
        super().__init__(input_shape, (down, right, depth))
        self.pool_shape = pool_shape
        self.stride = stride
        self.winners: Array = np.zeros(self.output_shape, dtype=np.intp)

    def forward_propagation(self, input: Array) -> Array:
        """Return Y, of output_shape, for X = input of input_shape.

        Raises:
            ValueError: input has another shape.
        """
        self.check_input(input, self.input_shape)
        windows = self._windows(input)
        self.input = input
        self.winners = windows.argmax(axis=-1)
        self.output = np.take_along_axis(windows, self.winners[..., np.newaxis], axis=-1)[..., 0]
        return self.output

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        """Return dE/dX, of input_shape, for output_error = dE/dY; learning_rate has nothing to act on.

        dE/dY of a window goes whole to the entry that won it, at a tie to the first of the largest.
        An entry that won several overlapping windows receives the sum.

        Raises:
            RuntimeError: there has been no forward pass.
            ValueError: output_error does not have output_shape.
        """
        self.recall(output_error)
        y, x, channel = np.indices(self.output_shape, sparse=True)
        row_in_window, column_in_window = np.divmod(self.winners, self.pool_shape[1])
        rows = y * self.stride[0] + row_in_window
        columns = x * self.stride[1] + column_in_window
        input_error = np.zeros(self.input_shape, dtype=output_error.dtype)
        # not input_error[rows, columns, channel] += output_error: that adds a repeated index only once
        np.add.at(input_error, (rows, columns, channel), output_error)
        return input_error

    def _windows(self, image: Array) -> Array:
        """Return the windows of an image (H, W, D), of shape (*output_shape, m * n), row by row."""
        windows = sliding_window_view(image, self.pool_shape, axis=(0, 1))
        kept = windows[:: self.stride[0], :: self.stride[1]]
        return kept.reshape(*self.output_shape, -1)


def gradcheck_cases() -> Iterator[object]:
    """Yield what `gradcheck run` checks here: windows apart, with leftovers, overlapping and spaced."""
    yield MaxPoolLayer((4, 6, 2))
    yield MaxPoolLayer((5, 7, 3))
    yield MaxPoolLayer((5, 6, 2), pool_shape=(3, 2), stride=(1, 1))
    yield MaxPoolLayer((7, 6, 1), pool_shape=(2, 1), stride=(3, 2))
