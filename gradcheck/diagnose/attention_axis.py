"""A softmax inside a layer, y = p v: backward sums p * dp over another axis than that of the shares.

There dp = dY v.T is known. Backward is linear in ds but for this sum, which is quadratic in p: of two backward passes,
with the shares p' and with -p', half the difference is what comes through ds = p' * dp, and through v. With p' such
that this ds is what the wrong axis would spoil, it must be a - n, less what comes through v.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.altered import altered_at, kept_arrays
from gradcheck.diagnose.attention import Pair, pairs
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.hypothesis import Prediction, only, same
from gradcheck.diagnose.suspect import Suspect
from gradcheck.subjects.subject import Gradients

_MOST = 4  # pairs of weights and values
_SAME = 1e-9
_RANK = 1.5  # nothing is free here; "lacks the sum, or has it with a factor" fits too where a query's own sum is 0
_SMALL = 1e-7  # of the largest dp: p' = ds / dp would hold no digit

Gaps = Mapping[str, Array]


def softmax_axis(suspect: Suspect) -> Iterator[Prediction]:
    """Backward takes p * (dp - sum(p * dp)) with the sum over another axis, or laid along another one."""
    evidence = suspect.evidence
    if evidence.output.ndim < 2:
        return
    for taken, gaps in evidence.once("softmax axis", lambda: list(_gaps(evidence))):
        gap = gaps.get(suspect.name)
        if gap is None or gap.shape != suspect.shape or not np.any(gap):
            continue
        sentence = (
            f"{suspect.symbol} comes through a softmax, p, whose backward takes p * (dp - sum(p * dp)) with the sum "
            f"{taken}. Each row of shares sums to 1 along the last axis: sum over that one, and keep it."
        )
        yield Prediction(
            "wrong-reduction", _RANK, f"the sum of a softmax {taken}", sentence, same, only(suspect.view, gap)
        )


def _gaps(evidence: Evidence) -> Iterator[tuple[str, Gaps]]:
    """(where the sum is taken, what every leaf's gradient is then off by)."""
    kept, seen = kept_arrays(evidence), set()
    for pair in islice(pairs(evidence), _MOST):
        p, v = kept[pair.weights], kept[pair.values]
        if (pair.weights, pair.values) in seen or not _is_output(p, v, evidence.output):
            continue
        seen.add((pair.weights, pair.values))
        dp = _dp(evidence.cotangent, v, p)
        for taken, wrong in _sums(p * dp):
            ds = p * (np.sum(p * dp, axis=-1, keepdims=True) - wrong)
            if np.any(np.abs(ds[np.abs(dp) <= _SMALL * np.max(np.abs(dp))]) > 0):
                continue  # p' would have to be vast
            shares = np.where(ds == 0, 0.0, ds / np.where(dp == 0, 1.0, dp))
            gaps = _through_scores(evidence, pair, kept, shares)
            if gaps:
                yield taken, gaps


def _is_output(p: Array, v: Array, output: Array) -> bool:
    y = p @ v if v.ndim == p.ndim else (p[..., np.newaxis, :] @ v)[..., 0, :]
    return y.shape == output.shape and bool(np.all(np.abs(y - output) <= _SAME * np.max(np.abs(output))))


def _dp(g: Array, v: Array, p: Array) -> Array:
    return np.asarray(g @ np.swapaxes(v, -1, -2) if v.ndim == p.ndim else (v @ g[..., np.newaxis])[..., 0])


def _dv(g: Array, v: Array, p: Array) -> Array:
    return np.asarray(np.swapaxes(p, -1, -2) @ g if v.ndim == p.ndim else p[..., np.newaxis] * g[..., np.newaxis, :])


def _sums(products: Array) -> Iterator[tuple[str, Array]]:
    """(in words, the sum of p * dp) for each way to take it that is wrong."""
    for axis in range(products.ndim - 1):
        if products.shape[axis] > 1:
            yield f"over axis {axis} of p", np.sum(products, axis=axis, keepdims=True)
    yield "over all of p", np.sum(products)
    if products.shape[-1] == products.shape[-2]:
        yield (
            "over the last axis, which is then lost (keepdims)",
            np.swapaxes(np.sum(products, axis=-1, keepdims=True), -1, -2),
        )


def _through_scores(evidence: Evidence, pair: Pair, kept: Sequence[Array], shares: Array) -> Gaps:
    """What all leaves get through ds = shares * dp alone."""
    v = kept[pair.values]
    found = _odd(evidence, {pair.weights: shares})
    leaves = [name for name, values in evidence.point.items() if values.shape == v.shape and np.array_equal(values, v)]
    if leaves:
        dv = _dv(evidence.cotangent, v, shares)
        return {name: gap - dv if name in leaves else gap for name, gap in found.items()}
    through_v = _odd(evidence, {pair.weights: shares, pair.values: np.zeros(v.shape)})
    return {name: gap - through_v[name] for name, gap in found.items() if name in through_v}


def _odd(evidence: Evidence, changed: Mapping[int, Array]) -> Gaps:
    """The part of the gradients that is odd in the first of what is changed."""
    place = next(iter(changed))

    def passed(sign: float) -> Gradients:
        change = {**changed, place: sign * changed[place]}
        return altered_at(evidence, evidence.cotangent, lambda _: change) or {}

    plus, minus = passed(1.0), passed(-1.0)
    both = {name: (up, minus.get(name)) for name, up in plus.items()}
    return {
        name: np.asarray((np.asarray(up, dtype=np.float64) - down) / 2)
        for name, (up, down) in both.items()
        if up is not None and down is not None and up.shape == down.shape
    }
