"""How layers spell forward and backward, and what a parameter is called."""

import inspect
import re
from collections.abc import Callable
from typing import Any

FORWARD_NAMES = ("forward_propagation", "forward_prop", "forward_pass", "forward")
BACKWARD_NAMES = ("backward_propagation", "backward_prop", "backward_pass", "backward")
# A buffer of gradients is emptied by one of these before each backward.
ZERO_NAMES = ("zero_grad", "zero_grads", "zero_gradients", "zero_gradient", "flush_gradients", "reset_gradients")
RATE_NAMES = frozenset({"learning_rate", "learningrate", "lr", "rate", "eta", "alpha", "step_size", "step"})

_WORDS = r"(?:weights?|W|U|V|w|kernels?|filters?|bias(?:es)?|b|gamma|beta|alpha)"
# The word may carry digits, and prefixes or suffixes joined by "_"; W, U, V, w, b also at most two letters or digits.
_PARAMETER = re.compile(rf"(?:[A-Za-z0-9]+_)*_*(?:{_WORDS}\d*|[WUVwb][A-Za-z0-9]{{0,2}})(?:_[A-Za-z0-9]*)*$")

_BUFFER = re.compile(
    r"grad|diff|delta|veloc|moment|cache|update|prev|old|mask|(?:^|_)d(?:l_?)?d?_?[wb]|(?:^|_)(?:m|v)_"
)
_GRADIENT_FORMS = (
    "d{}", "_d{}", "d_{}", "grad_{}", "{}_grad", "_grad_{}", "grad{}", "{}_gradient", "gradient_{}", "dL_d{}", "dLd{}",
    "dE_d{}", "dEd{}", "dC_d{}", "d{}s", "{}_diff", "diff_{}", "nabla_{}", "g_{}", "g{}", "delta_{}",
    "{}_gradients", "grads_{}", "{}_grads",
)  # fmt: skip


def is_parameter_name(path: str) -> bool:
    """Is the last part of a path (attribute, or key of a dict) a parameter's usual name?"""
    parts = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", path)
    return bool(parts) and _PARAMETER.fullmatch(parts[-1]) is not None


def is_buffer_name(path: str) -> bool:
    """Does a name speak of an optimiser or of a gradient (velocity_w, m_bias, W_grad), not of a parameter?"""
    return _BUFFER.search(path.rpartition(".")[2].lower()) is not None


def gradient_names(name: str) -> tuple[str, ...]:
    """What people call the gradient of `name`: dW, grad_W, W_grad, dLdW, W_diff and their like."""
    made = [form.format(name) for form in _GRADIENT_FORMS]
    bare = name.strip("_")
    if len(bare) > 1:  # weights -> dweights, dw, dW
        made += [form.format(short) for short in (bare[0], bare[0].upper()) for form in ("d{}", "_d{}", "grad_{}")]
    return tuple(dict.fromkeys(made))


def alike(path: str, other: str) -> bool:
    """Two names that differ in their digits only: theta1, theta2; params[0], params[1]."""
    return re.sub(r"\d+", "#", path) == re.sub(r"\d+", "#", other)


def paired_method_names(layer: object) -> tuple[str, str] | None:
    """The names of forward and backward on a layer or a layer class, or None where there is no pair."""
    for forward, backward in zip(FORWARD_NAMES, BACKWARD_NAMES, strict=True):
        if callable(getattr(layer, forward, None)) and callable(getattr(layer, backward, None)):
            return forward, backward
    return None


def positional(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """The parameters that can be given by position; None where the signature cannot be read."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p for p in parameters if p.kind in kinds]
