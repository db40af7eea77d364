"""How often is a fault found, and rightly named? `python -m reports.power` writes power.md beside this file.

Every planted fault and its correct twin (tests/planted/) is checked under several seeds. What was found is kept in
build/power/ until the code changes: an interrupted run goes on where it was.
"""

import argparse
import hashlib
import json
import statistics
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate
from tqdm import tqdm

from gradcheck import Result, check
from tests.planted.catalogue import Planted
from tests.planted.corpus import CORPUS, HARMLESS

PAGE = Path(__file__).with_suffix(".md")
ROOT = Path(__file__).parent.parent
KEPT = ROOT / "build" / "power"
VAGUE = frozenset({"located", "border-wrong", "unrecognised"})  # a place, or nothing: no confident name
ODD = frozenset({"located", "unrecognised"})  # planted so where no cause of the list fits
LEAST = 0.99  # of the seeds, in which each fault must be found
TEXT = """# Power: planted faults found and named

Written by `python -m reports.power --seeds {seeds}`; do not edit.

{faults} planted faults in tests/planted/, each with a correct twin, and {innocent} layers that naive checkers flag and
that are no fault (kinks, ties, scales, saturation, float32, memory order, unusual formulas); {seeds} seeds each.

{figures}

- recall: checks of faulty layers with a finding; false alarms: checks of correct twins that do not pass or have one
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

## Seeds

{seeds_text}
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
    alarm: bool
    factor: bool | None
    share: float
    meant: str | None = None


def run(made: Any, x: Any, seed: int) -> Result:
    """A layer, or a pair of functions with their arguments."""
    return check(made[0], made[1], x, seed=seed) if isinstance(made, tuple) else check(made, x, seed=seed)


def trial(place: int, seed: int) -> Trial:
    """Check the fault at that place of the corpus, and its twin."""
    warnings.simplefilter("ignore")
    planted = CORPUS[place]
    faulty, twin = run(planted.make_faulty(), planted.x, seed), run(planted.make_twin(), planted.x, seed)
    calls = faulty.evaluations
    return Trial(
        planted.name, planted.cause, seed,
        found=bool(faulty.findings),
        first=faulty.findings[0].cause if faulty.findings else "nothing",
        exact={f.cause for f in faulty.findings} == planted.causes
        and {(f.leaf, f.cause) for f in faulty.findings} >= planted.wanted,
        alarm=not twin.passed or bool(twin.findings),
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


def alarmed(place: int, seed: int) -> bool:
    """Is what is no fault, at that place of the list, said to be one?"""
    warnings.simplefilter("ignore")
    innocent = HARMLESS[place]
    result = run(innocent.make(), innocent.x, seed)
    return not result.passed or bool(result.findings)


def alarms(seeds: int, workers: int) -> list[str]:
    """The names of all that were, once for each seed."""
    jobs = [(place, seed) for seed in range(seeds) for place in range(len(HARMLESS))]
    flagged = _each(alarmed, jobs, workers)
    return [HARMLESS[place].name for (place, _), alarm in zip(jobs, flagged, strict=True) if alarm]


def trials(seeds: int, workers: int) -> list[Trial]:
    """All of them, all faults of one seed before the next seed."""
    jobs = [(place, seed) for seed in range(seeds) for place in range(len(CORPUS))]
    return [Trial(**found) for found in _each(_trial, jobs, workers)]


def _trial(place: int, seed: int) -> dict[str, Any]:
    return asdict(trial(place, seed))


def _each(work: Callable[[int, int], Any], jobs: Sequence[tuple[int, int]], workers: int) -> list[Any]:
    """What `work(place, seed)` gives for every job, as JSON has it; what this code has found before is not redone."""
    kept = KEPT / f"{_fingerprint()}-{work.__name__.strip('_')}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    known = {(place, seed): found for place, seed, found in lines}
    missing = [job for job in jobs if job not in known]
    with ProcessPoolExecutor(workers) as pool, kept.open("a") as file:
        found = pool.map(work, *zip(*missing, strict=True), chunksize=4) if missing else ()
        for job, one in zip(missing, tqdm(found, total=len(missing), desc=work.__name__, disable=None), strict=True):
            known[job] = one
            file.write(json.dumps([*job, one]) + "\n")
            file.flush()
    return [known[job] for job in jobs]


def _fingerprint() -> str:
    """Of the code that checks and the faults that are checked."""
    files = sorted(
        path for folder in ("gradcheck", "layers", "tests/planted") for path in (ROOT / folder).rglob("*.py")
    )
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def wrong(t: Trial) -> bool:
    """Is a cause named with confidence, and another one than planted?"""
    return t.found and t.first not in VAGUE and t.first not in (t.cause, t.meant)


def rarely_found(done: Sequence[Trial]) -> list[str]:
    """Faults that are found in fewer than 99 of 100 seeds."""
    shares = {name: [t.found for t in done if t.name == name] for name in dict.fromkeys(t.name for t in done)}
    return [name for name, found in shares.items() if sum(found) < LEAST * len(found)]


def page(done: Sequence[Trial], flagged: Sequence[str], seeds: int) -> str:
    """The report's text."""
    factors = [t.factor for t in done if t.factor is not None]
    rows = [
        ("recall", _share([t.found for t in done]), ">= 99 %"),
        ("false alarms", f"{sum(t.alarm for t in done)} of {len(done)}", "0"),
        ("false alarms on what is no fault", f"{len(flagged)} of {seeds * len(HARMLESS)}", "0"),
        ("first finding as expected", _share([t.first == t.cause for t in done]), ">= 95 %"),
        ("named with the right cause", _share([t.first == t.cause and t.first not in ODD for t in done]), ""),
        ("no name where one was meant", _share([t.meant is not None and t.first != t.meant for t in done]), ""),
        ("all as expected", _share([t.exact for t in done]), ""),
        ("confident wrong name", _share([wrong(t) for t in done]), "<= 0.5 %"),
        ("factor's expression right", _share(factors), ">= 99 %"),
        ("diagnosis / check, median evaluations", f"{statistics.median(t.share for t in done if t.found):.2f}", "<= 3"),
    ]
    by_cause = [
        (cause, len({t.name for t in mine}), _share([t.found for t in mine]), _share([t.first == cause for t in mine]))
        for cause in sorted({t.cause for t in done})
        for mine in [[t for t in done if t.cause == cause]]
    ]
    mixed = Counter((t.cause, t.first, t.name) for t in done if t.first != t.cause)
    confusions = [(cause, first, name, n) for (cause, first, name), n in mixed.most_common()]
    named = (rarely_found(done), sorted({t.name for t in done if t.alarm}), sorted(set(flagged)))
    rarely, failed, innocent = (", ".join(names) or "none" for names in named)
    said = f"Found in fewer than 99 of 100 seeds: {rarely}. Twins that failed: {failed}; no faults: {innocent}."
    return TEXT.format(
        seeds=seeds,
        faults=len({t.name for t in done}),
        innocent=len(HARMLESS),
        figures=tabulate(rows, ("figure", "measured", "to reach"), "pipe"),
        causes=tabulate(by_cause, ("planted cause", "faults", "found", "named first"), "pipe"),
        confusions=tabulate(confusions, ("planted", "named", "fault", "checks"), "pipe") or "None.",
        seeds_text=said,
    )


def _share(flags: Sequence[bool]) -> str:
    return f"{100 * sum(flags) / len(flags):.1f} % ({sum(flags)} of {len(flags)})" if flags else "-"


def main() -> int:
    """Write the page; 1 where a fault is rarely found or a twin fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    known = parser.parse_args()
    done = trials(known.seeds, known.workers)
    flagged = alarms(known.seeds, known.workers)
    PAGE.write_text(page(done, flagged, known.seeds), encoding="utf-8")
    return int(bool(rarely_found(done) or flagged) or any(t.alarm for t in done))


if __name__ == "__main__":
    raise SystemExit(main())
