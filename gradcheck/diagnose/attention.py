"""A softmax inside a layer, y = p v with p = softmax(s): backward lacks the term that couples the entries of a row.

ds = p * (dp - sum(p * dp)) with dp = dY v.T does not change when the same vector is taken from every row of v. Without
the sum it does; and where that vector is p v itself, the sum is 0, and ds is right. Backward is handed such values: it
then gives n, if that is what it lacks. One backward for each query, with the cotangent of that query alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.altered import altered, kept_arrays
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.hypothesis import Prediction, instead, same
from gradcheck.diagnose.suspect import Suspect
from gradcheck.subjects.subject import Gradients

_MOST = 4  # pairs of weights and values
_BACKWARDS = 64
_SUM = 1e-9
_WITHOUT = "lacks the term -p * sum(p * dp), or has it with another factor"
_DIAGONAL = "is p * (1 - p) * dp, the diagonal alone"


@dataclass(frozen=True)
class Pair:
    """Where the weights and the values stand among the arrays between forward and backward.

    axis: of the output, along which the queries lie; None for a single query.
    """

    weights: int
    values: int
    axis: int | None


def softmax_mean(suspect: Suspect) -> Iterator[Prediction]:
    """Backward takes p * dp, or p * (1 - p) * dp, where p * (dp - sum(p * dp)) belongs."""
    evidence = suspect.evidence
    if evidence.output.ndim == 0:
        return
    for taken, gradients in evidence.once("softmax", lambda: list(_mended(evidence))):
        gap = instead(suspect, gradients.get(suspect.name))
        if gap is None:
            continue
        sentence = (
            f"{suspect.symbol} comes through a softmax, p, whose backward {taken}: every share of a row hangs on all "
            f"scores of it. Take p * (dp - sum(p * dp)) over each row."
        )
        yield Prediction("missing-term", 2, f"a softmax that {taken}", sentence, same, gap)


def _mended(evidence: Evidence) -> Iterator[tuple[str, Gradients]]:
    """(what backward does, the gradients that it gives where that makes no difference)."""
    left = _BACKWARDS
    for pair in islice(pairs(evidence), _MOST):
        for taken, diagonal in ((_WITHOUT, False), (_DIAGONAL, True)):
            length = 1 if pair.axis is None else evidence.output.shape[pair.axis]
            left -= length
            if left < 0:
                return
            parts = [_of_query(evidence, pair, query, diagonal=diagonal) for query in range(length)]
            whole = [part for part in parts if part is not None]
            if len(whole) == length:
                yield taken, {name: _sum(whole, name) for name in whole[0]}


def _sum(parts: list[Gradients], name: str) -> Array | None:
    found = [g for part in parts if (g := part.get(name)) is not None]
    return np.asarray(np.sum(found, axis=0, dtype=np.float64)) if len({g.shape for g in found}) == 1 else None


def pairs(evidence: Evidence) -> Iterator[Pair]:
    """Shares that sum to 1 along the last axis, and values of which there is one for each of them."""
    kept = kept_arrays(evidence)
    for i, p in enumerate(kept):
        if not _is_softmax(p):
            continue
        for j, v in enumerate(kept):
            if v.dtype.kind != "f" or v.ndim < 2 or i == j:
                continue
            if v.ndim == p.ndim and v.shape[:-1] == (*p.shape[:-2], p.shape[-1]):
                yield from (Pair(i, j, a) for a, n in enumerate(evidence.output.shape) if n == p.shape[-2])
            elif v.shape[:-1] == p.shape:
                yield Pair(i, j, None)


def _is_softmax(p: Array) -> bool:
    shares = p.dtype.kind == "f" and p.ndim > 0 and p.shape[-1] > 1 and p.size > p.shape[-1]
    return bool(shares and np.all(p >= 0) and np.all(np.abs(p.sum(-1) - 1) <= _SUM) and np.any((p > 0) & (p < 1)))


def _of_query(evidence: Evidence, pair: Pair, query: int, *, diagonal: bool) -> Gradients | None:
    """The gradients under dY of one query alone, with values for which its sum(p * dp) is 0."""
    g = evidence.cotangent if pair.axis is None else evidence.of_slice(pair.axis, query)

    def change(kept: Sequence[Array]) -> Array:
        p, v = kept[pair.weights], kept[pair.values]
        row = p[..., query : query + 1, :] if pair.axis is not None else p[..., np.newaxis, :]
        left = 1 - np.swapaxes(row, -1, -2) if diagonal else 1.0
        return np.asarray((v - row @ v) / left)

    return altered(evidence, g, pair.values, change)
