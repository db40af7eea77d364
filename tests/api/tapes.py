"""Layers that nobody thought of: random rows of numpy operations, with the backward of each."""

from collections.abc import Callable
from typing import Any

import numpy as np

Vjp = Callable[[Any, Any, Any], Any]  # of x, y and dY


def _softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _sort_back(x: Any, _: Any, g: Any) -> Any:
    back = np.zeros_like(x)
    np.put_along_axis(back, np.argsort(x, -1, kind="stable"), g, -1)
    return back


def _max_back(x: Any, _: Any, g: Any) -> Any:
    back = np.zeros_like(x)
    np.put_along_axis(back, x.argmax(-1)[:, None], g, -1)
    return back


def _slice_back(x: Any, _: Any, g: Any) -> Any:
    back = np.zeros_like(x)
    back[:, ::2] = g
    return back


def _length(x: Any) -> Any:
    return np.sqrt((x * x).sum(-1, keepdims=True) + x.dtype.type(1e-4))


def _scaled(factor: float) -> tuple[Callable[[Any], Any], Vjp]:
    return lambda x: x * x.dtype.type(factor), lambda x, y, g: g * x.dtype.type(factor)


OPERATIONS: dict[str, tuple[Callable[[Any], Any], Vjp]] = {
    "tanh": (np.tanh, lambda x, y, g: g * (1 - y * y)),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda x, y, g: g * y * (1 - y)),
    "relu": (lambda x: np.maximum(x, 0), lambda x, y, g: g * (x > 0)),
    "abs": (np.abs, lambda x, y, g: g * np.sign(x)),
    "square": (lambda x: x * x, lambda x, y, g: 2 * g * x),
    "sin": (np.sin, lambda x, y, g: g * np.cos(x)),
    "exp": (lambda x: np.exp(np.clip(x, -20, 20)), lambda x, y, g: g * y * ((x > -20) & (x < 20))),
    "log": (lambda x: np.log(x * x + x.dtype.type(0.1)), lambda x, y, g: g * 2 * x / (x * x + x.dtype.type(0.1))),
    "clip": (lambda x: np.clip(x, -1, 1), lambda x, y, g: g * ((x >= -1) & (x <= 1))),
    "softmax": (_softmax, lambda x, y, g: y * (g - (g * y).sum(-1, keepdims=True))),
    "centre": (lambda x: x - x.mean(-1, keepdims=True), lambda x, y, g: g - g.mean(-1, keepdims=True)),
    "cumsum": (lambda x: np.cumsum(x, -1), lambda x, y, g: np.flip(np.cumsum(np.flip(g, -1), -1), -1)),
    "transpose": (lambda x: x.T.copy(), lambda x, y, g: g.T),
    "sort": (lambda x: np.sort(x, -1), _sort_back),
    "max": (lambda x: x.max(-1, keepdims=True), _max_back),
    "mean": (lambda x: x.mean(0, keepdims=True), lambda x, y, g: np.broadcast_to(g / x.shape[0], x.shape)),
    "slice": (lambda x: x[:, ::2].copy(), _slice_back),
    "unit": (
        lambda x: x / _length(x),
        lambda x, y, g: g / _length(x) - x * (g * x).sum(-1, keepdims=True) / _length(x) ** 3,
    ),
    "million": _scaled(1e6),
    "small": _scaled(1e-8),
}
KINDS = ("operation", "operation", "matrix", "bias", "gain", "residual")
RESIDUAL = ("tanh", "relu", "sin", "square", "softmax")


class Tape:
    """Up to five steps. wrong: which of them hands on 1.01 times its gradient, None for none."""

    def __init__(self, seed: int, dtype: Any = np.float64, wrong: int | None = None) -> None:
        rng = np.random.default_rng(seed)
        self.wrong = wrong
        self.steps: list[tuple[str, str]] = []
        shape = (int(rng.integers(1, 6)), int(rng.integers(2, 6)))
        self.x = rng.normal(size=shape).astype(dtype)
        for number in range(int(rng.integers(1, 6))):
            kind = str(rng.choice(KINDS))
            name = f"W{number}"
            if kind == "operation":
                name = str(rng.choice(list(OPERATIONS)))
                shape = OPERATIONS[name][0](np.zeros(shape)).shape
            elif kind == "residual":
                name = str(rng.choice(RESIDUAL))
            else:
                size = (shape[1], int(rng.integers(1, 6))) if kind == "matrix" else (shape[1],)
                setattr(self, name, (rng.normal(size=size) / np.sqrt(shape[1])).astype(dtype))
                shape = (shape[0], size[-1])
            self.steps.append((kind, name))

    def forward(self, x: Any) -> Any:
        self.tape = []
        for kind, name in self.steps:
            y = self._step(kind, name, x)
            self.tape.append((kind, name, x, y))
            x = y
        return x

    def _step(self, kind: str, name: str, x: Any) -> Any:
        if kind in ("operation", "residual"):
            made = OPERATIONS[name][0](x)
            return made if kind == "operation" else x + made
        weight = getattr(self, name)
        return x @ weight if kind == "matrix" else x + weight if kind == "bias" else x * weight

    def backward(self, g: Any) -> Any:
        for number, (kind, name, x, y) in reversed(list(enumerate(self.tape))):
            g = self._back(kind, name, (x, y, g)) * (1.01 if number == self.wrong else 1)
        return g

    def _back(self, kind: str, name: str, at: tuple[Any, Any, Any]) -> Any:
        x, y, g = at
        if kind == "operation":
            return OPERATIONS[name][1](x, y, g)
        if kind == "residual":
            return g + OPERATIONS[name][1](x, y - x, g)
        weight = getattr(self, name)
        setattr(
            self,
            f"d{name}",
            {"matrix": lambda: x.T @ g, "bias": lambda: g.sum(0), "gain": lambda: (g * x).sum(0)}[kind](),
        )
        return g @ weight.T if kind == "matrix" else g if kind == "bias" else g * weight
