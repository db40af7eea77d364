"""The section at the end of the session, from what the items' reports carry."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from gradcheck.plugin.baselines import told
from gradcheck.plugin.state import state_of
from gradcheck.render.items import section
from gradcheck.store.record import summary


def lines(config: pytest.Config, facts: Iterable[dict[str, Any] | None]) -> Iterator[str]:
    """facts: of every report, None where it is no item of ours."""
    state = state_of(config)
    ours = [one for one in facts if one is not None]

    def all_of(key: str) -> list[Any]:
        return [value for one in ours for value in one.get(key, ()) if value is not None]

    checks = sorted(all_of("checks"), key=lambda check: (check["target"], check["index"]))  # whichever worker was first
    problems = sorted(all_of("problems"), key=lambda problem: str(problem["target"]))
    record = {
        "checks": checks,
        "summary": summary(checks),
        "problems": list({(p["target"], p["kind"], p["message"]): p for p in problems}.values()),
        "expected_vanished": all_of("vanished"),
        "notes": sorted(state.notes),
        "items": len(ours),
    }
    for text in [section(record, verbose=config.option.verbose > 0), *told(all_of("baselines"), state.here)]:
        yield from text.splitlines()
