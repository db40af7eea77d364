"""a - n is one matrix product of dY and what the layer keeps: p.T dY, dY.T h, x.T (dY * g). A path that is left out.

Nothing is fitted: the product must be there once too often (1), not at all (-1), or with the wrong sign (-2).
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import Prediction, Term, same
from gradcheck.diagnose.scaling import point_hides_shape
from gradcheck.diagnose.suspect import Suspect, View
from gradcheck.diagnose.terms import signed_term

_Product = Callable[[Array, Array], Array]

_LEAST = 6  # entries
_MOST = 12  # arrays at hand
_PRODUCTS = 200
_SAME = 1e-6
_WORDS: Mapping[int, str] = {
    -1: "lacks the term {term}",
    1: "holds the term {term} once too often",
    -2: "has the term {term} with the wrong sign",
}


def product_term(suspect: Suspect) -> Iterator[Prediction]:
    """A use of the leaf in a product is left out: one of several paths on which the output hangs on it."""
    shape, view = suspect.shape, suspect.view
    if len(shape) < 2 or suspect.entries < _LEAST or suspect.evidence.output.ndim != len(shape):
        return
    if point_hides_shape(suspect) or (suspect.name == "input" and suspect.evidence.elementwise):
        return
    gap = np.where(view.known, view.a - view.n, 0.0)
    for label, term in islice(_terms(suspect), _PRODUCTS):
        values = term(view)
        if values.shape != shape or not np.any(values) or not np.all(np.isfinite(values)):
            continue
        use = np.where(view.known, values, 0.0)
        c = float(np.sum(gap * use) / np.sum(use * use))
        if round(c) not in _WORDS or abs(c - round(c)) > _SAME:
            continue
        sentence = (
            f"{suspect.symbol} {_WORDS[round(c)].format(term=label)}: forward's output hangs on it in several places, "
            f"and what comes back through each of them must be added up."
        )
        yield Prediction("missing-term", 3.5, f"{round(c):+d} * {label}", sentence, same, signed_term(term, round(c)))


def _terms(suspect: Suspect) -> Iterator[tuple[str, Term]]:
    """Every product of the right shape: an array at hand with dY, dY perhaps times another one entry by entry."""
    at_hand, output = _at_hand(suspect), suspect.evidence.output.shape
    factors: dict[str, Array | float] = {"dY": 1.0}
    factors |= {f"(dY * {name})": v for name, v in at_hand.items() if v.shape == output}
    for what, factor in factors.items():
        for name, left in at_hand.items():
            if left.ndim != len(suspect.shape):
                continue
            for label, product in (("{a}.T {g}", _turned), ("{g}.T {a}", _of_turned), ("{g} {a}", _right)):
                if _shape(product, left.shape, output) == suspect.shape:
                    yield label.format(a=name, g=what), _term(product, left, factor)


def _at_hand(suspect: Suspect) -> dict[str, Array]:
    """Leaves and what the layer keeps, each once."""
    found: dict[str, Array] = {}
    given = {("x" if name == "input" else name): v for name, v in suspect.evidence.point.items()}
    for name, values in {**given, **suspect.evidence.cached}.items():
        array = np.asarray(values, dtype=np.float64)
        if array.size > 1 and np.all(np.isfinite(array)) and not any(np.array_equal(array, v) for v in found.values()):
            found[name] = array
    return dict(list(found.items())[:_MOST])


def _turned(a: Array, g: Array) -> Array:
    return np.asarray(np.swapaxes(a, -1, -2) @ g)


def _of_turned(a: Array, g: Array) -> Array:
    return np.asarray(np.swapaxes(g, -1, -2) @ a)


def _right(a: Array, g: Array) -> Array:
    return np.asarray(g @ a)


def _shape(product: _Product, a: tuple[int, ...], g: tuple[int, ...]) -> tuple[int, ...] | None:
    """Of the product; None where the two do not fit, or lead with other axes."""
    if a[:-2] != g[:-2]:
        return None
    if product is _right:
        return (*g[:-1], a[-1]) if g[-1] == a[-2] else None
    if a[-2] != g[-2]:
        return None
    return (*a[:-2], a[-1], g[-1]) if product is _turned else (*a[:-2], g[-1], a[-1])


def _term(product: _Product, left: Array, factor: Array | float) -> Term:
    def term(view: View) -> Array:
        return product(left, view.cotangent * factor)

    return term
