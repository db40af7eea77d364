"""One planted fault: a layer as people write it, its correct twin, and the diagnosis that it must get."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Planted:
    """name: what is wrong, in words · x: the input; of a pair of functions, their arguments
    leaf: where the finding must stand, several joined by a space · expression: the factor's name.
    """

    name: str
    make_faulty: Callable[[], Any]
    make_twin: Callable[[], Any]
    x: Any
    leaf: str
    cause: str
    expression: str | None = None

    @property
    def wanted(self) -> set[tuple[str, str]]:
        """(leaf, cause) of every finding that there must be, and no other."""
        return {(leaf, self.cause) for leaf in self.leaf.split()}


def draw(*shape: int, seed: int = 0) -> Any:
    """A normal input, always the same."""
    return np.random.default_rng((seed, *shape)).normal(size=shape)


def weights(*shape: int, seed: int = 1) -> Any:
    """Uniform in [-0.5, 0.5), always the same."""
    return np.random.default_rng((seed, *shape)).random(shape) - 0.5
