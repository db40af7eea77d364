"""The checkers that reports/peers.py compares, each with its defaults, on the same numpy layers.

A checker that is not installed is absent, with the reason; nothing is made up for it.
"""

import importlib
import importlib.metadata
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import check_grad

from gradcheck import __version__, check
from reports.peer_layers import Array, NumpyLayer, bare_loop, forward_of, gradients_of, leaves


@dataclass(frozen=True)
class Answer:
    """passed: the verdict, None where there is none · norm: of a checker that gives one number instead."""

    passed: bool | None
    norm: float = float("nan")


@dataclass(frozen=True)
class Tool:
    """run: checks a layer at x · needs: the package whose absence makes it absent · judges: does it give a verdict?

    thorough: does it evaluate every entry?
    """

    name: str
    run: Callable[[NumpyLayer, Array], Answer]
    needs: str = "scipy"
    judges: bool = True
    thorough: bool = True

    @property
    def version(self) -> str | None:
        """Of the package; None where it is not installed."""
        if self.needs == "gradcheck":
            return __version__
        try:
            return importlib.metadata.version(self.needs)
        except importlib.metadata.PackageNotFoundError:
            return None


def _ours(method: str) -> Callable[[NumpyLayer, Array], Answer]:
    def run(layer: NumpyLayer, x: Array) -> Answer:
        return Answer(check(layer, x, method=method).passed)

    return run


def _torch(*, fast: bool) -> Callable[[NumpyLayer, Array], Answer]:
    def run(layer: NumpyLayer, x: Array) -> Answer:
        torch = importlib.import_module("torch")
        inputs = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in leaves(layer, x)]
        function = _torch_function(layer)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Answer(
                torch.autograd.gradcheck(function.apply, tuple(inputs), fast_mode=fast, raise_exception=False)
            )

    return run


def _torch_function(layer: NumpyLayer) -> Any:
    torch = importlib.import_module("torch")

    def forward(ctx: Any, *inputs: Any) -> Any:
        ctx.save_for_backward(*inputs)
        return torch.from_numpy(np.array(forward_of(layer, [t.detach().numpy() for t in inputs])))

    def backward(ctx: Any, dY: Any) -> Any:
        forward_of(layer, [t.detach().numpy() for t in ctx.saved_tensors])
        return tuple(torch.from_numpy(np.array(g)) for g in gradients_of(layer, dY.numpy()))

    members = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("NumpyFunction", (torch.autograd.Function,), members)


def _jax(layer: NumpyLayer, x: Array) -> Answer:
    jax = importlib.import_module("jax")
    check_grads = importlib.import_module("jax.test_util").check_grads
    jax.config.update("jax_enable_x64", True)
    arrays = leaves(layer, x)
    shape = jax.ShapeDtypeStruct(layer.forward(x).shape, np.float64)
    shapes = tuple(jax.ShapeDtypeStruct(a.shape, np.float64) for a in arrays)

    def numpy_forward(*given: Any) -> Array:
        return forward_of(layer, [np.asarray(a) for a in given])

    def numpy_backward(dY: Any, *given: Any) -> tuple[Array, ...]:
        forward_of(layer, [np.asarray(a) for a in given])
        return tuple(gradients_of(layer, np.asarray(dY)))

    def function(*given: Any) -> Any:
        return jax.pure_callback(numpy_forward, shape, *given)

    wrapped = jax.custom_vjp(function)
    wrapped.defvjp(
        lambda *given: (wrapped(*given), given), lambda given, dY: jax.pure_callback(numpy_backward, shapes, dY, *given)
    )
    try:
        check_grads(wrapped, tuple(arrays), order=1, modes=["rev"])
    except AssertionError:
        return Answer(passed=False)
    return Answer(passed=True)


def _scipy(layer: NumpyLayer, x: Array) -> Answer:
    arrays = leaves(layer, x)
    ends = np.cumsum([a.size for a in arrays])[:-1]
    dY = np.random.default_rng(0).normal(size=layer.forward(x).shape)

    def apart(point: Array) -> list[Array]:
        return [part.reshape(a.shape) for part, a in zip(np.split(point, ends), arrays, strict=True)]

    def objective(point: Array) -> float:
        return float(np.sum(dY * forward_of(layer, apart(point))))

    def gradient(point: Array) -> Array:
        forward_of(layer, apart(point))
        return np.concatenate([np.ravel(g) for g in gradients_of(layer, dY)])

    return Answer(None, float(check_grad(objective, gradient, np.concatenate([a.ravel() for a in arrays]))))


def _bare(layer: NumpyLayer, x: Array) -> Answer:
    bare_loop(layer, x)
    return Answer(None)


DEFAULT, ENTRIES = "gradcheck", "gradcheck, entries"
SLOW, FAST = "PyTorch gradcheck, slow", "PyTorch gradcheck, fast"
JAX, SCIPY, BARE = "JAX check_grads", "scipy check_grad", "a bare loop"

TOOLS = (
    Tool(DEFAULT, _ours("auto"), "gradcheck", thorough=False),
    Tool(ENTRIES, _ours("entries"), "gradcheck"),
    Tool(SLOW, _torch(fast=False), "torch"),
    Tool(FAST, _torch(fast=True), "torch", thorough=False),
    Tool(JAX, _jax, "jax", thorough=False),
    Tool(SCIPY, _scipy, judges=False),
    Tool(BARE, _bare, "numpy", judges=False),
)
