"""Where the wrong entries lie, in words: one entry, a slice, an edge, a stride, a condition on the point."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.chance import speaks
from gradcheck.diagnose.suspect import Suspect
from gradcheck.diagnose.words import axes, indices, number, slice_name

_FEW = 8
_CONDITIONS = 6
_RATIOS = 3  # wrong entries whose common ratio says something
_SAME = 1e-6


@dataclass(frozen=True, eq=False)
class Place:
    """A description of a set of entries.

    border: an edge, a margin or a stride · whole: whole slices of one axis · choices: descriptions of its kind.
    """

    words: str
    mask: Array
    border: bool = False
    whole: bool = False
    choices: float = 8.0


def located(suspect: Suspect, known_right: Array | None = None) -> tuple[str, str] | None:
    """(cause, sentence) where a part of the leaf is right and the wrong entries have a place; else None.

    known_right: entries known to be right though they were not measured.
    """
    wrong, right = suspect.wrong, suspect.right if known_right is None else known_right
    if not np.any(wrong) or not np.any(right):
        return None
    place = simplest(suspect, wrong, right)
    if place is None:
        return None
    count = int(np.sum(wrong))
    zero = place.whole and bool(np.all(suspect.view.a[wrong] == 0))
    cause = "zero-gradient" if zero else "border-wrong" if place.border else "located"
    if not speaks(count, count + int(np.sum(right)), place.choices):
        cause = "located"
    if cause == "located" and known_right is None:
        cause = by_ratio(suspect, wrong) or cause
    share = f"{count} of {wrong.size} {'entry' if wrong.size == 1 else 'entries'}"
    return cause, f"{suspect.symbol} is wrong {place.words} ({share}) and right elsewhere{there(suspect, wrong)}."


def scattered(suspect: Suspect) -> tuple[str, str] | None:
    """(cause, sentence) where the wrong entries have no place but one ratio, and the others are right; else None."""
    wrong, right = suspect.wrong, suspect.right
    cause = by_ratio(suspect, wrong) if np.sum(right) >= _RATIOS else None
    if cause is None:
        return None
    return cause, (
        f"{suspect.symbol} is wrong at {int(np.sum(wrong))} of {wrong.size} entries, {indices(wrong)}, and right "
        f"elsewhere{there(suspect, wrong)}. Look for a branch or a mask of forward that these entries take."
    )


def condition(suspect: Suspect) -> str | None:
    """`where x < 0`, where such a condition on the point tells the wrong entries from the right ones."""
    wrong, right = suspect.wrong, suspect.right
    if np.sum(wrong) < 2 or not speaks(int(np.sum(wrong)), int(np.sum(wrong | right)), _CONDITIONS):
        return None
    fitting = (p for p in _conditions(suspect) if _covers(p, wrong, right))
    return next((place.words for place in fitting), None)


def simplest(suspect: Suspect, wrong: Array, right: Array) -> Place | None:
    """The first description that covers the wrong entries and no right one."""
    if np.sum(wrong) == 1:
        return Place(f"at entry {indices(wrong)}", wrong)
    place = next((place for place in _places(suspect, wrong) if _covers(place, wrong, right)), None)
    if place is None and np.sum(wrong) <= min(_FEW, wrong.size / 4):
        return Place(f"at {indices(wrong)}", wrong)
    return place


def _covers(place: Place, wrong: Array, right: Array) -> bool:
    return not np.any(wrong & ~place.mask) and not np.any(right & place.mask)


def _places(suspect: Suspect, wrong: Array) -> Iterator[Place]:
    """Descriptions from the simplest on."""
    yield from _slices(wrong, suspect.spatial)
    yield from _borders(wrong.shape)
    yield from _beside_edges(wrong.shape)
    if np.sum(wrong) >= 3:
        yield from _conditions(suspect)
    yield from _ranges(wrong)
    yield from _strides(wrong, suspect.spatial)
    yield from _triangles(wrong.shape)
    yield from _many_slices(wrong)
    yield from _boxes(wrong)


def _slices(wrong: Array, spatial: Index) -> Iterator[Place]:
    if wrong.ndim < 2:
        return
    for axis, length in enumerate(wrong.shape):
        i = int(np.argwhere(wrong)[0][axis])
        at = np.indices(wrong.shape)[axis]
        edge = axis in spatial and length > 2 and i in (0, length - 1)
        yield Place(f"at every entry of {slice_name(axis, i, wrong.ndim)}", at == i, border=edge, whole=not edge)


def _borders(shape: Index) -> Iterator[Place]:
    at = np.indices(shape)
    for width in (1, 2):
        long = [axis for axis, length in enumerate(shape) if length >= 2 * width + 2]
        edges = {axis: (at[axis] < width) | (at[axis] >= shape[axis] - width) for axis in long}
        last = {axis: at[axis] >= shape[axis] - width for axis in long}
        wide = "" if width == 1 else f" of width {width}"
        for axis in long:
            yield Place(f"at both edges{wide} of axis {axis}", edges[axis], border=True)
        for a, b in pairwise(long):
            yield Place(f"at the border{wide} of {axes((a, b))}", edges[a] | edges[b], border=True)
            yield Place(f"at the far edges{wide} of {axes((a, b))}", last[a] | last[b], border=True)


def _beside_edges(shape: Index) -> Iterator[Place]:
    """The entries next to the edges, which a padding by reflection repeats; the edges themselves are right."""
    at = np.indices(shape)
    for width in (1, 2, 3):
        long = [axis for axis, length in enumerate(shape) if length > 2 * width + 2]
        far = {axis: np.minimum(at[axis], shape[axis] - 1 - at[axis]) for axis in long}
        beside = {axis: (far[axis] >= 1) & (far[axis] <= width) for axis in long}
        words = "in the one place" if width == 1 else f"in the {width} places"
        for axis in long:
            yield Place(f"{words} beside either edge of axis {axis}", beside[axis], border=True)
        for a, b in pairwise(long):
            yield Place(f"{words} beside the edges of {axes((a, b))}", beside[a] | beside[b], border=True)


def _conditions(suspect: Suspect) -> Iterator[Place]:
    values = suspect.point
    if values.shape != suspect.shape:
        return
    name = "x" if suspect.name == "input" else suspect.name
    yield Place(f"where {name} < 0", values < 0)
    yield Place(f"where {name} > 0", values > 0)
    yield Place(f"where {name} is 0", values == 0)
    yield Place(f"where {name} > 1", values > 1)
    yield Place(f"where |{name}| > 1", np.abs(values) > 1)
    yield Place(f"where |{name}| < 1", np.abs(values) < 1)


def _ranges(wrong: Array) -> Iterator[Place]:
    """From an index on, or up to one: leftovers of a window, the end of a sequence."""
    at = np.indices(wrong.shape)
    for axis, length in enumerate(wrong.shape):
        low, high = int(at[axis][wrong].min()), int(at[axis][wrong].max())
        if low > 0 and high == length - 1:
            yield Place(f"from index {low} of axis {axis} on", at[axis] >= low, whole=True)
        if low == 0 and high < length - 1:
            yield Place(f"up to index {high} of axis {axis}", at[axis] <= high, whole=True)


def _strides(wrong: Array, spatial: Index) -> Iterator[Place]:
    """Every so many entries of an axis, where there are at least three of them."""
    at = np.indices(wrong.shape)
    for axis, length in enumerate(wrong.shape):
        for step in (2, 3, 4):
            for rest in (rest for rest in range(step) if len(range(rest, length, step)) >= 3):
                words = f"at the indices of axis {axis} that leave {rest} modulo {step}"
                yield Place(words, at[axis] % step == rest, border=axis in spatial)


def _triangles(shape: Index) -> Iterator[Place]:
    if len(shape) < 2 or shape[-1] < 2 or shape[-2] < 2:
        return
    row, column = np.indices(shape)[-2:]
    yield Place("on the diagonal of the last two axes", row == column)
    yield Place("off the diagonal of the last two axes", row != column)
    yield Place("above the diagonal of the last two axes", column > row)
    yield Place("below the diagonal of the last two axes", column < row)
    yield Place("on and above the diagonal of the last two axes", column >= row)
    yield Place("on and below the diagonal of the last two axes", column <= row)


def _many_slices(wrong: Array) -> Iterator[Place]:
    """Several whole slices of one axis."""
    if wrong.ndim < 2:
        return
    at = np.indices(wrong.shape)
    for axis in range(wrong.ndim):
        hit = sorted({int(i) for i in at[axis][wrong]})
        if 1 < len(hit) < wrong.shape[axis] and len(hit) <= _FEW:
            words = f"at the indices {', '.join(map(str, hit))} of axis {axis}"
            choices = wrong.ndim * math.comb(wrong.shape[axis], len(hit))
            yield Place(words, np.isin(at[axis], hit), whole=True, choices=choices)


def _boxes(wrong: Array) -> Iterator[Place]:
    """One index on each of two axes, or a box."""
    at = np.indices(wrong.shape)
    low = [int(at[axis][wrong].min()) for axis in range(wrong.ndim)]
    high = [int(at[axis][wrong].max()) for axis in range(wrong.ndim)]
    mask = np.all([(at[a] >= low[a]) & (at[a] <= high[a]) for a in range(wrong.ndim)], axis=0)
    spans = [str(i) if i == j else f"{i}:{j + 1}" for i, j in zip(low, high, strict=True)]
    yield Place(f"in the block [{', '.join(spans)}]", mask)


def there(suspect: Suspect, wrong: Array) -> str:
    """What the wrong entries have in common."""
    k = ratio(suspect, wrong)
    if k is None:
        return ""
    return (
        "; what backward gives there is exactly 0"
        if k == 0
        else f"; there it is {number(k)} times the numeric gradient"
    )


def ratio(suspect: Suspect, wrong: Array) -> float | None:
    """The one a / n of all the wrong entries; None where there is none, or one entry alone that is not 0."""
    a, n = suspect.view.a[wrong], suspect.view.n[wrong]
    if np.all(a == 0):
        return 0.0
    if a.size < 2 or np.any(n == 0):
        return None
    found = a / n
    k = float(np.median(found))
    return k if np.all(np.abs(found - k) <= _SAME * abs(k)) else None


def by_ratio(suspect: Suspect, wrong: Array) -> str | None:
    """The cause that one ratio at all wrong entries tells, where there are enough of them and n differs among them."""
    n = suspect.view.n[wrong]
    k = ratio(suspect, wrong) if n.size >= _RATIOS and np.ptp(n) > _SAME * np.max(np.abs(n)) else None
    if k is None:
        return None
    return "zero-gradient" if k == 0 else "sign-flipped" if abs(k + 1) <= _SAME else "constant-factor"
