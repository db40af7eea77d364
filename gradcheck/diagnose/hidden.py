"""Between a matrix that X is multiplied by and the output: dZ, of z = x W, found from dW one sample at a time.

With the cotangent of one sample alone dW is x.T dz over its few steps, in backward and as it is measured; that it is
says that z = x W is there. Then dz of backward over the measured one is held against slopes and what is at hand.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.hypothesis import Prediction, only, same
from gradcheck.diagnose.slopes import SLOPES
from gradcheck.diagnose.suspect import Suspect
from gradcheck.diagnose.words import listed, number

_MOST = 200  # entries of all W; four evaluations each
_ROWS = 32  # one backward each
_LEAST = 6  # numbers that a formula must meet
_ALIKE = 4  # rows that must share a column's factor
_SAME = 1e-6
_CLEAR = 1e-4  # of the largest dz: smaller ones say nothing
_TRUE: Mapping[str, tuple[str, str]] = {  # of a function its values and its slope
    "sigmoid": ("sigmoid({t})", "sigmoid({t}) * (1 - sigmoid({t}))"),
    "tanh": ("tanh({t})", "1 - tanh({t})**2"),
    "swish": ("", "sigmoid({t}) + {t} * sigmoid({t}) * (1 - sigmoid({t}))"),
    "softplus": ("", "sigmoid({t})"),
    "exp": ("exp({t})", "exp({t})"),
    "square": ("{t}**2", "2 * {t}"),
}


@dataclass(frozen=True, eq=False)
class _Hidden:
    """Of one matrix: z = x W, and dz as backward has it and as it is measured, each (N, H) or (N, steps, H)."""

    z: Array
    a: Array
    n: Array


def hidden_slope(suspect: Suspect) -> Iterator[Prediction]:
    """Behind x W backward takes another slope, or a factor is left out or one too many."""
    evidence = suspect.evidence
    x = evidence.point.get("input")
    if x is None or x.ndim not in (2, 3) or evidence.output.ndim < 2 or len(evidence.output) != len(x):
        return
    for name in _matrices(evidence, x.shape[-1]):
        w = evidence.point[name]
        if suspect.name not in ("input", name):
            continue
        hidden = _of(evidence, name)
        found = None if hidden is None else _elsewhere(hidden) or _by_column(hidden) or _ratio(evidence, hidden, name)
        if hidden is None or found is None:
            continue
        cause, label, words = found
        lost = hidden.a - hidden.n
        flat = x.reshape(-1, x.shape[-1])
        gap = lost @ w.T if suspect.name == "input" else flat.T @ lost.reshape(len(flat), -1)
        sentence = f"{suspect.symbol} comes through z = x {name}, and {words}."
        yield Prediction(cause, 2, f"{label} behind {name}", sentence, same, only(suspect.view, gap))


def _matrices(evidence: Evidence, width: int) -> Iterator[str]:
    """What X may be multiplied by, the smallest first, as many as may be measured."""
    sizes = {k: v.size for k, v in evidence.point.items() if k != "input" and v.ndim == 2 and len(v) == width}
    left = _MOST
    for name in sorted(sizes, key=sizes.__getitem__):
        left -= sizes[name]
        if left >= 0:
            yield name


def _of(evidence: Evidence, name: str) -> _Hidden | None:
    """Made once; None where dW of a sample is no outer product with x."""
    return evidence.once(f"hidden {name}", lambda: _found(evidence, name))


def _found(evidence: Evidence, name: str) -> _Hidden | None:
    x, w = (np.asarray(evidence.point[k], dtype=np.float64) for k in ("input", name))
    whole = _at_once(evidence, name, x, x @ w)
    if whole is not None:
        return whole
    columns = evidence.columns(name) if len(x) <= _ROWS else None
    if columns is None:
        return None
    mine, measured = [], []
    for row in range(len(x)):
        g = evidence.of_slice(0, row)
        given = evidence.gradients(g).get(name)
        a = None if given is None or given.shape != w.shape else _behind(x[row], np.asarray(given, dtype=np.float64))
        n = _behind(x[row], columns.under(g, w.shape))
        if a is None or n is None:
            return None
        mine.append(a)
        measured.append(n)
    return _Hidden(x @ w, np.stack(mine), np.stack(measured))


def _at_once(evidence: Evidence, name: str, x: Array, z: Array) -> _Hidden | None:
    """Where all rows of x together are fewer than their entries: from the check's own gradients, no evaluation."""
    comparison = evidence.comparisons.get(name)
    if comparison is None or comparison.analytic is None or comparison.analytic.shape != comparison.numeric.shape:
        return None
    if not np.all(np.isfinite(comparison.numeric)) or not np.all(np.isfinite(comparison.analytic)):
        return None
    rows = x.reshape(-1, x.shape[-1])
    a, n = (_behind(rows, np.asarray(v, dtype=np.float64)) for v in (comparison.analytic, comparison.numeric))
    return None if a is None or n is None else _Hidden(z, a.reshape(z.shape), n.reshape(z.shape))


def _behind(x: Array, dw: Array) -> Array | None:
    """The dz of dW = x.T dz over the steps of one sample, (steps, H); None where it is not determined, or is none."""
    steps = x.reshape(-1, x.shape[-1])
    if len(steps) >= steps.shape[1] or np.linalg.matrix_rank(steps) < len(steps):
        return None
    dz = np.linalg.lstsq(steps.T, dw, rcond=None)[0]
    fits = np.max(np.abs(steps.T @ dz - dw)) <= _SAME * np.max(np.abs(dw), initial=1e-300)
    return dz.reshape(*x.shape[:-1], -1) if fits else None


def _ratio(evidence: Evidence, hidden: _Hidden, name: str) -> tuple[str, str, str] | None:
    """(cause, label, words) of dz / dz, where that is a known one."""
    told = np.abs(hidden.n) > _CLEAR * np.max(np.abs(hidden.n))
    if np.sum(told) < max(_LEAST, 0.7 * told.size):
        return None
    ratio = np.where(told, hidden.a / np.where(told, hidden.n, 1.0), np.nan)
    if np.ptp(ratio[told]) <= _SAME * np.max(np.abs(ratio[told])):
        return None
    with np.errstate(all="ignore"):
        return _slope(hidden.z, ratio) or _factor(_at_hand(evidence, hidden.z.shape, name), ratio)


def _elsewhere(hidden: _Hidden) -> tuple[str, str, str] | None:
    """Does every sample's dz hold the right numbers at other places?"""
    a, n = (np.sort(values.reshape(len(values), -1)) for values in (hidden.a, hidden.n))
    size = np.max(np.abs(n))
    if np.any(np.abs(a - n) > _SAME * size) or np.all(np.abs(hidden.a - hidden.n) <= _SAME * size):
        return None
    words = (
        "its dz holds the right numbers at other places: look how backward splits and joins heads, groups or gates "
        "(a reshape where a transpose belongs, another order)"
    )
    return "permuted-entries", "the same dz at other places", words


def _by_column(hidden: _Hidden) -> tuple[str, str, str] | None:
    """Has dz one factor for each column, few of them in all, at every sample and step?"""
    a, n = (values.reshape(-1, values.shape[-1]) for values in (hidden.a, hidden.n))
    size = np.sum(n * n, axis=0)
    used = size > 0  # a column that nothing comes through has no factor
    factors = np.sum(a * n, axis=0)[used] / size[used]
    if (
        len(a) < _ALIKE
        or np.any(a[:, ~used])
        or np.any(np.abs(a[:, used] - factors * n[:, used]) > _SAME * np.max(np.abs(n)))
    ):
        return None
    distinct = sorted({float(f"{factor:.6g}") for factor in factors})
    if not 1 <= len(distinct) <= 2 or distinct == [1.0]:
        return None
    words = f"its dz is {listed([number(f) for f in distinct], 'or')} times the measured one, column by column"
    return "constant-factor", f"{number(distinct[0])} times dz", words


def _slope(z: Array, ratio: Array) -> tuple[str, str, str] | None:
    for function, (values, slope) in _TRUE.items():
        right = SLOPES[slope](z)
        places = [("z", z), *([(values.format(t="z"), SLOPES[values](z))] if values else [])]
        for place, at in places:
            for form, wrong in SLOPES.items():
                if form != slope and _fits(ratio * right, wrong(at), right):
                    words = (
                        f"the slope of {function}, {slope.format(t='z')}, is taken as {form.format(t=place)} (or a "
                        f"factor of that size is left out)"
                    )
                    return "wrong-local-derivative", f"another slope of {function}", words
    return None


def _factor(at_hand: Mapping[str, Array], ratio: Array) -> tuple[str, str, str] | None:
    for label, values in at_hand.items():
        for form, factor in ((label, values), (f"(1 - {label})", 1 - values)):
            for words, full in ((f"a factor {form} is one too many in its dz", factor),
                                (f"a factor {form} is missing in its dz", 1 / factor)):  # fmt: skip
                if _fits(ratio, full, 1.0):
                    return "elementwise-factor", f"a factor {form}", words
    return None


def _at_hand(evidence: Evidence, shape: tuple[int, ...], name: str) -> dict[str, Array]:
    """What the layer keeps of this shape, the output, and the z of other matrices."""
    x = evidence.point["input"]
    found = {f"x {k}": x @ w for k, w in evidence.point.items() if k not in ("input", name) and _alike(w, x, shape)}
    found |= {"y": evidence.output, **evidence.cached}
    return {k: v for k, v in found.items() if v.shape == shape and np.ptp(v) > 0}


def _alike(w: Array, x: Array, shape: tuple[int, ...]) -> bool:
    return w.ndim == 2 and w.shape == (x.shape[-1], shape[-1])


def _fits(found: Array, wanted: Array, size: Array | float) -> bool:
    told = np.isfinite(found)
    scale = float(np.max(np.abs(found[told])) + np.max(np.abs(size)))
    return bool(np.all(np.abs(found - wanted)[told] <= _SAME * scale)) and bool(np.all(np.isfinite(wanted[told])))
