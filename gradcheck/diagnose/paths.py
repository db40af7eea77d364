"""dE/dX is a sum over the matrices that X is multiplied by, dZ W.T each: a path that is left out or has a factor.

Its share of X.T dE/dX is X.T dZ W.T = dW W.T, and dW is measured: a - n must be a combination of these. No evaluation.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import Prediction, nothing, only, same
from gradcheck.diagnose.suspect import Suspect
from gradcheck.diagnose.words import listed, number

_MOST = 8  # matrices
_TOGETHER = 2  # that may share a factor, as queries and keys do
_SPARE = 4  # numbers that must be explained for each factor
_NOISE = 1e-6
_CLEAR = 1e-3


def path_factor(suspect: Suspect) -> Iterator[Prediction]:
    """What comes back through one matrix, or through two alike, is left out of dE/dX or has a factor."""
    view = suspect.view
    if len(suspect.shape) < 2 or not np.all(view.known):
        return
    rows = suspect.point.reshape(-1, suspect.shape[-1])
    gap = rows.T @ (view.a - view.n).reshape(rows.shape)
    slack = np.abs(rows.T) @ view.slack.reshape(rows.shape)
    shares = _shares(suspect)
    rank = int(np.linalg.matrix_rank(rows))
    if gap.size < _SPARE or rank < 2 or not shares:
        return
    for names in _choices(list(shares)):
        path = sum(shares[name] for name in names)
        c = float(np.sum(gap * path) / np.sum(path * path))
        left = float(np.linalg.norm(gap - c * path))
        room = _NOISE * float(np.linalg.norm(gap)) + float(np.linalg.norm(slack))
        if left <= room and float(np.linalg.norm(gap)) > 100 * room and abs(c) > _CLEAR:
            given = rows.T @ view.a.reshape(rows.shape)
            if float(np.linalg.norm(given)) <= 100 * room:
                return  # nothing is given at all: that is no path among others
            alone = [w for w in shares if float(np.linalg.norm(given - shares[w])) <= room]
            yield _alone(suspect, alone[0]) if alone and len(names) > 1 else _prediction(suspect, names, 1 + c)
            return


def _shares(suspect: Suspect) -> dict[str, Array]:
    """For each matrix that X may be multiplied by: dW W.T, where dW is measured whole."""
    width, found = suspect.shape[-1], {}
    for name, comparison in suspect.evidence.comparisons.items():
        w = np.asarray(suspect.evidence.point[name], dtype=np.float64)
        n = np.asarray(comparison.numeric, dtype=np.float64)
        if name == suspect.name or w.ndim != 2 or n.shape != w.shape or not np.all(np.isfinite(n)):
            continue
        for turned in (False, True) if w.shape[0] == w.shape[1] else (w.shape[0] != width,):
            dw, of = (n.T, w.T) if turned else (n, w)
            if len(of) == width and np.any(dw):
                found[f"{name}.T" if turned else name] = dw @ of.T
    return dict(list(found.items())[:_MOST])  # of leaves that are no input the identity holds for none, and none fits


def _choices(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """One matrix, two, then all."""
    for size in range(1, min(_TOGETHER, len(names)) + 1):
        yield from combinations(names, size)


def _alone(suspect: Suspect, name: str) -> Prediction:
    through = name.removesuffix(".T")
    sentence = (
        f"{suspect.symbol} is what comes back through {through} alone: forward multiplies by several matrices, and the "
        f"gradient is the sum of what each hands back, dZ W.T. Add them up: += in place of =."
    )
    label = f"the path through {through} alone"
    return Prediction("overwritten-contribution", 2, label, sentence, nothing, only(suspect.view, suspect.view.a))


def _prediction(suspect: Suspect, names: tuple[str, ...], k: float) -> Prediction:
    through = listed([name.removesuffix(".T") for name in names], "and")
    if abs(k) < _NOISE:
        cause, what = "missing-term", f"lacks what comes back through {through}"
    elif abs(k + 1) < _NOISE:
        cause, what = "sign-flipped", f"has what comes back through {through} with the wrong sign"
    else:
        cause, what = "constant-factor", f"takes what comes back through {through} {number(k)} times"
    sentence = (
        f"{suspect.symbol} {what}: forward multiplies by several matrices, and the gradient is the sum of what each "
        f"hands back, dZ W.T; the rest of it is right."
    )
    label = f"{number(k)} times the path through {through}"
    return Prediction(cause, 2, label, sentence, same, only(suspect.view, suspect.view.a - suspect.view.n))
