"""Losses of single entries (Huber, a focal loss): the value is a sum of terms of one entry each, the slope is another.

And forwards of two slopes (a pinball loss, a leaky ReLU): there any two numbers fit "plus a constant" and "times a
factor where ...", so that neither is evidence.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import EPS, scale
from gradcheck.base.randomness import signed, stream
from gradcheck.diagnose.chance import speaks
from gradcheck.diagnose.hypothesis import Prediction, nothing, only
from gradcheck.diagnose.places import by_ratio, condition
from gradcheck.diagnose.rounding import rounded
from gradcheck.diagnose.suspect import Suspect
from gradcheck.diagnose.words import indices, number
from gradcheck.subjects.leaf import Leaf, kept

T = TypeVar("T")

_SAME = 1e-7
_SPLITS = 2  # random halves of the entries that are moved by themselves
_STEP = 0.25  # of the leaf's scale
_FEWEST = 2  # entries on each branch
_ENOUGH = 6


def two_slopes(suspect: Suspect) -> Iterator[Prediction]:
    """Two slopes are forward's, and backward has two others at the same entries."""
    ours, theirs = _slopes(suspect)
    if ours is None or theirs is None or not np.all(suspect.view.known):
        return
    branches = _branches(ours)
    if len(branches) != 2 or any(np.sum(b) < _FEWEST for b in branches):
        return
    if any(np.ptp(theirs[b]) > _SAME * np.max(np.abs(theirs)) for b in branches):
        return
    (one, other), (given, instead) = ([float(np.median(s[b])) for b in branches] for s in (ours, theirs))
    if min(abs(one), abs(other)) == 0 or max(abs(given - instead), 0.0) <= _SAME * abs(given):
        return  # a mask of zeros, or one number everywhere, has a name of its own
    sentence = (
        f"{suspect.symbol} is made with {number(given)} where forward's slope is {number(one)}, and with "
        f"{number(instead)} where it is {number(other)}"
    )
    exchanged = np.allclose([abs(given), abs(instead)], [abs(other), abs(one)], rtol=_SAME, atol=0.0)
    sentence += ": they are exchanged." if exchanged else ". Hold each branch of backward against that of forward."
    offset = only(suspect.view, suspect.view.a)
    yield Prediction("wrong-local-derivative", 2, "two other slopes", sentence, nothing, offset)


def other_slope_of_loss(suspect: Suspect) -> Iterator[Prediction]:
    """The value is a sum over single entries; backward goes entry by entry too, by another function than the slope."""
    view, wrong = suspect.view, suspect.wrong
    if suspect.evidence.output.size != 1 or suspect.entries < _ENOUGH or rounded(suspect) or by_ratio(suspect, wrong):
        return  # one ratio at all the wrong entries says more
    place = condition(suspect) or _by_distance(suspect)
    if place is None and 2 * np.sum(wrong) <= np.sum(view.telling):
        return
    leaf = suspect.evidence.leaf(suspect.name)
    if leaf is None or not (_is_sum_over_entries(suspect, leaf) and _goes_entry_by_entry(suspect, leaf)):
        return
    sentence = (
        f"{suspect.symbol} goes entry by entry, as forward's value does, a sum of terms of one entry each, but it is "
        f"not the slope of that term: {_example(suspect, place)}"
    )
    yield Prediction("wrong-local-derivative", 8, "another slope", sentence, nothing, only(view, view.a))


def _slopes(suspect: Suspect) -> tuple[Array | None, Array | None]:
    """Of n and a, without dY: where dY is one number or belongs entry by entry."""
    view, output = suspect.view, suspect.evidence.output
    if output.size == 1:
        g = np.asarray(view.cotangent).reshape(())
    elif suspect.name == "input" and output.shape == suspect.shape and suspect.evidence.elementwise:
        g = view.cotangent
    else:
        return None, None
    return view.n / g, view.a / g


def _branches(slopes: Array) -> list[Array]:
    """Masks of the entries of equal slope; one more than two where there are more."""
    levels: list[Array] = []
    left = np.ones(slopes.shape, dtype=bool)
    size = float(np.max(np.abs(slopes)))
    while np.any(left) and len(levels) < 3:
        first = float(slopes[left][0])
        levels.append(left & (np.abs(slopes - first) <= _SAME * size))
        left &= ~levels[-1]
    return levels


def _by_distance(suspect: Suspect) -> str | None:
    """`where |y_pred - y_true| > c`, or the sign of it, with another argument of the same shape."""
    wrong, right, choices = suspect.wrong, suspect.right, 2.0 * suspect.view.n.size
    for name, values in suspect.evidence.handed.items():
        if values.shape != suspect.shape or np.array_equal(values, suspect.point):
            continue
        gap = suspect.point - values
        own = "x" if suspect.name == "input" else suspect.name
        for words, of in ((f"{own} - {name}", gap), (f"|{own} - {name}|", np.abs(gap))):
            above, below = of[wrong], of[right]
            if not above.size or not below.size or not speaks(above.size, above.size + below.size, choices):
                continue
            if above.min() > below.max():
                return f"where {words} > {number(float(below.max()))}"
            if above.max() < below.min():
                return f"where {words} < {number(float(below.min()))}"
    return None


def _halves(suspect: Suspect) -> Iterator[Array]:
    for turn in range(_SPLITS):
        order = stream(turn, "halves", suspect.shape).permutation(suspect.view.n.size)
        yield (order < order.size // 2).reshape(suspect.shape)


def _is_sum_over_entries(suspect: Suspect, leaf: Leaf) -> bool:
    """E(x + u + v) - E(x + u) - E(x + v) + E(x) = 0 for u and v that share no entry. Six evaluations."""

    def value(change: Array) -> float | None:
        return _moved(leaf, change, lambda: float(suspect.evidence.subject.forward().sum()))

    step, here = _step(suspect, leaf), float(suspect.evidence.output.sum())
    both = value(step)
    for half in _halves(suspect):
        one, other = (value(np.where(mask, step, 0.0)) for mask in (half, ~half))
        if both is None or one is None or other is None:
            return False
        if abs(both - one - other + here) > 64 * EPS * suspect.view.n.size * max(map(abs, (both, one, other, here))):
            return False
        if max(abs(one - here), abs(other - here)) == 0:
            return False
    return True


def _goes_entry_by_entry(suspect: Suspect, leaf: Leaf) -> bool:
    """Does a stay at the entries that are not moved? Two backward passes."""
    step, a = _step(suspect, leaf), suspect.view.a
    for half in _halves(suspect):
        given = _moved(leaf, np.where(half, step, 0.0), lambda: suspect.evidence.subject.vjp(suspect.view.cotangent))
        moved = None if given is None else given.get(suspect.name)
        if moved is None or moved.shape != a.shape or np.any(np.abs(moved - a)[~half] > _SAME * np.max(np.abs(a))):
            return False
    return True


def _step(suspect: Suspect, leaf: Leaf) -> Array:
    return _STEP * scale(leaf.array) * signed(stream(0, "terms", suspect.shape), suspect.shape)


def _moved(leaf: Leaf, change: Array, ask: Callable[[], T]) -> T | None:
    """What is found with the leaf moved; None where the layer raises there."""
    with kept([leaf]) as [(_, saved)]:
        try:
            leaf.write((saved + change).astype(saved.dtype))
            return ask()
        except LayerError:
            return None


def _example(suspect: Suspect, place: str | None) -> str:
    view, wrong = suspect.view, suspect.wrong
    worst = np.unravel_index(int(np.argmax(np.where(wrong, np.abs(view.a - view.n), 0.0))), wrong.shape)
    single = np.zeros(wrong.shape, dtype=bool)
    single[worst] = True
    where = f"right but {place}; " if place else ""
    return (
        f"{where}at {indices(single)}, where it is {number(float(suspect.point[worst]))}, backward gives "
        f"{number(float(view.a[worst]))} and the numeric gradient is {number(float(view.n[worst]))}."
    )
