"""Backward gives a multiple of n: one factor, the wrong sign, some slices times one factor."""

import math
from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.chance import speaks
from gradcheck.diagnose.forms import bias_form
from gradcheck.diagnose.hypothesis import Prediction, times
from gradcheck.diagnose.suspect import Suspect, View
from gradcheck.diagnose.words import entries, listed, number, slice_name

_SAME = 1e-6  # a factor this near 1, 0 or -1 is that number
_PLAIN = 16  # a factor of some slices alone is one with a denominator up to this


def sign_flipped(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives -n."""
    if point_hides_shape(suspect):
        return
    count = int(np.sum(suspect.view.known))
    sentence = (
        f"{suspect.symbol} has the wrong sign: it is -1 times the numeric gradient at {entries(count)}. "
        f"Look for a missing or doubled minus in backward."
    )
    yield Prediction("sign-flipped", 0, "the sign flipped", sentence, np.negative, factor=-1.0)


def constant_factor(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives k n, k = <a, n> / <n, n> in units of the noise. One comparison alone proves no factor."""
    k = fitted(suspect.view)
    if suspect.telling < 2 or not np.isfinite(k) or min(abs(k), abs(k - 1), abs(k + 1)) <= _SAME * 1e-3:
        return
    if point_hides_shape(suspect):
        return
    count = int(np.sum(suspect.view.known))
    sentence = (
        f"{suspect.symbol} is {number(k)} times the numeric gradient at {entries(count)} "
        f"(spread {_spread(suspect.view, k):.0e})."
    )
    form = bias_form(suspect)
    yield Prediction(
        "constant-factor", 2, f"a factor {number(k)}", sentence, times(k), factor=k,
        form=None if form is None else form.formula, counts=None if form is None else form.counts,
    )  # fmt: skip


def sliced_factor(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives k n on some slices of one axis and n on the others.

    A different factor on every slice explains nothing: with one sample dE/dW = x dY, and whatever
    is wrong with x is such a factor. So is an odd one.
    """
    for axis, length in enumerate(suspect.shape):
        if len(suspect.shape) > 1 and length > 1:
            yield from _along(suspect, axis)


def fitted(view: View) -> float:
    """The k of a = k n by least squares, each entry in units of its noise; NaN where nothing tells."""
    told = view.telling
    n = view.n[told] / view.slack[told]
    a = view.a[told] / view.slack[told]
    unit = float(np.max(np.abs(n), initial=0.0))
    if unit == 0.0:
        return float("nan")
    return float((a / unit) @ (n / unit) / ((n / unit) @ (n / unit)))


def point_hides_shape(suspect: Suspect) -> bool:
    """Are all entries of the input equal, so that a wrong f'(x) looks like a factor?"""
    if suspect.name != "input" or suspect.evidence.output.shape != suspect.shape or suspect.point.size < 2:
        return False
    return bool(np.ptp(suspect.point) == 0)


def _spread(view: View, k: float) -> float:
    """The largest relative deviation of a / n from k, over the entries well above the noise."""
    clear = view.telling & (np.abs(view.n) > 1e6 * view.slack)
    if not np.any(clear):
        clear = view.telling & (view.n != 0)
    if not np.any(clear):
        return 0.0
    return max(1e-16, float(np.max(np.abs(view.a[clear] / view.n[clear] / k - 1))))


def _along(suspect: Suspect, axis: int) -> Iterator[Prediction]:
    factors = _factors(suspect.view, axis)
    if factors is None:
        return
    wrong = [i for i, k in enumerate(factors) if abs(k - 1) > _SAME]
    if not wrong or len(wrong) == len(factors) or np.ptp([factors[i] for i in wrong]) > _SAME:
        return
    entries = int(np.sum(np.take(suspect.view.telling, wrong, axis=axis)))
    choices = suspect.view.n.ndim * math.comb(len(factors), len(wrong))
    if not speaks(entries, suspect.entries, choices):
        return
    one = factors[wrong[0]]
    if not _is_plain(one) or (axis in suspect.spatial and set(wrong) <= {0, len(factors) - 1}):
        return  # the edge of an image is a place, and says more
    shape = [1] * len(suspect.shape)
    shape[axis] = -1
    cause = {-1.0: "sign-flipped", 0.0: "zero-gradient"}.get(one, "constant-factor")
    places = [slice_name(axis, i, len(suspect.shape)) for i in wrong[:8]]
    more = f" (and so on, {len(wrong)} in all)" if len(wrong) > len(places) else ""
    what = "exactly 0" if one == 0 else f"{number(one)} times the numeric gradient"
    sentence = f"{suspect.symbol} is {what} at {listed(places)}{more}; the rest is right."
    label = f"one factor at some slices of axis {axis}"
    yield Prediction(cause, 3, label, sentence, times(np.array(factors).reshape(shape)))


def _is_plain(k: float) -> bool:
    """A quotient of small whole numbers: 0, -1, 2, 1/3."""
    return any(abs(k * q - round(k * q)) <= _SAME for q in range(1, _PLAIN + 1)) and abs(k) <= _PLAIN


def _factors(view: View, axis: int) -> list[float] | None:
    """One k a slice; None where a slice that is wrong has fewer than two telling entries."""
    found = []
    for i in range(view.n.shape[axis]):
        a, n, slack = (_slice(array, axis, i) for array in (view.a, view.n, view.slack))
        part = View(n, a, n, slack)
        k, told = fitted(part), int(np.sum(part.telling))
        if told == 0:
            k = 1.0
        elif told < 2 and abs(k - 1) > _SAME:
            return None
        found.append(next((c for c in (1.0, 0.0, -1.0) if abs(k - c) <= _SAME), k))
    return found if np.all(np.isfinite(found)) else None


def _slice(array: Array, axis: int, index: int) -> Array:
    return np.asarray(np.take(array, index, axis=axis))
