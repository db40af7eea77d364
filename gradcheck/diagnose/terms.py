"""a - n is one simple term: a regulariser, a mean that was forgotten, a constant a row."""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import Prediction, Term, held, only, same
from gradcheck.diagnose.rows import Rows, row_sets
from gradcheck.diagnose.slopes import truth
from gradcheck.diagnose.suspect import Suspect, View
from gradcheck.diagnose.words import number

_LEAST, _LEAST_IN_MODE = 5, 3  # numbers of a row, of which two are fitted; in eval mode n is known to be no such sum


def regulariser(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n + c W: weight decay in the gradient that the value does not contain."""
    if suspect.name == "input" or suspect.entries < 3:
        return
    name, values = suspect.name, suspect.point
    for label, column in ((name, values), (f"sign({name})", np.sign(values))):
        c = coefficient(suspect.view, column)
        if not np.isfinite(c) or c == 0 or np.ptp(column) == 0:
            continue
        sentence = (
            f"{suspect.symbol} is the numeric gradient plus {number(c)} * {label}: backward holds the term of a "
            f"regulariser that forward's value does not."
        )
        yield Prediction("missing-term", 3, f"plus {number(c)} * {label}", sentence, same, held(c * column))


def row_term(suspect: Suspect) -> Iterator[Prediction]:
    """The entries of a row are coupled (softmax, normalisation) and backward lacks the term that says so."""
    y = suspect.evidence.output
    if suspect.shape != y.shape or suspect.entries < 3:
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
                name = f"without {label} over axis {axis}"
                yield Prediction("missing-term", 2.5, name, sentence, same, signed_term(term, sign))


def skip_term(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n without dY itself: what a skip connection hands on."""
    if suspect.name != "input" or suspect.shape != suspect.evidence.output.shape or suspect.entries < 3:
        return
    if suspect.evidence.elementwise and truth(suspect) is not None:
        return  # f' is known, and another function stands in its place
    skip = "a skip connection, Y = X + f(X), hands dE/dY on as it is"
    for sign, words in ((-1.0, "lacks the term dY"), (1.0, "holds dY once too often")):
        sentence = f"{suspect.symbol} {words}: {skip}."
        yield Prediction(
            "missing-term", 3, f"{'without' if sign < 0 else 'plus'} dY", sentence, same, signed_term(_dy, sign)
        )


def constant_per_row(suspect: Suspect) -> Iterator[Prediction]:
    """Along some axes a - n is one number: a mean that was not subtracted, or subtracted twice."""
    view = suspect.view
    if suspect.entries < 6:
        return
    for rows in row_sets(suspect.shape):
        if rows.length < 3 or not _varies(view, rows, [np.ones(suspect.shape)]):
            continue
        gap = rows.spread(view.a - view.n)
        label = f"the same number along {rows.words}"
        sentence = (
            f"{suspect.symbol} differs from the numeric gradient by {label}: a mean or a sum over {rows.words} is "
            f"missing in backward, or is there once too often."
        )
        yield Prediction("missing-term", 5 - rows.share, f"plus {label}", sentence, same, only(view, gap))


def row_multiple(suspect: Suspect) -> Iterator[Prediction]:
    """Along an axis a - n is a multiple of y: the sum over the row is left out, or taken in another way."""
    view, y = suspect.view, suspect.evidence.output
    if suspect.name != "input" or suspect.shape != y.shape or suspect.evidence.elementwise or not np.all(view.known):
        return
    for rows in row_sets(suspect.shape, single=True):
        if rows.length < 4 or not _varies(view, rows, [y]):
            continue
        gap = view.a - view.n
        fitted = gap - _left(gap, rows, [y])
        sentence = (
            f"{suspect.symbol} differs from the numeric gradient, along {rows.words}, by a multiple of forward's "
            f"output: the term y * sum(dY * y) over each row is left out, averaged, or summed over other entries than "
            f"the row's."
        )
        yield Prediction(
            "missing-term", 5, f"plus a multiple of y along {rows.words}", sentence, same, only(view, fitted)
        )


def normalisation_terms(suspect: Suspect) -> Iterator[Prediction]:
    """Along some axes a - n is a constant and a multiple of x: the mean's and the variance's share left out."""
    view, y = suspect.view, suspect.evidence.output
    if suspect.name != "input" or suspect.shape != y.shape or not np.all(view.known):
        return
    columns = [np.ones(suspect.shape), suspect.point]
    for rows in row_sets(suspect.shape):
        mode = suspect.evidence.mode if rows.first and _scales_dy(suspect) else None
        least = _LEAST if mode is None else _LEAST_IN_MODE
        if rows.length < least or (suspect.evidence.elementwise and mode != "eval") or not _varies(view, rows, columns):
            continue
        fitted = (view.a - view.n) - _left(view.a - view.n, rows, columns)
        sentence = (
            f"{suspect.symbol} differs from the numeric gradient, along {rows.words}, by a constant and a multiple of "
            f"the input: the mean and the variance over {rows.words} hang on every entry of it, and what comes through "
            f"them is left out in backward, or has another sign or factor."
        )
        name = f"without the terms of the mean and the variance over {rows.words}"
        if mode is not None:
            yield Prediction(
                "mode-mixup",
                6 - rows.share,
                "the other mode's formula",
                _mixed_up(suspect, mode),
                same,
                only(view, fitted),
            )
        else:
            yield Prediction("missing-term", 6 - rows.share, name, sentence, same, only(view, fitted))


def _scales_dy(suspect: Suspect) -> bool:
    """Is a, in training, or n, in eval mode, dY times one number along axis 0?"""
    values = suspect.view.n if suspect.evidence.mode == "eval" else suspect.view.a
    factor = values / suspect.view.cotangent
    return bool(np.all(np.ptp(factor, axis=0) <= 1e-6 * np.max(np.abs(factor), axis=0)))


def _mixed_up(suspect: Suspect, mode: str) -> str:
    """The sentence of mode-mixup for a normalisation in this mode."""
    if mode == "eval":
        return (
            f"In eval mode {suspect.symbol} holds the training formula: forward takes running statistics, which do "
            f"not hang on the input, so that dE/dX is dY * gamma / std alone. Let backward look at the mode too."
        )
    return (
        f"In training mode {suspect.symbol} is that of eval mode: the mean and the variance of the batch are taken as "
        f"constants, but here they hang on every row of the input. Let backward look at the mode too."
    )


def _row_terms(y: Array, axis: int) -> Iterator[tuple[str, Term]]:
    yield "y * sum(dY * y)", lambda v: np.asarray(y * np.sum(v.cotangent * y, axis=axis, keepdims=True))
    yield "exp(y) * sum(dY)", lambda v: np.asarray(np.exp(y) * np.sum(v.cotangent, axis=axis, keepdims=True))
    yield "mean(dY)", lambda v: np.asarray(np.mean(v.cotangent, axis=axis, keepdims=True) + 0 * y)
    yield "y * mean(dY * y)", lambda v: np.asarray(y * np.mean(v.cotangent * y, axis=axis, keepdims=True))


def _varies(view: View, rows: Rows, columns: list[Array]) -> bool:
    """Is n itself no combination of the columns along the rows? Else any a that is one too would seem to fit."""
    with np.errstate(invalid="ignore"):
        left = np.abs(_left(np.nan_to_num(view.n), rows, columns)) > 100 * view.slack
    return bool(np.all(np.any(rows.blocks(left), axis=1)))


def _left(values: Array, rows: Rows, columns: list[Array]) -> Array:
    """What of the values the columns do not explain, row by row."""
    bases = [rows.blocks(column) for column in columns]

    def rest(flat: Array) -> Array:
        found = np.empty_like(flat)
        for row in range(len(flat)):
            basis = np.stack([base[row] for base in bases], axis=-1)
            found[row] = flat[row] - basis @ np.linalg.lstsq(basis, flat[row], rcond=None)[0]
        return found

    return rows.apply(values, rest)


def coefficient(view: View, column: Array) -> float:
    """The c of a - n = c * column by least squares, in units of the noise."""
    use = view.known & (column != 0)
    if not np.any(use):
        return float("nan")
    with np.errstate(all="ignore"):
        gap, unit = ((view.a - view.n) / view.slack)[use], (column / view.slack)[use]
        return float(gap @ unit / (unit @ unit))


def _dy(view: View) -> Array:
    return view.cotangent


def signed_term(term: Term, sign: float) -> Term:
    """The term, so many times."""
    return lambda view: sign * term(view)
