"""Sketches of vast gradients, which stand for them in the exact tests: many gradients are compared there at once.

A sketch is linear: what holds of gradients (equal, twice as large, a sum) holds of their sketches.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.large import BLOCK, blocks, largest
from gradcheck.base.randomness import stream
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.subject import Gradients, Session, Subject

_LENGTH = 4096


class StandIn(Leaf):
    """A leaf of a sketch's shape and the largest magnitude of the vast one, which is all that the tests ask of it."""


def sketched(subject: Subject) -> Subject:
    """The subject with sketches in place of vast gradients; itself where no leaf is vast."""
    found: Subject = _Sketched(subject) if any(leaf.vast for leaf in subject.leaves) else subject
    return found


def sketch(gradient: Array) -> Array:
    """4096 sums with random signs, of the size of a single entry: divided by the root of how many go into each.

    So the rounding of a sketch is to its own size what that of an entry is to the entry's.
    """
    signs, total = _signs(), np.zeros(_LENGTH)
    turns = stream(0, "sketch", "turns")
    for block in blocks(gradient):
        rest = -block.size % _LENGTH
        shaped = (np.append(block, np.zeros(rest)) if rest else block).reshape(-1, _LENGTH)
        with np.errstate(all="ignore"):
            total += _drawn(turns, 1)[0] * np.einsum("rc,rc->c", shaped, signs[: len(shaped)])
    return np.asarray(total / np.sqrt(max(1.0, gradient.size / _LENGTH)))


def _signs() -> Array:
    return _drawn(stream(0, "sketch", "signs"), BLOCK // _LENGTH)


def _drawn(generator: np.random.Generator, rows: int) -> Array:
    return 2.0 * generator.integers(0, 2, size=(rows, _LENGTH)) - 1.0


class _Sketched:
    """A subject whose vast leaves are stand-ins."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._shapes = {leaf.name: leaf.shape for leaf in inner.leaves if leaf.vast}
        self.leaves = tuple(_stand_in(leaf) if leaf.vast else leaf for leaf in inner.leaves)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def vjp(self, cotangent: Array) -> Gradients:
        """See Subject.vjp."""
        return self.contracted(self._inner.vjp(cotangent))

    @contextmanager
    def session(self) -> Iterator[Session]:
        """See Subject.session."""
        with self._inner.session() as session:
            made: Any = _SketchedSession(session, self)
            yield made

    def contracted(self, gradients: Gradients) -> Gradients:
        """A gradient of another shape than its leaf stays as it is: the shape is its fault."""
        return {name: sketch(g) if g is not None and self._shapes.get(name) == g.shape else g
                for name, g in gradients.items()}  # fmt: skip


class _SketchedSession:
    def __init__(self, inner: Any, subject: _Sketched) -> None:
        self._inner, self._subject = inner, subject

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def backward(self, cotangent: Array, rate: float | None = None, *, itself: bool = False) -> Gradients:
        """See Session.backward."""
        return self._subject.contracted(self._inner.backward(cotangent, rate, itself=itself))


def _stand_in(leaf: Leaf) -> StandIn:
    return StandIn(leaf.name, leaf.role, np.full(_LENGTH, largest(leaf.array), leaf.array.dtype))


class Lean(Mapping[str, Array | None]):
    """Gradients of which a vast one is not kept: it is obtained by one more call whenever it is asked for."""

    def __init__(self, subject: Subject, cotangent: Array) -> None:
        self._subject, self._cotangent = subject, cotangent
        found = subject.vjp(cotangent)
        self._shapes = {name: g.shape for name, g in found.items() if g is not None}
        vast = {leaf.name for leaf in subject.leaves if leaf.vast}
        self._kept = {name: g for name, g in found.items() if name not in vast or g is None}
        self._names = tuple(found)

    def shape(self, name: str) -> tuple[int, ...] | None:
        """Of one gradient; None where there is none."""
        return self._shapes.get(name)

    def __getitem__(self, name: str) -> Array | None:
        return self._kept[name] if name in self._kept else self._subject.vjp(self._cotangent)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
