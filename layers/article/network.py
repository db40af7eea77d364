"""The article's network. No faults are known."""

from collections.abc import Callable
from typing import Any

from layers.base import Layer
from layers.shapes import Array

Loss = Callable[[Array, Array], Any]


class Network:
    """Layers in a row, and the loss that judges what comes out; see `layers.network.Network`."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.loss: Loss | None = None
        self.loss_prime: Loss | None = None

    def add(self, layer: Layer) -> None:
        """Append a layer."""
        self.layers.append(layer)

    def use(self, loss: Loss, loss_prime: Loss) -> None:
        """Set the loss and its derivative with respect to the prediction."""
        self.loss = loss
        self.loss_prime = loss_prime

    def predict(self, input: Array) -> list[Array]:
        """Return the outputs for `input`, samples first: one output a sample."""
        result = []
        for sample in input:
            output = sample
            for layer in self.layers:
                output = layer.forward_propagation(output)
            result.append(output)
        return result

    def fit(self, x_train: Array, y_train: Array, epochs: int, learning_rate: float) -> None:
        """Train sample by sample, and print the mean error of the samples for every epoch.

        Raises:
            RuntimeError: there is no loss yet.
        """
        if self.loss is None or self.loss_prime is None:
            raise RuntimeError("Network: there is no loss yet; call use(loss, loss_prime) before fit")
        samples = len(x_train)
        for i in range(epochs):
            err = 0.0
            for j in range(samples):
                output = x_train[j]
                for layer in self.layers:
                    output = layer.forward_propagation(output)
                err += self.loss(y_train[j], output)
                error = self.loss_prime(y_train[j], output)
                for layer in reversed(self.layers):
                    error = layer.backward_propagation(error, learning_rate)
            err /= samples
            print(f"epoch {i + 1}/{epochs}   error={err:f}")
