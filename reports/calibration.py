"""Do the error bars hold? `python -m reports.calibration` writes calibration.md beside this file.

Functions y = h(A x) whose derivative is known, six families of them: along a random direction and by one entry, the
bar that the ladder gives is held against the true derivative, worked out in extended precision.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate
from tqdm import tqdm

from gradcheck import check
from gradcheck.base.randomness import signed
from gradcheck.numeric.directions import given
from gradcheck.numeric.estimate import Estimate
from gradcheck.numeric.ladder import Climb
from gradcheck.numeric.lines import EntryLine, direction, entry_unit
from gradcheck.numeric.noise import measure_noise
from gradcheck.numeric.peel import Peel
from gradcheck.numeric.rungs import Sampler
from gradcheck.subjects.leaf import Leaf, Role

PAGE = Path(__file__).with_suffix(".md")
Array = NDArray[Any]
Curve = tuple[Callable[[Array], Array], Callable[[Array], Array]]  # h and h'
TEXT = """# Calibration of the error bars

Written by `make calibration`; do not edit.

Functions y = h(A x) with a random signed cotangent, {draws} draws a family, half of them by one entry and half along a
direction through all entries; the true derivative comes from h' in extended precision. Beside them {checks} whole
checks a family, of the right gradient and of one that is wrong by one part in a million at one entry (in float32 by one
in ten).

{table}

held: the true derivative (on a kink both one-sided ones) lies within the bar; digits: median agreement with it;
forwards: median for one estimate; failed, inconclusive: whole checks of the right gradient; caught: whole checks of the
wrong one that fail (on a kink a value between both slopes is right).
"""
SMOOTH: tuple[Curve, ...] = (
    (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
    (np.sin, np.cos),
    (lambda z: np.exp(z / 3), lambda z: np.exp(z / 3) / 3),
    (lambda z: np.log1p(z * z), lambda z: 2 * z / (1 + z * z)),
    (lambda z: z**3 / 3, lambda z: z * z),
)
BENT: tuple[Curve, ...] = (
    (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    (np.abs, np.sign),
    (lambda z: np.where(z > 0, z, 0.1 * z), lambda z: np.where(z > 0, 1.0, 0.1)),
    (lambda z: np.clip(z, -1, 1), lambda z: (np.abs(z) < 1) * 1.0),
    (lambda z: np.where(np.abs(z) < 1, z * z / 2, np.abs(z) - 0.5), lambda z: np.clip(z, -1, 1)),
    (lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))), lambda z: np.exp(np.minimum(z, 0))),
)
FAST: tuple[Curve, ...] = (
    (lambda z: np.sin(50 * z), lambda z: 50 * np.cos(50 * z)),
    (lambda z: np.sin(10 * z * z), lambda z: 20 * z * np.cos(10 * z * z)),
    (lambda z: z * np.cos(20 * z), lambda z: np.cos(20 * z) - 20 * z * np.sin(20 * z)),
)
EDGED: tuple[Curve, ...] = (
    (np.log, lambda z: 1 / z),
    (np.sqrt, lambda z: 0.5 / np.sqrt(z)),
    (lambda z: 1 / z, lambda z: -1 / (z * z)),
)


@dataclass(frozen=True)
class Draw:
    """f: (n,) to (m,) in float64 · slopes: shape (2, m, n), dy/dx on the left and on the right of the point.

    wrong: relative error of the gradient that a check must fail.
    """

    f: Callable[[Array], Array]
    x: Array
    slopes: Array
    wrong: float = 1e-6


def _mixed(curves: Sequence[Curve], rng: np.random.Generator, *, size: float = 1.0, single: bool = False) -> Draw:
    h, prime = curves[int(rng.integers(len(curves)))]
    n, m = int(rng.integers(2, 7)), int(rng.integers(1, 9))
    A, x = rng.normal(size=(m, n)) / np.sqrt(n), rng.normal(size=n) * size
    kind = np.float32 if single else np.float64
    slopes = np.asarray(prime(A.astype(np.longdouble) @ (x / size)))[:, None] * A / size
    wrong = 1e-1 if single else 1e-6

    def f(x: Array) -> Array:
        return np.asarray(h(A.astype(kind) @ (x / size).astype(kind)), dtype=np.float64)

    return Draw(f, x, np.stack([slopes, slopes]), wrong)


def _bent(rng: np.random.Generator) -> Draw:
    """Half of them with entries on the kink at 0 itself."""
    if rng.random() < 0.5:
        return _mixed(BENT, rng)
    h, prime = BENT[int(rng.integers(3))]
    x = rng.normal(size=int(rng.integers(2, 7)))
    x[rng.random(x.size) < 0.4] = 0.0
    tiny = np.longdouble(1e-300)
    sides = [np.diag(np.asarray(prime(np.where(x == 0, side * tiny, x)))) for side in (-1, 1)]
    return Draw(h, x, np.stack(sides))


def _scaled(rng: np.random.Generator) -> Draw:
    draw, out = _mixed(SMOOTH, rng, size=10.0 ** rng.uniform(-8, 8)), 10.0 ** rng.uniform(-8, 8)
    return Draw(lambda x: out * draw.f(x), draw.x, out * draw.slopes)


def _edged(rng: np.random.Generator) -> Draw:
    """Some entries within 1e-6 to 1 of the edge."""
    h, prime = EDGED[int(rng.integers(len(EDGED)))]
    x = 10.0 ** rng.uniform(-6, 0, size=int(rng.integers(2, 7)))
    slopes = np.diag(np.asarray(prime(x.astype(np.longdouble))))
    return Draw(h, x, np.stack([slopes, slopes]))


FAMILIES: dict[str, Callable[[np.random.Generator], Draw]] = {
    "smooth": lambda rng: _mixed(SMOOTH, rng),
    "piecewise smooth": _bent,
    "float32 inside": lambda rng: _mixed(SMOOTH, rng, single=True),
    "badly scaled": _scaled,
    "oscillating": lambda rng: _mixed(FAST, rng),
    "nearly singular": _edged,
}


@dataclass(frozen=True)
class Told:
    """One estimate against the truth."""

    known: bool
    held: bool
    digits: float
    forwards: int


def told(draw: Draw, rng: np.random.Generator, *, whole: bool) -> Told:
    """One estimate: along a direction through all entries, or by one entry."""
    leaf = Leaf("x", Role.INPUT, draw.x.copy())
    y = draw.f(draw.x)
    g = signed(rng, y.shape)
    noise = measure_noise(lambda: draw.f(leaf.array), [leaf], g, y, rng)
    sampler = Sampler(lambda: draw.f(leaf.array), g, y, noise)
    v = np.zeros(draw.x.size)
    v[rng.integers(v.size)] = 1.0
    if whole:
        v = rng.normal(size=v.size)
        found = Peel(sampler, direction(leaf, given(v))).estimate()
    else:
        found = Climb(sampler, EntryLine(leaf, int(np.argmax(v)), entry_unit(leaf))).estimate()
    # Where v points down, its right side is the point's left.
    terms = g[:, None] * np.where(v > 0, draw.slopes[::-1], draw.slopes) * v
    right, left = (
        terms[0].sum(axis=1),
        (g[:, None] * np.where(v > 0, draw.slopes, draw.slopes[::-1]) * v)[0].sum(axis=1),
    )
    low, high = float(np.minimum(left, right).sum()), float(np.maximum(left, right).sum())
    size = float(np.abs(terms).sum())
    return _against(found, low, high, size, sampler.evaluations)


def _against(found: Estimate, low: float, high: float, size: float, forwards: int) -> Told:
    gap = max(abs(found.low - low), abs(found.high - high))
    held = gap <= found.error + 4 * np.finfo(float).eps * size
    return Told(found.known, bool(held), float(-np.log10(max(gap / size, 1e-16))) if size else 16.0, forwards)


def judged(draw: Draw, seed: int, *, wrong: bool) -> str:
    """The verdict on the right gradient, or on one that is wrong at the entry with the largest slope."""
    factor = np.ones(draw.x.size)
    if wrong:
        factor[np.argmax(np.abs(draw.slopes[1]).sum(axis=0))] = 1 + draw.wrong

    def forward(x: Array) -> tuple[Array, None]:
        return draw.f(x), None

    def backward(dy: Array, cache: None) -> tuple[Array]:
        del cache
        return ((dy @ draw.slopes[1].astype(np.float64)) * factor,)

    return str(check(forward, backward, (draw.x,), seed=seed).verdict)


def _row(name: str, draws: int, checks: int) -> tuple[str, ...]:
    make = FAMILIES[name]
    found = []
    for seed in range(draws):
        rng = np.random.default_rng([seed, len(name)])
        found.append(told(make(rng), rng, whole=seed % 2 == 0))
    known = [one for one in found if one.known]
    verdicts = [
        [judged(make(np.random.default_rng([s, 5])), s, wrong=wrong) for s in range(checks)] for wrong in (False, True)
    ]
    return (
        name, str(len(found)), str(len(found) - len(known)),
        f"{np.mean([one.held for one in known]):.3%}", f"{np.median([one.digits for one in known]):.1f}",
        f"{np.median([one.forwards for one in found]):.0f}", str(verdicts[0].count("fail")),
        f"{verdicts[0].count('inconclusive') / checks:.2%}", f"{verdicts[1].count('fail') / checks:.2%}",
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=10_000, help="estimates a family (default: 10000)")
    parser.add_argument("--checks", type=int, default=1000, help="whole checks a family, of each kind (default: 1000)")
    known = parser.parse_args(arguments)
    row = partial(_row, draws=known.draws, checks=known.checks)
    with np.errstate(all="ignore"), ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        rows = list(tqdm(pool.map(row, FAMILIES), total=len(FAMILIES), unit="family", disable=None))
    heads = ("functions", "draws", "no estimate", "held", "digits", "forwards", "failed", "inconclusive", "caught")
    table = tabulate(rows, heads, tablefmt="github", disable_numparse=True)
    PAGE.write_text(TEXT.format(draws=known.draws, checks=known.checks, table=table), encoding="utf-8")
    print(f"wrote {PAGE.name}\n{table}")


if __name__ == "__main__":
    main()
