"""One contribution alone reaches a: `=` where `+=` belongs, in a loop over samples, windows or uses.

Each wrong entry's own column dy/dx_i says what it should get from every output; a is what it gets from the
first or the last of them. Four evaluations an entry, so only some of the wrong entries are looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.evidence import Columns
from gradcheck.diagnose.hypothesis import Prediction, nothing, only
from gradcheck.diagnose.places import simplest
from gradcheck.diagnose.suspect import Suspect

_MOST = 12  # entries that are looked at
_LEAST = 2
_DIAGONAL = 4  # entries that must agree
_SAME = 1e-6


def overwritten(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives what the last (or first) sample, window or use contributes alone."""
    chosen = _chosen(suspect)
    columns = [suspect.evidence.column(suspect.name, flat) for flat in chosen]
    known = [(flat, column) for flat, column in zip(chosen, columns, strict=True) if column is not None]
    if len(known) < _LEAST or suspect.evidence.output.size < 2:
        return
    for one in _restrictions(suspect.evidence.output):
        if _gets_something(suspect, known) and all(_agrees(suspect, flat, column, one) for flat, column in known):
            yield _prediction(suspect, one.label, _by_index(suspect, one.group, [column for _, column in known]))
            return
    place = simplest(suspect, suspect.wrong, suspect.right)
    if place is not None and place.border:
        return  # an edge says more than a window that may be any
    if suspect.name == "input" and _one_window_each(suspect, known):
        yield _prediction(suspect, "one of the windows that cover it", looked_up=False)


def diagonal_alone(suspect: Suspect) -> Iterator[Prediction]:
    """Each entry gets what the output at its own place contributes, and no other's: a softmax without its sum."""
    output = suspect.evidence.output
    if suspect.name != "input" or suspect.shape != output.shape or suspect.evidence.elementwise:
        return
    g, chosen = suspect.evidence.cotangent.ravel(), _chosen(suspect)
    columns = [(flat, c) for flat in chosen if (c := suspect.evidence.column("input", flat)) is not None]
    if len(columns) < _DIAGONAL or not all(_own(suspect, flat, c, g) for flat, c in columns):
        return
    sentence = (
        f"{suspect.symbol} is the diagonal of the derivative alone: each entry gets what the output at its own place "
        f"contributes. But every output of forward hangs on several entries (a softmax, a normalisation), and backward "
        f"lacks the term that sums over them."
    )
    yield Prediction("missing-term", 2, "the diagonal alone", sentence, nothing, only(suspect.view, suspect.view.a))


def repeated_rows(suspect: Suspect) -> Iterator[Prediction]:
    """Wrong exactly at the rows of a table that are looked up more than once."""
    shape, wrong, right = suspect.shape, suspect.wrong, suspect.right
    if len(shape) != 2 or suspect.name == "input" or not np.any(right):
        return
    rows = [int(i) for i in np.flatnonzero((wrong | right).any(axis=1))]
    if len(rows) > _MOST or not any(wrong[i].any() for i in rows):
        return
    columns = {}
    for i in rows:
        column = suspect.evidence.column(suspect.name, i * shape[1] + int(np.argmax(wrong[i] | right[i])))
        if column is None:
            return
        columns[i] = column
    if not _looked_up(suspect, list(columns.values())):
        return
    unit = _smallest(list(columns.values()))
    often = {i: round(float(np.sum(column.values)) / unit) for i, column in columns.items()}
    if any((often[i] > 1) != bool(wrong[i].any()) for i in rows):
        return
    sentence = (
        f"{suspect.symbol} is wrong at the rows that are looked up more than once, and right at the others: every use "
        f"of a row adds to its gradient. Add them up: np.add.at where an index may repeat, and no mean over the uses."
    )
    offset = only(suspect.view, suspect.view.a)
    yield Prediction("duplicate-index-lost", 4, "the repeated rows", sentence, nothing, offset)


def _own(suspect: Suspect, flat: int, column: Columns, g: Array) -> bool:
    """Is a at this entry what its own output contributes, though others contribute too?"""
    parts, error = g * column.values[0], np.abs(g) * column.error[0]
    slack = 4 * float(np.sum(error)) + 1e-7 * float(np.sum(np.abs(parts)))
    a = float(suspect.view.a.flat[flat])
    return abs(a - float(parts[flat])) <= slack and abs(float(np.sum(parts)) - float(parts[flat])) > 10 * slack


def _one_window_each(suspect: Suspect, known: Sequence[tuple[int, Columns]]) -> bool:
    """In one order of the windows, is a the part of the last (or first) that covers the entry, 0 where that has none?

    Which windows cover an entry of a max pool shows where it is moved so far that it is their maximum.
    """
    shape, g = suspect.evidence.output.shape, suspect.evidence.cotangent.ravel()
    orders = [np.arange(g.size), np.arange(g.size).reshape(shape[::-1]).T.ravel()]  # rows first, or columns
    parts = [np.where(np.abs(c.values[0]) > 100 * c.error[0], g * c.values[0], 0.0) for _, c in known]
    given = [float(suspect.view.a.flat[flat]) for flat, _ in known]
    several = [np.sum(part != 0) > 1 and a != 0 for a, part in zip(given, parts, strict=True)]
    if not any(several):
        return False
    covering = [suspect.evidence.covering(suspect.name, flat) for flat, _ in known]
    return any(
        all(
            _is_part(a, part, max(np.flatnonzero(cover), key=order.__getitem__, default=0))
            for a, part, cover in zip(given, parts, covering, strict=True)
        )
        for order in (*orders, *(-order for order in orders))
    )


def _is_part(a: float, parts: Array, window: int | np.integer) -> bool:
    return abs(a - float(parts[window])) <= _SAME * float(np.max(np.abs(parts), initial=0.0))


def _chosen(suspect: Suspect) -> list[int]:
    """The wrong entries at which the gradient is largest."""
    size = np.where(suspect.wrong, np.nan_to_num(np.abs(suspect.view.n)), -1.0).ravel()
    order = np.argsort(-size, kind="stable")[:_MOST]
    return [int(flat) for flat in order if size[flat] >= 0]


@dataclass(frozen=True, eq=False)
class _Restriction:
    """number: first (0) or last (-1) · group: of each output · absolute: of all groups, not of those reached."""

    label: str
    number: int
    group: Array
    absolute: bool = False


def _restrictions(output: Array) -> Iterator[_Restriction]:
    """The slices of an axis, windows, then every output by itself.

    The last window of all may lie on a padding, which
    some entries of a kernel do not reach: what they get is 0.
    """
    for label, number, group in _groups(output):
        yield _Restriction(label, number, group)
    for label, number, group in _groups(output):
        if "window" in label:
            yield _Restriction(label.replace(" that covers it", ""), number, group, absolute=True)


def _groups(output: Array) -> Iterator[tuple[str, int, Array]]:
    for axis, length in enumerate(output.shape):
        if length > 1:
            group = np.indices(output.shape)[axis].ravel()
            yield f"the last slice of dY along axis {axis} that it meets", -1, group
            yield f"the first slice of dY along axis {axis} that it meets", 0, group
    for axes in ((1, 2), (2, 3), (0, 1)):
        if len(output.shape) > 2 and axes[1] < len(output.shape):
            at = np.indices(output.shape)
            group = (at[axes[0]] * output.shape[axes[1]] + at[axes[1]]).ravel()
            yield f"the last window (axes {axes[0]} and {axes[1]} of dY) that covers it", -1, group
            yield f"the first window (axes {axes[0]} and {axes[1]} of dY) that covers it", 0, group
    yield "the last output that it reaches", -1, np.arange(output.size)
    yield "the first output that it reaches", 0, np.arange(output.size)


def _gets_something(suspect: Suspect, known: Sequence[tuple[int, Columns]]) -> bool:
    """Where all that is looked at gets 0, any part of nothing would do."""
    return any(suspect.view.a.flat[flat] != 0 for flat, _ in known)


def _agrees(suspect: Suspect, flat: int, column: Columns, one: _Restriction) -> bool:
    """Is a at this entry what one group of the outputs contributes, and not what all do?"""
    values, error = column.values[0], column.error[0]
    reached = np.unique(one.group[np.abs(values) > 100 * error])
    if reached.size < 2:
        return False
    part = one.group == (np.unique(one.group) if one.absolute else reached)[one.number]
    g = suspect.evidence.cotangent.ravel()
    slack = 4 * float(np.abs(g) @ error) + 1e-7 * float(np.abs(g) @ np.abs(values))
    alone, whole, a = float((g * values)[part].sum()), float(g @ values), float(suspect.view.a.flat[flat])
    return abs(a - alone) <= slack and abs(whole - alone) > 10 * slack


def _prediction(suspect: Suspect, label: str, looked_up: bool) -> Prediction:
    cause = "duplicate-index-lost" if looked_up else "overwritten-contribution"
    mend = "np.add.at where an index may repeat" if looked_up else "+= in place of =, and on from step to step"
    what = "the dY of one of its uses" if looked_up else f"the contribution of {label}"
    sentence = (
        f"{suspect.symbol} is wrong at {int(np.sum(suspect.wrong))} of {suspect.view.n.size} entries: each of them "
        f"gets {what} alone; the others are overwritten or never added. Add them up: {mend}."
    )
    return Prediction(cause, 3, f"{label} alone", sentence, nothing, only(suspect.view, suspect.view.a))


def _by_index(suspect: Suspect, group: Array, columns: Sequence[Columns]) -> bool:
    """Is the leaf a table whose entries are met by an array of indices, some more often than others?"""
    often = {_met(group, column) for column in columns}
    if suspect.name == "input":
        return _looked_up(suspect, columns)
    once = (int(flat) for flat in np.flatnonzero(suspect.right)[:_MOST])
    right = [column for flat in once if (column := suspect.evidence.column(suspect.name, flat)) is not None]
    if len(suspect.shape) == 1 and right and 1 not in often:
        return all(_met(group, column) == 1 for column in right)
    all_met = often | {_met(group, column) for column in right}
    evenly = all_met == {len(np.unique(group))}  # by each sample once: a loop, not an index
    return not evenly and _looked_up(suspect, columns)


def _met(group: Array, column: Columns) -> int:
    """How many groups of outputs hang on the entry."""
    return len(np.unique(group[np.abs(column.values[0]) > 100 * column.error[0]]))


def _looked_up(suspect: Suspect, columns: Sequence[Columns]) -> bool:
    """Are rows of the leaf copied to the output, or added up there, as by an array of indices?"""
    shape, output = suspect.shape, suspect.evidence.output.shape
    if len(shape) != 2 or len(output) < 2 or output[-1] != shape[-1]:
        return False
    unit = _smallest(columns)
    values = np.concatenate([column.values.ravel() for column in columns]) / unit
    return bool(np.all((np.abs(values - np.round(values)) < _SAME) & (values > -_SAME)))


def _smallest(columns: Sequence[Columns]) -> float:
    """The slope nearest to 0 that is none: what one use of an entry adds, 1 or the scale of an embedding."""
    moved = [column.values[np.abs(column.values) > 100 * column.error] for column in columns]
    return float(min((v for values in moved for v in values), key=abs, default=1.0))
