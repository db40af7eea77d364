"""Where the wrong entries lie, in words: one entry, a slice, an edge, a stride, a condition on the point."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.suspect import Suspect
from gradcheck.diagnose.words import axes, indices, number, slice_name

Place = tuple[str, Array]
_FEW = 8


def located(suspect: Suspect) -> tuple[str, str, Array] | None:
    """(cause, sentence, wrong) where a part of the leaf is right and the rest has a place; else None."""
    view = suspect.view
    wrong = suspect.comparison.wrong & view.known
    right = view.telling & ~wrong
    if not np.any(wrong) or not np.any(right):
        return None
    place = simplest(suspect, wrong, right)
    if place is None:
        return None
    zero = bool(np.all(view.a[wrong] == 0))
    cause = "zero-gradient" if zero and place.startswith("at every entry of") else "located"
    count = int(np.sum(wrong))
    share = f"{count} of {view.n.size} {'entry' if view.n.size == 1 else 'entries'}"
    sentence = f"{suspect.symbol} is wrong {place} ({share}) and right elsewhere{_there(suspect, wrong)}."
    return cause, sentence, wrong


def simplest(suspect: Suspect, wrong: Array, right: Array) -> str | None:
    """The first description that covers the wrong entries and no right one."""
    if np.sum(wrong) == 1:
        return f"at entry {indices(wrong)}"
    for words, mask in _places(suspect, wrong):
        if not np.any(wrong & ~mask) and not np.any(right & mask):
            return words
    return f"at {indices(wrong)}" if np.sum(wrong) <= _FEW else None


def _places(suspect: Suspect, wrong: Array) -> Iterator[Place]:
    """Descriptions from the simplest on."""
    yield from _slices(wrong)
    yield from _borders(wrong.shape)
    if np.sum(wrong) >= 3:
        yield from _conditions(suspect)
    yield from _ranges(wrong)
    yield from _strides(wrong.shape)
    yield from _triangles(wrong.shape)
    yield from _many_slices(wrong)
    yield from _boxes(wrong)


def _slices(wrong: Array) -> Iterator[Place]:
    if wrong.ndim < 2:
        return
    for axis in range(wrong.ndim):
        i = int(np.argwhere(wrong)[0][axis])
        at = np.indices(wrong.shape)[axis]
        yield f"at every entry of {slice_name(axis, i, wrong.ndim)}", at == i


def _borders(shape: tuple[int, ...]) -> Iterator[Place]:
    at = np.indices(shape)
    long = [axis for axis, length in enumerate(shape) if length > 2]
    for width in (1, 2):
        edges = {axis: (at[axis] < width) | (at[axis] >= shape[axis] - width) for axis in long}
        wide = "" if width == 1 else f" of width {width}"
        for axis in long:
            yield f"at both edges{wide} of axis {axis}", edges[axis]
        for a, b in pairwise(long):
            yield f"at the border{wide} of {axes((a, b))}", edges[a] | edges[b]


def _conditions(suspect: Suspect) -> Iterator[Place]:
    values = np.asarray(suspect.evidence.point.get(suspect.name, np.zeros(0)), dtype=np.float64)
    if values.shape != suspect.view.n.shape:
        return
    name = "x" if suspect.name == "input" else suspect.name
    yield f"where {name} < 0", values < 0
    yield f"where {name} > 0", values > 0
    yield f"where {name} is 0", values == 0
    yield f"where {name} > 1", values > 1
    yield f"where |{name}| > 1", np.abs(values) > 1
    yield f"where |{name}| < 1", np.abs(values) < 1


def _ranges(wrong: Array) -> Iterator[Place]:
    """From an index on, or up to one: leftovers of a window, the end of a sequence."""
    at = np.indices(wrong.shape)
    for axis, length in enumerate(wrong.shape):
        low, high = int(at[axis][wrong].min()), int(at[axis][wrong].max())
        if low > 0 and high == length - 1:
            yield f"from index {low} of axis {axis} on", at[axis] >= low
        if low == 0 and high < length - 1:
            yield f"up to index {high} of axis {axis}", at[axis] <= high


def _strides(shape: tuple[int, ...]) -> Iterator[Place]:
    at = np.indices(shape)
    for axis, length in enumerate(shape):
        for step in (2, 3, 4):
            for rest in range(step):
                if length > step:
                    yield f"at the indices of axis {axis} that leave {rest} modulo {step}", at[axis] % step == rest


def _triangles(shape: tuple[int, ...]) -> Iterator[Place]:
    if len(shape) < 2 or shape[-1] < 2 or shape[-2] < 2:
        return
    at = np.indices(shape)
    row, column = at[-2], at[-1]
    yield "on the diagonal of the last two axes", row == column
    yield "off the diagonal of the last two axes", row != column
    yield "above the diagonal of the last two axes", column > row
    yield "below the diagonal of the last two axes", column < row
    yield "on and above the diagonal of the last two axes", column >= row
    yield "on and below the diagonal of the last two axes", column <= row


def _many_slices(wrong: Array) -> Iterator[Place]:
    """Several whole slices of one axis."""
    if wrong.ndim < 2:
        return
    at = np.indices(wrong.shape)
    for axis in range(wrong.ndim):
        hit = sorted({int(i) for i in at[axis][wrong]})
        if 1 < len(hit) < wrong.shape[axis] and len(hit) <= _FEW:
            yield f"at the indices {', '.join(map(str, hit))} of axis {axis}", np.isin(at[axis], hit)


def _boxes(wrong: Array) -> Iterator[Place]:
    """One index on each of two axes, or a box."""
    at = np.indices(wrong.shape)
    low = [int(at[axis][wrong].min()) for axis in range(wrong.ndim)]
    high = [int(at[axis][wrong].max()) for axis in range(wrong.ndim)]
    mask = np.all([(at[a] >= low[a]) & (at[a] <= high[a]) for a in range(wrong.ndim)], axis=0)
    spans = [str(i) if i == j else f"{i}:{j + 1}" for i, j in zip(low, high, strict=True)]
    yield f"in the block [{', '.join(spans)}]", mask


def _there(suspect: Suspect, wrong: Array) -> str:
    """What the wrong entries have in common."""
    a, n = suspect.view.a[wrong], suspect.view.n[wrong]
    if np.all(a == 0):
        return "; what backward gives there is exactly 0"
    if np.any(n == 0):
        return ""
    ratio = a / n
    k = float(np.median(ratio))
    if not np.all(np.abs(ratio - k) <= 1e-6 * abs(k)):
        return ""
    return f"; there it is {number(k)} times the numeric gradient"
