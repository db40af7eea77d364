"""The network: a list of layers, trained sample by sample by gradient descent."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from layers.base import Layer
from layers.shapes import Array

Samples = Array | Sequence[Array]
Loss = Callable[[Array, Array], Any]
LossPrime = Callable[[Array, Array], Array]


class Network:
    """Layers in a row, and the loss that judges what comes out.

    Attributes:
        layers: the layers, in forward order.
        loss: E = loss(y_true, y_pred), a scalar; None until `use`.
        loss_prime: dE/dy_pred = loss_prime(y_true, y_pred), of the shape of y_pred; None until `use`.
    """

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.loss: Loss | None = None
        self.loss_prime: LossPrime | None = None

    def add(self, layer: Layer) -> None:
        """Append a layer; its input is the output of the one before."""
        self.layers.append(layer)

    def use(self, loss: Loss, loss_prime: LossPrime) -> None:
        """Set the loss and its derivative with respect to the prediction."""
        self.loss = loss
        self.loss_prime = loss_prime

    def predict(self, input: Samples) -> list[Array]:
        """Return the outputs for `input`, samples first: one output a sample.

        Layers with a `training` switch are switched off meanwhile, and put back afterwards.
        """
        with _evaluating(self.layers):
            return [self._forward(sample) for sample in input]

    def fit(
        self, x_train: Samples, y_train: Samples, epochs: int, learning_rate: float, *, report_every: int = 1
    ) -> None:
        """Train on the samples, one after the other, `epochs` times over.

        Prints `epoch i/n   error=...`, the mean loss of the samples, for every report_every-th epoch
        and for the last.

        Raises:
            RuntimeError: there is no loss yet.
            ValueError: x_train and y_train differ in the number of samples, or there are none.
        """
        if not 0 < len(x_train) == len(y_train):
            raise ValueError(
                "Network: expected x_train and y_train to hold the same number of samples, at least one, "
                f"got {len(x_train)} and {len(y_train)}"
            )
        for epoch in range(1, epochs + 1):
            total = sum(self._learn(x, y, learning_rate) for x, y in zip(x_train, y_train, strict=True))
            if epoch % report_every == 0 or epoch == epochs:
                print(f"epoch {epoch}/{epochs}   error={total / len(x_train):f}")

    def _forward(self, sample: Array) -> Array:
        for layer in self.layers:
            sample = layer.forward_propagation(sample)
        return sample

    def _learn(self, x: Array, y_true: Array, learning_rate: float) -> float:
        """Make one gradient step on one sample, and return its loss from before the step."""
        if self.loss is None or self.loss_prime is None:
            raise RuntimeError("Network: there is no loss yet; call use(loss, loss_prime) before fit")
        y_pred = self._forward(x)
        error = self.loss_prime(y_true, y_pred)
        for layer in reversed(self.layers):
            error = layer.backward_propagation(error, learning_rate)
        return float(self.loss(y_true, y_pred))


@runtime_checkable
class _HasTraining(Protocol):
    training: bool


@contextmanager
def _evaluating(layers: Sequence[Layer]) -> Iterator[None]:
    """Switch `training` off in the layers that have it, for as long as the context lasts."""
    switched = [(layer, layer.training) for layer in layers if isinstance(layer, _HasTraining)]
    try:
        for layer, _ in switched:
            layer.training = False
        yield
    finally:
        for layer, training in switched:
            layer.training = training
