"""How layers spell forward and backward, and what a parameter is called."""

import inspect
import re
from collections.abc import Callable
from typing import Any

FORWARD_NAMES = ("forward_propagation", "forward_prop", "forward_pass", "forward")
BACKWARD_NAMES = ("backward_propagation", "backward_prop", "backward_pass", "backward")
RATE_NAMES = frozenset({"learning_rate", "learningrate", "lr", "rate", "eta", "alpha", "step_size", "step"})

_WORDS = r"(?:weights?|W|U|V|w|kernels?|filters?|bias(?:es)?|b|gamma|beta|alpha)"
# The word may carry digits, and prefixes or suffixes joined by "_"; W, U, V, w, b also at most two letters or digits.
_PARAMETER = re.compile(rf"(?:[A-Za-z0-9]+_)*_*(?:{_WORDS}\d*|[WUVwb][A-Za-z0-9]{{0,2}})(?:_[A-Za-z0-9]*)*$")


def is_parameter_name(path: str) -> bool:
    """Is the last part of a path (attribute, or key of a dict) a parameter's usual name?"""
    parts = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", path)
    return bool(parts) and _PARAMETER.fullmatch(parts[-1]) is not None


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
