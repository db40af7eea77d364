"""Backward gives the numbers of n in other places: transposed, flipped, rolled, or of another leaf."""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.hypothesis import Move, Prediction, nothing, only
from gradcheck.diagnose.suspect import Suspect, View, gradient_name
from gradcheck.diagnose.words import axes, listed

_MOST_AXES = 5


def transposed(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n with its axes in another order, where the shape allows it."""
    for label, rank, move in transpositions(suspect.shape):
        sentence = (
            f"{suspect.symbol} is the numeric gradient {label}. The shapes agree only because these lengths are "
            f"equal; look for a missing or superfluous .T in backward."
        )
        yield Prediction("transposed", rank, label, sentence, move)


def axis_flipped(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n reversed along some axes."""
    for chosen, move in flips(suspect.shape):
        label = f"reversed along {axes(chosen)}"
        sentence = (
            f"{suspect.symbol} is the numeric gradient {label}: look for a [::-1], a rotation by 180 degrees, or "
            f"convolve in place of correlate in backward."
        )
        like = _like(suspect.shape, chosen)
        if like:
            sentence += f" Along an axis of length 2 this cannot be told from {listed(like, 'or')}: use a longer one."
        yield Prediction("axis-flipped", 1, label, sentence, move, like=like)


def memory_order(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n written in one memory order and read in the other (a reshape where a transpose belongs)."""
    shape = suspect.shape
    if sum(length > 1 for length in shape) < 2:
        return
    moves: list[tuple[str, Move]] = [
        ("transposed and then reshaped back", lambda n: np.reshape(n.T, shape)),
        ("reshaped and then transposed back", lambda n: np.reshape(n, shape[::-1]).T),
    ]
    for label, move in moves:
        sentence = (
            f"{suspect.symbol} holds the right values in the wrong order: the numeric gradient {label}. "
            f"A reshape never swaps axes: use .T or np.transpose."
        )
        yield Prediction("permuted-entries", 2, label, sentence, move)


def slices_moved(suspect: Suspect) -> Iterator[Prediction]:
    """Each slice of a along one axis is some slice of n: a roll, or channels in another order."""
    for axis, length in enumerate(suspect.shape):
        order = _order(suspect.view, axis) if length > 1 else None
        if order is None or order == list(range(length)):
            continue
        label = _rolled(order, axis)
        sentence = f"{suspect.symbol} holds the right values at other places: the numeric gradient {label}."
        yield Prediction("permuted-entries", 3, label, sentence, _reordering(order, axis))


def shifted(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n some places on along an axis, or two: a padding cut off at the wrong end."""
    for chosen, by, least in _shifts(suspect.shape, suspect.entries):
        places = listed([f"{s:+d} along axis {axis}" for s, axis in zip(by, chosen, strict=True)])
        sentence = (
            f"{suspect.symbol} holds the right values at other places: the numeric gradient shifted by {places}. "
            f"Look how backward cuts off a padding, and where its slices begin."
        )
        move = _shifting(chosen, by)
        yield Prediction("permuted-entries", 3, f"shifted by {places}", sentence, move, least=least)


def _shifts(shape: Index, entries: int) -> Iterator[tuple[Index, Index, float]]:
    """(axes, places, the share that stays): one or two places; farther along one axis, where enough stays to tell."""
    long = [axis for axis, length in enumerate(shape) if length > 3]
    for axis in long:
        yield from (((axis,), (by,), 0.5) for by in _SHIFTS)
    for pair in itertools.combinations(long, 2):
        yield from ((pair, by, 0.5) for by in itertools.product(_SHIFTS, repeat=2))
    for axis in long:
        for by in range(3, shape[axis] - 1):
            stays = 1 - by / shape[axis]  # the rest comes in from outside
            if stays >= _LEAST_STAYS and stays * entries >= _ENOUGH:
                yield from (((axis,), (sign * by,), min(0.5, stays - 0.01)) for sign in (-1, 1))


_SHIFTS = (-2, -1, 1, 2)
_LEAST_STAYS = 0.25
_ENOUGH = 12  # entries that are compared where most of a leaf is not


def _shifting(chosen: Index, by: Index) -> Move:
    """What comes in from outside is unknown: NaN."""

    def move(n: Array) -> Array:
        rolled = np.roll(n, by, axis=chosen)
        for shift, axis in zip(by, chosen, strict=True):
            at = np.indices(n.shape)[axis]
            rolled = np.where((at < shift) | (at >= n.shape[axis] + shift), np.nan, rolled)
        return rolled

    return move


def values_elsewhere(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives the values of n, in other places, and nothing simpler says which."""
    view, shape = suspect.view, suspect.shape
    if view.n.size < 3 or not np.all(view.known):
        return
    source = np.empty(view.n.size, dtype=np.intp)
    source[np.argsort(view.a, axis=None, kind="stable")] = np.argsort(view.n, axis=None, kind="stable")
    moved = int(np.sum(np.abs(view.a - view.n) > view.slack))
    sentence = (
        f"{suspect.symbol} holds the same values as the numeric gradient, but {moved} of {view.n.size} entries are "
        f"at other places: look for an index, a reshape or an axis order that differs from forward's."
    )
    label = "the same values at other places"
    yield Prediction("permuted-entries", 6, label, sentence, lambda n: n.ravel()[source].reshape(shape))


def swapped_leaves(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives the gradient of another leaf."""
    main = suspect.view
    with np.errstate(invalid="ignore"):
        if not np.any(np.abs(main.n) > main.slack):
            return  # the output does not depend on the leaf at all: a ghost, whatever it equals
    for name, other in suspect.evidence.comparisons.items():
        if name == suspect.name or other.numeric.shape != suspect.shape:
            continue
        truth = np.where(other.kink, np.nan, other.numeric)
        advice = f"look for the operands of {gradient_name(name)} in the line that computes it"
        if np.any(other.wrong):
            advice = "look whether the two are exchanged where backward returns or applies them"
        sentence = f"{suspect.symbol} equals the numeric gradient of {name}: {advice}."
        label = f"the gradient of {name}"
        yield Prediction("swapped-leaves", 0, label, sentence, nothing, only(main, truth))


def transpositions(shape: Index) -> Iterator[tuple[str, int, Move]]:
    """(label, rank, move) of every order of the axes that keeps the shape and moves something."""
    if not 2 <= len(shape) <= _MOST_AXES or math.prod(shape) == 0:
        return
    for order in itertools.permutations(range(len(shape))):
        if order == tuple(range(len(shape))) or tuple(shape[i] for i in order) != shape:
            continue
        moved = [axis for axis, source in enumerate(order) if axis != source]
        if any(shape[axis] == 1 for axis in moved):
            continue
        label = "transposed" if len(shape) == 2 else f"with {axes(moved)} exchanged"
        yield label, 0 if len(moved) == 2 else 1, _transposing(order)


def flips(shape: Index) -> Iterator[tuple[Index, Move]]:
    """(axes, move) of every reversal, fewest axes first."""
    long = [axis for axis, length in enumerate(shape) if length > 1][:_MOST_AXES]
    for count in range(1, len(long) + 1):
        for chosen in itertools.combinations(long, count):
            yield chosen, _flipping(chosen)


def _transposing(order: Index) -> Move:
    return lambda n: np.transpose(n, order)


def _flipping(chosen: Index) -> Move:
    return lambda n: np.flip(n, chosen)


def _reordering(order: list[int], axis: int) -> Move:
    return lambda n: np.take(n, order, axis=axis)


def _like(shape: Index, chosen: Index) -> tuple[str, ...]:
    """What else a flip is where every flipped axis has length 2."""
    if any(shape[axis] != 2 for axis in chosen):
        return ()
    return (f"a roll by 1 along {axes(chosen)}", f"an exchange of the two entries along {axes(chosen)}")


def _order(view: View, axis: int) -> list[int] | None:
    """For each slice of a, the slice of n that it equals; None where that is no permutation."""
    a, n = np.moveaxis(view.a, axis, 0), np.moveaxis(view.n, axis, 0)
    if len(a) > 512 or not np.all(view.known):
        return None
    slack = 2 * float(np.nanmax(view.slack, initial=0.0))
    order = [_nearest(n, part, slack) for part in a]
    found = [place for place in order if place is not None]
    return found if sorted(found) == list(range(len(n))) else None


def _nearest(slices: Array, part: Array, slack: float) -> int | None:
    gaps = np.max(np.abs(slices - part).reshape(len(slices), -1), axis=1)
    best = int(np.argmin(gaps))
    return best if gaps[best] <= slack else None


def _rolled(order: list[int], axis: int) -> str:
    shift = -order[0] % len(order)
    if order == [(i - shift) % len(order) for i in range(len(order))]:
        shift = shift - len(order) if 2 * shift > len(order) else shift
        return f"rolled by {shift} along axis {axis}"
    shown = ", ".join(map(str, order[:12])) + (", ..." if len(order) > 12 else "")
    return f"with its slices along axis {axis} in the order {shown}"
