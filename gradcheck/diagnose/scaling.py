"""a is a multiple of n: one factor, the wrong sign, one factor a slice."""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import Prediction
from gradcheck.diagnose.suspect import Suspect, View
from gradcheck.diagnose.words import entries, listed, number, slice_name

_SAME = 1e-6  # a factor this near 1, 0 or -1 is that number


def sign_flipped(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives -n."""
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
    count = int(np.sum(suspect.view.known))
    sentence = (
        f"{suspect.symbol} is {number(k)} times the numeric gradient at {entries(count)} "
        f"(spread {_spread(suspect.view, k):.0e})."
    )
    yield Prediction("constant-factor", 2, f"a factor {number(k)}", sentence, lambda n: k * n, factor=k)


def sliced_factor(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives k_i n on every slice i of one axis; right slices have k_i = 1."""
    view = suspect.view
    if view.n.ndim < 2:
        return
    for axis, length in enumerate(view.n.shape):
        if length > 1:
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
    if not wrong or (len(wrong) == len(factors) and np.ptp(factors) <= _SAME):
        return
    shape = [1] * suspect.view.n.ndim
    shape[axis] = -1
    k = np.array(factors).reshape(shape)
    values = {round(factors[i], 9) for i in wrong}
    one = factors[wrong[0]] if len(values) == 1 else None
    cause = {-1.0: "sign-flipped", 0.0: "zero-gradient"}.get(one if one is None else round(one, 6), "constant-factor")
    sentence = _sentence(suspect, axis, wrong, factors)
    yield Prediction(cause, 4, f"one factor a slice of axis {axis}", sentence, lambda n: k * n, factor=one)


def _factors(view: View, axis: int) -> list[float] | None:
    """One k a slice; None where a slice that is wrong has fewer than two telling entries."""
    found = []
    for i in range(view.n.shape[axis]):
        part = View(*(_slice(array, axis, i) for array in (view.n, view.a, view.n, view.slack)))
        k, told = fitted(part), int(np.sum(part.telling))
        if told == 0:
            k = 1.0
        elif told < 2 and abs(k - 1) > _SAME:
            return None
        found.append(next((c for c in (1.0, 0.0, -1.0) if abs(k - c) <= _SAME), k))
    return found if np.all(np.isfinite(found)) else None


def _slice(array: Array, axis: int, index: int) -> Array:
    return np.take(array, index, axis=axis)


def _sentence(suspect: Suspect, axis: int, wrong: list[int], factors: list[float]) -> str:
    named = [f"{number(factors[i])} times at {slice_name(axis, i, suspect.view.n.ndim)}" for i in wrong[:8]]
    rest = "; the rest is right" if len(wrong) < len(factors) else ""
    more = f" (and so on, {len(wrong)} in all)" if len(wrong) > len(named) else ""
    return f"{suspect.symbol} is a multiple of the numeric gradient: {listed(named)}{more}{rest}."
