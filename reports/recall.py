"""How often is a fault found, and nothing else? `python -m reports.recall` writes recall.md beside this file.

Every planted fault, every distinct correct twin and every layer that is no fault (tests/planted/) is checked under many
seeds. Causes are not looked for, which is most of the time: reports/power.py does that, under fewer seeds.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

from gradcheck.judge.verdict import Verdict
from reports.trials import each, judged, share
from tests.planted.corpus import CORPUS, HARMLESS, distinct_twins

PAGE = Path(__file__).with_suffix(".md")
LEAST = 0.99  # of the seeds, in which each fault must be found
TEXT = """# Recall: planted faults found, correct layers left alone

Written by `python -m reports.recall --seeds {seeds} --correct {correct}`; do not edit.

{faults} planted faults in tests/planted/, each checked whole under {seeds} seeds; their {twins} distinct correct
twins, and {innocent} layers that naive checkers flag and that are no fault (kinks, ties, scales, saturation, float32,
memory order, unusual formulas), under {correct}. How the faults are named is in [power.md](power.md).

{figures}

- found: checks of faulty layers that fail or have a finding
- false alarms: checks of correct layers that do not pass, or have a finding

Found in fewer than 99 of 100 seeds: {rarely}.
Missed at some seed: {missed}.
Flagged though correct: {alarms}.
"""


@dataclass(frozen=True)
class Subject:
    """What is checked: a planted fault (at fault), or a correct layer. x: as of Planted."""

    name: str
    at_fault: bool
    make: Callable[[], Any]
    x: Any


SUBJECTS = [
    *(Subject(p.name, True, p.make_faulty, p.x) for p in CORPUS),
    *(Subject(f"the twin of {p.name!r}", False, p.make_twin, p.x) for p in distinct_twins(CORPUS)),
    *(Subject(i.name, False, i.make, i.x) for i in HARMLESS),
]


def flagged(place: int, seed: int) -> bool:
    """Is the subject at that place said to be at fault? What is undecided flags a correct layer and no faulty one."""
    subject = SUBJECTS[place]
    result = judged(subject.make(), subject.x, seed)
    return bool(result.findings) or result.verdict is Verdict.FAIL or not (result.passed or subject.at_fault)


def page(found: Sequence[Sequence[bool]], flags: Sequence[Sequence[bool]]) -> str:
    """The report's text. found, flags: of each seed, which faults and which correct layers are said to be at fault."""
    faults = [s.name for s in SUBJECTS if s.at_fault]
    right = [s.name for s in SUBJECTS if not s.at_fault]
    seeds, correct = len(found), len(flags)
    counts = _counts(faults, found)
    flagged_ones = _counts(right, flags)
    missed = [f"{name} ({seeds - counts[name]})" for name in faults if counts[name] < seeds]
    total, of = sum(counts.values()), seeds * len(faults)
    rows = [
        ("found", f"{100 * total / of:.3f} % ({total} of {of})", ">= 99 %"),
        ("faults found in at least 99 of 100 seeds", share([counts[n] >= LEAST * seeds for n in faults]), "all"),
        ("false alarms", f"{sum(flagged_ones.values())} of {correct * len(right)}", "0"),
    ]
    return TEXT.format(
        seeds=seeds,
        correct=correct,
        faults=len(faults),
        twins=len(right) - len(HARMLESS),
        innocent=len(HARMLESS),
        figures=tabulate(rows, ("figure", "measured", "to reach"), "pipe"),
        rarely=", ".join(name for name in faults if counts[name] < LEAST * seeds) or "none",
        missed=", ".join(missed) or "none",
        alarms=", ".join(name for name in right if flagged_ones[name]) or "none",
    )


def _counts(names: Sequence[str], flags: Sequence[Sequence[bool]]) -> Counter[str]:
    return Counter(name for one in flags for name, flag in zip(names, one, strict=True) if flag)


def main() -> int:
    """Write the page; 1 where a fault is rarely found or a correct layer is flagged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="for the faults")
    parser.add_argument("--correct", type=int, help="for the correct layers, which take less time (default: as many)")
    parser.add_argument("--workers", type=int, default=2)
    known = parser.parse_args()
    correct = known.seeds if known.correct is None else known.correct
    text = page(*(_flags(at_fault, n, known.workers) for at_fault, n in ((True, known.seeds), (False, correct))))
    PAGE.write_text(text, encoding="utf-8")
    return int("99 of 100 seeds: none." not in text or "though correct: none." not in text)


def _flags(at_fault: bool, seeds: int, workers: int) -> list[list[bool]]:
    """Of each seed, those of the subjects."""
    places = [place for place, subject in enumerate(SUBJECTS) if subject.at_fault == at_fault]
    flat = each(flagged, [(place, seed) for seed in range(seeds) for place in places], workers)
    return [flat[start : start + len(places)] for start in range(0, len(flat), len(places))]


if __name__ == "__main__":
    raise SystemExit(main())
