"""A function that is rounded to float32 inside: stairs, as high whatever the spacing, and flat to the finest steps."""

from collections.abc import Callable, Sequence

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import EPS
from gradcheck.numeric.lines import DirectionLine, Part
from gradcheck.numeric.noise import BENT, SINGLE, Noise, any_direction, louder, noise_of_rows, outputs_along
from gradcheck.subjects.leaf import Leaf

_SPACINGS = (1e-6, 1e-4)  # that both see the steps of float32
_EVEN = 8.0  # times that noise may differ between them
_COARSE = 16.0  # epsilons of float32: what is louder comes from something else
_FINER, _ORDERS, _STEPS = 4.0, 16, 24  # spacings that look for edges, and how many steps of each
_STANDS, _FEW = 0.05, 0.5  # of the largest second difference; the share of them that may stand out
_ROUNDING = 2.0**10 * EPS  # of an output: second differences that are no larger show nothing


def measure_stairs(
    forward: Callable[[], Array],
    leaves: Sequence[Leaf],
    cotangent: Array,
    output: Array,
    generator: np.random.Generator,
    *,
    known: Noise,
) -> Noise | None:
    """Their noise, if `known`, which the finest steps have shown, has missed it; None where there are none.

    Kinks and curvature grow with the spacing, where stairs do not; a fast oscillation is as high too, but has no edges.
    """
    y, g = output.ravel(), cotangent.ravel()
    line = DirectionLine([Part(leaf, any_direction(leaf, generator)) for leaf in leaves], 1.0)
    try:
        found = _alike(forward, line, y, g, known)
        return found if found is not None and _has_edges(forward, line, y, g * found.absolute) else None
    except LayerError:
        return None
    finally:
        line.back()


def _alike(forward: Callable[[], Array], line: DirectionLine, y: Array, g: Array, known: Noise) -> Noise | None:
    """Noise that is the same at spacings of very different size."""
    rows = [outputs_along(forward, line, spacing, y) for spacing in _SPACINGS]
    found = [noise_of_rows(row, y, g, known.relative) for row in rows if row is not None]
    size = float(np.linalg.norm(g * y)) or 1.0
    levels = [max(noise.relative, float(np.linalg.norm(g * noise.absolute)) / size) for noise in found]
    if len(found) < len(rows) or not BENT * known.relative < min(levels) <= max(levels) < _COARSE * SINGLE:
        return None
    return louder(known, louder(*found)) if max(levels) <= _EVEN * min(levels) else None


def _has_edges(forward: Callable[[], Array], line: DirectionLine, y: Array, loud: Array) -> bool:
    """Is the loudest output flat or smooth but for a few edges, at some spacing that shows more than rounding?"""
    loudest = int(np.argmax(np.abs(loud)))
    for order in range(_ORDERS):
        rows = outputs_along(forward, line, _SPACINGS[0] / _FINER**order, y, _STEPS)
        if rows is None:
            return False
        second = np.abs(np.diff(rows[:, loudest], 2))
        if second.max() <= _ROUNDING * max(abs(float(y[loudest])), 1e-300):
            return False
        if np.mean(second > _STANDS * second.max()) <= _FEW:
            return True
    return False
