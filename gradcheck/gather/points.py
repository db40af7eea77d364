"""Inputs that can be written down in a line: what a search draws, and what it prints to be pasted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.gather.sizes import Shape

SCALES = (1.0, 1.0, 0.01, 100.0)
SEEDS = 1000  # different draws of one kind


@dataclass(frozen=True)
class Kind:
    """One kind of input. code: with {shape} and {seed} · make: the same from a shape and a generator of that seed."""

    code: str
    make: Callable[[Shape, np.random.Generator], Array]
    seeded: bool = True


_GENERATOR = "np.random.default_rng({seed})"
KINDS = {  # the plainest first: what is found is shrunk to it, where it shows there
    "random": Kind(f"{_GENERATOR}.normal(size={{shape}})", lambda shape, g: g.normal(size=shape)),
    "positive": Kind(f"{_GENERATOR}.uniform(0.1, 0.9, size={{shape}})", lambda shape, g: g.uniform(0.1, 0.9, shape)),
    "tied": Kind(f"{_GENERATOR}.integers(-2, 3, size={{shape}}) / 2", lambda shape, g: g.integers(-2, 3, shape) / 2),
    "equal": Kind("np.full({shape}, 0.5)", lambda shape, _: np.full(shape, 0.5), seeded=False),
    "zeros": Kind("np.zeros({shape})", lambda shape, _: np.zeros(shape), seeded=False),
}

OFTEN = ("random", "random", "random", *KINDS)  # half of what is drawn: ties and zeros hide terms


@dataclass(frozen=True)
class Point:
    """One input. kind: of KINDS · below: of indices, one more than the largest; 0 for floats."""

    shape: Shape
    kind: str = "random"
    seed: int = 0
    scale: float = 1.0
    below: int = 0

    def array(self) -> Array:
        """The input itself, always the same."""
        generator = np.random.default_rng(self.seed)
        if self.below:
            return generator.integers(0, self.below, size=self.shape)
        made = KINDS[self.kind].make(self.shape, generator)
        return made if self.scale == 1 else made * self.scale

    @property
    def code(self) -> str:
        """Python that makes the same array."""
        if self.below:
            return f"np.random.default_rng({self.seed}).integers(0, {self.below}, size={self.shape})"
        code = KINDS[self.kind].code.format(shape=self.shape, seed=self.seed)
        return code if self.scale == 1 else f"{code} * {self.scale:g}"
