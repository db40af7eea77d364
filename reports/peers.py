"""Side by side with other gradient checkers. `python -m reports.peers` writes peers.md beside this file.

Every checker has its defaults and gets the same numpy layers; runs are interleaved in one process, memory is measured
in a process of its own for each. What is not installed is absent (`make peers` installs it).
"""

import argparse
import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

from reports.peak import Peak
from reports.peer_layers import Array, Made, NumpyLayer, convolution, deep, dense, leaves, off_at, relus, spoiled
from reports.peer_tools import BARE, DEFAULT, ENTRIES, SLOW, TOOLS, Tool

PAGE = Path(__file__).with_suffix(".md")
ROOT = Path(__file__).parent.parent
CASES: dict[str, Callable[[int], Made]] = {
    "FC 16x8": dense(16, 8),
    "FC 196x32": dense(196, 32),
    "FC 784x128": dense(784, 128),
    "convolution 28x28x3, 8 kernels of 5x5": convolution,
    "ten tanh layers of 32": deep,
    "1000 ReLUs at random points": relus,
}
GRID = tuple(m * 10.0**e for e in range(2, -11, -1) for m in (5, 2, 1))  # of errors, largest first
DECADES = GRID[2::3]
SLOW_CHECK = 2.0  # seconds, above which a checker's floors are sought among the powers of ten alone
NOTICED = 10.0  # a checker that returns a norm has noticed when it is that many times a correct layer's
HEADS = ("checker", "scale error", "one entry", "false alarms", "forwards", "time", "spread", "memory, MB")


@dataclass(frozen=True)
class Effort:
    """How much is done.

    seconds: that false alarms of one checker are looked for · rounds: of timing · most: entries of a layer's
    Jacobian, above which checkers that evaluate every entry are left out.
    """

    seconds: float
    rounds: int
    most: int = 10**9


def caught(tool: Tool, make: Callable[[int], Made], seed: int, spoil: Callable[[Array], Array]) -> bool:
    """Does the checker fail the layer with this fault?"""
    layer, x = make(seed)
    answer = tool.run(spoiled(layer, spoil), x)
    if answer.passed is not None:
        return not answer.passed
    layer, x = make(seed)
    return answer.norm > NOTICED * tool.run(layer, x).norm


def floor(
    tool: Tool,
    make: Callable[[int], Made],
    fault: Callable[[float], Callable[[Array], Array]],
    grid: Sequence[float] = GRID,
) -> str:
    """The smallest error of the grid that is caught, by bisection; seed 0.

    Who fails the correct layer there tells nothing by failing a wrong one.
    """
    if tool.run(*make(0)).passed is False:
        return "fails the correct one"
    if not caught(tool, make, 0, fault(grid[0])):
        return f"none up to {grid[0]:.0g}"
    low, high = 0, len(grid)  # caught at low, not at high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if caught(tool, make, 0, fault(grid[middle])) else (low, middle)
    return f"{grid[low]:.0e}"


def scaled(size: float) -> Callable[[Array], Array]:
    """The whole gradient times 1 + size."""
    return lambda gradient: gradient * (1 + size)


def one_entry(size: float) -> Callable[[Array], Array]:
    """One entry off by `size` times the rms of the gradient."""
    return off_at([7], size)


@dataclass(frozen=True)
class Rounds:
    """What the interleaved runs of correct layers gave, by checker.

    seconds: of each round · failed: how many were false alarms · forwards: calls of the numpy forward in the last.
    """

    seconds: dict[str, list[float]]
    failed: dict[str, int]
    forwards: dict[str, int]


def interleaved(tools: Sequence[Tool], make: Callable[[int], Made], rounds: int) -> Rounds:
    """All checkers take their turn in every round, at the same layer."""
    names = [tool.name for tool in tools]
    found = Rounds({name: [] for name in names}, dict.fromkeys(names, 0), {})
    for seed in range(rounds):
        for tool in tools:
            layer, x = make(seed)
            kind: type[NumpyLayer] = type(layer)
            kind.forwards = 0
            start = time.perf_counter()
            answer = tool.run(layer, x)
            found.seconds[tool.name].append(time.perf_counter() - start)
            found.failed[tool.name] += answer.passed is False
            found.forwards[tool.name] = kind.forwards
    return found


def alarms(tool: Tool, make: Callable[[int], Made], known: Rounds, seconds: float) -> str:
    """Correct layers that fail: those of the rounds, and as many further seeds as there is time for, up to 200."""
    seed, failed = len(known.seconds[tool.name]), known.failed[tool.name]
    end = time.perf_counter() + seconds - sum(known.seconds[tool.name])
    while seed < 200 and time.perf_counter() < end:
        failed += tool.run(*make(seed)).passed is False
        seed += 1
    return f"{failed} of {seed}"


def ratio(seconds: dict[str, list[float]], name: str, to: str) -> tuple[str, str]:
    """Median, and the smallest and largest of the rounds."""
    ratios = np.array(seconds[name]) / np.array(seconds[to])
    return f"{np.median(ratios):.2f}", f"{ratios.min():.2f} to {ratios.max():.2f}"


def memory(tool: Tool, case: str) -> str:
    """Peak of a process of its own above what it held before the check, in MB."""
    command = [sys.executable, "-m", "reports.peers", "--memory", tool.name, case]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    return ran.stdout.strip() or "not measured"


def measure_memory(name: str, case: str) -> None:
    """In the process of its own: a small check first, so that what is loaded once does not count."""
    tool = next(tool for tool in TOOLS if tool.name == name)
    with contextlib.redirect_stdout(io.StringIO()):
        tool.run(*CASES["FC 16x8"](0))
        made = CASES[case](0)
        with Peak() as peak:
            tool.run(*made)
    print(f"{peak.more / 1e6:.1f}")


def case_table(name: str, tools: Sequence[Tool], effort: Effort, bar: Any) -> tuple[str, dict[str, list[float]]]:
    """One row a checker, and the seconds of all."""
    make = CASES[name]
    layer, x = make(0)
    entries = sum(a.size for a in leaves(layer, x))
    jacobian = entries * layer.forward(x).size
    tools = [tool for tool in tools if not tool.thorough or jacobian <= effort.most]
    known = interleaved(tools, make, effort.rounds)
    rows = []
    for tool in tools:
        bar.set_postfix_str(f"{name}: {tool.name}")
        rows.append(
            (
                tool.name,
                *_power(tool, make, min(known.seconds[tool.name])),
                alarms(tool, make, known, effort.seconds) if tool.judges else "no verdict",
                known.forwards[tool.name],
                *ratio(known.seconds, tool.name, DEFAULT),
                memory(tool, name),
            )
        )
        bar.update()
    table = tabulate(rows, HEADS, tablefmt="github", disable_numparse=True)
    return f"## {name}: {entries} entries\n\n{table}\n", known.seconds


def _power(tool: Tool, make: Callable[[int], Made], seconds: float) -> tuple[str, str]:
    """Both floors; a bare loop has none."""
    if tool.name == BARE:
        return "", ""
    grid = DECADES if seconds > SLOW_CHECK else GRID
    return floor(tool, make, scaled, grid), floor(tool, make, one_entry, grid)


def figures(seconds: dict[str, dict[str, list[float]]]) -> str:
    """The wall-time figures of FC 196x32."""
    rows = []
    for name in (ENTRIES, DEFAULT):
        for to in (BARE, SLOW):
            found = seconds.get("FC 196x32", {})
            if to in found:
                rows.append((name, to, *ratio(found, name, to)))
            else:
                rows.append((name, to, "not installed", ""))
    return tabulate(rows, ("checker", "compared with", "time", "spread"), tablefmt="github", disable_numparse=True)


TEXT = """# Side by side with other gradient checkers

Written by `make peers`; do not edit. Each checker has its defaults; all get the same numpy layers, float64.

{versions}

- scale error: smallest relative error of the whole gradient of one leaf that fails (dW, the first of the ten, dX of the
  ReLUs).
- one entry: smallest error of one entry of it that fails, in units of the rms of that gradient.
- false alarms: correct layers that fail, of so many seeds as a few seconds allowed.
- forwards: calls of the numpy forward in one check of a correct layer.
- time: of one check, in units of our own `check` with its defaults; median of {rounds} interleaved rounds, and their
  spread.
- memory: peak of a process of its own, above what it held before the check.

Errors are tried on a grid of 1, 2, 5 times the powers of ten; of the powers of ten alone, for a checker that takes more
than two seconds. scipy's check_grad gives one norm and no verdict: it counts as having noticed when the norm is
{noticed:.0f} times that of the correct layer. A bare loop is two evaluations an entry at one step, without a verdict.
{left_out}
{tables}
## FC 196x32: wall time against a bare loop and against PyTorch's slow mode

{figures}
"""


LEFT_OUT = """Checkers that evaluate every entry were left out of layers whose Jacobian has more than {most} entries
(`--most {most}`).
"""


def page(effort: Effort) -> str:
    """The whole page."""
    tools = [tool for tool in TOOLS if tool.version is not None]
    tables, seconds = [], {}
    for tool in tools:  # what happens once only (loading, compiling) is in no figure
        tool.run(*CASES["FC 16x8"](0))
    with tqdm(total=len(tools) * len(CASES), desc="peers", disable=None) as bar:
        for name in CASES:
            table, seconds[name] = case_table(name, tools, effort, bar)
            tables.append(table)
    versions = dict.fromkeys(f"{tool.needs} {tool.version or 'is not installed'}" for tool in TOOLS)
    return TEXT.format(
        versions=", ".join(versions) + ".",
        rounds=effort.rounds,
        noticed=NOTICED,
        left_out=LEFT_OUT.format(most=effort.most) if effort.most < 10**9 else "",
        tables="\n".join(tables),
        figures=figures(seconds),
    )


def refuse_one_cpu() -> None:
    """JAX's pure_callback waits for ever where the process may use one CPU only."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cpus < 2 and any(tool.needs == "jax" and tool.version for tool in TOOLS):
        raise SystemExit("reports.peers: JAX calls numpy from a thread of its own and hangs on one CPU; give it two")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="for false alarms of each checker (default: 5)")
    parser.add_argument("--rounds", type=int, default=5, help="of timing (default: 5)")
    parser.add_argument(
        "--most", type=int, default=10**9, help="entries of a Jacobian, above which only fast checkers run"
    )
    parser.add_argument("--memory", nargs=2, metavar=("CHECKER", "LAYER"), help="measure one peak and stop")
    given = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    refuse_one_cpu()
    if given.memory:
        measure_memory(*given.memory)
        return
    PAGE.write_text(page(Effort(given.seconds, given.rounds, given.most)), encoding="utf-8")
    print(f"wrote {PAGE.name}")


if __name__ == "__main__":
    main()
