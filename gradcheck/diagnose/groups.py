"""Backward gives k n with a k of its own for every group of entries: a row, a channel, a sample of an image.

With one sample dE/dW = x dY is a matrix of rank one, and whatever is wrong with x is "a factor a row". So n must not
have rank one, as it stands and group by group.
"""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.forms import subsets
from gradcheck.diagnose.hypothesis import Prediction, times
from gradcheck.diagnose.scaling import point_hides_shape
from gradcheck.diagnose.suspect import Suspect, View
from gradcheck.diagnose.words import axes, number

_LEAST = 3  # telling entries a group
_RANK = 1e-6  # a second singular value below this share of the first is none
_NEARLY = 3e-3  # factors all this near 1 are another formula's: an approximation
_SAME = 1e-6
_SHOWN = 4
_EPSILONS = (0.0, 1e-12, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
_POWERS = {0.5: "the {s} of x", -0.5: "1 / the {s} of x", 1.0: "the {v} of x", -1.0: "1 / the {v} of x"}


def grouped_factor(suspect: Suspect) -> Iterator[Prediction]:
    """One k for all entries that share their indices along some axes, and another for others."""
    shape = suspect.shape
    if len(shape) < 2 or point_hides_shape(suspect) or not np.any(suspect.wrong):
        return
    for kept in subsets(len(shape)):
        if len(kept) == len(shape) or any(shape[axis] == 1 for axis in kept):
            continue
        factors = _factors(suspect.view, kept)
        if factors is not None and _differ(factors) and _nearly(suspect.view, factors):
            yield _prediction(suspect, kept, factors)


def _factors(view: View, kept: Index) -> Array | None:
    """The k of each group, in a shape that broadcasts; None where a group says too little or n has rank one."""
    rest = tuple(axis for axis in range(view.n.ndim) if axis not in kept)
    told = view.telling
    count = np.sum(told, axis=rest)
    n, a = (np.where(told, values, 0.0) for values in (view.n, view.a))
    groups = int(np.sum(count > 0))
    if np.any(count == 1) or np.sum(count) < _LEAST * groups or groups < 2 or _rank_one(n, rest):
        return None
    square = np.sum(n * n, axis=rest, keepdims=True)
    with np.errstate(all="ignore"):
        return np.where(square > 0, np.sum(a * n, axis=rest, keepdims=True) / square, 1.0)


def _rank_one(n: Array, rest: Index) -> bool:
    groups = np.moveaxis(n, rest, range(-len(rest), 0)).reshape(-1, int(np.prod([n.shape[axis] for axis in rest])))
    sizes = np.linalg.svd(groups, compute_uv=False)
    return len(sizes) < 2 or bool(sizes[1] <= _RANK * sizes[0])


def _nearly(view: View, factors: Array) -> bool:
    """Does it explain nearly everything? With so many numbers it is no partial match worth printing."""
    gap = np.where(view.known, view.a - factors * view.n, 0.0)
    return bool(np.linalg.norm(gap) <= _NEARLY * np.linalg.norm(np.where(view.known, view.a, 0.0)))


def _differ(factors: Array) -> bool:
    """More than one number, not 0 anywhere, and not all of them nearly 1."""
    spread, off = np.ptp(factors), np.max(np.abs(factors - 1))
    return bool(spread > _SAME * np.max(np.abs(factors)) and off > _NEARLY and np.all(np.abs(factors) > _SAME))


def _prediction(suspect: Suspect, kept: Index, factors: Array) -> Prediction:
    found = [number(float(k)) for k in factors.ravel()[:_SHOWN]]
    more = ", ..." if factors.size > _SHOWN else ""
    named = _statistic(suspect, kept, factors)
    what = (
        f"That number is {named}: look where backward leaves it out, or has it once too often."
        if named
        else "Look for what forward has one of for each of them (a standard deviation, a norm, a count): backward "
        "leaves it out, or has it once too often."
    )
    sentence = (
        f"{suspect.symbol} is the numeric gradient times one number for each index of {axes(kept)} "
        f"({', '.join(found)}{more}). {what}"
    )
    return Prediction("constant-factor", 5, f"one factor for each index of {axes(kept)}", sentence, times(factors))


def _statistic(suspect: Suspect, kept: Index, factors: Array) -> str | None:
    """`the standard deviation of x over axis 1`, where the factors are one number of the input for each group."""
    x = suspect.evidence.point.get("input")
    if x is None or x.shape != suspect.shape:
        return None
    rest = tuple(axis for axis in range(x.ndim) if axis not in kept)
    variance, square = np.var(x, axis=rest, keepdims=True), np.mean(x * x, axis=rest, keepdims=True)
    length = float(np.prod([x.shape[axis] for axis in rest]))
    for values, deviation, word in (
        (variance, "standard deviation", "variance"),
        (square, "root mean square", "mean square"),
        (length * square, "length", "squared length"),
    ):
        for power, form in _POWERS.items():
            if _follows(factors, values, power):
                return f"{form.format(s=deviation, v=word)} over {axes(rest)}"
    return None


def _follows(factors: Array, values: Array, power: float) -> bool:
    tries = ((values + epsilon) ** power for epsilon in _EPSILONS if np.all(values + epsilon > 0))
    return any(np.all(np.abs(factors - t) <= _SAME * np.abs(factors)) for t in tries)
