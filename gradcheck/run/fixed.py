"""The point of a baseline: every float input and parameter overwritten by integer arithmetic."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck.base import arithmetic
from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.subjects.functions import FunctionSubject
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.subject import Subject


def at_fixed_point(specimen: Specimen, understand: Callable[[Specimen], Subject]) -> tuple[Specimen, str]:
    """The specimen at the point, and the hash of the integers that the point is made of.

    A layer's parameters are overwritten in place (the caller puts them back), inputs and arguments are new
    arrays. Values in (-0.5, 0.5); where forward has no finite output there (log, sqrt), in (0, 0.5).

    Raises:
        LayerError: it cannot be run as it was built.
    """
    leaves = _held(understand(specimen))
    for positive in (False, True):
        moved = _moved(specimen, leaves, positive=positive)
        if _is_finite(moved, understand):
            return moved, _origin(moved, leaves, positive=positive)
    moved = _moved(specimen, leaves, positive=False)
    return moved, _origin(moved, leaves, positive=False)


def _held(subject: Subject) -> dict[int, Leaf]:
    """Everything to overwrite by place; of functions, the float arguments that are no leaves too."""
    return subject.named if isinstance(subject, FunctionSubject) else dict(enumerate(subject.leaves))


def _moved(specimen: Specimen, leaves: dict[int, Leaf], *, positive: bool) -> Specimen:
    if isinstance(specimen, FunctionSpecimen):
        drawn = {i: _drawn(leaf, positive=positive) for i, leaf in leaves.items()}
        return replace(specimen, arguments=tuple(drawn.get(i, a) for i, a in enumerate(specimen.arguments)))
    x = specimen.x
    for leaf in leaves.values():
        if leaf.role is Role.INPUT:
            x = _drawn(leaf, positive=positive)
        else:
            leaf.write(_drawn(leaf, positive=positive))
    return replace(specimen, x=x)


def _drawn(leaf: Leaf, *, positive: bool) -> Array:
    """An array of the leaf's shape, type and memory order."""
    array = np.empty_like(leaf.array)
    array[...] = arithmetic.values(leaf.name, leaf.shape, leaf.array.dtype, positive=positive)
    return array


def _is_finite(specimen: Specimen, understand: Callable[[Specimen], Subject]) -> bool:
    try:
        return bool(np.all(np.isfinite(understand(specimen).forward())))
    except LayerError:
        return False


def _origin(specimen: Specimen, leaves: dict[int, Leaf], *, positive: bool) -> str:
    """SHA-256 over names, shapes, types and integers: floats are never hashed."""
    digest = hashlib.sha256(b"positive" if positive else b"signed")
    for leaf in leaves.values():
        bits = arithmetic.bits_of(leaf.array.dtype)
        numbers = arithmetic.numerators(leaf.name, leaf.size, bits)
        _add(digest, leaf.name, leaf.array, numbers)
    for place, given in _whole(specimen):
        _add(digest, str(place), given, given)
    return digest.hexdigest()


def _add(digest: Any, name: str, array: Array, numbers: Array) -> None:
    digest.update(f"|{name}|{array.shape}|{array.dtype.name}|".encode())
    digest.update(numbers.astype("<i8").tobytes())


def _whole(specimen: Specimen) -> Iterator[tuple[int, Array]]:
    """Inputs of integers (indices, labels): they are part of the case, and stay as they are."""
    given = (specimen.x,) if isinstance(specimen, LayerSpecimen) else specimen.arguments
    for place, value in enumerate(given):
        if isinstance(value, np.ndarray) and value.dtype.kind in "iub":
            yield place, value
