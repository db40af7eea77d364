"""a - n is a multiple of what belongs to another leaf: its gradient (a difference of two leaves), or its values."""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import Prediction, only, same
from gradcheck.diagnose.scaling import point_hides_shape
from gradcheck.diagnose.suspect import Suspect, gradient_name
from gradcheck.diagnose.terms import coefficient
from gradcheck.diagnose.words import number

_LEAST = 6  # entries: one number is fitted
_NOISE = 1e-6


def others_gradient(suspect: Suspect) -> Iterator[Prediction]:
    """Backward lacks (or holds too often) what it gives to another leaf: f(x - z) owes x what it owes z."""
    if suspect.entries < _LEAST or point_hides_shape(suspect):
        return
    for name, comparison in suspect.evidence.comparisons.items():
        n = np.asarray(comparison.numeric, dtype=np.float64)
        c = _multiple(suspect, name, n)
        if c is None or abs(abs(c) - 1) > _NOISE:
            continue
        other = gradient_name(name)
        sentence = (
            f"{suspect.symbol} lacks the term {'-' if c > 0 else ''}{other}: forward joins the two (a difference, a "
            f"distance, a sum), so that what comes back to the one comes back to the other as well."
        )
        label = f"n {'plus' if c > 0 else 'minus'} {other}"
        yield Prediction("missing-term", 3, label, sentence, same, only(suspect.view, c * n))


def others_values(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n plus c times the values of another leaf of the same shape."""
    if suspect.entries < _LEAST or point_hides_shape(suspect):
        return
    for name, given in suspect.evidence.point.items():
        values = np.asarray(given, dtype=np.float64)
        c = _multiple(suspect, name, values)
        if c is None:
            continue
        what = "the input" if name == "input" else name
        sentence = (
            f"{suspect.symbol} is the numeric gradient plus {number(c)} * {what}: a product of the two stands in "
            f"forward, and its share is left out in backward, or is there once too often."
        )
        yield Prediction("missing-term", 3.5, f"plus {number(c)} * {what}", sentence, same,
                         only(suspect.view, c * values))  # fmt: skip


def _multiple(suspect: Suspect, name: str, values: Array) -> float | None:
    """The c of a - n = c * values by least squares; None where that cannot be."""
    view = suspect.view
    if name == suspect.name or values.shape != suspect.shape or not np.all(np.isfinite(values)) or np.ptp(values) == 0:
        return None
    c = coefficient(view, values)
    return c if np.isfinite(c) and c != 0 else None
