"""The measuring of one subject: noise, every leaf by entries or by a screen, the analytic side's own error."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.precision import EPS, scale
from gradcheck.base.randomness import stream
from gradcheck.base.stage import NOW
from gradcheck.judge.compare import Yardstick, compare, default_rtol, many
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.verdict import Verdict
from gradcheck.numeric.analytic import AnalyticErrors, moved_gradients
from gradcheck.numeric.batch import independent_rows
from gradcheck.numeric.entries import LARGEST, measure_entries
from gradcheck.numeric.estimate import LeafEstimates
from gradcheck.numeric.noise import Noise, measure_noise
from gradcheck.numeric.rungs import Sampler
from gradcheck.numeric.stairs import measure_stairs
from gradcheck.run.options import Options
from gradcheck.run.screen import Plan, Screening, add_moved, plan, screen
from gradcheck.run.sketch import Lean
from gradcheck.subjects.calls import StateChangedError
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.subject import Gradients, Subject

ENTRIES = 256  # a leaf of more entries is screened
SMALL = 4096  # a leaf of no more entries is measured entry by entry after all, where its screen does not explain it
_BATCH = 16  # entries from which the proof that rows are independent may pay
_LADDERS = 2  # leaves for which a ladder tells the step; further leaves begin with the smaller of these


@dataclass(eq=False)
class Point:
    """Everything that is the same for all leaves of one check."""

    subject: Subject
    cotangent: Array
    output: Array
    gradients: Lean
    options: Options
    noise: Noise

    def sampler(self, forward: Callable[[], Array] | None = None) -> Sampler:
        """Forward at the point, by default the guarded one."""
        return Sampler(forward or self.subject.forward, self.cotangent.ravel(), self.output.ravel(), self.noise)

    def yardstick(self, leaf: Leaf) -> Yardstick:
        """What differences of this leaf are held against."""
        rtol = self.options.rtol
        if rtol is None:
            rtol = default_rtol(leaf.array.dtype, single=self.noise.single)
        coarse = leaf.array.dtype.itemsize < np.dtype(np.float64).itemsize
        return Yardstick(rtol, self._unit(), self.noise.single or coarse)

    def _unit(self) -> float:
        """Sum |G_j y_j|; noise that is large beside y shows larger numbers inside, counted up to the size of 1."""
        g = np.abs(self.cotangent).ravel()
        shown = float(g @ self.noise.absolute) / EPS
        return max(float(g @ np.abs(self.output).ravel()), min(shown, float(g.sum())))


@dataclass(eq=False)
class Measured:
    """Both gradients of every leaf, compared.

    found: of the leaves whose every entry was measured; the others were screened
    overturned: has a small step contradicted what wider ones had shown, by an oscillation or by stairs?
    """

    found: Mapping[str, LeafEstimates]
    comparisons: dict[str, Comparison]
    overturned: bool = False

    @property
    def fails(self) -> bool:
        """Does any leaf?"""
        return any(c.verdict is Verdict.FAIL for c in self.comparisons.values())


def noise_of(subject: Subject, cotangent: Array, output: Array, seed: int) -> Noise:
    """The forward's own noise, once a case."""
    NOW.at("the noise of forward")
    generator = stream(seed, "noise")
    return measure_noise(subject.forward, subject.leaves, cotangent, output, generator, dtype=subject.output_dtype)


def stairs_of(point: Point, measured: Measured) -> Noise | None:
    """The noise of what forward computes in float32 inside, if the finest steps have missed it.

    Looked for where a leaf fails, or was measured differently by small steps.
    """
    subject = point.subject
    doubtful = measured.fails or measured.overturned
    if not doubtful or point.noise.single or any(leaf.vast for leaf in subject.leaves):
        return None
    generator = stream(point.options.seed, "stairs")
    return measure_stairs(subject.forward, subject.leaves, point.cotangent, point.output, generator, known=point.noise)


def measure(point: Point) -> Measured:
    """Every leaf, by entries or along directions; on the fast path where two forwards prove that it changes nothing."""
    NOW.at("the rounding of backward")
    sides = _analytic_sides(point)
    try:
        with point.subject.measuring(point.output) as forward:
            return _measured(point, point.sampler(forward), sides)
    except StateChangedError:
        return _measured(point, point.sampler(), sides)


def is_screened(point: Point, leaf: Leaf) -> bool:
    """Is a leaf held against derivatives along directions? By its size, unless the caller has said."""
    method, shape = point.options.method, point.gradients.shape(leaf.name)
    if shape not in (None, leaf.shape):
        return leaf.size > SMALL  # nothing to screen: the shape is the fault, and its entries would tell little more
    return method == "screen" or (method == "auto" and leaf.size > ENTRIES)


@dataclass(eq=False)
class _Sides:
    """The analytic side of every leaf: the error of each entry, or the plan of its screen."""

    errors: dict[str, Array]
    plans: dict[str, Plan]


def _analytic_sides(point: Point) -> _Sides:
    subject, generator = point.subject, stream(point.options.seed, "analytic")
    screened = [leaf for leaf in subject.leaves if is_screened(point, leaf)]
    plans = {leaf.name: plan(leaf, _fitting(point, leaf), point.options.seed) for leaf in screened}
    errors = AnalyticErrors([leaf for leaf in subject.leaves if leaf.name not in plans], point.gradients)
    single = point.noise.single
    for moved in moved_gradients(lambda: _one_call(subject, point.cotangent), subject.leaves, generator, single=single):
        errors.add(moved)
        for leaf in screened:
            here = None if leaf.vast else point.gradients[leaf.name]
            add_moved(plans[leaf.name], here, moved[leaf.name])
        del moved  # before the next one is made
    known = errors.result(single=single)
    return _Sides({leaf.name: known[leaf.name] + subject.reading_error(leaf) for leaf in subject.leaves
                   if leaf.name in known}, plans)  # fmt: skip


def _one_call(subject: Subject, cotangent: Array) -> Gradients:
    """All gradients of one backward: where updating spoils dE/dX the change is no rounding and does not count."""
    with subject.session() as session:
        session.forward()
        return session.backward(cotangent)


def _measured(point: Point, sampler: Sampler, sides: _Sides) -> Measured:
    found: dict[str, LeafEstimates] = {}
    comparisons: dict[str, Comparison] = {}
    for leaf in point.subject.leaves:
        if leaf.name in sides.plans:
            comparison = _screened(point, sampler, leaf, sides.plans[leaf.name])
            if not _worth_entries(point, leaf, comparison):
                comparisons[leaf.name] = comparison
                continue
        error = sides.errors.get(leaf.name)
        error = np.zeros(leaf.shape) + point.subject.reading_error(leaf) if error is None else error
        NOW.at(leaf.name, leaf.size)
        steps = _steps_of(found, point)
        found[leaf.name], comparisons[leaf.name] = _compared(point, sampler, leaf, error, steps)
        if comparisons[leaf.name].verdict is Verdict.INCONCLUSIVE and len(steps) >= _LADDERS:
            # the step of other leaves was too fine for this one, whose unit is another: it gets a ladder of its own
            found[leaf.name], comparisons[leaf.name] = _compared(point, sampler, leaf, error, [])
    return Measured(found, comparisons, sampler.overturned)


def _screened(point: Point, sampler: Sampler, leaf: Leaf, made: Plan) -> Comparison:
    yardstick = point.yardstick(leaf)
    if point.gradients.shape(leaf.name) not in (None, leaf.shape):
        return Screening((), None, 0.0).comparison(leaf, point.gradients[leaf.name])
    found = screen(
        made,
        sampler,
        yardstick,
        natural=yardstick.unit / scale(leaf.array),
        reading=point.subject.reading_error(leaf),
        seed=point.options.seed,
        gradient=lambda: point.gradients[leaf.name],
        budget=point.options.budget,
    )
    passes = leaf.vast and found.located is None  # of a vast leaf that passes nobody asks for the gradient itself
    return found.comparison(leaf, None if passes else point.gradients[leaf.name])


def _worth_entries(point: Point, leaf: Leaf, c: Comparison) -> bool:
    """A leaf of middling size that does not pass and whose wrong entries are not all known tells more by entries."""
    if point.options.method == "screen" or point.options.budget is not None or leaf.size > SMALL:
        return False
    return c.verdict is Verdict.INCONCLUSIVE or (c.verdict is Verdict.FAIL and "located in part" in c.notes)


def _fitting(point: Point, leaf: Leaf) -> Array | None:
    a = point.gradients[leaf.name]
    return a if a is not None and a.shape == leaf.shape else None


def _steps_of(others: Mapping[str, LeafEstimates], point: Point) -> list[float]:
    """What the ladders of other leaves have told; the coarse noise of float32 leaves no step to spare."""
    return [] if point.noise.single else [f.step for f in others.values() if f.step is not None]


def _compared(
    point: Point, sampler: Sampler, leaf: Leaf, error: Array, steps: Sequence[float]
) -> tuple[LeafEstimates, Comparison]:
    found = _estimates(point, sampler, leaf, error, steps)
    return found, compare(leaf, point.gradients[leaf.name], found, point.yardstick(leaf), error)


def _estimates(point: Point, sampler: Sampler, leaf: Leaf, error: Array, steps: Sequence[float]) -> LeafEstimates:
    first, start = _first(point.gradients[leaf.name], leaf), LARGEST
    if len(steps) >= _LADDERS:
        first, start = [], min(steps)
    agrees = _Agrees(leaf, point.gradients[leaf.name], point.yardstick(leaf).rtol, error)
    rows = independent_rows(sampler.forward, leaf, point.output) if leaf.size >= _BATCH else None
    return measure_entries(sampler, leaf, agrees, first, start, rows=rows)


class _Agrees:
    """Does a plain difference agree with the analytic value as well as the final comparison will ask?"""

    def __init__(self, leaf: Leaf, analytic: Array | None, rtol: float, error: Array) -> None:
        fits = analytic is None or analytic.shape == leaf.shape
        given = np.zeros(leaf.shape) if analytic is None else analytic
        # Nothing agrees with an infinite value, however wide a relative tolerance of it.
        self._a = np.where(np.isfinite(given), given, np.nan).ravel() if fits else np.full(leaf.size, np.nan)
        self._rtol, self._error, self._k = rtol, error.ravel(), many(leaf.size)
        self._floor: float | None = None

    def __call__(self, flat: Array, value: Array, error: Array) -> Array:
        with np.errstate(invalid="ignore"):
            a = self._a[flat]
            if self._floor is None:  # of all entries together; the smaller value, lest a wild one widen it
                smaller = np.nan_to_num(np.minimum(np.abs(a), np.abs(value)))
                self._floor = 1e-9 * float(np.sqrt(np.mean(smaller**2))) if flat.size else 0.0
            base = self._rtol * np.maximum(np.abs(a), np.abs(value)) + self._floor
            return np.asarray(np.abs(a - value) <= base + self._k * (error + self._error[flat]))

    def gap(self, flat: Array, value: Array) -> Array:
        """See Agrees.gap."""
        return np.asarray(np.abs(self._a[flat] - value))

    def expected(self, flat: int) -> float:
        """See Agrees.expected."""
        return float(self._a[flat])


def _first(analytic: Array | None, leaf: Leaf) -> list[int]:
    """Entries to climb a ladder for: the largest gradient, else some in the middle."""
    middle = [leaf.size // 2, leaf.size // 3, 0]
    if analytic is None or analytic.shape != leaf.shape or not np.any(np.isfinite(analytic)):
        chosen = middle
    else:
        chosen = [int(np.argmax(np.nan_to_num(np.abs(analytic), posinf=0.0))), *middle]
    return [i for i in dict.fromkeys(chosen) if i < leaf.size][:3]
