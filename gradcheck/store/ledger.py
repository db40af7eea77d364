"""Checking, updating and pruning the baselines of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gradcheck.judge.verdict import Verdict, worst
from gradcheck.store.baselines import Baseline, slug
from gradcheck.store.drift import Drift, better, drifts
from gradcheck.store.shelf import DamagedError, Shelf

Wanted = Callable[[str], bool]  # of a target: may the run have something to say about its baseline?


@dataclass(frozen=True)
class Drifted:
    """A layer that is not as it was. before, now: the environments."""

    target: str
    before: Mapping[str, str]
    now: Mapping[str, str]
    drifts: Sequence[Drift]


@dataclass
class Ledger:
    """What came of it.

    same: targets that are as they were · better: target -> cases whose verdict has improved · missing: targets
    without a baseline · unused: file -> target that the run does not have · damaged: file -> what is wrong
    written, removed: files · recorded: target -> worst verdict, of those written that do not pass.
    """

    cases: int = 0
    leaves: int = 0
    same: list[str] = field(default_factory=list)
    drifted: list[Drifted] = field(default_factory=list)
    better: dict[str, list[str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unused: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    recorded: dict[str, Verdict] = field(default_factory=dict)


def check(found: Mapping[str, Baseline], shelf: Shelf, wanted: Wanted) -> Ledger:
    """Every layer against its baseline; baselines that are wanted but belong to no layer."""
    ledger = Ledger()
    on_file = _read(shelf, ledger)
    for target, now in found.items():
        if slug(target) not in ledger.damaged:
            _compare(target, on_file.get(target), now, ledger)
    _count(found, ledger)
    ledger.unused = _unused(on_file, found, wanted)
    return ledger


def update(found: Mapping[str, Baseline], shelf: Shelf) -> Ledger:
    """Write the layers that have no baseline, or another; a file that says the same stays as it is."""
    ledger = Ledger()
    for target, now in found.items():
        name = slug(target)
        try:
            before = shelf.read(name) if name in shelf.names() else None
            if before is not None and not drifts(before, now) and not better(before, now):
                ledger.same.append(target)
            else:
                ledger.written.append(shelf.write(now))
        except DamagedError as error:
            ledger.damaged[name] = str(error)
            continue
        verdict = worst([case.verdict for case in now.cases.values()])
        if verdict is not Verdict.PASS:
            ledger.recorded[target] = verdict
    _count(found, ledger)
    return ledger


def prune(found: Mapping[str, Baseline], shelf: Shelf, wanted: Wanted) -> Ledger:
    """Remove the baselines that are wanted but belong to no layer; damaged ones stay."""
    ledger = Ledger()
    unused = _unused(_read(shelf, ledger), found, wanted)
    for name in unused:
        try:
            shelf.remove(name)
            ledger.removed.append(name)
        except DamagedError as error:
            ledger.damaged[name] = str(error)
    _count(found, ledger)
    return ledger


def _read(shelf: Shelf, ledger: Ledger) -> dict[str, Baseline]:
    """By target, every file that can be read."""
    on_file = {}
    for name in shelf.names():
        try:
            baseline = shelf.read(name)
        except DamagedError as error:
            ledger.damaged[name] = str(error)
        else:
            on_file[baseline.target] = baseline
    return on_file


def _compare(target: str, before: Baseline | None, now: Baseline, ledger: Ledger) -> None:
    if before is None:
        ledger.missing.append(target)
        return
    differing = drifts(before, now)
    if differing:
        ledger.drifted.append(Drifted(target, before.environment, now.environment, differing))
    else:
        ledger.same.append(target)
    improved = better(before, now)
    if improved:
        ledger.better[target] = improved


def _unused(on_file: Mapping[str, Baseline], found: Mapping[str, Baseline], wanted: Wanted) -> dict[str, str]:
    return {slug(target): target for target in on_file if target not in found and wanted(target)}


def _count(found: Mapping[str, Baseline], ledger: Ledger) -> None:
    cases = [case for baseline in found.values() for case in baseline.cases.values()]
    ledger.cases, ledger.leaves = len(cases), sum(len(case.leaves) for case in cases)
