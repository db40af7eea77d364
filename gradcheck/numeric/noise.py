"""The forward's own noise, measured: ECnoise (More & Wild, 2011, "Estimating computational noise")."""

from collections.abc import Callable, Sequence
from math import comb

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import EPS, scale
from gradcheck.base.randomness import signed
from gradcheck.subjects.leaf import Leaf

_POINTS = 7
_SPACINGS = (1e-12, 1e-10, 1e-8, 1e-6)


def relative_noise(
    forward: Callable[[], Array], leaves: Sequence[Leaf], cotangent: Array, generator: np.random.Generator
) -> float:
    """Noise of one output relative to its size, at least machine epsilon.

    Seven evaluations along one direction through all leaves; the spacing grows 100-fold until fewer
    than half of the seven values are equal (float32 inside looks flat to tiny steps).
    """
    held = [(leaf, leaf.values(), signed(generator, leaf.shape) * scale(leaf.array)) for leaf in leaves]
    size = float(np.sqrt(np.sum((cotangent * forward()) ** 2)))
    try:
        for spacing in _SPACINGS:
            values = []
            for step in range(_POINTS):
                for leaf, saved, direction in held:
                    leaf.write((saved + step * spacing * direction).astype(leaf.array.dtype))
                values.append(float(np.sum(cotangent * forward())))
            if len(set(values)) > _POINTS // 2:
                return max(EPS, _ecnoise(np.array(values)) / size) if size else EPS
    except LayerError:
        return EPS
    finally:
        for leaf, saved, _ in held:
            leaf.write(saved)
    return EPS


def _ecnoise(values: Array) -> float:
    """The noise level at the difference order where the estimates have settled, else the last one."""
    levels = []
    for order in range(1, _POINTS):
        values = np.diff(values)
        gamma = 1.0 / comb(2 * order, order)
        levels.append(float(np.sqrt(gamma * np.mean(values**2))))
    for first, second, third in zip(levels, levels[1:], levels[2:], strict=False):
        if max(first, second, third) <= 4 * min(first, second, third):
            return first
    return levels[-1]
