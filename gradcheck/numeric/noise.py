"""The forward's own noise, measured: ECnoise (More & Wild, 2011, "Estimating computational noise")."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import comb

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import EPS, eps, scale
from gradcheck.base.randomness import signed
from gradcheck.numeric.directions import Direction, given, signs
from gradcheck.numeric.lines import DirectionLine, Part
from gradcheck.subjects.leaf import Leaf, Role

_POINTS = 7
_SPACINGS = (1e-12, 1e-10, 1e-8, 1e-6, 1e-4)
_LAST_PLACES = 1e-6  # of an output's size: jumps no larger may be rounding
_LAST_PLACE = 2.0**12 * EPS  # or no larger than this, as the numbers inside may be of size 1 (float32: more)
_AT_END = 64  # epsilons: what stands out at an end alone and is no larger is rounding
_PLACES = 2.0**20  # steps of fewer last places may show no rounding
_ALIKE = 1e-6  # relative; whole last places differ by more
_SMALL, _SMALL_SINGLE = 2.0**-10, 2.0**-6  # outputs that are far smaller than the numbers inside
SINGLE = eps(np.float32)
BENT = 1e3  # machine epsilons: noise above this is held against that of smaller steps
_CONFIRMED = 64.0  # times less there, and it was a bend
_BESIDE = 2.0**-8  # of the leaves' scales
_FEW = 256  # up to so many outputs, each must have shown its rounding
_FEW_OUTPUTS = 100_000  # above this many outputs only the noise of E is measured, not that of each


@dataclass(frozen=True, eq=False)
class Noise:
    """How far off an output may be.

    relative: noise of one output relative to its size, at least machine epsilon · absolute: that of each
    output as measured, in its own unit, shape of the raveled output (zeros where it was not measured).
    """

    relative: float
    absolute: Array

    @property
    def single(self) -> bool:
        """Does forward compute in float32 (or less) somewhere?"""
        return self.relative > 1e-11

    def of(self, size: Array) -> Array:
        """Noise of each output, given its magnitude; size broadcasts with the raveled output."""
        return np.maximum(self.relative * size, self.absolute)


def measure_noise(
    forward: Callable[[], Array],
    leaves: Sequence[Leaf],
    cotangent: Array,
    output: Array,
    generator: np.random.Generator,
    *,
    dtype: str = "float64",
) -> Noise:
    """Noise of the outputs, from six evaluations more along one direction through all leaves.

    The spacing grows 100-fold until fewer than half of the seven values are equal (float32 inside looks flat
    to tiny steps). dtype: of what forward returned, whose rounding is the least noise there can be.
    """
    least = eps(np.dtype(dtype))
    y, g = output.ravel(), cotangent.ravel()

    def line(unit: Callable[[Leaf, np.random.Generator], Direction]) -> DirectionLine:
        return DirectionLine([Part(leaf, unit(leaf, generator)) for leaf in leaves], 1.0)

    if y.size and _rounded_to_single(y, leaves) and _rounded_beside(forward, line(any_direction), leaves):
        least = max(least, SINGLE / 2)
    floor = Noise(least, np.full(y.size, least / 2 * _inside(leaves)))

    def along(unit: Callable[[Leaf, np.random.Generator], Direction]) -> Noise | None:
        return _measured(forward, line(unit), y, g, floor)

    found = along(any_direction)
    if found is not None and (any(leaf.vast for leaf in leaves) or not _suspicious(found, np.abs(y), least)):
        return found
    near = along(_near)
    return _less(found, near) if found is not None and near is not None else found or near or floor


def any_direction(leaf: Leaf, generator: np.random.Generator) -> Direction:
    """In the unit of the leaf's own scale; through a vast leaf of signs alone, which take a byte each."""
    if leaf.vast:
        return replace(signs(leaf.shape, generator), unit=scale(leaf.array))
    return given(signed(generator, leaf.shape) * scale(leaf.array))


def _near(leaf: Leaf, generator: np.random.Generator) -> Direction:
    """In the unit of each entry: near its edge at 0 a root or a logarithm bends within 1e-12 of the leaf's scale."""
    unit = np.where(leaf.array == 0, scale(leaf.array), np.abs(leaf.array))
    return given(signed(generator, leaf.shape) * unit)


def _suspicious(found: Noise, size: Array, least: float) -> bool:
    """Far more than rounding: true noise, or a bend within 1e-12 of the leaf's scale?"""
    largest = float(size.max(initial=0.0))
    return max(found.relative * largest, float(found.absolute.max(initial=0.0))) > BENT * least * largest


def _less(found: Noise, near: Noise) -> Noise:
    """What passed for noise and is not seen by steps in the unit of each entry was a bend."""
    bend = found.absolute > _CONFIRMED * near.absolute
    relative = near.relative if found.relative > _CONFIRMED * near.relative else found.relative
    return Noise(relative, np.where(bend, near.absolute, found.absolute))


def _measured(forward: Callable[[], Array], line: DirectionLine, y: Array, g: Array, floor: Noise) -> Noise | None:
    try:
        return _over_spacings(lambda spacing: outputs_along(forward, line, spacing, y), y, g, floor)
    except LayerError:
        return None
    finally:
        line.back()


def _over_spacings(along: Callable[[float], Array | None], y: Array, g: Array, floor: Noise) -> Noise | None:
    """The noise at the first spacing that shows it; None where the very first leads where forward is not finite.

    floor: for what moves by so few last places that it may be rounded flat inside, as log(1 - 1e-17) is.
    """
    found, enough = None, False
    last = 2 * float(floor.absolute.max(initial=0.0))
    for spacing in _SPACINGS:
        rows = along(spacing)
        if rows is None:
            break
        if len(np.unique(rows @ g)) <= _POINTS // 2:
            continue
        found = louder(found, noise_of_rows(rows, y, g, floor.relative))
        enough |= not _in_last_places(rows, y, last, floor.relative)
        if enough and not _silent(rows, np.maximum(found.relative * np.abs(y), found.absolute), last):
            return found
    if enough:
        return found
    if found is not None and rows is not None and not _stepped(rows @ g, floor.relative * float(np.abs(g) @ np.abs(y))):
        return found
    return None if found is None and rows is None else louder(found, floor)


def louder(one: Noise | None, other: Noise) -> Noise:
    """Of each output, and of the size of all, the larger noise."""
    if one is None:
        return other
    return Noise(max(one.relative, other.relative), np.maximum(one.absolute, other.absolute))


def _inside(leaves: Sequence[Leaf]) -> float:
    """How large the numbers inside forward are at least likely to be: as the inputs, up to 1."""
    inputs = [leaf for leaf in leaves if leaf.role is Role.INPUT] or list(leaves)
    return min(1.0, max((scale(leaf.array) for leaf in inputs), default=1.0))


def _in_last_places(rows: Array, y: Array, last: float, least: float) -> bool:
    """Are outputs far smaller than the numbers inside, and moved by few of their last places?

    Such steps may all be alike, so that they show no rounding; wider ones tell. last: a last place of those numbers
    least: machine epsilon of what forward computes in.
    """
    steps = float(np.abs(np.diff(rows, axis=0)).max(initial=0.0))
    small = _SMALL_SINGLE if least > SINGLE / 4 else _SMALL
    return steps < _PLACES * last and float(np.abs(y).max(initial=0.0)) < small * last / least


def _silent(rows: Array, noise: Array, last: float) -> bool:
    """Are the steps of an output all alike, though larger numbers have cancelled in it, whose rounding it must carry?

    So it is by chance at one spacing in fifty. noise: of each output, as known · last: a last place of these numbers.
    """
    if noise.size > _FEW:
        return False  # no entry hangs on one of so many
    alike = np.any(rows, axis=0) & ~np.any(np.diff(rows, 2, axis=0), axis=0)
    return bool(np.any(alike & (noise < max(last, float(noise.max(initial=0.0))) / 4)))


def _stepped(values: Array, own: float) -> bool:
    """Are the steps of a few sizes only, as whole last places are? Those of a smooth function all differ.

    own: rounding of the values themselves, below which steps are alike.
    """
    steps = np.sort(np.abs(np.diff(values)))
    return int(np.sum(np.diff(steps) > max(_ALIKE * steps[-1], 4 * own))) < _POINTS // 2


def outputs_along(
    forward: Callable[[], Array], line: DirectionLine, spacing: float, y: Array, points: int = _POINTS
) -> Array | None:
    """Outputs at equally spaced points, less the first; shape (points, outputs). None where one is not finite."""
    rows = [np.zeros(y.size)]
    for step in range(1, points):
        line.move(step * spacing)
        moved = forward().ravel()
        if moved.shape != y.shape or not np.all(np.isfinite(moved)):
            return None
        rows.append(moved - y)
    return np.array(rows)


def noise_of_rows(rows: Array, y: Array, g: Array, least: float) -> Noise:
    """What seven equally spaced points show, see outputs_along. least: machine epsilon of what forward computes in."""
    size = float(np.sqrt(np.sum((g * y) ** 2)))
    whole = float(_ecnoise((rows @ g)[:, None], np.array([size]), least)[0])
    relative = max(least, whole / size) if size else least
    absolute = _ecnoise(rows, np.abs(y), least) if y.size <= _FEW_OUTPUTS else np.zeros(y.size)
    return Noise(relative, absolute)


def _ecnoise(values: Array, size: Array, least: float = EPS) -> Array:
    """For each column: the noise level at the difference order where the estimates have settled, else the last.

    values: (7, columns) · size: |y| of each column · least: machine epsilon of what forward computes in.
    """
    levels = []
    bent = _bent(values, size, least)
    for order in range(1, _POINTS):
        values = np.diff(values, axis=0)
        levels.append(np.sqrt(np.mean(values**2, axis=0) / comb(2 * order, order)))
    table = np.array(levels)
    result: Array = table[-1].copy()
    for i in reversed(range(len(table) - 2)):
        three = table[i : i + 3]
        settled = three.max(axis=0) <= 4 * three.min(axis=0)
        result[settled] = table[i][settled]
    result[bent] = 0.0
    return result


def _bent(values: Array, size: Array, least: float = EPS) -> Array:
    """Columns that a kink bends: one or two second differences stand out, the others are far smaller.

    Noise makes them all alike; a kink within 1e-12 would pass for noise of its own size. Two of opposite signs are a
    jump, unless they are as small as rounding makes them: 1 - 1e-16 moves by whole units of its last place. So is one
    at either end, as where the output at the point itself is rounded another way than the six beside it.
    size: |y| of each column · least: as for _ecnoise.
    """
    second = np.diff(values, 2, axis=0)
    largest = np.abs(second).max(axis=0)
    standing = np.where(np.abs(second) > 0.05 * largest, second, 0.0)
    few = np.count_nonzero(standing, axis=0) <= 2
    jump = np.abs(standing.sum(axis=0)) < largest  # of both signs
    places = np.maximum(_LAST_PLACES * size, _LAST_PLACE * least / EPS)
    end = ~np.any(standing[1:], axis=0) | ~np.any(standing[:-1], axis=0)  # of the first or the last point alone
    return np.asarray(few & ~((jump & (largest <= places)) | (end & (largest <= _AT_END * least))))


def _rounded_beside(forward: Callable[[], Array], line: DirectionLine, leaves: Sequence[Leaf]) -> bool:
    """Is it so at a point nearby too? A hinge loss at equal scores is 4, whatever it computes in."""
    try:
        line.move(_BESIDE)
        moved = forward().ravel()
        return not np.any(moved) or not np.all(np.isfinite(moved)) or _rounded_to_single(moved, leaves)
    except LayerError:
        return True
    finally:
        line.back()


def _rounded_to_single(y: Array, leaves: Sequence[Leaf]) -> bool:
    """Is every output a float32 number while the point is not? Then forward has rounded to float32."""
    if not np.array_equal(y.astype(np.float32).astype(np.float64), y) or not np.any(y):
        return False
    return any(np.any(leaf.array.astype(np.float32) != leaf.array) for leaf in leaves if leaf.array.dtype != np.float32)
