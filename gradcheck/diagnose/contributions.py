"""One contribution alone reaches a: `=` where `+=` belongs, in a loop over samples, windows or uses.

Each wrong entry's own column dy/dx_i says what it should get from every output; a is what it gets from the
first or the last of them. Four evaluations an entry, so only some of the wrong entries are looked at.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.evidence import Columns
from gradcheck.diagnose.hypothesis import Prediction, nothing, only
from gradcheck.diagnose.suspect import Suspect

_MOST = 12  # entries that are looked at
_LEAST = 2
_SAME = 1e-6


def overwritten(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives what the last (or first) sample, window or use contributes alone."""
    chosen = _chosen(suspect)
    columns = [suspect.evidence.column(suspect.name, flat) for flat in chosen]
    known = [(flat, column) for flat, column in zip(chosen, columns, strict=True) if column is not None]
    if len(known) < _LEAST or suspect.evidence.output.size < 2:
        return
    for label, number, along in _restrictions(suspect.evidence.output):
        if all(_agrees(suspect, flat, column, number, along) for flat, column in known):
            yield _prediction(suspect, label, _looked_up(suspect, [column for _, column in known]))
            return
    covered = [_covered(suspect, flat, column) for flat, column in known]
    if suspect.name == "input" and all(fits for fits, _ in covered) and any(alone for _, alone in covered):
        yield _prediction(suspect, "one of the windows that cover it", looked_up=False)


def _covered(suspect: Suspect, flat: int, column: Columns) -> tuple[bool, bool]:
    """(is a here 0 or what one output alone contributes, is it the latter though more outputs are reached)."""
    g, values = suspect.evidence.cotangent.ravel(), column.values[0]
    parts = (g * values)[np.abs(values) > 100 * column.error[0]]
    a = float(suspect.view.a.flat[flat])
    one = bool(np.any(np.abs(parts - a) <= _SAME * np.max(np.abs(parts), initial=0.0)))
    return one or a == 0.0, one and parts.size > 1


def _chosen(suspect: Suspect) -> list[int]:
    """The wrong entries at which the gradient is largest."""
    size = np.where(suspect.wrong, np.nan_to_num(np.abs(suspect.view.n)), -1.0).ravel()
    order = np.argsort(-size, kind="stable")[:_MOST]
    return [int(flat) for flat in order if size[flat] >= 0]


def _restrictions(output: Array) -> Iterator[tuple[str, int, Array]]:
    """(label, first or last, group of each output): the slices of an axis, then every output by itself."""
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


def _agrees(suspect: Suspect, flat: int, column: Columns, number: int, group: Array) -> bool:
    """Is a at this entry what one group of the outputs contributes, and not what all do?"""
    values, error = column.values[0], column.error[0]
    reached = np.unique(group[np.abs(values) > 100 * error])
    if reached.size < 2:
        return False
    part = group == reached[number]
    g = suspect.evidence.cotangent.ravel()
    slack = 4 * float(np.abs(g) @ error) + 1e-7 * float(np.abs(g) @ np.abs(values))
    alone, whole, a = float((g * values)[part].sum()), float(g @ values), float(suspect.view.a.flat[flat])
    return abs(a - alone) <= slack and abs(whole - alone) > 10 * slack


def _prediction(suspect: Suspect, label: str, looked_up: bool) -> Prediction:
    cause = "duplicate-index-lost" if looked_up else "overwritten-contribution"
    mend = "np.add.at where an index may repeat" if looked_up else "+= in place of =, and on from step to step"
    sentence = (
        f"{suspect.symbol} is wrong at {int(np.sum(suspect.wrong))} of {suspect.view.n.size} entries: each of them "
        f"gets the contribution of {label} alone; the others are overwritten or never added. Add them up: {mend}."
    )
    return Prediction(cause, 3, f"{label} alone", sentence, nothing, only(suspect.view, suspect.view.a))


def _looked_up(suspect: Suspect, columns: Sequence[Columns]) -> bool:
    """Are rows of the leaf copied to the output, as by an array of indices?"""
    shape, output = suspect.shape, suspect.evidence.output.shape
    if len(shape) != 2 or len(output) < 2 or output[-1] != shape[-1]:
        return False
    values = np.concatenate([column.values.ravel() for column in columns])
    return bool(np.all((np.abs(values) < _SAME) | (np.abs(values - 1) < _SAME)))
