"""Does it cry wolf, do the error bars hold? `python -m reports.soundness` writes soundness.md beside this file.

Checks of the reference layers, which are right, at random shapes and seeds: none may fail or be undecided, and their
analytic gradient is the truth that every error bar must contain.
"""

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

import layers
from gradcheck import Result, check
from gradcheck.base.randomness import signed
from gradcheck.numeric.directional import along
from gradcheck.numeric.noise import measure_noise
from gradcheck.numeric.rungs import Sampler
from gradcheck.subjects.layer import layer_subject
from reports.correct import KINDS

PAGE = Path(__file__).with_suffix(".md")
MOST_BARS = 30_000  # of ladders, which tell no more beyond
LADDERS = ("FCLayer", "activations", "ConvLayer")
PART = 100  # checks that a process takes at a time
TEXT = """# Correct layers at random shapes and seeds

Written by `python -m reports.soundness {command}` at commit {commit}; do not edit.

{table}

{failed}

## Ladders along random directions and entries

The same layers, but nothing is told of the analytic gradient: every value comes from a ladder of steps.

{ladders}

bars: entries whose numeric value was compared with the true one (the analytic gradient of a correct layer, right to
rounding); held: the share of them within the printed error bar; digits: median agreement; forwards: evaluations an
entry, after the 60 that a check may cost beside them (kinked points cost more; a float32 layer is checked in float64
too, and both count).
"""
Made = tuple[Any, ...]
PAIRS = ("tanh", "sigmoid", "relu", "softplus")


def dense(rng: np.random.Generator) -> Made:
    """A fully connected layer and a batch."""
    rows, n_in, n_out = (int(n) for n in rng.integers(1, 7, 3))
    return layers.FCLayer((1, n_in), (1, n_out)), _scaled(rng, (rows, n_in))


def activation(rng: np.random.Generator) -> Made:
    """One of the activations; some points saturated, some zero."""
    name = PAIRS[rng.integers(len(PAIRS))]
    size = int(rng.integers(1, 12))
    layer = layers.ActivationLayer((1, size), getattr(layers, name), getattr(layers, f"{name}_prime"))
    x = _scaled(rng, (1, size))
    return layer, np.where(rng.random(x.shape) < 0.1, 0.0, x)


def convolution(rng: np.random.Generator) -> Made:
    """A convolution of any kernel that fits."""
    m, n, depth, out = (int(k) for k in rng.integers(1, 4, 4))
    shape = (m + int(rng.integers(0, 3)), n + int(rng.integers(0, 3)), depth)
    return layers.ConvLayer(shape, (m, n), out), _scaled(rng, shape)


def loss(rng: np.random.Generator) -> Made:
    """The mean squared error."""
    shape = tuple(int(n) for n in rng.integers(1, 5, 2))
    return layers.mse, layers.mse_prime, (_scaled(rng, shape), _scaled(rng, shape))


def network(rng: np.random.Generator) -> Made:
    """Two fully connected layers with an activation each."""
    made = layers.Network()
    a, b, c = (int(n) for n in rng.integers(1, 5, 3))
    for start, end in ((a, b), (b, c)):
        made.add(layers.FCLayer((1, start), (1, end)))
        made.add(layers.ActivationLayer((1, end), layers.tanh, layers.tanh_prime))
    return made, rng.normal(size=(1, a))


FAMILIES: dict[str, Callable[[np.random.Generator], Made]] = {
    "FCLayer": dense, "activations": activation, "ConvLayer": convolution, "mse": loss, "networks": network,
}  # fmt: skip


def _scaled(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Normal values, in one of eight of a scale of 1e6 or 1e-8."""
    scale = rng.choice([1.0] * 14 + [1e6, 1e-8])
    return scale * rng.normal(size=shape)


@dataclass
class Tally:
    """What some checks of one family came to; failed: their seeds."""

    verdicts: Counter[str] = field(default_factory=Counter)
    failed: list[int] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    digits: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take another tally in."""
        self.verdicts += other.verdicts
        for name in ("failed", "held", "digits", "cost"):
            getattr(self, name).extend(getattr(other, name))


def run(options: argparse.Namespace) -> tuple[dict[str, Tally], list[tuple[object, ...]]]:
    """A tally of each family, and the table of ladders; what is not done when the minutes are over is left."""
    names = options.family or list(FAMILIES | KINDS)
    each = -(-options.checks // len(names))
    firsts = reversed(range(0, each, PART))  # first the seeds that shorter runs have not seen
    parts = [(name, first, min(first + PART, each)) for first in firsts for name in names]
    bars = 0 if options.family else min(5 * options.checks, MOST_BARS) // len(LADDERS)
    tallies = {name: Tally() for name in names}
    start = time.monotonic()
    with ProcessPoolExecutor(options.workers) as pool:
        rows = [pool.submit(_ladder_row, name, FAMILIES[name], bars) for name in LADDERS if bars]
        found = tqdm(pool.map(_part, parts), total=len(parts), unit="part", disable=None)
        for (name, _, _), tally in zip(parts, found, strict=True):
            tallies[name].add(tally)
            if tally.failed:
                tqdm.write(f"failed: {name}, seeds {tally.failed}", file=sys.stderr)
            if name == names[-1] and time.monotonic() - start > 60 * options.minutes:
                break
        pool.shutdown(cancel_futures=True)
        return tallies, [row.result() for row in rows]


def drawn(name: str, seed: int) -> Made:
    """One draw of a family: what `check(*drawn(name, seed), seed=seed)` checks."""
    np.random.seed(seed)  # noqa: NPY002 -- the article's layers draw from the global generator
    return (FAMILIES | KINDS)[name](np.random.default_rng([seed, len(name)]))


def _part(part: tuple[str, int, int]) -> Tally:
    name, first, end = part
    tally = Tally()
    for seed in range(first, end):
        result = check(*drawn(name, seed), seed=seed)
        tally.verdicts[str(result.verdict)] += 1
        tally.failed += [seed] if str(result.verdict) in ("fail", "error") else []
        _weigh(result, tally.held, tally.digits)
        tally.cost.append(max(result.evaluations.forward - 60, 0) / max(result.entries, 1))
    return tally


def _row(name: str, tally: Tally) -> tuple[object, ...]:
    return (
        name, tally.verdicts.total(), len(tally.failed), tally.verdicts["inconclusive"], len(tally.held),
        f"{np.mean(tally.held):.3%}", f"{np.median(tally.digits):.1f}", f"{np.median(tally.cost):.2f}",
    )  # fmt: skip


def _summary(tallies: dict[str, Tally]) -> str:
    """All families together, and how to see each failed check again."""
    lines = []
    for kind, wanted in (("float64", False), ("float32", True)):
        some = [tally for name, tally in tallies.items() if name.endswith("float32") is wanted]
        checks, open_ = (
            sum(t) for t in ([s.verdicts.total() for s in some], [s.verdicts["inconclusive"] for s in some])
        )
        failed = sum(len(tally.failed) for tally in some)
        if checks:
            lines.append(f"{kind}: {failed} of {checks} failed, {open_} ({open_ / checks:.2%}) inconclusive.")
    for name, tally in tallies.items():
        if tally.failed:
            seeds = ", ".join(map(str, sorted(tally.failed)))
            lines.append(f"Failed: {name}, seeds {seeds} (`check(*drawn(name, seed), seed=seed)`).")
    return "\n".join(lines)


def _commit() -> str:
    """What is checked out; with a mark where files differ from it."""
    command = ("git", "describe", "--always", "--dirty", "--abbrev=10")
    ran = subprocess.run(command, cwd=PAGE.parent, capture_output=True, text=True, check=False)  # noqa: S603
    return ran.stdout.strip() or "unknown"


def _ladder_row(name: str, make: Callable[[np.random.Generator], Made], count: int) -> tuple[object, ...]:
    held: list[bool] = []
    digits: list[float] = []
    seed = undecided = 0
    while len(held) + undecided < count:
        seed += 1
        rng = np.random.default_rng([seed, 7])
        np.random.seed(seed)  # noqa: NPY002 -- the article's layers draw from the global generator
        layer, x = make(rng)
        subject = layer_subject(layer, x + 1e-3 * (x == 0), seed)
        output = subject.forward()
        g = signed(rng, output.shape)
        noise = measure_noise(subject.forward, subject.leaves, g, output, rng)
        sampler = Sampler(subject.forward, g.ravel(), output.ravel(), noise)
        gradients = subject.vjp(g)
        for leaf in subject.leaves:
            entry = np.zeros(leaf.shape)
            entry.flat[rng.integers(leaf.size)] = 1.0
            for v in (entry, rng.normal(size=leaf.shape)):
                truth = float(np.sum(np.asarray(gradients[leaf.name]) * v))
                terms = float(np.sum(np.abs(np.asarray(gradients[leaf.name]) * v)))
                estimate = along(sampler, leaf, v)
                undecided += not estimate.known
                if estimate.known:
                    gap = abs(estimate.value - truth)
                    held.append(gap <= estimate.error + 1e-15 * terms)
                    digits.append(float(-np.log10(max(gap / terms, 1e-16))) if terms else 16.0)
    share = f"{np.mean(held):.3%}"
    return name, len(held), undecided, share, f"{np.median(digits):.1f}"


def _weigh(result: Result, held: list[bool], digits: list[float]) -> None:
    for leaf in result.leaves.values():
        if leaf.analytic is None or leaf.numeric is None or leaf.error is None:
            continue
        a, n = np.ravel(leaf.analytic), np.ravel(leaf.numeric)
        rounding = 8 * np.finfo(float).eps * np.abs(a)
        held += list(np.abs(a - n) <= np.ravel(leaf.error) + rounding)
        with np.errstate(divide="ignore", invalid="ignore"):
            agreed = -np.log10(np.abs(a - n) / np.maximum(np.abs(a), np.abs(n)))
        digits += list(np.clip(agreed[np.isfinite(agreed) | (agreed == np.inf)], 0, 16))


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=2000, help="how many in all (default: 2000)")
    parser.add_argument("--family", action="append", help="only this family, repeatable; nothing is written then")
    parser.add_argument("--minutes", type=float, default=np.inf, help="begin no further checks after that long")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), help="processes (default: 2)")
    options = parser.parse_args(arguments)
    commit = _commit()  # as it is now, whatever is committed meanwhile
    tallies, rows = run(options)
    heads = ("layers", "checks", "failed", "inconclusive", "bars", "held", "digits", "forwards")
    table = tabulate([_row(*item) for item in tallies.items()], heads, tablefmt="github", disable_numparse=True)
    failed = _summary(tallies)
    print(f"{table}\n\n{failed}")
    if options.family:
        return
    other = tabulate(
        rows, ("layers", "bars", "no estimate", "held", "digits"), tablefmt="github", disable_numparse=True
    )
    command = f"--checks {options.checks}" + (f" --minutes {options.minutes:g}" if np.isfinite(options.minutes) else "")
    text = TEXT.format(command=command, commit=commit, table=table, failed=failed, ladders=other)
    PAGE.write_text(text, encoding="utf-8")
    print(f"\n{other}\nwrote {PAGE.name}")


if __name__ == "__main__":
    main()
