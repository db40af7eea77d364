"""What a check costs as a layer grows. `python -m reports.scale` writes scale.md and scale.svg beside this file.

One layer, tanh(x W) with its gradient left in dW, of 100 to 1e8 weights, each size in a process of its own.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

from gradcheck import Result, check
from reports.peak import Peak, highest
from reports.peer_layers import Matrix, off_at, spoiled

PAGE = Path(__file__).with_suffix(".md")
PLOT = Path(__file__).with_suffix(".svg")
ROOT = Path(__file__).parent.parent
WIDTHS = (10, 32, 100, 316, 1000, 3162, 10_000)
ENTRIES_UP_TO = 100_000  # weights; beyond that two evaluations an entry are no longer worth their time
SIDE = 1000  # of the leaf of 1e6 in which wrong entries are sought
TYPICAL, SMALL = 1.0, 1e-4  # of the rms of the gradient


@dataclass(frozen=True)
class Cost:
    """Of one check.

    seconds: of the check · unit: seconds of one forward and backward
    memory: peak of the process, in multiples of the weights' own bytes, which are part of it; before: where it
    stood when the layer was built.
    """

    weights: int
    verdict: str
    method: str
    forward: int
    backward: int
    seconds: float
    unit: float
    memory: float
    before: float


def cost(width: int, method: str) -> Cost:
    """In this process, which should have done nothing else."""
    _check(Matrix(20, np.random.default_rng(0)), 20, method, 0)  # what is loaded once
    layer, unit = _built(width)
    with Peak() as peak:  # on a terminal the check itself shows what it is at
        before = highest()
        start = time.perf_counter()
        result = _check(layer, width, method, 0)
        seconds = time.perf_counter() - start
    size = layer.W.nbytes
    calls = result.evaluations
    return Cost(
        width**2, str(result.verdict), result.leaves["W"].method, calls.forward, calls.backward, seconds, unit,
        (before + peak.more) / size, before / size,
    )  # fmt: skip


def _built(width: int) -> tuple[Matrix, float]:
    """The layer as it was built, without a gradient; the fastest of three forwards and backwards."""
    layer = Matrix(width, np.random.default_rng(width))
    x = np.random.default_rng(1).normal(size=(1, width))
    times = []
    for _ in range(3):
        start = time.perf_counter()
        layer.backward(np.ones_like(layer.forward(x)))
        times.append(time.perf_counter() - start)
        del layer.dW
    del layer.x, layer.y
    return layer, min(times)


def _check(layer: Matrix, width: int, method: str, seed: int) -> Result:
    return check(layer, np.random.default_rng(1 + seed).normal(size=(1, width)), method=method, seed=seed)


def in_child(width: int, method: str) -> Cost:
    """Costs measured in a process of its own, whose progress is shown."""
    command = [sys.executable, "-m", "reports.scale", "--child", str(width), method]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 -- our own
    return Cost(**json.loads(ran.stdout))


def growth() -> tuple[list[Cost], list[Cost]]:
    """By default, and entry by entry."""
    return (
        [in_child(width, "auto") for width in WIDTHS],
        [in_child(width, "entries") for width in WIDTHS if width**2 <= ENTRIES_UP_TO],
    )


@dataclass(frozen=True)
class Fault:
    """wrong: how many entries · size: of each error, in units of the gradient's rms · most: evaluations wanted."""

    wrong: int
    size: float
    most: int
    kinked: bool = False

    @property
    def words(self) -> str:
        """What is wrong."""
        if not self.wrong:
            return "nothing"
        size = "typical size" if self.size == TYPICAL else f"{self.size:.0e} of it"
        return f"{self.wrong} {'entry' if self.wrong == 1 else 'entries'}, {size}"


FAULTS = (
    Fault(0, 0.0, 90), Fault(0, 0.0, 130, kinked=True),
    Fault(1, TYPICAL, 200), Fault(1, TYPICAL, 600, kinked=True), Fault(1, SMALL, 200),
    Fault(8, TYPICAL, 1500), Fault(8, TYPICAL, 4500, kinked=True),
)  # fmt: skip


def sought(fault: Fault, seeds: int) -> tuple[object, ...]:
    """One row: evaluations over the seeds, and how often all wrong entries and no others were found."""
    counts, right, whole, seconds = [], 0, 0, []
    for seed in tqdm(range(seeds), desc=f"{fault.words}{', kinked' if fault.kinked else ''}", disable=None):
        rng = np.random.default_rng([seed, 5])
        layer = Matrix(SIDE, rng, kinked=fault.kinked)
        places = rng.choice(SIDE**2, size=fault.wrong, replace=False)
        if fault.wrong:
            spoiled(layer, off_at(places, fault.size))
        start = time.perf_counter()
        result = _check(layer, SIDE, "auto", seed)
        seconds.append(time.perf_counter() - start)
        counts.append(result.evaluations.forward)
        found = {int(np.ravel_multi_index(i, (SIDE, SIDE))) for i in result.leaves["W"].wrong}
        right += found == set(places.tolist())
        whole += result.passed == (fault.wrong == 0)
    low, middle, high = np.percentile(counts, (0, 50, 100))
    return (
        "max(x W, 0)" if fault.kinked else "tanh(x W)", fault.words, f"{middle:.0f}", f"{low:.0f} to {high:.0f}",
        fault.most, f"{whole} of {seeds}", f"{right} of {seeds}", f"{np.median(seconds):.2f}",
    )  # fmt: skip


def plot(screened: Sequence[Cost], entries: Sequence[Cost]) -> None:
    """Evaluations, time and memory against the number of weights."""
    import matplotlib as mpl  # noqa: PLC0415 -- of the extra `report`

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "gradcheck"
    from matplotlib import pyplot as plt  # noqa: PLC0415 -- once the kind of output is chosen

    panels: tuple[tuple[str, Callable[[Cost], float], bool], ...] = (
        ("forward evaluations", lambda c: c.forward, True),
        ("forward-backward times", lambda c: c.seconds / c.unit, True),
        ("peak memory / weights", lambda c: c.memory, False),
    )
    figure, axes = plt.subplots(1, 3, figsize=(9, 2.8), layout="constrained")
    for axis, (title, value, both) in zip(axes, panels, strict=True):
        runs = (("default", screened), ("entries", entries)) if both else (("default", screened[-3:]),)
        for name, costs in runs:
            axis.plot([c.weights for c in costs], [value(c) for c in costs], "o-", ms=3, label=name)
        axis.set(title=title, xlabel="weights", xscale="log", yscale="log" if both else "linear")
        axis.grid(visible=True, alpha=0.3)
    axes[0].legend()
    axes[2].set_ylim(bottom=0)
    figure.savefig(PLOT, metadata={"Date": None})


def growth_table(costs: Sequence[Cost]) -> str:
    """One row a size."""
    heads = ("weights", "method", "verdict", "forwards", "backwards", "seconds", "x one fwd-bwd", "memory / weights")
    rows = [
        (
            f"{c.weights:.2g}", c.method, c.verdict, c.forward, c.backward, f"{c.seconds:.2f}",
            f"{c.seconds / c.unit:.0f}", f"{c.memory:.2f}" if c.weights >= 1e6 else "",  # Python itself is larger
        )
        for c in costs
    ]  # fmt: skip
    return tabulate(rows, heads, tablefmt="github", disable_numparse=True)


TEXT = """# What a check costs as a layer grows

Written by `make scale`; do not edit. The layer is tanh(x W), float64, and leaves its gradient in dW.

![cost against size]({plot})

## By default

{screened}

x one fwd-bwd: the time of the check in units of one forward and backward of the layer. memory: peak of the process in
multiples of the bytes of W, which are part of it, as is the layer's own dW.

## Entry by entry

{entries}

## A leaf of 1e6 entries: correct, and with wrong entries

Medians over {seeds} seeds, the input checked too. forwards: evaluations of the whole check, diagnosis apart. located:
exactly the wrong entries, all of them. Sizes are in units of the rms of the gradient.

{faults}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page and the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="of the search for wrong entries (default: 20)")
    parser.add_argument("--child", nargs=2, metavar=("WIDTH", "METHOD"), help="measure one check and stop")
    given = parser.parse_args(arguments)
    if given.child:
        print(json.dumps(asdict(cost(int(given.child[0]), given.child[1]))))
        return
    screened, entries = growth()
    plot(screened, entries)
    heads = ("layer", "wrong", "forwards", "spread", "figure", "verdict right", "located", "seconds")
    faults = tabulate([sought(f, given.seeds) for f in FAULTS], heads, tablefmt="github", disable_numparse=True)
    text = TEXT.format(
        plot=PLOT.name,
        screened=growth_table(screened),
        entries=growth_table(entries),
        seeds=given.seeds,
        faults=faults,
    )
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote {PAGE.name} and {PLOT.name}")


if __name__ == "__main__":
    main()
