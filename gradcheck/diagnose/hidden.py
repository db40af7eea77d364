"""Between a matrix that something is multiplied by and the output: dZ, of z = x W, found from dW one sample at a time.

With the cotangent of one sample alone dW is x.T dz over its few steps, in backward and as it is measured; that it is
says that z = x W is there. x is the input, or what the layer keeps: the output of the layer before. Then dz of backward
over the measured one says what is wrong behind it (behind.py), and what else must be wrong for it: dX, the bias's sum.
"""

from collections.abc import Iterator
from itertools import islice

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.behind import Hidden, Wrong, named
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.hypothesis import Prediction, only, same
from gradcheck.diagnose.solved import solved
from gradcheck.diagnose.suspect import Suspect

_MOST = 200  # entries of all W; four evaluations each
_ROWS = 32  # one backward each
_PAIRS = 6  # of x and W


def hidden_slope(suspect: Suspect) -> Iterator[Prediction]:
    """Behind x W backward takes another slope, or a factor is left out or one too many."""
    evidence = suspect.evidence
    for hidden, wrong in evidence.once("hidden", lambda: list(_wrong(evidence))):
        sentence = f"{suspect.symbol} comes through z = {hidden.x_name} {hidden.w_name}, and {wrong.words}."
        for gap in _gaps(suspect, hidden):
            label = f"{wrong.label} behind {hidden.w_name}"
            yield Prediction(wrong.cause, 2, label, sentence, same, only(suspect.view, gap))


def _wrong(evidence: Evidence) -> Iterator[tuple[Hidden, Wrong]]:
    """Where dz is wrong in a way that has a name."""
    for x_name, x, w_name in islice(_pairs(evidence), _PAIRS):
        hidden = _found(evidence, x_name, x, w_name)
        wrong = None if hidden is None else named(evidence, hidden)
        if hidden is not None and wrong is not None:
            yield hidden, wrong


def _pairs(evidence: Evidence) -> Iterator[tuple[str, Array, str]]:
    """(name of x, x, name of W) of what may be multiplied, the smallest W first, as many as may be measured."""
    sizes = {name: values.size for name, values in evidence.point.items() if name != "input" and values.ndim == 2}
    left = _MOST
    for w_name in sorted(sizes, key=sizes.__getitem__):
        left -= sizes[w_name]
        if left < 0:
            return
        for x_name, x in _rows(evidence).items():
            if x_name != w_name and x.shape[-1] == len(evidence.point[w_name]):
                yield ("x" if x_name == "input" else x_name), np.asarray(x, dtype=np.float64), w_name


def _rows(evidence: Evidence) -> dict[str, Array]:
    """Leaves with a row for each of the output, and what is kept so and is no copy of one."""
    found: dict[str, Array] = {}
    for name, x in {**evidence.point, **evidence.cached}.items():
        fits = evidence.output.ndim > 0 and x.ndim in (2, 3) and len(x) == len(evidence.output)
        if fits and not any(np.array_equal(x, known) for known in found.values()):
            found[name] = x
    return found


def _found(evidence: Evidence, x_name: str, x: Array, w_name: str) -> Hidden | None:
    """None where dW of a sample is no outer product with x."""
    w = np.asarray(evidence.point[w_name], dtype=np.float64)
    given = _at_once(evidence, w_name, x, (*x.shape[:-1], w.shape[-1])) or _row_by_row(evidence, w_name, x, w)
    return None if given is None else Hidden(x_name, w_name, x, w, *given)


def _row_by_row(evidence: Evidence, w_name: str, x: Array, w: Array) -> tuple[Array, Array] | None:
    """(dz of backward, measured), with the cotangent of one sample after the other."""
    columns = evidence.columns(w_name) if len(x) <= _ROWS else None
    if columns is None:
        return None
    mine, measured = [], []
    for row in range(len(x)):
        g = evidence.of_slice(0, row)
        given = evidence.gradients(g).get(w_name)
        a = None if given is None or given.shape != w.shape else _behind(x[row], np.asarray(given, dtype=np.float64))
        n = _behind(x[row], columns.under(g, w.shape))
        if a is None or n is None:
            return None
        mine.append(a)
        measured.append(n)
    return np.stack(mine), np.stack(measured)


def _at_once(evidence: Evidence, w_name: str, x: Array, shape: tuple[int, ...]) -> tuple[Array, Array] | None:
    """Where all rows of x together are fewer than their entries: from the check's own gradients, no evaluation."""
    comparison = evidence.comparisons.get(w_name)
    if comparison is None or comparison.analytic is None or comparison.analytic.shape != comparison.numeric.shape:
        return None
    if not np.all(np.isfinite(comparison.numeric)) or not np.all(np.isfinite(comparison.analytic)):
        return None
    rows = x.reshape(-1, x.shape[-1])
    a, n = (_behind(rows, np.asarray(v, dtype=np.float64)) for v in (comparison.analytic, comparison.numeric))
    return None if a is None or n is None else (a.reshape(shape), n.reshape(shape))


def _behind(x: Array, dw: Array) -> Array | None:
    """The dz of dW = x.T dz over the steps of one sample, (steps, H); None where it is not determined, or is none."""
    steps = x.reshape(-1, x.shape[-1])
    if len(steps) >= steps.shape[1]:
        return None
    dz = solved(steps.T, dw)
    return None if dz is None else dz.reshape(*x.shape[:-1], -1)


def _gaps(suspect: Suspect, hidden: Hidden) -> Iterator[Array]:
    """What the leaf's gradient is off by, for what dz is off by: through W, x, another factor of z, or the bias.

    What is the same for all steps of a sample gets the sum over them.
    """
    lost = hidden.a - hidden.n
    yield from _of(suspect, hidden, lost)
    if lost.ndim > 2:
        yield from _of(suspect, hidden, lost.sum(axis=1))


def _of(suspect: Suspect, hidden: Hidden, lost: Array) -> Iterator[Array]:
    flat, shape, width = lost.reshape(-1, lost.shape[-1]), suspect.shape, lost.shape[-1]
    if len(shape) == lost.ndim and shape[:-1] == lost.shape[:-1]:
        for w in suspect.evidence.point.values():
            if w.shape == (shape[-1], width):
                yield lost @ w.T
    if len(shape) == 2 and shape[-1] == width:
        for x in (hidden.x, *suspect.evidence.point.values(), *suspect.evidence.cached.values()):
            if x.shape == (*lost.shape[:-1], shape[0]):
                yield x.reshape(-1, shape[0]).T @ flat
    if shape in ((width,), (1, width)):
        yield flat.sum(axis=0).reshape(shape)
