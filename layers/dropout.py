"""The dropout layer: in training, each entry is dropped with some probability.

Inverted dropout, of Srivastava et al., "Dropout: a simple way to prevent neural networks from
overfitting", JMLR 15 (2014), section 10: the entries that stay are scaled up in training, so that
nothing needs scaling afterwards.
"""

from collections.abc import Iterator

import numpy as np

from layers.base import Layer
from layers.shapes import Array, Shape, require_sizes, rows


class DropoutLayer(Layer):
    """Y = X * mask; the mask is drawn anew in each forward pass of training. No parameters.

    An entry of the mask is 0 with probability `rate`, else 1 / (1 - rate): on average Y = X.

    Attributes:
        rate: the probability, in [0, 1), that an entry is dropped.
        training: True at first; set it False to let everything pass unchanged.
        generator: the numpy Generator that the masks are drawn from.
        mask: the mask of the last forward pass, all ones where that was not in training.
    """

    def __init__(self, input_shape: Shape, rate: float = 0.5, seed: int | None = None) -> None:
        """Make a layer for inputs of input_shape (any shape; one row (1, i) admits batches).

        Raises:
            ValueError: rate is not in [0, 1), or input_shape is not a tuple of sizes of at least 1.
        """
        require_sizes("DropoutLayer", "input_shape", input_shape)
        if not 0 <= rate < 1:
            raise ValueError(f"DropoutLayer: expected rate in [0, 1), got rate={rate}")
        super().__init__(input_shape, input_shape)
        self.rate = rate
        self.training = True
        self.generator = np.random.default_rng(seed)
        self.mask: Array = np.ones(input_shape)

    def forward_propagation(self, input: Array) -> Array:
        """Return X * mask, of the shape of X = input: input_shape, or (N, i) where that is (1, i).

        Raises:
            ValueError: input has another shape.
        """
        self.check_input(input, rows(self.input_shape))
        self.input = input
        self.mask = self._draw_mask(input) if self.training else np.ones_like(input)
        self.output = input * self.mask
        return self.output

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        """Return dE/dX = dE/dY * mask, with the mask of the last forward pass.

        Raises:
            RuntimeError: there has been no forward pass.
            ValueError: output_error does not have the shape of the last output.
        """
        self.recall(output_error)
        return output_error * self.mask

    def _draw_mask(self, input: Array) -> Array:
        stays = self.generator.random(input.shape) >= self.rate
        return stays.astype(input.dtype) / (1 - self.rate)


def gradcheck_cases() -> Iterator[object]:
    """Yield what `gradcheck run` checks here: seeded layers, so that every run sees the same masks."""
    yield DropoutLayer((1, 8), rate=0.5, seed=0)
    yield DropoutLayer((4, 3, 2), rate=0.25, seed=1)
    yield DropoutLayer((1, 5), rate=0.0, seed=2)
