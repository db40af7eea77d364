"""Layers in plain numpy that reports/peers.py and reports/scale.py hand to every checker; their gradients are right.

A fault is planted by `spoiled`: outside the layer's own attributes, so that no checker sees another layer for it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Spoil = Callable[[Array], Array]


class NumpyLayer:
    """forward(x) and backward(dY); the gradient of parameter p is left in dp.

    parameters: their names · suspect: the leaf whose gradient `spoil` may falsify, "input" or a parameter's name
    forwards: calls of forward of all layers of the class, counted where no checker looks.
    """

    parameters: tuple[str, ...] = ()
    suspect = "W"
    spoil: Spoil | None = None
    forwards = 0

    def forward(self, x: Array) -> Array:
        """The output."""
        raise NotImplementedError

    def backward(self, dY: Array) -> Array:
        """dE/dX."""
        raise NotImplementedError

    def _given(self, leaf: str, gradient: Array) -> Array:
        """A gradient on its way out."""
        spoil = type(self).spoil
        return gradient if spoil is None or leaf != self.suspect else spoil(gradient)


class Dense(NumpyLayer):
    """tanh(x W + b)."""

    parameters = ("W", "b")

    def __init__(self, n_in: int, n_out: int, rng: np.random.Generator) -> None:
        self.W = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.b = rng.normal(size=(1, n_out)) / 4

    def forward(self, x: Array) -> Array:
        """x: (1, n_in)."""
        type(self).forwards += 1
        self.x = x
        self.y = np.tanh(x @ self.W + self.b)
        return np.asarray(self.y)

    def backward(self, dY: Array) -> Array:
        """dY: (1, n_out)."""
        d = dY * (1 - self.y**2)
        self.dW = self._given("W", self.x.T @ d)
        self.db = self._given("b", d.sum(axis=0, keepdims=True))
        return self._given("input", d @ self.W.T)


class Matrix(NumpyLayer):
    """tanh(x W), or max(x W, 0): two leaves, one of them large."""

    parameters = ("W",)

    def __init__(self, size: int, rng: np.random.Generator, *, kinked: bool = False) -> None:
        self.W = rng.normal(0.0, 1 / np.sqrt(size), size=(size, size))
        self.kinked = kinked

    def forward(self, x: Array) -> Array:
        """x: (1, size)."""
        type(self).forwards += 1
        self.x = x
        product = x @ self.W
        self.y = np.maximum(product, 0.0) if self.kinked else np.tanh(product)
        return np.asarray(self.y)

    def backward(self, dY: Array) -> Array:
        """dY: (1, size)."""
        d = dY * (self.y > 0 if self.kinked else 1 - self.y**2)
        self.dW = self._given("W", self.x.T @ d)
        return self._given("input", d @ self.W.T)


class Convolution(NumpyLayer):
    """Valid cross-correlation, stride 1."""

    parameters = ("K", "b")
    suspect = "K"

    def __init__(self, depth: int, size: int, kernels: int, rng: np.random.Generator) -> None:
        self.K = rng.normal(size=(size, size, depth, kernels)) / np.sqrt(size * size * depth)
        self.b = rng.normal(size=kernels) / 4

    def forward(self, x: Array) -> Array:
        """x: (H, W, depth)."""
        type(self).forwards += 1
        self.x = x
        return np.asarray(np.tensordot(self._patches(x), self.K.transpose(2, 0, 1, 3), 3) + self.b)

    def backward(self, dY: Array) -> Array:
        """dY: (H - size + 1, W - size + 1, kernels)."""
        gradient = np.tensordot(self._patches(self.x), dY, ((0, 1), (0, 1)))
        self.dK = self._given("K", gradient.transpose(1, 2, 0, 3))
        self.db = self._given("b", dY.sum(axis=(0, 1)))
        dX = np.zeros_like(self.x)
        height, width, _ = dY.shape
        for i in range(self.K.shape[0]):
            for j in range(self.K.shape[1]):
                dX[i : i + height, j : j + width] += dY @ self.K[i, j].T
        return self._given("input", dX)

    def _patches(self, x: Array) -> Array:
        """(H', W', depth, size, size)."""
        size = self.K.shape[0]
        return np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(0, 1))


class Deep(NumpyLayer):
    """Ten times tanh(x W + b) as one layer: W0, b0, W1, ..."""

    suspect = "W0"
    depth = 10
    parameters = tuple(name for i in range(depth) for name in (f"W{i}", f"b{i}"))

    def __init__(self, width: int, rng: np.random.Generator) -> None:
        for i in range(self.depth):
            setattr(self, f"W{i}", rng.normal(size=(width, width)) / np.sqrt(width))
            setattr(self, f"b{i}", rng.normal(size=(1, width)) / 4)

    def forward(self, x: Array) -> Array:
        """x: (1, width)."""
        type(self).forwards += 1
        self.outputs = [x]
        for i in range(self.depth):
            self.outputs.append(np.tanh(self.outputs[-1] @ getattr(self, f"W{i}") + getattr(self, f"b{i}")))
        return self.outputs[-1]

    def backward(self, dY: Array) -> Array:
        """dY: (1, width)."""
        for i in reversed(range(self.depth)):
            d = dY * (1 - self.outputs[i + 1] ** 2)
            setattr(self, f"dW{i}", self._given(f"W{i}", self.outputs[i].T @ d))
            setattr(self, f"db{i}", self._given(f"b{i}", d))
            dY = d @ getattr(self, f"W{i}").T
        return self._given("input", dY)


class Relu(NumpyLayer):
    """max(x, 0), entry by entry."""

    suspect = "input"

    def forward(self, x: Array) -> Array:
        """The positive part of x, of any shape."""
        type(self).forwards += 1
        self.x = x
        return np.maximum(x, 0.0)

    def backward(self, dY: Array) -> Array:
        """What passes where x is positive; dY of the shape of x."""
        return self._given("input", dY * (self.x > 0))


Made = tuple[NumpyLayer, Array]


def dense(n_in: int, n_out: int) -> Callable[[int], Made]:
    """Seed -> a Dense layer and one row."""

    def make(seed: int) -> Made:
        rng = np.random.default_rng(seed)
        return Dense(n_in, n_out, rng), rng.normal(size=(1, n_in))

    return make


def convolution(seed: int) -> Made:
    """28x28x3 with 8 kernels of 5x5."""
    rng = np.random.default_rng(seed)
    return Convolution(3, 5, 8, rng), rng.normal(size=(28, 28, 3))


def deep(seed: int) -> Made:
    """Ten layers of 32."""
    rng = np.random.default_rng(seed)
    return Deep(32, rng), rng.normal(size=(1, 32))


def relus(seed: int) -> Made:
    """A thousand ReLUs at a random point."""
    return Relu(), np.random.default_rng(seed).normal(size=(1, 1000))


def spoiled(layer: NumpyLayer, spoil: Spoil) -> NumpyLayer:
    """The same layer with the gradient of its suspect falsified."""
    kind = type(layer)
    layer.__class__ = type(kind.__name__, (kind,), {"spoil": staticmethod(spoil), "__module__": kind.__module__})
    return layer


def off_at(places: Sequence[int] | Array, size: float) -> Spoil:
    """Entries (flat indices) off by `size` times the rms of the first gradient.

    The error is a multiple of another entry's gradient, so that what is given stays linear in dY.
    """
    known: list[tuple[int, float]] = []

    def spoil(gradient: Array) -> Array:
        if not known:
            largest = int(np.argmax(np.abs(gradient)))
            known.append((largest, size * float(np.sqrt(np.mean(gradient**2)) / abs(gradient.flat[largest]))))
        wrong = np.array(gradient)
        wrong.flat[places] += known[0][1] * gradient.flat[known[0][0]]
        return wrong

    return spoil


def leaves(layer: NumpyLayer, x: Array) -> list[Array]:
    """The input and every parameter."""
    return [x, *(getattr(layer, name) for name in layer.parameters)]


def forward_of(layer: NumpyLayer, arrays: Sequence[Array]) -> Array:
    """Forward at other values of the leaves, which are bound, not copied."""
    for name, array in zip(layer.parameters, arrays[1:], strict=True):
        setattr(layer, name, array)
    return layer.forward(arrays[0])


def gradients_of(layer: NumpyLayer, dY: Array) -> list[Array]:
    """The gradients of all leaves for the last forward."""
    return [layer.backward(dY), *(getattr(layer, f"d{name}") for name in layer.parameters)]


def bare_loop(layer: NumpyLayer, x: Array) -> list[Array]:
    """What everybody writes first: two evaluations an entry, at one step, without a verdict."""
    arrays = leaves(layer, x)
    dY = np.random.default_rng(0).normal(size=layer.forward(x).shape)
    h, found = 1e-6, []
    for array in arrays:
        flat, numeric = array.reshape(-1), np.empty(array.size)
        for i in range(array.size):
            kept = flat[i]
            flat[i] = kept + h
            plus = layer.forward(x)
            flat[i] = kept - h
            minus = layer.forward(x)
            flat[i] = kept
            numeric[i] = np.sum(dY * (plus - minus)) / (2 * h)
        found.append(numeric)
    return found
