"""The engine's uniform view of a layer."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from gradcheck.base.arrays import Array
from gradcheck.subjects.leaf import Leaf

Gradients = Mapping[str, Array | None]


@dataclass
class Calls:
    """How often the user's code was called."""

    forward: int = 0
    backward: int = 0


@dataclass(frozen=True)
class Quick:
    """Forward without the guard's work per call; called, it gives an array of the caller's own.

    borrowed: the same, but perhaps the layer's own array, which the next call may write over.
    """

    borrowed: Callable[[], Array]

    def __call__(self) -> Array:
        """A copy of the output."""
        return self.borrowed().copy()


class Session(Protocol):
    """Calls in a row from the base state, with nothing restored between them.

    input_changed, cotangent_changed: did forward or backward write into what it was handed?
    """

    input_changed: bool
    cotangent_changed: bool

    def forward(self, *, elsewhere: bool = False) -> Array:
        """Forward at the point that the leaves hold, or at another input of the same shape; a copy."""
        ...

    def backward(self, cotangent: Array, rate: float | None = None, *, itself: bool = False) -> Gradients:
        """The user's backward for the last forward: leaf name -> analytic gradient.

        rate: learning rate of a layer that updates itself, None for the one at which gradients are read; at
        rate 0 a parameter's entry is what the call changed in it.
        itself: hand on this very array, whose layout in memory is what is tried, in place of a copy.
        """
        ...

    @property
    def handed(self) -> list[Array]:
        """The arrays that the last forward was handed, copies of the input's leaves."""
        ...

    @property
    def returned(self) -> Any:
        """What the last forward of the user's code returned, a cache included."""
        ...

    @property
    def between(self) -> list[Array]:
        """The arrays themselves that the last forward left for backward: in what it returned, and in the layer."""
        ...

    def put_back(self) -> None:
        """Parameters and random state as they were at the start; all other state is kept."""
        ...


class Subject(Protocol):
    """Named leaves, a forward, and the user's vjp, at the point that the leaves hold.

    Every call starts from the subject's base state and leaves parameters, other state and random state
    as they were; what the user's code raises comes out as LayerError.

    title: the class or function · notes: what a user should know of how it was understood · output_dtype:
    of what forward returned · updates: do parameters change themselves in backward, with a learning rate?
    """

    title: str
    leaves: tuple[Leaf, ...]
    notes: list[str]
    updates: bool

    @property
    def takes_cotangent(self) -> bool:
        """False for a derivative, which is multiplied by the cotangent by us."""
        ...

    @property
    def calls(self) -> Calls:
        """How often the user's code was called."""
        ...

    @property
    def output_dtype(self) -> str:
        """The float type of what forward returned."""
        ...

    def forward(self) -> Array:
        """The output at the leaves' present values: an array of the subject's own (a copy)."""
        ...

    def vjp(self, cotangent: Array) -> Gradients:
        """forward, then the user's backward, from one state: leaf name -> analytic gradient.

        cotangent: dE/dY of the output's shape · a gradient may have a wrong shape or be None: what the
        user's code supplied, as it supplied it.
        """
        ...

    def session(self) -> AbstractContextManager[Session]:
        """Several calls in a row; everything is as it was when the context is left."""
        ...

    def measuring(self, output: Array) -> AbstractContextManager[Callable[[], Array]]:
        """A forward without the guard's work per call, where that provably changes nothing (the fast path).

        output: forward's at the present point. Raises StateChangedError on leaving when the proof no longer
        holds: what was measured must then be measured again through forward().
        """
        ...

    def reading_error(self, leaf: Leaf) -> float:
        """How far off a gradient may be for how it is read: eps |W| / rate for before - after, else 0."""
        ...
