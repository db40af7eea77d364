"""`--gradcheck-update`: baselines written as `gradcheck baseline update` does, told at the end of the session."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gradcheck.gather.config import Config, spelled_from
from gradcheck.judge.verdict import Verdict
from gradcheck.plugin.records import problem_facts
from gradcheck.plugin.settings import Settings
from gradcheck.render.drift import drift_text
from gradcheck.run.outcome import CampaignResult
from gradcheck.store.baselines import baselines_of
from gradcheck.store.environment import environment
from gradcheck.store.ledger import Ledger, update
from gradcheck.store.shelf import Shelf

Told = dict[str, Any]  # plain: it travels with the report of an item, also from a worker of pytest-xdist


def updated(outcome: CampaignResult, settings: Settings, root: Path) -> Told:
    """Write what one class came to at the fixed point; where, and what became of it.

    root: what baselines are relative to where no configuration is in force.

    Raises:
        UsageError: the folder of baselines is a link, or no folder.
    """
    folder = _folder(settings.config, root)
    version = str(sys.modules["gradcheck"].__version__)
    found = baselines_of(outcome.checks, folder, seed=settings.fixed.seed, environment=environment(version))
    shelf = Shelf(folder / settings.config.baselines, folder)
    ledger = update(found, shelf)
    return {
        "folder": str(folder),
        "shelf": str(shelf.folder),
        "targets": list(found),
        "cases": ledger.cases,
        "leaves": ledger.leaves,
        "same": ledger.same,
        "written": ledger.written,
        "damaged": ledger.damaged,
        "problems": [problem_facts(problem) for problem in outcome.problems],
        "recorded": {target: verdict.value for target, verdict in ledger.recorded.items()},
    }


def told(updates: Iterable[Told], here: Path) -> list[str]:
    """One text for each folder of baselines. here: what paths are shown relative to."""
    shelves: dict[tuple[str, str], Ledger] = {}
    for one in _once(updates):
        ledger = shelves.setdefault((one["folder"], one["shelf"]), Ledger())
        ledger.cases += one["cases"]
        ledger.leaves += one["leaves"]
        ledger.same += one["same"]
        ledger.written += one["written"]
        ledger.damaged |= one["damaged"]
        ledger.recorded |= {target: Verdict(verdict) for target, verdict in one["recorded"].items()}
    return [_text(ledger, Path(folder), shelf, here) for (folder, shelf), ledger in shelves.items()]


def _once(updates: Iterable[Told]) -> Iterable[Told]:
    """Of a class that two workers have measured, the one that wrote."""
    kept: dict[tuple[str, ...], Told] = {}
    for one in sorted(updates, key=lambda one: not one["written"]):
        kept.setdefault((one["shelf"], *one["targets"]), one)
    return kept.values()


def _text(ledger: Ledger, folder: Path, shelf: str, here: Path) -> str:
    def shown(target: str) -> str:
        return spelled_from(folder, target, here)

    return drift_text(ledger, (), shown, os.path.relpath(shelf, here))


def _folder(config: Config, root: Path) -> Path:
    return root if config.file is None else config.folder
