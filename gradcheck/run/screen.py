"""The screen of a large leaf: held against the derivative along random directions, searched where one disagrees."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.randomness import stream
from gradcheck.base.stage import NOW
from gradcheck.judge.along import probed
from gradcheck.judge.compare import Yardstick, judged
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.probe import Probe
from gradcheck.judge.verdict import Verdict
from gradcheck.numeric.analytic import rounded_change
from gradcheck.numeric.directions import Direction
from gradcheck.numeric.estimate import Estimate
from gradcheck.numeric.ladder import Climb
from gradcheck.numeric.lines import EntryLine, entry_unit
from gradcheck.numeric.localise import Located, Reading, localise
from gradcheck.numeric.rungs import Sampler
from gradcheck.numeric.screen import Slopes, directions
from gradcheck.subjects.leaf import Leaf

_SEARCH = 1500  # evaluations that a search may take
_KINKED = 4500  # the same where kinks make every reading dearer
_BAD = 8  # entries that are NaN or infinite, of which the slopes are measured


@dataclass(eq=False)
class Plan:
    """The directions through a leaf and the analytic gradient along them, contracted as soon as it is there.

    a, typical: <g, v> and sqrt(sum (g v)**2) along each direction · change: the largest change of <g, v> over the
    moved calls that is rounding · moved: <g, v> at each moved point · bad: flat indices of entries that are not finite.
    """

    leaf: Leaf
    directions: list[tuple[str, Direction]]
    a: list[float] = field(default_factory=list)
    typical: list[float] = field(default_factory=list)
    change: list[float] = field(default_factory=list)
    moved: list[list[float]] = field(default_factory=list)
    bad: Array = field(default_factory=lambda: np.zeros(0, dtype=int))


def plan(leaf: Leaf, analytic: Array | None, seed: int) -> Plan:
    """analytic: of the leaf's shape, None counts as zeros."""
    made = Plan(leaf, list(directions(leaf, stream(seed, "screen", leaf.name))))
    if analytic is not None and not np.isfinite(_total(analytic)):
        made.bad = np.flatnonzero(~np.isfinite(analytic))
        for _, v in made.directions:
            v.codes[made.bad] = 0
    for _, v in made.directions:
        made.a.append(0.0 if analytic is None else v.dot(analytic))
        made.typical.append(0.0 if analytic is None else v.norm(analytic))
        made.change.append(0.0)
    return made


def add_moved(made: Plan, here: Array | None, moved: Array | None) -> None:
    """One call of backward at a point moved by rounding."""
    if moved is None or moved.shape != made.leaf.shape:
        return
    made.moved.append([v.dot(moved) for _, v in made.directions])
    if here is None or made.leaf.vast:
        changes = [m - a for m, a in zip(made.moved[-1], made.a, strict=True)]
    else:
        change = rounded_change(here, moved)
        changes = [v.dot(change) for _, v in made.directions]
    made.change = [max(old, abs(new)) for old, new in zip(made.change, changes, strict=True)]


@dataclass(frozen=True, eq=False)
class Screening:
    """What a screen found. probes: one a direction · located: what a search found, None where none was needed."""

    probes: tuple[Probe, ...]
    located: Located | None
    natural: float

    def _notes(self, leaf: Leaf) -> tuple[str, ...]:
        """What the wrong entries that are listed do not say."""
        if self.located is None or self.located.complete:
            return ()
        sides = zip(self.located.box or [], leaf.shape, strict=False)
        places = [":" if side == (0, n) else _range(*side) for side, n in sides]
        return ("located in part", *([f"all of them within [{', '.join(places)}]"] if places else []))

    def comparison(self, leaf: Leaf, analytic: Array | None) -> Comparison:
        """As a comparison whose arrays are NaN where no entry was measured; without memory where none was."""
        measured = {} if self.located is None else self.located.measured
        wrong = {} if self.located is None else self.located.wrong
        numeric, error, tolerance = (_filled(leaf, np.nan, measured) for _ in range(3))
        mask, undecided, kink = (_filled(leaf, False, measured) for _ in range(3))
        for flat, estimate in measured.items():
            numeric.flat[flat], error.flat[flat], kink.flat[flat] = estimate.value, estimate.error, estimate.kink
            undecided.flat[flat] = not estimate.known
        for flat, reading in wrong.items():
            mask.flat[flat], tolerance.flat[flat] = True, reading.slack
        nothing = np.broadcast_to(np.asarray(0.0), leaf.shape)
        made = Comparison(
            leaf.name, leaf.role, analytic, numeric, error, nothing, tolerance, mask, undecided, kink,
            np.broadcast_to(np.asarray(False), leaf.shape), self.natural, Verdict.PASS,
            self._notes(leaf), self.probes,
        )  # fmt: skip
        return judged(made)


def screen(
    made: Plan,
    sampler: Sampler,
    yardstick: Yardstick,
    *,
    natural: float,
    reading: float,
    seed: int,
    gradient: Callable[[], Array | None],
    budget: int | None,
) -> Screening:
    """Every direction of the plan; where one disagrees, the wrong entries.

    natural: the leaf's natural scale · reading: error of each entry of the analytic gradient that comes from how it
    is read · gradient: the analytic gradient once more · budget: forward evaluations.
    """
    slopes = Slopes(sampler, made.leaf)
    first = sampler.evaluations
    probes: list[Probe] = []
    NOW.at(made.leaf.name, len(made.directions), "directions")
    for i, (kind, v) in enumerate(made.directions):
        if probes and budget is not None and sampler.evaluations - first >= budget:
            break
        error = 2 * made.change[i] + reading * np.sqrt(v.count)
        found = slopes.along(v, made.a[i])
        probe = probed(
            kind, made.a[i], found, yardstick,
            analytic_error=error, typical=made.typical[i], natural=max(natural, slopes.size),
        )  # fmt: skip
        NOW.done += 1
        probes.append(_excused(probe, [moved[i] for moved in made.moved]))
    located = None
    if any(probe.wrong for probe in probes) or made.bad.size:
        gauge = _Gauge(slopes, gradient(), yardstick, _share(made), max(natural, slopes.size))
        most = budget or (_KINKED if slopes.kinked else _SEARCH)
        located = _searched(made, probes, gauge, seed, lambda: sampler.evaluations - first >= most)
    return Screening(tuple(probes), located, max(natural, slopes.size))


def _excused(probe: Probe, moved: Sequence[float]) -> Probe:
    """What is wrong at this very point alone, and right at once beside it, is undecided."""
    beside = len(moved) > 0 and all(abs(m - probe.numeric) <= 4 * probe.tolerance for m in moved)
    return probe.forgiven() if probe.wrong and beside else probe


def _share(made: Plan) -> float:
    """The analytic error along a direction, in units of `typical`."""
    shares = [2 * change / size for change, size in zip(made.change, made.typical, strict=True) if size > 0]
    return max(shares, default=0.0)


def _searched(made: Plan, probes: Sequence[Probe], gauge: "_Gauge", seed: int, spent: Callable[[], bool]) -> Located:
    NOW.at(f"{made.leaf.name}, the search for wrong entries")
    found = Located(complete=True)
    pairs = [
        (v, Reading(p.analytic - p.numeric, p.tolerance))
        for (_, v), p in zip(made.directions, probes, strict=False)
        if not p.undecided
    ]
    start = next((i for i, p in enumerate(p for p in probes if not p.undecided) if p.wrong), None)
    if start is not None:
        v, reading = pairs.pop(start)
        found = localise(gauge, v, reading, pairs, generator=stream(seed, "localise", made.leaf.name), spent=spent)
    for flat in made.bad[:_BAD]:
        estimate, _ = gauge.entry(int(flat))
        found.measured[int(flat)] = estimate
        if estimate.known:
            found.wrong[int(flat)] = Reading(np.inf, 0.0)
    found.complete &= made.bad.size <= _BAD
    return found


class _Gauge:
    """See Gauge."""

    def __init__(
        self, slopes: Slopes, analytic: Array | None, yardstick: Yardstick, share: float, natural: float
    ) -> None:
        self._slopes, self._yardstick, self._share, self._natural = slopes, yardstick, share, natural
        self._leaf = slopes.leaf
        self._analytic = analytic
        self._unit = entry_unit(slopes.leaf)

    def along(self, v: Direction) -> Reading:
        """See Gauge.along."""
        typical = 0.0 if self._analytic is None else v.norm(self._analytic)
        return self._reading(0.0 if self._analytic is None else v.dot(self._analytic), self._slopes.along(v), typical)

    def entry(self, flat: int) -> tuple[Estimate, Reading]:
        """See Gauge.entry."""
        estimate = Climb(self._slopes.sampler, EntryLine(self._leaf, flat, self._unit)).estimate()
        a = 0.0 if self._analytic is None else float(self._analytic.flat[flat])
        return estimate, self._reading(a, estimate, abs(a))

    def _reading(self, a: float, found: Estimate, typical: float) -> Reading:
        if not (found.known and np.isfinite(a)):
            return Reading(np.nan, np.nan)
        probe = probed(
            "", a, found, self._yardstick,
            analytic_error=self._share * typical, typical=typical, natural=self._natural,
        )  # fmt: skip
        return Reading(probe.analytic - probe.numeric, probe.tolerance)


def _range(low: int, high: int) -> str:
    return str(low) if high == low + 1 else f"{low}:{high}"


def _filled(leaf: Leaf, value: float, measured: Mapping[int, Estimate]) -> Array:
    """An array of the leaf's shape, of no memory of its own unless entries are to be put in."""
    empty = np.broadcast_to(np.asarray(value), leaf.shape)
    return empty.copy() if measured else empty


def _total(values: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.sum(values))
