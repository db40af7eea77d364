"""Arrays in tuples, lists and dicts: taken out in order, and put back into the same form."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, is_float_array


def is_number(value: object) -> bool:
    """A Python or numpy float."""
    return isinstance(value, float | np.floating)


def floats(tree: Any) -> list[Any]:
    """The float arrays and float numbers of a tree, in order."""
    if isinstance(tree, Mapping):
        return [leaf for value in tree.values() for leaf in floats(value)]
    if isinstance(tree, tuple | list):
        return [leaf for value in tree for leaf in floats(value)]
    return [tree] if is_float_array(tree) or is_number(tree) else []


def filled(tree: Any, values: Iterator[Any]) -> Any:
    """The same form, each float replaced by the next of `values`; what is no float stays as it is."""
    if isinstance(tree, Mapping):
        return {key: filled(value, values) for key, value in tree.items()}
    if isinstance(tree, tuple | list):
        made = [filled(value, values) for value in tree]
        return _like(tree, made)
    return next(values) if is_float_array(tree) or is_number(tree) else tree


def copied(tree: Any) -> Any:
    """A copy of every container and of every array in it, in its own memory order; other objects are the same."""
    if isinstance(tree, dict):
        return {key: copied(value) for key, value in tree.items()}
    if isinstance(tree, tuple | list):
        return _like(tree, [copied(value) for value in tree])
    return tree.copy(order="K") if isinstance(tree, np.ndarray) else tree


def arrays(tree: Any) -> list[Array]:
    """Every array of a tree, of whatever type, in order."""
    if isinstance(tree, Mapping):
        return [leaf for value in tree.values() for leaf in arrays(value)]
    if isinstance(tree, tuple | list):
        return [leaf for value in tree for leaf in arrays(value)]
    return [tree] if isinstance(tree, np.ndarray) else []


def split(vector: Array, tree: Any) -> Any:
    """One vector cut into the form of `tree`; an array alone takes the vector in its own shape."""
    leaves = floats(tree)
    if leaves and leaves[0] is tree:
        return vector
    ends = np.cumsum([np.size(leaf) for leaf in leaves])[:-1]
    parts = np.split(vector, ends)
    return filled(tree, iter([p.reshape(np.shape(leaf)) for p, leaf in zip(parts, leaves, strict=True)]))


def _like(tree: Any, made: list[Any]) -> Any:
    if hasattr(tree, "_fields"):  # a namedtuple
        return type(tree)(*made)
    return tuple(made) if isinstance(tree, tuple) else made
