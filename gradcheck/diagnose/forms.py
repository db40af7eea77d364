"""What forward asks for where a gradient is a sum of dY: the bias and its kin."""

import itertools
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.suspect import Suspect, View
from gradcheck.diagnose.words import axes, number

_FEW = 4.0  # as in hypothesis
_WHOLE = 1e-6
_LETTERS = "ijklmn"


@dataclass(frozen=True)
class Form:
    """n = counts * (dY summed over `summed`). label: in words · formula: "sum(dY[:, :, k])"."""

    summed: Index
    counts: float
    label: str
    formula: str


def bias_form(suspect: Suspect) -> Form | None:
    """The form of n; None where it is no such sum under every cotangent seen."""
    main = suspect.view
    told = main.telling & (main.n != 0)
    for chosen in [(), *subsets(main.cotangent.ndim)]:
        total = _total(main, chosen)
        if total is None or not np.any(told) or np.any(total[told] == 0):
            continue
        c = float(np.median(main.n[told] / total[told]))
        certain = np.sum(told) * len(suspect.views) > 1 or abs(c - round(c)) < _WHOLE
        if certain and all(_follows(view, chosen, c) for view in suspect.views):
            return Form(chosen, c, sum_name(chosen), _formula(chosen, main.cotangent.ndim))
    return None


def scaled(factor: float, what: str) -> str:
    """`dY summed over axis 0`, `3 times dY summed over axis 0`."""
    return what if abs(factor - 1) < 1e-6 else f"{number(factor)} times {what}"


def sum_name(chosen: Index) -> str:
    """`dY summed over axis 0`."""
    return f"dY summed over {axes(chosen)}" if chosen else "dY itself"


def in_shape(values: Array, shape: Index) -> Array | None:
    """The same numbers in the leaf's shape: axes of length 1 aside, or repeated as numpy broadcasts."""
    squeezed = tuple(length for length in values.shape if length != 1)
    if squeezed == tuple(length for length in shape if length != 1):
        return values.reshape(shape)
    try:
        return np.asarray(np.broadcast_to(values, shape))
    except ValueError:
        return None


def subsets(ndim: int) -> list[Index]:
    """Every choice of at least one of up to five axes, fewest first."""
    sizes = range(1, min(ndim, 5) + 1)
    return [chosen for size in sizes for chosen in itertools.combinations(range(ndim), size)]


def _total(view: View, chosen: Index) -> Array | None:
    """Sums of dY over axes, in the leaf's shape; None where that has another size."""
    reduced = np.asarray(view.cotangent.sum(axis=chosen) if chosen else view.cotangent)
    return in_shape(reduced, view.n.shape) if reduced.size == view.n.size else None


def _follows(view: View, chosen: Index, counts: float) -> bool:
    total = _total(view, chosen)
    return total is not None and bool(
        np.all(np.abs(view.n - counts * total)[view.known] <= _FEW * view.slack[view.known])
    )


def _formula(chosen: Index, ndim: int) -> str:
    kept = [axis for axis in range(ndim) if axis not in chosen]
    letters = dict(zip(kept, "k" if len(kept) == 1 else _LETTERS, strict=False))
    places = ", ".join(letters.get(axis, ":") for axis in range(ndim))
    if not chosen:
        return "dY"
    return f"sum(dY[{places}])" if kept else "sum(dY)"
