"""The base class: what every layer promises, whatever it computes.

Data flows forward, layer by layer, down to a scalar error E. On the way back each layer is handed
dE/dY, the derivative of E with respect to its output, and returns dE/dX, the derivative with
respect to its input, which is dE/dY for the layer before it. Whatever keeps this promise can be
stacked in any order.
"""

import numpy as np

from layers.shapes import Array, Form, Shape, require_shape


class Layer:
    """A step Y = f(X) of a network, with its derivative.

    Attributes:
        input: X of the last forward pass, kept (not copied) for the backward pass; None before it.
        output: Y of the last forward pass; None before it.
        input_shape: the shape of one X, without a batch.
        output_shape: the shape of one Y.
    """

    input: Array | None
    output: Array | None
    input_shape: Shape
    output_shape: Shape

    def __init__(self, input_shape: Shape = (), output_shape: Shape = ()) -> None:
        self.input = None
        self.output = None
        self.input_shape = input_shape
        self.output_shape = output_shape

    def forward_propagation(self, input: Array) -> Array:
        """Return Y for the input X, and keep in `self.input` what the backward pass needs.

        Raises:
            NotImplementedError: always; each layer writes its own.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define forward_propagation(input)")

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        """Return dE/dX for output_error = dE/dY, then step the parameters against their gradient.

        The step is plain gradient descent: parameter -= learning_rate * dE/dparameter. dE/dX
        belongs to the forward pass that was made, so it is computed before the parameters move.

        Raises:
            NotImplementedError: always; each layer writes its own.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not define backward_propagation(output_error, learning_rate)"
        )

    def check_input(self, input: Array, expected: Form) -> None:
        """Raise ValueError, naming both shapes, unless `input` is of the form `expected`."""
        require_shape(type(self).__name__, "input of shape", expected, np.shape(input))

    def recall(self, output_error: Array) -> Array:
        """Return the X of the last forward pass, once output_error is seen to belong to it.

        Raises:
            RuntimeError: there has been no forward pass.
            ValueError: output_error does not have the shape of the last Y.
        """
        name = type(self).__name__
        if self.input is None or self.output is None:
            raise RuntimeError(f"{name}: backward_propagation was called before forward_propagation")
        require_shape(name, "output_error of shape", self.output.shape, np.shape(output_error))
        return self.input
