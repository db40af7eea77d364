"""a - n is a multiple of the leaf's own values along each row (a length, a square), or stands at each row's label."""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import Prediction, only, same
from gradcheck.diagnose.rows import Rows, row_sets
from gradcheck.diagnose.suspect import Suspect
from gradcheck.diagnose.words import number

_SPARE = 6  # numbers that must be explained beyond those that are fitted
_LONG = 3
_NOISE = 1e-6
_COLUMNS = 2  # of the labels: everywhere, and at the label


def own_multiple(suspect: Suspect) -> Iterator[Prediction]:
    """Along each row a - n is a multiple of the leaf: what comes through its length, or its square, is left out."""
    view, x = suspect.view, suspect.point
    if not np.all(view.known) or (suspect.name == "input" and suspect.evidence.elementwise):
        return
    for rows in row_sets(suspect.shape, single=True):
        lines, size = rows.blocks(x), rows.spread(x * x, np.sum)
        if rows.length < _LONG or x.size - len(lines) < _SPARE or np.any(size == 0):
            continue
        if not _varies(lines, rows.blocks(view.n)):
            continue
        term = x * (rows.spread((view.a - view.n) * x, np.sum) / size)
        label = f"plus a multiple of itself along {rows.words}"
        sentence = _sentence(suspect, rows, free=_is_free(rows, suspect))
        yield Prediction("missing-term", 5.5, label, sentence, same, only(view, term))


def label_term(suspect: Suspect) -> Iterator[Prediction]:
    """Everywhere a - n is one number, and another at each row's label: a cross-entropy has another target."""
    view = suspect.view
    if len(suspect.shape) < 2 or suspect.evidence.output.size != 1 or suspect.entries < _SPARE + _COLUMNS:
        return
    gap = np.where(view.known, view.a - view.n, 0.0).ravel()
    left_out = np.all(np.abs(gap.reshape(suspect.shape)) <= view.slack, axis=-1)  # rows that a mask takes
    for name, ids in _labels(suspect):
        hot = np.zeros(suspect.shape)
        np.put_along_axis(hot, ids[..., np.newaxis], 1.0, axis=-1)
        hot[left_out] = 0.0
        basis = np.stack([np.broadcast_to(~left_out[..., np.newaxis], hot.shape).ravel(), hot.ravel()], axis=1)
        all_over, at_label = (float(c) for c in np.linalg.lstsq(basis, gap, rcond=None)[0])
        flat, g = abs(all_over) <= _NOISE * abs(at_label), float(np.sum(view.cotangent))
        at = f"{number(at_label / g)} at the label ({name}) of each row"
        what = at if flat else f"{number(all_over / g)} everywhere and {at}"
        sentence = (
            f"{suspect.symbol} is the numeric gradient plus {what}: the target that backward subtracts is another than "
            f"forward's (one-hot, smoothed, none at all)."
        )
        term = hot * at_label + (0.0 if flat else all_over * ~left_out[..., np.newaxis])
        yield Prediction("missing-term", 4, "plus a term at the labels", sentence, same, only(view, term))


def _sentence(suspect: Suspect, rows: Rows, *, free: bool) -> str:
    name = "the input" if suspect.name == "input" else suspect.name
    start = f"{suspect.symbol} differs from the numeric gradient, along {rows.words}, by a multiple of {name} itself: "
    if free:
        return start + (
            f"forward does not hang on the length of a row, so that its gradient is orthogonal to the row; backward "
            f"takes the length for a constant. Subtract x * sum(g * x) / sum(x * x) over {rows.words}."
        )
    return start + (
        "forward holds a term in its square or its length (a norm, a diagonal that is subtracted) whose gradient is "
        "left out in backward, or is there once too often."
    )


def _is_free(rows: Rows, suspect: Suspect) -> bool:
    """Is n orthogonal to each row of the leaf, while a is not?"""
    lines = rows.blocks(suspect.point)
    n, slack = rows.blocks(suspect.view.n), rows.blocks(suspect.view.slack)
    along, room = np.abs(np.sum(n * lines, axis=1)), np.sum(slack * np.abs(lines), axis=1)
    return bool(np.all(along <= 4 * room))


def _varies(lines: Array, n: Array) -> bool:
    """Are the rows neither constant nor multiples of n? Else what is found says nothing."""
    size = np.sqrt(np.sum(lines * lines, axis=1) * np.sum(n * n, axis=1))
    turned = np.abs(np.sum(lines * n, axis=1)) < (1 - _NOISE) * size
    return bool(np.all(turned) and np.all(np.ptp(np.abs(lines), axis=1) > 0))


def _labels(suspect: Suspect) -> Iterator[tuple[str, Array]]:
    """What forward is handed with one class id a row."""
    rows, classes = suspect.shape[:-1], suspect.shape[-1]
    for name, values in suspect.evidence.handed.items():
        if values.dtype.kind in "iu" and values.shape == rows and np.all((values >= 0) & (values < classes)):
            yield name, values
