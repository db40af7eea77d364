"""How often is a fault rightly named? `python -m reports.power` writes power.md beside this file.

Every planted fault (tests/planted/) is checked under several seeds; how often it is found, and whether its correct twin
passes, is asked under more of them in reports/recall.py.
"""

import argparse
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

from gradcheck import Result
from reports.trials import each, run, share
from tests.planted.catalogue import Planted
from tests.planted.corpus import CORPUS

PAGE = Path(__file__).with_suffix(".md")
VAGUE = frozenset({"located", "border-wrong", "unrecognised"})  # a place, or nothing: no confident name
ODD = frozenset({"located", "unrecognised"})  # planted so where no cause of the list fits
MOST_WRONG = 0.005  # of the names
TEXT = """# Power: planted faults found and named

Written by `python -m reports.power --seeds {seeds}`; do not edit.

{faults} planted faults in tests/planted/, {seeds} seeds each. Correct layers are checked in [recall.md](recall.md).

{figures}

- recall: checks of faulty layers with a finding
- first finding as expected: it has the planted cause; faults too odd for the list of causes are planted as
  `unrecognised` or `located`; named with the right cause: the same, such faults counted as not named
- no name where one was meant: whoever wrote the layer had a cause of the list in mind, and the finding is a place or
  `unrecognised` (a fault deep inside a recurrence or an attention, whose parts no one sees from outside)
- all as expected: every leaf has its cause and no other has one
- confident wrong: first findings that name another cause than the planted one, places and `unrecognised` aside
- factor: checks whose expression (or one of the tied) is the planted one
- evaluations: forwards and backwards of the diagnosis, divided by those of the check, on the failing checks

## By cause

{causes}

## Confusions

{confusions}
"""


@dataclass(frozen=True)
class Trial:
    """One fault under one seed."""

    name: str
    cause: str
    seed: int
    found: bool
    first: str
    exact: bool
    factor: bool | None
    share: float
    meant: str | None = None


def trial(place: int, seed: int) -> Trial:
    """Check the fault at that place of the corpus."""
    planted = CORPUS[place]
    faulty = run(planted.make_faulty(), planted.x, seed)
    calls = faulty.evaluations
    return Trial(
        planted.name, planted.cause, seed,
        found=bool(faulty.findings),
        first=faulty.findings[0].cause if faulty.findings else "nothing",
        exact={f.cause for f in faulty.findings} == planted.causes
        and {(f.leaf, f.cause) for f in faulty.findings} >= planted.wanted,
        factor=factor_named(planted, faulty),
        share=(calls.diagnosis_forward + calls.diagnosis_backward) / (calls.forward + calls.backward),
        meant=planted.meant,
    )  # fmt: skip


def factor_named(planted: Planted, result: Result) -> bool | None:
    """Is the factor's expression the planted one? None where none is asked for."""
    if planted.expression is None:
        return None
    # That of one path through a leaf (factor None) is no ratio of gradients, and has no name.
    factors = [f for f in result.findings if f.cause == planted.cause and f.factor is not None]
    return bool(factors) and all(planted.expression in (f.expression, *f.tied) for f in factors)


def trials(seeds: int, workers: int) -> list[Trial]:
    """All of them, all faults of one seed before the next seed."""
    jobs = [(place, seed) for seed in range(seeds) for place in range(len(CORPUS))]
    return [Trial(**found) for found in each(_trial, jobs, workers)]


def _trial(place: int, seed: int) -> dict[str, Any]:
    return asdict(trial(place, seed))


def wrong(t: Trial) -> bool:
    """Is a cause named with confidence, and another one than planted?"""
    return t.found and t.first not in VAGUE and t.first not in (t.cause, t.meant)


def page(done: Sequence[Trial], seeds: int) -> str:
    """The report's text."""
    factors = [t.factor for t in done if t.factor is not None]
    rows = [
        ("recall", share([t.found for t in done]), ">= 99 %"),
        ("first finding as expected", share([t.first == t.cause for t in done]), ">= 95 %"),
        ("named with the right cause", share([t.first == t.cause and t.first not in ODD for t in done]), ""),
        ("no name where one was meant", share([t.meant is not None and t.first != t.meant for t in done]), ""),
        ("all as expected", share([t.exact for t in done]), ""),
        ("confident wrong name", share([wrong(t) for t in done]), "<= 0.5 %"),
        ("factor's expression right", share(factors), ">= 99 %"),
        ("diagnosis / check, median evaluations", f"{statistics.median(t.share for t in done if t.found):.2f}", "<= 3"),
    ]
    by_cause = [
        (cause, len({t.name for t in mine}), share([t.found for t in mine]), share([t.first == cause for t in mine]))
        for cause in sorted({t.cause for t in done})
        for mine in [[t for t in done if t.cause == cause]]
    ]
    mixed = Counter((t.cause, t.first, t.name) for t in done if t.first != t.cause)
    confusions = [(cause, first, name, n) for (cause, first, name), n in mixed.most_common()]
    return TEXT.format(
        seeds=seeds,
        faults=len({t.name for t in done}),
        figures=tabulate(rows, ("figure", "measured", "to reach"), "pipe"),
        causes=tabulate(by_cause, ("planted cause", "faults", "found", "named first"), "pipe"),
        confusions=tabulate(confusions, ("planted", "named", "fault", "checks"), "pipe") or "None.",
    )


def main() -> int:
    """Write the page; 1 where more than one name in 200 is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    known = parser.parse_args()
    done = trials(known.seeds, known.workers)
    PAGE.write_text(page(done, known.seeds), encoding="utf-8")
    return int(sum(wrong(t) for t in done) > MOST_WRONG * len(done))


if __name__ == "__main__":
    raise SystemExit(main())
