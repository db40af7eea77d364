"""The measuring of one subject: noise, every entry of every leaf, the analytic side's own error, the comparison."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.randomness import stream
from gradcheck.judge.compare import Yardstick, compare, default_rtol, many
from gradcheck.judge.comparison import Comparison
from gradcheck.numeric.analytic import analytic_errors
from gradcheck.numeric.entries import LARGEST, measure_entries
from gradcheck.numeric.estimate import LeafEstimates
from gradcheck.numeric.noise import Noise, measure_noise
from gradcheck.numeric.rungs import Sampler
from gradcheck.run.options import Options
from gradcheck.subjects.calls import StateChangedError
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.subject import Gradients, Subject

_LADDERS = 2  # leaves for which a ladder tells the step; further leaves begin with the smaller of these


@dataclass(eq=False)
class Point:
    """Everything that is the same for all leaves of one check."""

    subject: Subject
    cotangent: Array
    output: Array
    gradients: Gradients
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
        return Yardstick(rtol, float(np.sum(np.abs(self.cotangent * self.output))), self.noise.single)


@dataclass(eq=False)
class Measured:
    """Both gradients of every leaf, compared."""

    found: Mapping[str, LeafEstimates]
    comparisons: dict[str, Comparison]


def noise_of(subject: Subject, cotangent: Array, output: Array, seed: int) -> Noise:
    """The forward's own noise, once a case."""
    generator = stream(seed, "noise")
    return measure_noise(subject.forward, subject.leaves, cotangent, output, generator, dtype=subject.output_dtype)


def measure(point: Point) -> Measured:
    """Every entry of every leaf; on the fast path where two forwards prove that it changes nothing."""
    errors = _analytic_errors(point)
    try:
        with point.subject.measuring(point.output) as forward:
            found = _estimates(point, point.sampler(forward), errors)
    except StateChangedError:
        found = _estimates(point, point.sampler(), errors)
    comparisons = {
        leaf.name: compare(leaf, point.gradients[leaf.name], found[leaf.name], point.yardstick(leaf), errors[leaf.name])
        for leaf in point.subject.leaves
    }
    return Measured(found, comparisons)


def _analytic_errors(point: Point) -> dict[str, Array]:
    subject, generator = point.subject, stream(point.options.seed, "analytic")

    def moved() -> Gradients:
        return _one_call(subject, point.cotangent)

    errors = analytic_errors(moved, subject.leaves, point.gradients, generator, single=point.noise.single)
    return {leaf.name: errors[leaf.name] + subject.reading_error(leaf) for leaf in subject.leaves}


def _one_call(subject: Subject, cotangent: Array) -> Gradients:
    """All gradients of one backward: where updating spoils dE/dX the change is no rounding and does not count."""
    with subject.session() as session:
        session.forward()
        return session.backward(cotangent)


def _estimates(point: Point, sampler: Sampler, errors: Mapping[str, Array]) -> dict[str, LeafEstimates]:
    found: dict[str, LeafEstimates] = {}
    for leaf in point.subject.leaves:
        steps = [f.step for f in found.values() if f.step is not None]
        first, start = _first(point.gradients[leaf.name], leaf), LARGEST
        if len(steps) >= _LADDERS:
            first, start = [], min(steps)
        analytic = point.gradients[leaf.name]
        agrees = _Agrees(leaf, analytic, point.yardstick(leaf).rtol, errors[leaf.name])
        found[leaf.name] = measure_entries(sampler, leaf, agrees, first, start)
    return found


class _Agrees:
    """Does a plain difference agree with the analytic value as well as the final comparison will ask?"""

    def __init__(self, leaf: Leaf, analytic: Array | None, rtol: float, error: Array) -> None:
        fits = analytic is None or analytic.shape == leaf.shape
        given = np.zeros(leaf.shape) if analytic is None else analytic
        self._a = given.ravel() if fits else np.full(leaf.size, np.nan)
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


def _first(analytic: Array | None, leaf: Leaf) -> list[int]:
    """Entries to climb a ladder for: the largest gradient, else some in the middle."""
    middle = [leaf.size // 2, leaf.size // 3, 0]
    if analytic is None or analytic.shape != leaf.shape or not np.any(np.isfinite(analytic)):
        chosen = middle
    else:
        chosen = [int(np.argmax(np.nan_to_num(np.abs(analytic), posinf=0.0))), *middle]
    return [i for i in dict.fromkeys(chosen) if i < leaf.size][:3]
