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
from gradcheck.subjects.inputs import Inputs
from gradcheck.subjects.layer import LayerSubject
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.trees import arrays

_ROUNDS = 8  # as deep as a chain of zeros may be


def at_fixed_point(specimen: Specimen, understand: Callable[[Specimen], LayerSubject]) -> tuple[Specimen, str]:
    """The specimen at the point, and the hash of the integers that the point is made of.

    A layer's parameters are overwritten in place (the caller puts them back), inputs and arguments are new
    arrays. Values in (-0.5, 0.5); where forward has no finite output there (log, sqrt), in (0, 0.5).

    Raises:
        LayerError: it cannot be run as it was built.
    """
    subject = understand(specimen)
    for positive in (False, True):
        moved, leaves, finite = _settled(specimen, subject, understand, positive=positive)
        if finite:
            return moved, _origin(moved, leaves, positive=positive)
    moved, leaves, _ = _settled(specimen, subject, understand, positive=False)
    return moved, _origin(moved, leaves, positive=False)


def _settled(
    specimen: Specimen, subject: LayerSubject, understand: Callable[[Specimen], LayerSubject], *, positive: bool
) -> tuple[Specimen, list[Leaf], bool]:
    """Moved there; every leaf that was; is the output finite?

    Behind an input or a parameter of zeros stand others that show once it has been moved: they are moved too.
    """
    leaves = _leaves(subject)
    for _ in range(_ROUNDS):
        moved = _moved(specimen, subject.inputs, leaves, positive=positive)
        try:
            there = understand(moved)
            finite = bool(np.all(np.isfinite(there.forward())))
        except LayerError:
            return moved, leaves, False
        known, leaves = {leaf.name for leaf in leaves}, _leaves(there)
        if known >= {leaf.name for leaf in leaves}:
            break
    return moved, leaves, finite


def _leaves(subject: LayerSubject) -> list[Leaf]:
    """Inputs first."""
    return [*subject.inputs.leaves, *(leaf for leaf in subject.leaves if leaf not in subject.inputs.leaves)]


def _moved(specimen: Specimen, inputs: Inputs, leaves: list[Leaf], *, positive: bool) -> Specimen:
    own = {leaf.name: _drawn(leaf, positive=positive) for leaf in inputs.leaves}
    if isinstance(specimen, FunctionSpecimen):
        return replace(specimen, arguments=inputs.moved(own))
    for leaf in leaves:
        if leaf.role is not Role.INPUT:
            leaf.write(_drawn(leaf, positive=positive))
    return replace(specimen, x=inputs.as_x(inputs.moved(own)))


def _drawn(leaf: Leaf, *, positive: bool) -> Array:
    """An array of the leaf's shape, type and memory order."""
    array = np.empty_like(leaf.array)
    array[...] = arithmetic.values(leaf.name, leaf.shape, leaf.array.dtype, positive=positive)
    return array


def _origin(specimen: Specimen, leaves: list[Leaf], *, positive: bool) -> str:
    """SHA-256 over names, shapes, types and integers: floats are never hashed."""
    digest = hashlib.sha256(b"positive" if positive else b"signed")
    for leaf in leaves:
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
    given = arrays(specimen.x) if isinstance(specimen, LayerSpecimen) else specimen.arguments
    for place, value in enumerate(given):
        if isinstance(value, np.ndarray) and value.dtype.kind in "iub":
            yield place, value
