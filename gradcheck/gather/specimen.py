"""What a user hands over to be checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradcheck.subjects.convention import Convention
from gradcheck.subjects.trees import arrays


@dataclass(frozen=True, eq=False)
class LayerSpecimen:
    """A layer object and the input to check it at (None: drawn from the layer's input_shape).

    x: an array; a tuple of several inputs; a dict of them by forward's names.
    """

    layer: Any
    x: Any = None
    convention: Convention | None = None

    @property
    def first(self) -> Any:
        """The first array of the input, for its shape; x itself where it is a number or a list of numbers."""
        found = arrays(self.x)
        return found[0] if found else self.x


@dataclass(frozen=True, eq=False)
class FunctionSpecimen:
    """A pair of functions and the arguments to check them at (the first float argument is `input`).

    backward: None where forward gives its gradients too.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    arguments: tuple[Any, ...]
    convention: Convention | None = None


Specimen = LayerSpecimen | FunctionSpecimen


@dataclass(frozen=True, eq=False)
class Case:
    """One concrete specimen at one concrete point; the cases of one class are a family.

    name: e.g. "FCLayer(input_shape=(1, 3), output_shape=(1, 2))", no addresses; added cases carry a
    suffix such as "[eval]" or "[zeros]" · index: counts one class's cases from 0, added ones included
    build: makes the specimen afresh (called once per check) · parent: index of the case that an added
    one comes from, None for the author's or builder's own · point: name of a special point or None
    mode: "train", "eval" or None (leave as built) · part: of a network, the layer or loss that is checked by
    itself · arguments: constructor arguments where auto-built.
    """

    name: str
    index: int
    build: Callable[[], Specimen]
    parent: int | None = None
    point: str | None = None
    mode: str | None = None
    part: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
