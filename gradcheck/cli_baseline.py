"""`gradcheck baseline check|update|prune`: what a refactor must not change."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gradcheck.base.errors import UsageError
from gradcheck.cli_output import BROKEN_PIPE, write_stdout

if TYPE_CHECKING:
    from gradcheck.gather.config import Config
    from gradcheck.run.outcome import CampaignResult
    from gradcheck.store.ledger import Ledger
    from gradcheck.store.scope import Scope
    from gradcheck.store.shelf import Shelf

FAILED, COULD_NOT, INTERRUPTED = 1, 2, 130
_NO = frozenset({"", "0", "false", "no"})


def baseline(known: argparse.Namespace, config: "Config", targets: Sequence[str], version: str) -> int:
    """Measure at the fixed point, then check, update or prune; the exit code (CONTRACT.md).

    known: action, targets as typed, force, timeout · targets: those, or the configuration's.

    Raises:
        UsageError: nothing to check is named, an update under CI without --force, a folder that is a link.
    """
    _allowed(known)
    from gradcheck.progress import cases
    from gradcheck.run.campaign import Plan, run
    from gradcheck.run.options import Options
    from gradcheck.store.scope import Scope
    from gradcheck.store.shelf import Shelf

    shelf = Shelf(config.folder / config.baselines, config.folder)
    scope = Scope(config.folder, Path.cwd(), tuple(known.targets))
    options = Options(
        seed=config.seed or 0,
        rtol=config.rtol,
        method=config.method or "auto",
        conventions=config.conventions,
        fixed=True,
    )
    with cases() as step:
        outcome = run(Plan(tuple(targets), options, timeout=known.timeout), step)
    if outcome.interrupted:
        write_stdout("interrupted: no baseline was compared, written or removed")
        return INTERRUPTED
    ledger = _done(known.action, outcome, shelf, scope, seed=options.seed, version=version)
    return max(_code(ledger, outcome), _print(ledger, outcome, shelf, scope))


def _allowed(known: argparse.Namespace) -> None:
    if known.action == "update" and not known.force and under_ci():
        raise UsageError(
            "baseline update: CI is set, and a baseline that a machine accepts guards nothing; update where you can "
            "look at the drift, or add --force"
        )


def under_ci() -> bool:
    """Does a machine run this, that looks at nothing?"""
    return os.environ.get("CI", "").lower() not in _NO


def _done(
    action: str, outcome: "CampaignResult", shelf: "Shelf", scope: "Scope", *, seed: int, version: str
) -> "Ledger":
    from gradcheck.store import ledger
    from gradcheck.store.baselines import baselines_of
    from gradcheck.store.environment import environment

    found = baselines_of(outcome.checks, scope.folder, seed=seed, environment=environment(version))

    def wanted(target: str) -> bool:
        return scope.covers(target) and not scope.untold(outcome.problems, target)

    if action == "update":
        return ledger.update(found, shelf)
    return ledger.check(found, shelf, wanted) if action == "check" else ledger.prune(found, shelf, wanted)


def _code(ledger: "Ledger", outcome: "CampaignResult") -> int:
    if ledger.damaged or outcome.problems or not (outcome.checks or ledger.removed):
        return COULD_NOT
    return FAILED if ledger.drifted or ledger.missing or ledger.unused else 0


def _print(ledger: "Ledger", outcome: "CampaignResult", shelf: "Shelf", scope: "Scope") -> int:
    from gradcheck.gather.config import spelled_from
    from gradcheck.render.drift import drift_text

    def shown(target: str) -> str:
        return spelled_from(scope.folder, target, scope.here)

    folder = os.path.relpath(shelf.folder, scope.here)
    return 0 if write_stdout(drift_text(ledger, outcome.problems, shown, folder)) else BROKEN_PIPE
