"""A leaf whose length does not matter (W / |W|, W / sigma), or its mean: n is orthogonal to it, and a is not.

The norm was then taken as a constant: its share is a multiple of the leaf, or of one direction under every dY.
"""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import FEW, Prediction, only, same
from gradcheck.diagnose.rows import Rows, row_sets
from gradcheck.diagnose.suspect import Suspect

_MOST = 64  # entries, of four evaluations each
_SAME = 1e-6
_SPARE = 6  # numbers that must be explained beyond those that are fitted
_EPSILON = 1e-2
_CLEAR = 1e3  # slacks that a's own share along the leaf must have


def norm_held_fixed(suspect: Suspect) -> Iterator[Prediction]:
    """Backward lacks the share that comes through a norm of the leaf."""
    view = suspect.view
    if suspect.name == "input" or suspect.entries < 4 or not np.all(view.known):
        return
    for rows in row_sets(suspect.shape):
        if rows.length < 3 or not _free(suspect, rows):
            continue
        w = suspect.point
        share = _along(view.a, w, rows) / np.where(_along(w, w, rows) > 0, _along(w, w, rows), 1.0) * w
        label = f"without the norm's share over {rows.words}"
        yield _prediction(suspect, label, rows, share)
        if rows.length == w.size and _one_direction(suspect):
            yield _prediction(suspect, "without one number's share", rows, view.a - view.n)


def statistics_held_fixed(suspect: Suspect) -> Iterator[Prediction]:
    """Backward lacks what comes through the mean and the standard deviation of a parameter, row by row."""
    view, w = suspect.view, suspect.point
    if suspect.name == "input" or not np.all(view.known):
        return
    for rows in row_sets(suspect.shape):
        if rows.length < 4 or w.size - 2 * (w.size // rows.length) < _SPARE:
            continue
        away = w - rows.spread(w)
        size, gap = _along(away, away, rows), view.a - view.n
        if np.any(size == 0) or not _stands_still(suspect, rows, away):
            continue
        share = rows.spread(gap) + away * _along(gap, away, rows) / size
        label = f"without the shares of mean and deviation over {rows.words}"
        sentence = (
            f"{suspect.symbol} is the gradient with the mean and the standard deviation of {suspect.name} over "
            f"{rows.words} held fixed, but forward takes them anew: neither a shift nor a scale of a row matters to "
            f"the output. What comes through the two is missing, or has another factor."
        )
        yield Prediction("missing-term", 4, label, sentence, same, only(view, share))


def _stands_still(suspect: Suspect, rows: Rows, away: Array) -> bool:
    """Is n orthogonal to a shift of every row and, but for an epsilon, to a scale of it, and a not?"""
    view = suspect.view
    sizes = rows.spread(np.abs(view.n), np.sum)
    shift = np.abs(rows.spread(view.n, np.sum)) <= FEW * rows.spread(view.slack, np.sum)
    scale = np.abs(_along(view.n, away, rows)) <= _EPSILON * _along(np.abs(view.n), np.abs(away), rows)
    moved = np.abs(rows.spread(view.a, np.sum)) > _EPSILON * sizes
    moved |= np.abs(_along(view.a, away, rows)) > _EPSILON * _along(np.abs(view.a), np.abs(away), rows)
    return bool(np.all(shift & scale) and np.any(moved))


def _free(suspect: Suspect, rows: Rows) -> bool:
    """Is n orthogonal to the leaf in every row, and a in none?"""
    view, w = suspect.view, suspect.point
    room = FEW * _along(view.slack, np.abs(w), rows)
    a, n = (np.abs(_along(values, w, rows)) for values in (view.a, view.n))
    size = _along(np.abs(view.n), np.abs(w), rows)
    return bool(np.all(n <= room) and np.all(a > _CLEAR * room) and np.all(size > _CLEAR * room))


def _along(values: Array, w: Array, rows: Rows) -> Array:
    return rows.spread(values * w, np.sum)


def _one_direction(suspect: Suspect) -> bool:
    """Is a - n a multiple of the same array under another dY, as n is not?"""
    if suspect.view.n.size > _MOST:
        return False
    g = suspect.evidence.further_cotangent(1)
    columns, a = suspect.evidence.columns(suspect.name), suspect.evidence.gradients(g).get(suspect.name)
    if columns is None or a is None or a.shape != suspect.shape:
        return False
    n = columns.under(g, suspect.shape)
    return _parallel(a - n, suspect.view.a - suspect.view.n) and not _parallel(n, suspect.view.n)


def _parallel(a: Array, b: Array) -> bool:
    left = a - float(np.sum(a * b)) / float(np.sum(b * b)) * b
    return bool(np.linalg.norm(left) <= _SAME * np.linalg.norm(a))


def _prediction(suspect: Suspect, label: str, rows: Rows, share: Array) -> Prediction:
    sentence = (
        f"{suspect.symbol} is the gradient with a norm of {suspect.name} held fixed: forward divides by it, so that "
        f"the output does not hang on the length of {suspect.name} over {rows.words}, and the numeric gradient is "
        f"orthogonal to it there. What comes through the norm is missing."
    )
    return Prediction("missing-term", 3, label, sentence, same, only(suspect.view, share))
