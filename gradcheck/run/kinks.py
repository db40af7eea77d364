"""What a single entry at a single point cannot decide: ties judged together, and faults of this very point alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import eps, scale
from gradcheck.base.randomness import stream
from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.suspect import gradient_name
from gradcheck.diagnose.words import indices
from gradcheck.judge.compare import judged, many
from gradcheck.judge.comparison import Comparison
from gradcheck.numeric.directional import along, moves_elsewhere, sides_along
from gradcheck.numeric.estimate import Estimate, LeafEstimates
from gradcheck.numeric.rungs import Sampler
from gradcheck.run.measure import Measured, Point
from gradcheck.run.ties import SEVERAL, Tie, along_ties, ties_of
from gradcheck.subjects.leaf import Leaf, kept

_MOVES = 3
_TRIES = 8  # moved points, of which so many must tell
_FAR = 2.0**-7  # a moved point, in scales of each leaf
_NEAR = 2.0**-44  # a point beside this one, no farther than rounding


@dataclass(frozen=True)
class Reconsidered:
    """A leaf's comparison after both rules; finding: of ties counted more than once · note: why it is undecided."""

    comparison: Comparison
    finding: Finding | None = None
    note: str | None = None


def reconsider(point: Point, measured: Measured, leaf: Leaf, *, added: bool) -> Reconsidered:
    """Judge kinks together; then let what is wrong at this very point alone be undecided.

    added: at a point that `run` added such an entry passes, with the note, where a kink can be: one was measured,
    or the entry is 0 (relu(x) - relu(-x) is smooth there and its chain rule is not).
    """
    comparison, found = measured.comparisons[leaf.name], measured.found[leaf.name]
    if not comparison.comparable:
        return Reconsidered(comparison)
    ties = _ties(point, leaf, comparison)
    comparison = _middle_of_ties(point, comparison, ties)
    uneven = _uneven_together(point, leaf, comparison, ties)
    if uneven is not None and _picks(point, leaf, uneven):
        if _wrong_beside_ties(point, leaf, comparison):
            return Reconsidered(comparison)
        return Reconsidered(_as_wrong(comparison, found), _overcounted(leaf, comparison))
    doubtful = comparison.wrong & ~_settled_kinks(point, leaf, comparison, found)
    doubtful = comparison.kink.copy() if uneven is not None and not doubtful.any() else doubtful
    doubtful = _of_this_point(point, leaf, comparison, doubtful)
    if not doubtful.any():
        return Reconsidered(comparison)
    if added:
        doubtful = doubtful & (comparison.kink | (leaf.array == 0))
        if not doubtful.any():
            return Reconsidered(comparison)
    left = comparison.undecided | (np.zeros_like(doubtful) if added else doubtful)
    undecided = judged(replace(comparison, wrong=comparison.wrong & ~doubtful, undecided=left))
    return Reconsidered(undecided, note=_note(leaf, doubtful))


def _ties(point: Point, leaf: Leaf, c: Comparison) -> list[Tie]:
    """What outputs may be one of equal entries, looked for only where one that is on a kink, or wrong, has an equal."""
    asked = leaf.array[c.kink | c.wrong]
    if c.analytic is None or np.sum(np.isin(leaf.array, asked)) == len(np.unique(asked)):  # none is there twice
        return []
    return ties_of(point, leaf)


def _middle_of_ties(point: Point, c: Comparison, ties: Sequence[Tie]) -> Comparison:
    """Of three equal entries a sort's middle output moves with none of them alone, and may still be any of them.

    What an entry may get of the outputs that are one of its tie; that what comes in goes out is judged together.
    """
    given, legal = np.asarray(c.analytic), np.zeros_like(c.wrong)
    for tie in (tie for tie in ties if np.sum(tie.entries) >= SEVERAL):
        low, high = tie.range(point.cotangent.ravel())
        legal |= tie.entries & c.wrong & (given >= low - c.tolerance) & (given <= high + c.tolerance)
    return judged(replace(c, wrong=c.wrong & ~legal, kink=c.kink | legal)) if legal.any() else c


def _as_wrong(c: Comparison, found: LeafEstimates) -> Comparison:
    """The tied entries that take part as wrong ones; measured is the middle of the legal slopes, +- half of them."""
    ties = c.kink & (np.asarray(c.analytic) != 0)
    numeric = np.where(ties, found.value, c.numeric)
    error = np.where(ties, (found.high - found.low) / 2, c.error)
    return judged(replace(c, wrong=c.wrong | ties, numeric=numeric, error=error))


def _wrong_beside_ties(point: Point, leaf: Leaf, c: Comparison) -> bool:
    """Are entries wrong that take part in no tie, at this point and beside it? Then ties are not the cause."""
    smooth = c.wrong & ~c.kink
    return bool(smooth.any() and np.any(smooth & ~_right_beside(point, leaf, c)))


def _note(leaf: Leaf, doubtful: Array) -> str:
    return (
        f"{gradient_name(leaf.name)} differs from the measured slopes at {indices(doubtful)}, at this very point only, "
        f"and is right at {_MOVES} points beside it: forward has a kink here, where the chain rule decides nothing"
    )


def _overcounted(leaf: Leaf, c: Comparison) -> Finding:
    text = (
        f"{gradient_name(leaf.name)} gives more (or less) to the tied entries {indices(c.kink)} together than came in: "
        f"each alone could be a subgradient, their sum along a common direction is none. Where several entries are the "
        f"maximum, dY must go to one of them or be shared, not be handed to each."
    )
    return Finding("tie-overcounted", leaf.name, text)


def _uneven_together(point: Point, leaf: Leaf, c: Comparison, groups: Sequence[Tie]) -> Estimate | None:
    """The joint estimate that the analytic gradient lies outside of; None where all kinks are right together.

    Along random directions each output of a tie may be any entry; along those that give all of a group the same
    number, what comes into each group must go out.
    """
    ties = c.kink & ~c.wrong
    if np.sum(ties) < 2 or c.analytic is None:
        return None
    generator = stream(point.options.seed, "ties", leaf.name)
    directions = [ties * 1.0, *(ties * generator.normal(size=leaf.shape) for _ in range(2))]
    whole = [group for group in groups if not np.any(group.entries & c.wrong)]
    if len(whole) > 1:
        directions += [_even(whole, generator) for _ in range(2)]
    for v in directions:
        estimate = sides_along(point.sampler(), leaf, v)
        if _outside(c, leaf, v, estimate) and (not groups or _outside(c, leaf, v, _widened(point, leaf, v, groups))):
            return estimate
    return None


def _even(groups: Sequence[Tie], generator: np.random.Generator) -> Array:
    """A direction that is one number, drawn anew, in each group."""
    return np.asarray(sum(group.entries * generator.normal() for group in groups))


def _outside(c: Comparison, leaf: Leaf, v: Array, estimate: Estimate) -> bool:
    inside = float(np.sum(np.asarray(c.analytic) * v))
    slack = float(np.sum(np.abs(v) * c.tolerance)) + many(leaf.size) * estimate.error
    return estimate.known and not estimate.low - slack <= inside <= estimate.high + slack


def _widened(point: Point, leaf: Leaf, v: Array, groups: Sequence[Tie]) -> Estimate:
    """The legal slopes along v: those measured of all other outputs, and what the outputs of ties may be.

    Of three equal entries a sort's middle one has the middle slope on both sides, and may be any of the three.
    """
    g = point.cotangent.ravel()
    low, high, outputs = along_ties(groups, g, v)
    rest = sides_along(
        Sampler(point.subject.forward, np.where(outputs, 0.0, g), point.output.ravel(), point.noise), leaf, v
    )
    return replace(rest, low=rest.low + low, high=rest.high + high)


def _picks(point: Point, leaf: Leaf, joint: Estimate) -> bool:
    """Does every output that has two slopes along the tied entries pick an entry?"""
    every = np.ones(point.output.size, dtype=bool)
    jumping = every if joint.jumping is None or not joint.jumping.any() else joint.jumping
    return bool(np.all(_picking(point, leaf)[jumping]))


def _picking(point: Point, leaf: Leaf) -> Array:
    """Mask of the outputs that are an entry of the leaf (max, sort, pool), or stay as they are, wherever it moves.

    Told beside the point: at it every output of relu(x @ W) @ V is 0, as every entry is.
    """
    generator = stream(point.options.seed, "picking", leaf.name)
    y = point.output.ravel()
    picking = np.ones(y.size, dtype=bool)
    try:
        with kept([leaf]) as ((_, saved),):
            for _ in range(_MOVES):
                leaf.write((saved + _FAR * scale(saved) * generator.normal(size=saved.shape)).astype(saved.dtype))
                moved = point.subject.forward().ravel()
                if moved.shape != y.shape:
                    return np.zeros(y.size, dtype=bool)
                picking &= np.isin(moved, leaf.array) | (moved == y)
    except LayerError:
        return np.zeros(y.size, dtype=bool)
    return picking


def _settled_kinks(point: Point, leaf: Leaf, c: Comparison, found: LeafEstimates) -> Array:
    """Wrong entries on a kink of outputs that hang on this entry alone or equal one: nothing excuses them."""
    settled: Array = ~np.isfinite(np.asarray(c.analytic))
    wrong = [int(i) for i in np.flatnonzero(c.wrong & c.kink)]
    picking = _picking(point, leaf) if wrong else np.zeros(point.output.size, dtype=bool)
    for flat in wrong[:8]:
        jumping = found.jumping.get(flat)
        if jumping is None:
            continue
        alone = not np.any(jumping & moves_elsewhere(point.sampler(), leaf, flat))
        settled.flat[flat] = alone or bool(np.all(picking[jumping]) and jumping.any())
    return settled


def _of_this_point(point: Point, leaf: Leaf, c: Comparison, doubtful: Array) -> Array:
    """What is wrong here alone: smooth entries, right at once beside the point; kinks, right farther away."""
    smooth, kinked = doubtful & ~c.kink, doubtful & c.kink
    if smooth.any():
        smooth = smooth & _right_beside(point, leaf, c)
    if kinked.any() and not _right_when_moved(point, leaf, c, kinked):
        kinked = np.zeros_like(kinked)
    return np.asarray(smooth | kinked)


def _right_beside(point: Point, leaf: Leaf, c: Comparison) -> Array:
    """Mask of the entries whose analytic gradient is the measured one as soon as the point moves by rounding.

    The numeric gradient of a smooth forward does not change over so short a way: nothing is measured anew.
    """
    generator = stream(point.options.seed, "beside", leaf.name)
    right = np.ones(leaf.shape, dtype=bool)
    try:
        with kept(point.subject.leaves) as saved:
            for _ in range(_MOVES):
                _move(saved, generator, beside=True)
                given = point.subject.vjp(point.cotangent).get(leaf.name)
                if given is None or given.shape != leaf.shape:
                    return np.zeros(leaf.shape, dtype=bool)
                with np.errstate(invalid="ignore"):
                    right &= np.abs(given - c.numeric) <= 4 * c.tolerance
    except LayerError:
        return np.zeros(leaf.shape, dtype=bool)
    return right


def _move(saved: list[tuple[Leaf, Array]], generator: np.random.Generator, *, beside: bool) -> None:
    """Every entry of every leaf away from where it was: by no more than rounding, or far."""
    for leaf, values in saved:
        step = _NEAR * max(1.0, 2.0**44 * eps(values.dtype)) if beside else _FAR
        leaf.displace(values, step, generator)


def _right_when_moved(point: Point, leaf: Leaf, c: Comparison, doubtful: Array) -> bool:
    """Does the gradient of the doubtful entries agree at three points beside this one, undecided ones aside?"""
    right = 0
    generator = stream(point.options.seed, "moved", leaf.name)
    gap = np.where(doubtful, np.abs(np.nan_to_num(np.asarray(c.analytic)) - c.numeric), 0.0)
    try:
        with kept(point.subject.leaves) as saved:
            for _ in range(_TRIES):
                _move(saved, generator, beside=False)
                v = doubtful * generator.normal(size=leaf.shape)
                agrees = _agrees_along(point, leaf, v, float(np.sum(np.abs(gap * v))))
                if agrees is False:
                    return False
                right += agrees is True
                if right == _MOVES:
                    return True
    except LayerError:
        return False
    return False


def _agrees_along(point: Point, leaf: Leaf, v: Array, gap: float) -> bool | None:
    """At the point that the leaves hold now: is <a, v> the derivative along v? None where its bar hides the gap."""
    output = point.subject.forward()
    given = point.subject.vjp(point.cotangent).get(leaf.name)
    if output.shape != point.output.shape or given is None or given.shape != leaf.shape:
        return False
    sampler = Sampler(point.subject.forward, point.cotangent.ravel(), output.ravel(), point.noise)
    estimate = along(sampler, leaf, v)
    if not estimate.known or estimate.error > 0.1 * gap:
        return None
    slack = 1e-8 * float(np.sum(np.abs(given * v))) + 4 * estimate.error
    return abs(float(np.sum(given * v)) - estimate.value) <= min(slack, 0.25 * gap)
