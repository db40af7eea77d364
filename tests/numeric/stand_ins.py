"""A sampler, a leaf and a noise whose every number is known."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcheck.numeric.noise import Noise
from gradcheck.numeric.rungs import Sampler
from gradcheck.subjects.leaf import Leaf, Role


def leaf(*values: float, dtype: Any = np.float64) -> Leaf:
    return Leaf("x", Role.INPUT, np.array(values, dtype=dtype))


def sampler(
    f: Callable[[Any], Any], at: Leaf, g: Any = None, relative: float = 2.0**-52, absolute: float = 0.0
) -> Sampler:
    y = np.asarray(f(at.array), dtype=np.float64).ravel()
    weights = np.ones(y.size) if g is None else np.array(g, dtype=np.float64)
    return Sampler(lambda: np.asarray(f(at.array)), weights, y, Noise(relative, np.full(y.size, absolute)))
