"""One planted fault: a layer as people write it, its correct twin, and the diagnosis that it must get."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Planted:
    """name: what is wrong, in words · x: the input; of a pair of functions, their arguments
    leaf: where the finding must stand, several joined by a space, with a colon and a cause where it is another
    expression: the factor's name · meant: the cause that whoever planted it had in mind, where the finding gives none.
    """

    name: str
    make_faulty: Callable[[], Any]
    make_twin: Callable[[], Any]
    x: Any
    leaf: str
    cause: str
    expression: str | None = None
    meant: str | None = None

    @property
    def wanted(self) -> set[tuple[str, str]]:
        """(leaf, cause) of every finding that there must be, and no other."""
        pairs = (word.partition(":") for word in self.leaf.split())
        return {(leaf, cause or self.cause) for leaf, _, cause in pairs}

    @property
    def causes(self) -> set[str]:
        """Those of `wanted`; one that stands at no leaf counts too."""
        return {self.cause, *(cause for _, cause in self.wanted)}


ALSO: dict[str, str] = {}  # of held-out faults: causes that their author held to be as true


def fault(name, maker, bug, x, leaf, cause, also="", *, expression=None, meant=None, **options):  # noqa: PLR0917
    """One row of a held-out batch's table: the layer that `maker` makes with its bug, and without."""
    ALSO[name] = also
    made = partial(maker, **options)
    return Planted(name, lambda: made(bug), made, x, leaf, cause, expression, meant)


def draw(*shape: int, seed: int = 0) -> Any:
    """A normal input, always the same."""
    return np.random.default_rng((seed, *shape)).normal(size=shape)


def weights(*shape: int, seed: int = 1) -> Any:
    """Uniform in [-0.5, 0.5), always the same."""
    return np.random.default_rng((seed, *shape)).random(shape) - 0.5
