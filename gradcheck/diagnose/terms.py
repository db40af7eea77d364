"""a - n is one simple term: a regulariser, a mean that was forgotten, a constant a row."""

from collections.abc import Callable, Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import Prediction
from gradcheck.diagnose.suspect import Suspect, View
from gradcheck.diagnose.words import number

Term = Callable[[View], Array]


def regulariser(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n + c W: weight decay in the gradient that the value does not contain."""
    if suspect.name == "input" or suspect.telling < 3:
        return
    values = np.asarray(suspect.evidence.point[suspect.name], dtype=np.float64)
    view = suspect.view
    for label, column in ((suspect.name, values), (f"sign({suspect.name})", np.sign(values))):
        c = _coefficient(view, column)
        if not np.isfinite(c) or c == 0:
            continue
        sentence = (
            f"{suspect.symbol} is the numeric gradient plus {number(c)} * {label}: backward holds the term of a "
            f"regulariser that forward's value does not."
        )
        offset = _held(c * column)
        yield Prediction("missing-term", 3, f"plus {number(c)} * {label}", sentence, lambda n: n, offset)


def row_term(suspect: Suspect) -> Iterator[Prediction]:
    """The entries of a row are coupled (softmax, normalisation) and backward lacks the term that says so."""
    y = suspect.evidence.output
    if suspect.view.n.shape != y.shape or suspect.telling < 3:
        return
    for axis in range(y.ndim):
        if y.shape[axis] < 2:
            continue
        for label, term in _row_terms(y, axis):
            for sign, word in ((1.0, "lacks the term -"), (-1.0, "has the term +")):
                sentence = (
                    f"{suspect.symbol} {word}{label} (over axis {axis}): every entry of forward's output hangs on its "
                    f"whole row, and backward must sum over it."
                )
                offset = _signed(term, sign)
                yield Prediction("missing-term", 3, f"without {label} over axis {axis}", sentence, lambda n: n, offset)


def constant_per_row(suspect: Suspect) -> Iterator[Prediction]:
    """Along an axis a - n is one number: a mean that was not subtracted, or subtracted twice."""
    view = suspect.view
    for axis, length in enumerate(view.n.shape):
        if length < 3 or suspect.telling < 6:
            continue
        gap = np.mean(view.a - view.n, axis=axis, keepdims=True)
        label = f"the same number along axis {axis}"
        sentence = (
            f"{suspect.symbol} differs from the numeric gradient by {label}: a mean or a sum over axis {axis} is "
            f"missing in backward, or is there once too often."
        )
        offset = _only(view, np.broadcast_to(gap, view.n.shape))
        yield Prediction("missing-term", 5, f"plus {label}", sentence, lambda n: n, offset)


def _row_terms(y: Array, axis: int) -> Iterator[tuple[str, Term]]:
    yield "y * sum(dY * y)", lambda v: y * np.sum(v.cotangent * y, axis=axis, keepdims=True)
    yield "exp(y) * sum(dY)", lambda v: np.exp(y) * np.sum(v.cotangent, axis=axis, keepdims=True)
    yield "mean(dY)", lambda v: np.mean(v.cotangent, axis=axis, keepdims=True) + 0 * y
    yield "y * mean(dY * y)", lambda v: y * np.mean(v.cotangent * y, axis=axis, keepdims=True)


def _coefficient(view: View, column: Array) -> float:
    """The c of a - n = c * column by least squares, in units of the noise."""
    use = view.known & (column != 0)
    if not np.any(use):
        return float("nan")
    with np.errstate(all="ignore"):
        gap, unit = ((view.a - view.n) / view.slack)[use], (column / view.slack)[use]
        return float(gap @ unit / (unit @ unit))


def _held(values: Array) -> Term:
    return lambda _: values


def _signed(term: Term, sign: float) -> Term:
    return lambda view: sign * term(view)


def _only(main: View, values: Array) -> Term:
    return lambda view: values if view is main else view.a - view.n
