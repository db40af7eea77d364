"""a - n is dY times a gate that the layer keeps, a parameter or a number: a path that is left out (highway, GRU)."""

from collections.abc import Iterator, Mapping

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import Prediction, Term, same
from gradcheck.diagnose.scaling import point_hides_shape
from gradcheck.diagnose.suspect import Suspect, View
from gradcheck.diagnose.words import number


def gated_term(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n without dY * (1 - t), say, or with dY * t in its place: t is kept, or is a parameter."""
    if not _applies(suspect):
        return
    for name, gate in _gates({**_spread(suspect), **suspect.evidence.cached}, suspect.shape):
        for words, factor in _terms(name, gate):
            sentence = f"{suspect.symbol} {words}: follow each path from the input to the output by itself."
            yield Prediction("missing-term", 4, f"a - n is dY times {name}", sentence, same, _times_dy(factor))


def scaled_skip(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n plus a multiple of dY: the skip connection has another weight than in forward."""
    if not _applies(suspect):
        return
    view = suspect.view
    told = view.known
    g = view.cotangent[told] / view.slack[told]
    c = float(((view.a - view.n)[told] / view.slack[told]) @ g / (g @ g))
    if not np.isfinite(c) or c == 0:
        return
    sentence = (
        f"{suspect.symbol} is the numeric gradient {'plus' if c > 0 else 'minus'} {number(abs(c))} * dY: what a skip "
        f"connection, Y = c * X + f(X), hands on must have forward's c."
    )
    yield Prediction("missing-term", 4, f"plus {number(c)} * dY", sentence, same, _times_dy(np.full(view.n.shape, c)))


def _applies(suspect: Suspect) -> bool:
    if suspect.shape != suspect.evidence.output.shape or suspect.telling < 6 or point_hides_shape(suspect):
        return False
    return suspect.name != "input" or not suspect.evidence.elementwise


def _spread(suspect: Suspect) -> dict[str, Array]:
    """Other leaves, one number for each entry of the last axis, or as they are."""
    shape = suspect.shape
    return {
        name: np.broadcast_to(values, shape)
        for name, values in suspect.evidence.point.items()
        if name != suspect.name and values.shape in (shape, shape[-1:])
    }


def _gates(cached: Mapping[str, Array], shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """What the layer keeps of this shape, if it varies."""
    for name, values in cached.items():
        if values.shape == shape and np.ptp(values) > 0 and np.all(np.isfinite(values)):
            yield name, np.asarray(values, dtype=np.float64)


def _terms(name: str, gate: Array) -> Iterator[tuple[str, Array]]:
    """(`lacks the term dY * t`, (a - n) / dY)."""
    for label, values in ((name, gate), (f"(1 - {name})", 1 - gate)):
        yield f"lacks the term dY * {label}", -values
        yield f"holds the term dY * {label} once too often", values
        yield f"holds the term dY * {label} with the wrong sign", -2 * values
    yield f"holds dY * {name} where dY * (1 - {name}) belongs", 2 * gate - 1
    yield f"holds dY * (1 - {name}) where dY * {name} belongs", 1 - 2 * gate


def _times_dy(factor: Array) -> Term:
    def term(view: View) -> Array:
        return np.asarray(view.cotangent * factor)

    return term
