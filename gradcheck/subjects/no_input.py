"""A backward that returns gradients of its parameters alone, (dW1, dW2), and no dE/dX: told where there is no doubt."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcheck.base.arrays import is_float_array
from gradcheck.subjects.graph import slots
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.spelling import gradient_names, is_buffer_name, is_parameter_name

Shape = tuple[int, ...]


def parameters_alone(returned: Any, names: Sequence[str] | None, leaves: Sequence[Leaf], owner: Any) -> bool:
    """Is no dE/dX among what backward returned, for certain?

    Each result has the shape of a parameter of its own. That none is dE/dX says the return statement (dW1, dW2), or
    the sizes: none has those of the input in whatever order, nor the first some of them, for a dE/dX transposed or
    summed is another fault.
    """
    results = list(returned) if isinstance(returned, tuple | list) else [returned]
    if not results or not leaves or not all(map(is_float_array, results)):
        return False
    shapes = _shapes(owner)
    if Counter(np.shape(g) for g in results) - Counter(shape for _, shape in shapes):
        return False
    inputs = {word for leaf in leaves for word in gradient_names(leaf.name)}
    if names is not None and len(names) == len(results) and inputs.isdisjoint(names) and _told(names, results, shapes):
        return True
    sizes = [Counter(leaf.shape) for leaf in leaves]
    return not any(Counter(np.shape(g)) in sizes for g in results) and not any(
        Counter(n for n in np.shape(results[0]) if n > 1) <= own for own in sizes
    )


def _told(names: Sequence[str], results: Sequence[Any], shapes: Sequence[tuple[str, Shape]]) -> bool:
    """Is each the gradient of a parameter, by its name and its shape?"""
    return all(
        any(word in gradient_names(own, short=False) and shape == np.shape(g) for own, shape in shapes)
        for word, g in zip(names, results, strict=True)
    )


def _shapes(owner: Any) -> list[tuple[str, Shape]]:
    """Name and shape of the arrays that are parameters by their names."""
    held = {slot.path: slot.get() for slot in slots(owner)}
    named = (path for path in held if is_parameter_name(path) and not is_buffer_name(path))
    return [(path.rpartition(".")[2], held[path].shape) for path in named if is_float_array(held[path])]
