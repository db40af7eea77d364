"""Shapes: the two type aliases of this package, and the one place where shapes are compared."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, ...]

Form = Sequence[int | str]
"""A shape with holes: a number stands for itself, a letter for any size from 1 up, `N` for a batch of any size."""


def require_shape(owner: str, what: str, expected: Form, actual: object) -> None:
    """Raise ValueError, naming both shapes, unless `actual` is a shape of the form `expected`.

    `owner` is the name of the layer or function that asks, `what` says which shape it is:
    `require_shape("FCLayer", "input of shape", ("N", 3), (1, 4))` raises
    "FCLayer: expected input of shape (N, 3), got (1, 4)".
    """
    if not _fits(expected, actual):
        raise ValueError(f"{owner}: expected {what} {_spell(expected)}, got {actual}")


def require_sizes(owner: str, what: str, shape: object) -> None:
    """Raise ValueError unless `shape` is a tuple, of any length, of whole numbers of at least 1."""
    letters = ["n"] * len(shape) if isinstance(shape, tuple) else ["n", "..."]
    require_shape(owner, what, letters, shape)


def require_window(owner: str, what: str, window: Shape, input_shape: Shape) -> None:
    """Raise ValueError, naming both shapes, unless a window (m, n) fits into an image (i, j, d)."""
    require_shape(owner, "input_shape", ("i", "j", "d"), input_shape)
    require_shape(owner, what, ("m", "n"), window)
    if window[0] > input_shape[0] or window[1] > input_shape[1]:
        raise ValueError(f"{owner}: {what} {window} does not fit into input_shape {input_shape}")


def rows(shape: Shape) -> Form:
    """Return the form of a batch of such inputs: (N, i) for one row (1, i), any other shape as it is."""
    return ("N", shape[1]) if len(shape) == 2 and shape[0] == 1 else shape


def _fits(expected: Form, actual: object) -> bool:
    if not isinstance(actual, tuple) or len(actual) != len(expected):
        return False
    return all(_fits_size(hole, size) for hole, size in zip(expected, actual, strict=True))


def _fits_size(hole: int | str, size: object) -> bool:
    if not isinstance(size, Integral):
        return False
    return size == hole if isinstance(hole, int) else hole == "N" or int(size) >= 1


def _spell(form: Form) -> str:
    return f"({', '.join(map(str, form))}{',' if len(form) == 1 else ''})"
