"""Every entry of a leaf: two evaluations where they agree with the analytic value, a ladder for suspects.

One ladder a leaf tells the step at which truncation and rounding of a plain central difference balance; all other
entries are measured there. An entry is accepted when it agrees with the analytic value within what rounding alone
explains, and its two sides agree; every other is a suspect and gets a ladder of its own.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import power_of_two
from gradcheck.base.stage import NOW
from gradcheck.numeric.batch import SIDES, Pairs, Rows, together
from gradcheck.numeric.estimate import Estimate, LeafEstimates
from gradcheck.numeric.ladder import Climb
from gradcheck.numeric.lines import EntryLine, entry_unit
from gradcheck.numeric.rungs import Rung, Sampler
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.subject import Quick

_CHUNK = 512
_OUTPUTS = 32_768  # that are worked on at a time: more would not stay in the cache
LARGEST, _SMALLEST = 2.0**-5, 2.0**-18  # steps of a plain difference, in units of the leaf
_ROUNDS = 3  # coarser steps are tried that often before suspects climb one by one
_LADDERS = 12  # suspects that climb before the others of a leaf are taken by what these have shown


class Agrees(Protocol):
    """The analytic gradient, as what plain differences are held against."""

    def __call__(self, flat: Array, value: Array, error: Array) -> Array:
        """Mask of the values that agree within their errors; flat: indices in C order."""
        ...

    def gap(self, flat: Array, value: Array) -> Array:
        """|analytic - value|."""
        ...

    def expected(self, flat: int) -> float:
        """The analytic value of one entry; NaN where there is none."""
        ...


def measure_entries(
    sampler: Sampler,
    leaf: Leaf,
    agrees: Agrees,
    first: Sequence[int],
    start: float = LARGEST,
    *,
    rows: Rows | None = None,
) -> LeafEstimates:
    """The derivative with respect to every entry.

    agrees: accepts values as the analytic gradient's, within their errors · first: flat indices to climb a
    ladder for, until one shows a slope; the largest gradients tell most · start: step of plain differences where no
    ladder is climbed first, in units of the leaf · rows: that move outputs of their own, and so together.
    """
    return _Entries(sampler, leaf, agrees, rows).run(first, start)


class _Entries:
    def __init__(self, sampler: Sampler, leaf: Leaf, agrees: Agrees, rows: Rows | None = None) -> None:
        self._rows = rows
        self._sampler, self._leaf, self._agrees = sampler, leaf, agrees
        self._unit = entry_unit(leaf)
        array, forward = leaf.array, sampler.forward
        place = (
            array.reshape(-1) if array.flags.c_contiguous else array.flat
        )  # by far the faster one where it can be had
        plain = leaf.publish is None and array.flags.writeable
        self._put: Callable[[int, float], object] = place.__setitem__ if plain else leaf.put
        self._rounds = array.dtype != np.float64  # what is put there
        self._array = array
        self._forward = forward.borrowed if isinstance(forward, Quick) else forward
        self.found = LeafEstimates.unknown(leaf.shape)

    def run(self, first: Sequence[int], start: float) -> LeafEstimates:
        left = np.arange(self._leaf.size)
        step = start * self._unit
        for flat in first:
            climb, estimate = self._climb(flat)
            left = left[left != flat]
            if estimate.known and climb.rungs and np.any(climb.moved):
                step = self._balanced(climb, estimate)
                self.found.step = step / self._unit
                break
        for _ in range(_ROUNDS):
            NOW.done = self._leaf.size - left.size
            left = self._accept(self._pairs(left, step), left)
            if step <= _SMALLEST * self._unit:
                break
            left, finer = self._finer(left, step)
            if finer == step:
                break
            step = finer
        self._suspects(left, step)
        return self.found

    def _climb(self, flat: int) -> tuple[Climb, Estimate]:
        NOW.done += 1
        climb = Climb(self._sampler, EntryLine(self._leaf, int(flat), self._unit))
        estimate = climb.estimate(self._agrees.expected(int(flat)))
        self.found.size = max(self.found.size, *(rung.size for rung in climb.rungs), 0.0)
        self.found.put(int(flat), estimate)
        return climb, estimate

    def _balanced(self, climb: Climb, estimate: Estimate) -> float:
        """The step at which truncation c h**2 equals the rounding q / h, and at which the two sides agree."""
        steps = [self._best_step(rung, estimate) for rung in climb.rungs[:6]]
        return float(np.clip(max(steps), _SMALLEST * self._unit, LARGEST * self._unit))

    def _best_step(self, rung: Rung, estimate: Estimate) -> float:
        q = rung.rounding * rung.h
        truncation = max(abs(rung.central - estimate.value) - estimate.error - 2 * rung.rounding, 0.0)
        best = float(np.cbrt(q * rung.h**2 / (2 * truncation))) if truncation else rung.h
        coarse = 2 * rung.rounding if self._sampler.noise.single else 0.0  # float32's alone parts no sides
        uneven = max(abs(rung.jump) - coarse, 0.0) / (rung.size or 1.0)
        best = min(best, rung.h * SIDES / 4 / uneven) if uneven > SIDES / 4 else best
        return min(self._unit * power_of_two(max(best, 1e-300) / self._unit), rung.h)

    def _finer(self, left: Array, step: float) -> tuple[Array, float]:
        """Some suspects climb; where the step was too coarse for them, a smaller one is tried for the others."""
        sample, rest = left[:3], left[3:]
        climbed = [self._climb(flat) for flat in sample]
        if all(estimate.kink for _, estimate in climbed):
            return rest, step  # a finer step would find the same kinks
        smaller = [self._balanced(climb, e) for climb, e in climbed if e.known and not e.kink]
        return rest, max(min([step / 8, *smaller]), _SMALLEST * self._unit)

    def _accept(self, pairs: Pairs, left: Array) -> Array:
        """Keep the entries that agree; the others are left."""
        with np.errstate(invalid="ignore"):
            good = pairs.even & self._agrees(pairs.flat, pairs.value, 2 * pairs.rounding)
        for name, values in (("value", pairs.value), ("low", pairs.value), ("high", pairs.value)):
            getattr(self.found, name).flat[pairs.flat[good]] = values[good]
        # Two independent values that agree this well are both right: what parts them is the truncation of ours.
        gap = self._agrees.gap(pairs.flat[good], pairs.value[good])
        self.found.error.flat[pairs.flat[good]] = 2 * pairs.rounding[good] + gap
        return left[~good]

    def _suspects(self, left: Array, step: float) -> None:
        """Ladders; once a dozen have shown how good the plain difference is, it stands for smooth entries."""
        off, size = 0.0, 0.0
        NOW.done = self._leaf.size - left.size
        for count, flat in enumerate(left):
            if count >= _LADDERS and size > 0.0:
                self._taken(left[count:], step, 8 * off)
                return
            plain = self._pairs(np.array([flat]), step) if count < _LADDERS and left.size > _LADDERS else None
            estimate = self._climb(flat)[1]
            if plain is not None and estimate.known and not estimate.kink:
                off = max(off, abs(float(plain.value[0]) - estimate.value))
                size = max(size, abs(estimate.value))

    def _taken(self, left: Array, step: float, truncation: float) -> None:
        """Plain differences with the truncation that ladders have shown; what that does not decide climbs."""
        pairs = self._pairs(left, step)
        error = 2 * pairs.rounding + truncation
        with np.errstate(invalid="ignore"):
            wrong = pairs.even & ~self._agrees(pairs.flat, pairs.value, 16 * error)
        for name in ("value", "low", "high"):
            getattr(self.found, name).flat[pairs.flat[wrong]] = pairs.value[wrong]
        self.found.error.flat[pairs.flat[wrong]] = error[wrong]
        for flat in pairs.flat[~wrong]:
            self._climb(flat)

    def _pairs(self, flat: Array, step: float) -> Pairs:
        """Plain central differences of these entries at one step, a chunk of outputs at a time."""
        if self._rows is not None and flat.size > 1:
            return together(self._sampler, self._leaf, self._rows, flat, step)
        chunk = min(_CHUNK, max(16, _OUTPUTS // max(self._sampler.y.size, 1)))
        parts = [self._chunk(flat[at : at + chunk], step) for at in range(0, flat.size, chunk)]
        if not parts:
            return Pairs(flat, np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))
        return Pairs(flat, *(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _chunk(self, flat: Array, step: float) -> tuple[Array, Array, Array]:
        sampler, y = self._sampler, self._sampler.y
        plus, minus = np.full((flat.size, y.size), np.nan), np.full((flat.size, y.size), np.nan)
        taken = [self._sample(entry, step, row, plus, minus) for row, entry in enumerate(flat.tolist())]
        with np.errstate(invalid="ignore", divide="ignore"):
            up, down = np.array(taken).T
            value = ((plus - minus) @ sampler.g) / (up + down)
            right, left = (plus - y) / up[:, None], (y - minus) / down[:, None]
            moved = (plus != y) | (minus != y)
            largest = np.maximum(np.maximum(np.abs(plus), np.abs(minus)), np.abs(y))
            noise = (sampler.noise.of(largest) * moved) @ sampler.weight
            rounding = 3 * noise / step
            apart = np.abs(right - left) @ sampler.weight
            slopes = np.maximum(np.abs(right), np.abs(left)) @ sampler.weight
        return value, rounding, np.isfinite(value) & (apart <= SIDES * slopes + 2 * rounding)

    def _sample(self, entry: int, step: float, row: int, plus: Array, minus: Array) -> tuple[float, float]:
        """Both outputs of one entry, written into a row of plus and minus; the steps taken, NaN where one fails."""
        put, forward, array = self._put, self._forward, self._array
        saved = array.item(entry)
        above, below = saved + step, saved - step
        try:
            put(entry, above)
            above = array.item(entry) if self._rounds else above
            plus[row] = forward().reshape(-1)
            put(entry, below)
            below = array.item(entry) if self._rounds else below
            minus[row] = forward().reshape(-1)
        except (LayerError, ValueError):  # ValueError: an output of another shape
            return np.nan, np.nan
        finally:
            put(entry, saved)
        return (above - saved, saved - below) if above > saved > below else (np.nan, np.nan)
