"""A matrix used twice, y = f(x W) W.T: backward has one of its uses alone.

Where dX is right and comes through z = x W, it tells dz: dX = dz W.T. Then this use's share of dW is x.T dz, and
nothing is fitted: it is all that a is, or missing, there once too often (1), or with the wrong sign (-2).
"""

from collections.abc import Iterator, Mapping

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.hypothesis import Prediction, nothing, only, same
from gradcheck.diagnose.solved import solved
from gradcheck.diagnose.suspect import Suspect, gradient_name
from gradcheck.judge.verdict import Verdict

_LEAST = 6  # entries
_SAME = 1e-6
_RANK = 1.9  # before a path through x as if that were the matrix
_ALONE = 3.4  # a norm held fixed is the same dX and this share: that says more
_LOST = "overwritten-contribution"
_WORDS: Mapping[int, tuple[str, str]] = {
    -1: (_LOST, "lacks what {z} contributes: {w} is used in other places too, and backward has those alone"),
    1: ("constant-factor", "holds what {z} contributes twice"),
    -2: ("sign-flipped", "has what {z} contributes with the wrong sign"),
}
_MEND = "every use of {w} adds to {symbol}, here the share {share} with dz the gradient of z."


def one_use(suspect: Suspect) -> Iterator[Prediction]:
    """One use of a matrix that multiplies an input is left out, or is all that there is."""
    if len(suspect.shape) != 2 or suspect.entries < _LEAST or suspect.evidence.output.ndim == 0:
        return
    view, w = suspect.view, suspect.name
    gap = np.where(view.known, view.a - view.n, 0.0)
    for name, share, turned in _shares(suspect.evidence, suspect.point):
        x = "x" if name == "input" else name
        z, product = f"z = {x} {w}{'.T' * turned}", f"dz.T {x}" if turned else f"{x}.T dz"
        mend, shows = _MEND.format(w=w, symbol=suspect.symbol, share=product), gradient_name(name)
        if bool(np.all(np.abs(view.a - share)[view.known] <= _SAME * np.max(np.abs(share)))):
            sentence = (
                f"{suspect.symbol} is what {z} contributes alone, as {shows} shows, which is right. But forward uses "
                f"{w} elsewhere too; those uses are overwritten or never added: {mend}"
            )
            yield Prediction(_LOST, _ALONE, f"{product} alone", sentence, nothing, only(view, share))
            continue
        use = np.where(view.known, share, 0.0)
        c = float(np.sum(gap * use) / np.sum(use * use))
        if round(c) not in _WORDS or abs(c - round(c)) > _SAME:
            continue
        cause, words = _WORDS[round(c)]
        sentence = f"{suspect.symbol} {words.format(z=z, w=w)}. Add up: {mend}"
        yield Prediction(cause, _RANK, f"{round(c):+d} * {product}", sentence, same, only(view, round(c) * share))


def _shares(evidence: Evidence, w: Array) -> Iterator[tuple[str, Array, bool]]:
    """(name of x, its share of dW, is it z = x W.T) of each leaf whose gradient is right and comes through W."""
    for name, comparison in evidence.comparisons.items():
        dx, x = comparison.analytic, np.asarray(evidence.point[name], dtype=np.float64)
        if comparison.verdict is not Verdict.PASS or dx is None or dx.shape != x.shape or x.ndim < 2:
            continue
        flat, rows = np.asarray(dx, dtype=np.float64).reshape(-1, x.shape[-1]), x.reshape(-1, x.shape[-1])
        for turned, matrix in ((False, w), (True, w.T)):
            dz = _behind(flat, matrix) if np.all(np.isfinite(flat)) else None
            share = None if dz is None else rows.T @ dz
            if share is not None and np.any(share):
                yield name, share.T if turned else share, turned


def _behind(dx: Array, w: Array) -> Array | None:
    """The dz of dX = dz W.T; None where that is not what dX is, or does not tell dz."""
    dz = solved(w, dx.T) if dx.shape[1] == w.shape[0] else None
    return None if dz is None else dz.T
