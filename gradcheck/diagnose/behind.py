"""What is wrong behind z = x W: dz of backward over the measured one, held against slopes and what is at hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import power_of_two, scale
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.slopes import SLOPES
from gradcheck.diagnose.words import listed, number

_LEAST = 6  # numbers that a formula must meet
_ALIKE = 4  # rows that must share a column's factor
_SAME = 1e-6
_CLEAR = 1e-4  # of the largest dz: smaller ones say nothing
_STEP = 2.0**-14  # of W's scale
_MEASURED = _CLOSE = 1e-5
_OF_Z: Mapping[str, tuple[str, str]] = {  # of a function its values and its slope
    "sigmoid": ("sigmoid({t})", "sigmoid({t}) * (1 - sigmoid({t}))"),
    "tanh": ("tanh({t})", "1 - tanh({t})**2"),
    "swish": ("", "sigmoid({t}) + {t} * sigmoid({t}) * (1 - sigmoid({t}))"),
    "softplus": ("", "sigmoid({t})"),
    "exp": ("exp({t})", "exp({t})"),
    "square": ("{t}**2", "2 * {t}"),
}
_OF_VALUES: Mapping[str, str] = {"sigmoid": "{t} * (1 - {t})", "tanh": "1 - {t}**2"}  # the slope by what is kept


@dataclass(frozen=True, eq=False)
class Hidden:
    """Of one matrix: z = x W, and dz as backward has it and as it is measured, each (N, H) or (N, steps, H)."""

    x_name: str
    w_name: str
    x: Array
    w: Array
    a: Array
    n: Array


@dataclass(frozen=True)
class Wrong:
    """What is wrong with dz. words: go on from "dX comes through z = x W, and"."""

    cause: str
    label: str
    words: str


def named(evidence: Evidence, hidden: Hidden) -> Wrong | None:
    """None where dz is right, or wrong in no known way."""
    if np.all(np.abs(hidden.a - hidden.n) <= _SAME * np.max(np.abs(hidden.n))):
        return None
    return _elsewhere(hidden) or _by_column(hidden) or _by_slope(evidence, hidden)


def _elsewhere(hidden: Hidden) -> Wrong | None:
    """Does every sample's dz hold the right numbers at other places?"""
    a, n = (np.sort(values.reshape(len(values), -1)) for values in (hidden.a, hidden.n))
    if np.any(np.abs(a - n) > _SAME * np.max(np.abs(n))):
        return None
    words = (
        "its dz holds the right numbers at other places: look how backward splits and joins heads, groups or gates "
        "(a reshape where a transpose belongs, another order)"
    )
    return Wrong("permuted-entries", "the same dz at other places", words)


def _by_column(hidden: Hidden) -> Wrong | None:
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
    return Wrong("constant-factor", f"{number(distinct[0])} times dz", words)


def _by_slope(evidence: Evidence, hidden: Hidden) -> Wrong | None:
    """Is dz / dz a known quotient, in all columns or in those of one of several gates side by side?"""
    for part in _blocks(evidence, hidden):
        a, n = hidden.a[..., part], hidden.n[..., part]
        told = np.abs(n) > _CLEAR * np.max(np.abs(n))
        if np.sum(told) < max(_LEAST, 0.7 * told.size):
            continue
        ratio = np.where(told, a / np.where(told, n, 1.0), np.nan)
        if np.ptp(ratio[told]) <= _SAME * np.max(np.abs(ratio[told])):
            continue
        with np.errstate(all="ignore"):
            at_hand = _at_hand(evidence, hidden, part, n.shape)
            known = _measured_slopes(evidence, hidden, at_hand)
            found = _slope(_sums(evidence, hidden, part, n.shape), at_hand, known, ratio) or _factor(at_hand, ratio)
        if found is not None:
            return found
    return None


def _blocks(evidence: Evidence, hidden: Hidden) -> Iterator[slice]:
    """All columns; and the wrong ones alone, where an array is kept that is as wide as a gate."""
    width = hidden.n.shape[-1]
    yield slice(0, width)
    off = np.abs(hidden.a - hidden.n) > _SAME * np.max(np.abs(hidden.n))
    columns = np.flatnonzero(off.reshape(-1, width).any(axis=0))
    for narrow in sorted({v.shape[-1] for v in evidence.cached.values() if v.ndim == hidden.n.ndim}):
        first = int(columns[0]) // narrow
        if narrow < width and width % narrow == 0 and first == int(columns[-1]) // narrow:
            yield slice(first * narrow, (first + 1) * narrow)


def _slope(
    sums: Mapping[str, Array], at_hand: Mapping[str, Array], known: Mapping[str, Array], ratio: Array
) -> Wrong | None:
    """Is the slope of a function taken as another one, at the same place or at another?

    known: d/dz of what is at hand, as it is measured.
    """
    sums = {k: v for k, v in sums.items() if not any(_same(v, kept) for kept in at_hand.values())}
    places = _activated({**at_hand, **sums})
    wrong = [(form.format(t=place), slope(t)) for place, t in places.items() for form, slope in SLOPES.items()]
    table = np.stack([values.ravel() for _, values in wrong])
    for function, place, label, right in _true_slopes(sums, at_hand, known):
        met = _fits(table, (ratio * right).ravel())
        forms = [form for (form, values), fits in zip(wrong, met, strict=True) if fits and not _same(values, right)]
        if forms:
            taken = "left out" if "1" in forms else f"taken as {_likest(place, forms)}"
            return Wrong(
                "wrong-local-derivative",
                f"another slope of {function}",
                f"the slope of {function}, {label}, is {taken}",
            )
    return None


def _true_slopes(
    sums: Mapping[str, Array], at_hand: Mapping[str, Array], known: Mapping[str, Array]
) -> Iterator[tuple[str, str, str, Array]]:
    """(function, of what, its slope in words, its values) of what z may go through; of what is at hand if it does."""
    kept = {place: t for place, t in at_hand.items() if place in known}
    for place, t in kept.items():
        for function, slope in _OF_VALUES.items():
            if _near(SLOPES[slope](t), known[place]):
                yield function, place, slope.format(t=place), SLOPES[slope](t)
    own = {place: t for place, t in kept.items() if _near(np.ones_like(t), known[place])}  # z itself
    for place, t in {**own, **sums}.items():
        for function, (_, slope) in _OF_Z.items():
            yield function, place, slope.format(t=place), SLOPES[slope](t)


def _likest(place: str, forms: Sequence[str]) -> str:
    """Of what is the same, that which is taken of the same array."""
    return next((form for form in forms if place in form), forms[0])


def _measured_slopes(evidence: Evidence, hidden: Hidden, at_hand: Mapping[str, Array]) -> dict[str, Array]:
    """Of what is kept d/dz, from a small step of one row of W; NaN where x has next to nothing there."""
    leaf, wanted = evidence.leaf(hidden.w_name), [name for name in at_hand if name in evidence.cached]
    if leaf is None or not wanted:
        return {}
    row = int(np.argmax(np.min(np.abs(hidden.x.reshape(-1, hidden.x.shape[-1])), axis=0)))
    saved, move = leaf.values(), np.zeros(leaf.shape)
    move[row] = power_of_two(scale(saved)) * _STEP
    try:
        leaf.write(saved + move)
        plus = evidence.keeps()
        leaf.write(saved - move)
        minus = evidence.keeps()
    except LayerError:
        return {}
    finally:
        leaf.write(saved)
    dz = 2 * np.max(move) * hidden.x[..., row : row + 1]
    dz = np.where(np.abs(dz) > _CLEAR * np.max(np.abs(dz)), dz, np.nan)
    return {
        k: (plus[k] - minus[k]) / dz
        for k in wanted
        if k in plus and plus[k].shape == at_hand[k].shape == minus[k].shape
    }


def _near(slope: Array, measured: Array) -> bool:
    told = np.isfinite(measured)
    return bool(np.any(told) and np.all(np.abs(slope - measured)[told] <= _MEASURED * np.max(np.abs(slope))))


def _factor(at_hand: Mapping[str, Array], ratio: Array) -> Wrong | None:
    for label, values in at_hand.items():
        for form, factor in ((label, values), (f"(1 - {label})", 1 - values)):
            for words, full in ((f"a factor {form} is one too many in its dz", factor),
                                (f"a factor {form} is missing in its dz", 1 / factor)):  # fmt: skip
                if _fits(full.ravel()[np.newaxis], ratio.ravel())[0]:
                    return Wrong("elementwise-factor", f"a factor {form}", words)
    return None


def _sums(evidence: Evidence, hidden: Hidden, part: slice, shape: tuple[int, ...]) -> dict[str, Array]:
    """What z may be: x W, and with a bias."""
    z = hidden.x @ hidden.w
    found = {"z": z} | {
        f"z + {name}": z + values for name, values in evidence.point.items() if values.shape == z.shape[-1:]
    }
    return {k: v[..., part] for k, v in found.items() if v[..., part].shape == shape}


def _activated(sums: Mapping[str, Array]) -> dict[str, Array]:
    """And the values of what follows it, by which a slope may be taken by mistake."""
    more: dict[str, Array] = dict(sums)
    for place, t in sums.items():
        more |= {values.format(t=place): SLOPES[values](t) for values, _ in _OF_Z.values() if values}
    return more


def _at_hand(evidence: Evidence, hidden: Hidden, part: slice, shape: tuple[int, ...]) -> dict[str, Array]:
    """What the layer keeps of this shape, the output, and the z of other matrices."""
    x = hidden.x
    found = {
        f"{hidden.x_name} {k}": (x @ w)[..., part]
        for k, w in evidence.point.items()
        if k != hidden.w_name and w.shape == hidden.w.shape
    }
    found |= {"y": evidence.output, **evidence.cached}
    return {k: np.asarray(v, dtype=np.float64) for k, v in found.items() if v.shape == shape and np.ptp(v) > 0}


def _fits(table: Array, wanted: Array) -> Array:
    """Which rows are the wanted numbers, where those are told."""
    told = np.isfinite(wanted)
    sizes = np.abs(wanted[told])
    return np.asarray(
        np.all(np.abs(table[:, told] - wanted[told]) <= _CLOSE * sizes + _SAME * np.median(sizes), axis=1)
    )


def _same(one: Array, other: Array) -> bool:
    return bool(np.all(np.abs(one - other) <= _SAME * np.max(np.abs(other))))
