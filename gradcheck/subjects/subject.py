"""The engine's uniform view of a layer."""

from collections.abc import Mapping
from typing import Protocol

from gradcheck.base.arrays import Array
from gradcheck.subjects.leaf import Leaf

Gradients = Mapping[str, Array | None]


class Subject(Protocol):
    """Named leaves, a forward, and the user's vjp, at the point that the leaves hold.

    Both calls start from the subject's base state and leave parameters, other state and random state
    as they were; what the user's code raises comes out as LayerError.
    """

    title: str
    leaves: tuple[Leaf, ...]

    def forward(self) -> Array:
        """The output at the leaves' present values: an array of the subject's own (a copy)."""
        ...

    def vjp(self, cotangent: Array) -> Gradients:
        """forward, then the user's backward, from one state: leaf name -> analytic gradient.

        cotangent: dE/dY of the output's shape · a gradient may have a wrong shape or be None: what the
        user's code supplied, as it supplied it.
        """
        ...
