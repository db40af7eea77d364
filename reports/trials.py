"""Checking the planted corpus under many seeds, side by side; what an interrupted run has found is kept in build/."""

import hashlib
import json
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from tqdm import tqdm

from gradcheck import Result, check
from gradcheck.gather.handed import specimen_of
from gradcheck.gather.specimen import FunctionSpecimen
from gradcheck.run.check import check_specimen
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "build" / "power"


def run(made: Any, x: Any, seed: int) -> Result:
    """A layer, or a pair of functions with their arguments."""
    return check(made[0], made[1], x, seed=seed) if isinstance(made, tuple) else check(made, x, seed=seed)


def judged(made: Any, x: Any, seed: int = 0, method: str = "auto") -> CheckResult:
    """The same without names for what is wrong: of a faulty layer the same verdict in two fifths of the time."""
    pair = isinstance(made, tuple)
    specimen = FunctionSpecimen(made[0], made[1], tuple(x), None) if pair else specimen_of(made, x)
    return check_specimen(specimen, "", Options(seed=seed, method=method, diagnose=False))


def each(work: Callable[[int, int], Any], jobs: Sequence[tuple[int, int]], workers: int) -> list[Any]:
    """What `work(place, seed)` gives for every job, as JSON has it; what this code has found before is not redone."""
    kept = KEPT / f"{_fingerprint()}-{work.__name__.strip('_')}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    known = {(place, seed): found for place, seed, found in lines}
    missing = [job for job in jobs if job not in known]
    with ProcessPoolExecutor(workers, initializer=_quiet) as pool, kept.open("a") as file:
        found = pool.map(work, *zip(*missing, strict=True), chunksize=4) if missing else ()
        for job, one in zip(missing, tqdm(found, total=len(missing), desc=work.__name__, disable=None), strict=True):
            known[job] = one
            file.write(json.dumps([*job, one]) + "\n")
            file.flush()
    return [known[job] for job in jobs]


def share(flags: Sequence[bool]) -> str:
    """How many of them are set, as a page has it."""
    return f"{100 * sum(flags) / len(flags):.1f} % ({sum(flags)} of {len(flags)})" if flags else "-"


def _quiet() -> None:
    warnings.simplefilter("ignore")


def _fingerprint() -> str:
    """Of the code that checks and the faults that are checked."""
    files = sorted(
        path for folder in ("gradcheck", "layers", "tests/planted") for path in (ROOT / folder).rglob("*.py")
    )
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
