"""Sums and means over the wrong axes, and gradients whose shape is not their leaf's."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.hypothesis import FEW, Prediction
from gradcheck.diagnose.suspect import Suspect, View, gradient_name
from gradcheck.diagnose.words import axes, number
from gradcheck.judge.comparison import Comparison

Reduction = tuple[str, Callable[[Array], Array]]


def summed_too_far(suspect: Suspect) -> Iterator[Prediction]:
    """Backward repeats the sum or the mean of n over some axes at every entry of these axes."""
    shape = suspect.view.n.shape
    for chosen in _subsets(len(shape)):
        if all(shape[axis] == 1 for axis in chosen):
            continue
        for word, rank, reduce in (("sum", 1, np.sum), ("mean", 1, np.mean)):
            label = f"the {word} over {axes(chosen)}, repeated"
            sentence = (
                f"{suspect.symbol} is {label}: every entry along {axes(chosen)} holds the {word} of the numeric "
                f"gradient over {axes(chosen)}. backward sums over an axis that belongs to {suspect.name}."
            )
            move = lambda n, c=chosen, r=reduce: np.broadcast_to(r(n, axis=c, keepdims=True), n.shape)  # noqa: E731
            yield Prediction("wrong-reduction", rank, label, sentence, move)


def other_reduction(suspect: Suspect) -> Iterator[Prediction]:
    """Forward asks for a multiple of dY summed over some axes (a bias); backward reduces dY in another way."""
    form = bias_form(suspect.view)
    if form is None:
        return
    shape = suspect.view.n.shape
    for label, reduce in _reductions(suspect.view.cotangent.ndim):
        values = _fitted_shape(reduce(suspect.view.cotangent), shape)
        if values is None or label == form[0]:
            continue
        sentence = f"{suspect.symbol} is {label}; forward asks for {scaled(form[1], form[0])}."

        def offset(view: View, r: Callable[[Array], Array] = reduce) -> Array:
            reduced = _fitted_shape(r(view.cotangent), shape)
            return np.full(shape, np.nan) if reduced is None else reduced

        yield Prediction("wrong-reduction", 3, label, sentence, lambda n: 0.0 * n, offset)


def bias_form(view: View) -> tuple[str, float] | None:
    """(`sum of dY over axis 0`, c) where n = c times that; None where n is no such sum."""
    g = view.cotangent
    for chosen in [(), *_subsets(g.ndim)]:
        total = _fitted_shape(g.sum(axis=chosen), view.n.shape) if chosen else _fitted_shape(g, view.n.shape)
        if total is None or total.size != g.sum(axis=chosen).size or not np.any(view.telling):
            continue
        ratio = view.n[view.telling] / total[view.telling]
        c = float(np.median(ratio))
        if np.all(np.abs(view.n - c * total)[view.known] <= FEW * view.slack[view.known]):
            return _sum_name(chosen), c
    return None


def scaled(factor: float, what: str) -> str:
    """`dY summed over axis 0`, `3 times dY summed over axis 0`."""
    return what if abs(factor - 1) < 1e-6 else f"{number(factor)} times {what}"


def wrong_shape(comparison: Comparison, where: str | None) -> Finding | None:
    """shape-mismatch, with the reduction that would mend it."""
    a, n = comparison.analytic, comparison.numeric
    if a is None or a.shape == n.shape:
        return None
    symbol = gradient_name(comparison.name)
    message = f"{symbol} has shape {a.shape}, but {_whose(comparison.name)} has shape {n.shape}. {_advice(comparison)}"
    return Finding("shape-mismatch", comparison.name, message, where=where)


def _advice(comparison: Comparison) -> str:
    """Which sum, mean, transpose, reshape or broadcast of a equals n."""
    a, n = np.asarray(comparison.analytic, dtype=np.float64), comparison.numeric
    known = np.isfinite(n) & ~comparison.kink
    slack = np.where(np.isfinite(comparison.error), comparison.error, 0.0) + 1e-7 * float(
        np.max(np.abs(n[known]), initial=0.0)
    )
    for label, move in _mends(a.ndim, n.shape):
        try:
            candidate = _fitted_shape(np.asarray(move(a)), n.shape)
        except ValueError:
            continue
        if candidate is not None and np.all(np.abs(candidate - n)[known] <= FEW * slack[known]):
            return f"{label} it equals the numeric gradient: {_hint(label)}"
    return "No sum, mean, transpose or reshape of it equals the numeric gradient."


def _mends(ndim: int, shape: Index) -> Iterator[Reduction]:
    yield "Transposed", np.transpose
    yield "Brought into that shape", lambda a: a
    for word, reduce in (("Summed", np.sum), ("Averaged", np.mean)):
        for chosen in _subsets(ndim):
            yield f"{word} over {axes(chosen)}", lambda a, c=chosen, r=reduce: np.asarray(r(a, axis=c))
    yield "Reshaped", lambda a: np.reshape(a, shape)


def _hint(label: str) -> str:
    if label.startswith("Summed"):
        batch = " (one gradient a sample: the batch must be summed)" if label.endswith("axis 0") else ""
        return f"a sum is missing in backward, np.sum(..., axis, keepdims=True){batch}."
    if label.startswith("Averaged"):
        return "a mean is missing in backward."
    return "mind .T in backward." if label == "Transposed" else "return it in its leaf's shape."


def _reductions(ndim: int) -> Iterator[Reduction]:
    """Ways in which people reduce dY, each with its name."""
    yield "dY itself", lambda g: g
    for chosen in _subsets(ndim):
        yield _sum_name(chosen), lambda g, c=chosen: np.asarray(g.sum(axis=c))
        yield f"the mean of dY over {axes(chosen)}", lambda g, c=chosen: np.asarray(g.mean(axis=c))
    for axis in range(ndim):
        yield f"the first slice of dY along axis {axis} alone", lambda g, k=axis: np.take(g, 0, axis=k)
        yield f"the last slice of dY along axis {axis} alone", lambda g, k=axis: np.take(g, -1, axis=k)
        yield f"the maximum of dY over axis {axis}", lambda g, k=axis: np.asarray(g.max(axis=k))


def _sum_name(chosen: Index) -> str:
    return f"dY summed over {axes(chosen)}" if chosen else "dY itself"


def _fitted_shape(values: Array, shape: Index) -> Array | None:
    """The same numbers in the leaf's shape: axes of length 1 aside, or repeated as numpy broadcasts."""
    squeezed = tuple(length for length in values.shape if length != 1)
    if squeezed == tuple(length for length in shape if length != 1):
        return values.reshape(shape)
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        return None


def _subsets(ndim: int) -> list[Index]:
    sizes = range(1, min(ndim, 5) + 1)
    return [chosen for size in sizes for chosen in itertools.combinations(range(ndim), size)]


def _whose(leaf: str) -> str:
    return "the input" if leaf == "input" else leaf
