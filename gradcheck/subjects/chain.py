"""A network (attributes `layers`, `loss`, `loss_prime`) as one layer: its layers in order, reversed for backward."""

from typing import Any

from gradcheck.subjects.spelling import paired_method_names


class Chain:
    """The layers of a network composed; parameters are named layers[i].weights."""

    def __init__(self, network: Any) -> None:
        self.layers = network.layers

    def forward_propagation(self, input: Any) -> Any:
        """Every layer in order."""
        output = input
        for layer in self.layers:
            output = getattr(layer, (paired_method_names(layer) or ("forward", ""))[0])(output)
        return output

    def backward_propagation(self, output_error: Any, learning_rate: float) -> Any:
        """Every layer in reverse, each given the dE/dX of the one after it."""
        for layer in reversed(self.layers):
            output_error = getattr(layer, (paired_method_names(layer) or ("", "backward"))[1])(
                output_error, learning_rate
            )
        return output_error
