"""Backward cuts dX out of dY, where forward pads with values of the input itself: a reflection, a repeated edge."""

import itertools
from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.hypothesis import FEW, Prediction, Term, nothing
from gradcheck.diagnose.suspect import Suspect

_MOST = 64  # places at which it may be cut out


def cut_out(suspect: Suspect) -> Iterator[Prediction]:
    """Each entry gets the dY at its own place in the output alone; n is no such part, so others come back to it too."""
    shape, whole = suspect.shape, suspect.evidence.output.shape
    if suspect.name != "input" or len(shape) != len(whole) or shape == whole or suspect.entries < 2:
        return
    if any(inner > outer for inner, outer in zip(shape, whole, strict=True)):
        return
    view = suspect.view
    starts = itertools.product(*(range(outer - inner + 1) for inner, outer in zip(shape, whole, strict=True)))
    parts = [(start, _part(view.cotangent, start, shape)) for start in itertools.islice(starts, _MOST)]
    if any(np.all(np.abs(part - view.n)[view.known] <= FEW * view.slack[view.known]) for _, part in parts):
        return  # cut out at the wrong place: its entries are shifted
    for start, _ in parts:
        cut = ", ".join(f"{first}:{first + length}" for first, length in zip(start, shape, strict=True))
        sentence = (
            f"{suspect.symbol} is dY[{cut}], what comes back to the place of each entry itself. But forward repeats "
            f"entries of the input in its border (a reflection, a replicated edge): what comes back to the border "
            f"belongs to them too. Add it up."
        )
        yield Prediction("border-wrong", 2, f"dY[{cut}]", sentence, nothing, _cut(start, shape))


def _part(values: Array, start: Index, shape: Index) -> Array:
    return values[tuple(slice(first, first + length) for first, length in zip(start, shape, strict=True))]


def _cut(start: Index, shape: Index) -> Term:
    return lambda view: _part(view.cotangent, start, shape)
