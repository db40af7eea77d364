"""Is what a and n differ by the same a little way off? A formula's own error moves smoothly, a rounding's by chance."""

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.randomness import stream
from gradcheck.diagnose.suspect import Suspect

_WAY = 2.0**-7  # of every number of the point: some spacings of float16, whose roundings are then other ones
_MOST = 8  # entries that are looked at; four evaluations each
_LEAST = 4
_POINTS = 3  # at one of them a rounding may by chance be much like that at the point
BY_CHANCE = 0.5  # from here on the two have nothing to do with each other


def gap_moves(suspect: Suspect) -> float:
    """|gap there - gap here| / |gap here| over some points nearby; NaN where it is not known.

    A hundredth and less for a formula's error, and 1.3 in the mean where the two have nothing in common.
    """
    return suspect.evidence.once(f"gap nearby {suspect.name}", lambda: _moved(suspect))


def _moved(suspect: Suspect) -> float:
    view = suspect.view
    size = np.where(view.known, np.abs(view.a - view.n), -1.0).ravel()
    chosen = [int(flat) for flat in np.argsort(-size, kind="stable")[:_MOST] if size[flat] > 0]
    if len(chosen) < _LEAST:
        return float("nan")
    here = (view.a - view.n).ravel()[chosen]
    there = [_gaps_there(suspect, chosen, number) for number in range(_POINTS)]
    moves = [float(np.linalg.norm(gaps - here) / np.linalg.norm(here)) for gaps in there if gaps is not None]
    return float(np.mean(moves)) if moves else float("nan")


def _gaps_there(suspect: Suspect, chosen: list[int], number: int) -> Array | None:
    """Of these entries a - n with dY and every leaf of floats moved by a small share of themselves."""
    evidence, generator = suspect.evidence, stream(number, "nearby")
    given = suspect.view.cotangent
    g = given * (1 + _WAY * generator.uniform(0.5, 1, given.shape))  # the gradient may not hang on the point at all
    leaves = [leaf for leaf in evidence.subject.leaves if leaf.array.dtype.kind == "f"]
    saved = [leaf.values() for leaf in leaves]
    try:
        for leaf, values in zip(leaves, saved, strict=True):
            leaf.write((values * (1 + _WAY * generator.uniform(0.5, 1, values.shape))).astype(values.dtype))
        a = evidence.subject.vjp(g).get(suspect.name)
        columns = [evidence.column_here(suspect.name, flat) for flat in chosen]
    except LayerError:
        return None
    finally:
        for leaf, values in zip(leaves, saved, strict=True):
            leaf.write(values)
    if a is None or a.shape != suspect.shape or any(column is None for column in columns):
        return None
    n = np.array([float(column.values[0] @ g.ravel()) for column in columns if column is not None])
    return np.asarray(np.asarray(a, dtype=np.float64).ravel()[chosen] - n)
