"""Layers and a network that chains them itself, all of them right."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Dense:
    def __init__(self, n: int, m: int, seed: int = 0) -> None:
        self.W = np.random.default_rng([n, m, seed]).normal(size=(n, m)) / np.sqrt(n)
        self.b = np.random.default_rng([n, m, seed, 1]).normal(size=m)

    def forward(self, x: Array) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy: Array) -> Any:
        self.dW = self.x.T @ dy
        self.db = dy.sum(axis=0)
        return dy @ self.W.T


class Tanh:
    def forward(self, x: Array) -> Any:
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy: Array) -> Any:
        return dy * (1 - self.y**2)


class Relu:
    def forward(self, x: Array) -> Any:
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dy: Array) -> Any:
        return dy * (self.x > 0)


class Dropout:
    def forward(self, x: Array) -> Any:
        self.mask = np.random.rand(*x.shape) < 0.5
        return x * self.mask

    def backward(self, dy: Array) -> Any:
        return dy * self.mask


class Centre:
    """Takes the mean over the batch away, so that nothing depends on a bias ahead of it."""

    def forward(self, x: Array) -> Any:
        return x - x.mean(axis=0)

    def backward(self, dy: Array) -> Any:
        return dy - dy.mean(axis=0)


class Row:
    """A network that chains its layers itself."""

    def __init__(self, *parts: Any) -> None:
        self.layers = list(parts)

    def forward(self, x: Array) -> Any:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy: Array) -> Any:
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


# Networks whose layers are not what they are by themselves.


class Tied:
    """Decodes with the transposed weights of the encoder."""

    def __init__(self, encoder: Dense, *, right: bool) -> None:
        self.encoder, self.right = encoder, right

    def forward(self, x: Array) -> Any:
        self.x = x
        return x @ self.encoder.W.T

    def backward(self, dy: Array) -> Any:
        self.dV = dy.T @ self.x
        return dy @ self.encoder.W


class TiedRow(Row):
    def backward(self, dy: Array) -> Any:
        dx = super().backward(dy)
        if self.layers[2].right:
            self.layers[0].dW = self.layers[0].dW + self.layers[2].dV
        return dx


class Residual(Row):
    def forward(self, x: Array) -> Any:
        return super().forward(x) + x

    def backward(self, dy: Array) -> Any:
        return super().backward(dy) + dy
