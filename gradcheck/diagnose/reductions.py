"""Sums and means over the wrong axes, and gradients whose shape is not their leaf's."""

from collections.abc import Callable, Iterator

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.forms import Form, bias_form, in_shape, scaled, subsets, sum_name
from gradcheck.diagnose.hypothesis import FEW, Move, Prediction, Term, nothing
from gradcheck.diagnose.suspect import Suspect, View, gradient_name
from gradcheck.diagnose.words import axes
from gradcheck.judge.comparison import Comparison

_FEWEST = 4  # numbers that a product must meet


def summed_too_far(suspect: Suspect) -> Iterator[Prediction]:
    """Backward repeats the sum or the mean of n over some axes at every entry of these axes, or at those in use."""
    still = suspect.view.known & (suspect.view.a == 0) & (np.abs(suspect.view.n) <= FEW * suspect.view.slack)
    for chosen in subsets(len(suspect.shape)):
        if any(suspect.shape[axis] == 1 for axis in chosen) or _repeats(suspect.view, chosen):
            continue  # where n itself repeats, its sum is n times a length: a factor
        for word, move in (("sum", _repeated_sum(chosen)), ("mean", _repeated_mean(chosen))):
            label = f"the {word} over {axes(chosen)}, repeated"
            sentence = (
                f"{suspect.symbol} is {label}: every entry along {axes(chosen)} holds the {word} of the numeric "
                f"gradient over {axes(chosen)}. backward sums over an axis that belongs to {suspect.name}."
            )
            yield Prediction("wrong-reduction", 1, label, sentence, move)
            if word == "sum" and np.any(still) and not _repeats(suspect.view, chosen, ~still):
                yield Prediction("wrong-reduction", 1, label, sentence, _where_it_moves(move, ~still))


def other_reduction(suspect: Suspect) -> Iterator[Prediction]:
    """Forward asks for a multiple of dY summed over some axes (a bias); backward reduces dY in another way."""
    form = bias_form(suspect)
    if form is None:
        return
    for cause, label, reduce in _reductions(suspect.view.cotangent.shape):
        values = in_shape(reduce(suspect.view.cotangent), suspect.shape)
        if values is None or label == form.label:
            continue
        sentence = f"{suspect.symbol} is {label}; forward asks for {scaled(form.counts, form.label)}."
        factor = _mean_factor(suspect, form, values)
        if factor is not None and _shared(suspect, factor):
            continue  # every gradient is averaged: that is one factor, and a convention
        yield Prediction(cause, 1, label, sentence, nothing, _reducing(reduce, suspect.shape), factor)


def other_operand(suspect: Suspect) -> Iterator[Prediction]:
    """Backward sums dY times an array at hand that is not the one that forward multiplies the parameter by."""
    g = suspect.view.cotangent
    if suspect.name == "input" or suspect.telling < _FEWEST or suspect.view.n.size >= g.size:
        return
    if bias_form(suspect) is not None:
        return
    arrays = {"x": suspect.evidence.point.get("input"), "y": suspect.evidence.output}
    for label, values in arrays.items():
        if values is None or values.shape != g.shape:
            continue
        for chosen in subsets(g.ndim):
            if g.sum(axis=chosen).size != suspect.view.n.size or _masked(suspect, values, chosen):
                continue
            name = f"dY * {label} summed over {axes(chosen)}"
            sentence = (
                f"{suspect.symbol} is {name}, but what forward multiplies {suspect.name} by is another array: take "
                f"that one, after what forward does to it first."
            )
            move = _product(np.asarray(values, dtype=np.float64), chosen)
            yield Prediction("wrong-local-derivative", 4, name, sentence, nothing, _reducing(move, suspect.shape))


def _masked(suspect: Suspect, values: Array, chosen: Index) -> bool:
    """Does forward multiply by these values and an array that it keeps? Then that one is left out: another cause."""
    view = suspect.view
    kept = (np.asarray(v, dtype=np.float64) for v in suspect.evidence.cached.values() if v.shape == values.shape)
    sums = (in_shape((view.cotangent * values * mask).sum(axis=chosen), suspect.shape) for mask in kept)
    return any(s is not None and bool(np.all(np.abs(s - view.n)[view.known] <= 1e-6 * np.max(np.abs(s)))) for s in sums)


def _product(values: Array, chosen: Index) -> Move:
    return lambda g: np.asarray((g * values).sum(axis=chosen))


def wrong_shape(comparison: Comparison, where: str | None) -> Finding | None:
    """shape-mismatch, with the reduction that would mend it."""
    a, n = comparison.analytic, comparison.numeric
    if a is None or a.shape == n.shape:
        return None
    symbol, whose = gradient_name(comparison.name), "the input" if comparison.name == "input" else comparison.name
    message = f"{symbol} has shape {a.shape}, but {whose} has shape {n.shape}. {_advice(comparison)}"
    return Finding("shape-mismatch", comparison.name, message, where=where)


def _mean_factor(suspect: Suspect, form: Form, values: Array) -> float | None:
    """The k where these values are k n: the mean in place of the sum."""
    view = suspect.view
    told = view.telling & (view.n != 0)
    if not np.any(told):
        return None
    ratio = values[told] / view.n[told]
    k = float(np.median(ratio))
    return k if bool(np.all(np.abs(ratio - k) <= 1e-9 * abs(k))) and form.summed else None


def _shared(suspect: Suspect, factor: float) -> bool:
    """Has another failing parameter the same factor?"""
    for other in suspect.evidence.comparisons.values():
        if other.name in (suspect.name, "input") or not other.comparable or not np.any(other.wrong):
            continue
        a, n = np.asarray(other.analytic), other.numeric
        known = np.isfinite(n) & ~other.kink
        if np.all(np.abs(a - factor * n)[known] <= FEW * other.tolerance[known]):
            return True
    return False


def _repeats(view: View, chosen: Index, used: Array | bool = True) -> bool:
    """Is n the same at every entry along these axes, of those in use?"""
    high = np.max(view.n, axis=chosen, keepdims=True, initial=-np.inf, where=used)
    low = np.min(view.n, axis=chosen, keepdims=True, initial=np.inf, where=used)
    return bool(np.all(high - low <= FEW * view.slack))


def _repeated_sum(chosen: Index) -> Move:
    return lambda n: np.broadcast_to(np.sum(n, axis=chosen, keepdims=True), n.shape)


def _repeated_mean(chosen: Index) -> Move:
    return lambda n: np.broadcast_to(np.mean(n, axis=chosen, keepdims=True), n.shape)


def _where_it_moves(move: Move, used: Array) -> Move:
    return lambda n: np.where(used, move(n), 0.0)


def _reducing(reduce: Move, shape: Index) -> Term:
    def offset(view: View) -> Array:
        reduced = in_shape(reduce(view.cotangent), shape)
        return np.full(shape, np.nan) if reduced is None else reduced

    return offset


def _reductions(shape: Index) -> Iterator[tuple[str, str, Move]]:
    """(cause, label, reduction) of the ways in which people reduce dY; along one entry there is nothing to reduce."""
    yield "wrong-reduction", "dY itself", lambda g: g
    long = [axis for axis, length in enumerate(shape) if length > 1]
    for chosen in (c for c in subsets(len(shape)) if set(c) <= set(long)):
        yield "wrong-reduction", sum_name(chosen), _reduced(np.sum, chosen)
        yield "wrong-reduction", f"the mean of dY over {axes(chosen)}", _reduced(np.mean, chosen)
    for axis in long:
        yield "overwritten-contribution", f"the first slice of dY along axis {axis} alone", _slice(0, axis)
        yield "overwritten-contribution", f"the last slice of dY along axis {axis} alone", _slice(-1, axis)
        yield "wrong-reduction", f"the maximum of dY over axis {axis}", _reduced(np.max, (axis,))


def _reduced(reduce: Callable[..., Array], chosen: Index) -> Move:
    return lambda g: np.asarray(reduce(g, axis=chosen))


def _slice(index: int, axis: int) -> Move:
    return lambda g: np.asarray(np.take(g, index, axis=axis))


def _advice(comparison: Comparison) -> str:
    """Which sum, mean, transpose, reshape or broadcast of a equals n."""
    a, n = np.asarray(comparison.analytic, dtype=np.float64), comparison.numeric
    known = np.isfinite(n) & ~comparison.kink
    size = float(np.max(np.abs(n[known]), initial=0.0))
    slack = np.where(np.isfinite(comparison.error), comparison.error, 0.0) + 1e-7 * size
    for label, move in _mends(a.ndim, n.shape):
        try:
            candidate = in_shape(np.asarray(move(a)), n.shape)
        except ValueError:
            continue
        if candidate is not None and np.all(np.abs(candidate - n)[known] <= FEW * slack[known]):
            return f"{label} it equals the numeric gradient: {_hint(label)}"
    return "No sum, mean, transpose or reshape of it equals the numeric gradient."


def _mends(ndim: int, shape: Index) -> Iterator[tuple[str, Move]]:
    yield "Transposed", np.transpose
    yield "Brought into that shape", lambda a: a
    for chosen in subsets(ndim):
        yield f"Summed over {axes(chosen)}", _reduced(np.sum, chosen)
    for chosen in subsets(ndim):
        yield f"Averaged over {axes(chosen)}", _reduced(np.mean, chosen)
    yield "Reshaped", lambda a: np.reshape(a, shape)


def _hint(label: str) -> str:
    if label.startswith("Summed"):
        batch = " (one gradient a sample: the batch must be summed)" if label.endswith("axis 0") else ""
        return f"a sum is missing in backward, np.sum(..., axis, keepdims=True){batch}."
    if label.startswith("Averaged"):
        return "a mean is missing in backward."
    return "mind .T in backward." if label == "Transposed" else "return it in its leaf's shape."
