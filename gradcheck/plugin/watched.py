"""Expected faults that may show in any of several files: whether they have vanished is known at the session's end."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pytest

from gradcheck.gather.config import ExpectedFault
from gradcheck.plugin.records import Json
from gradcheck.plugin.state import state_of
from gradcheck.render.items import item_text
from gradcheck.store.record import fault_record


def watched(config: pytest.Config, items: Iterable[pytest.Item]) -> Json:
    """What a process knows when all selection is done, as plain data; of pytest-xdist's workers all know the same.

    faults: expected of several files · whole: file -> how many items check it, where none of them was deselected.
    """
    state = state_of(config)
    chosen = Counter(str(item.path.resolve()) for item in items if hasattr(item, "label"))
    faults = (fault for fault in state.expected() if len(fault.files) > 1)
    return {
        "faults": [asdict(fault) | {"files": sorted(fault.files)} for fault in faults],
        "whole": {file: number for file, number in state.counts().items() if chosen[file] == number},
    }


class Watch:
    """Hears of every item, wherever it runs, and has the last word. facts: the attribute of reports with ours."""

    def __init__(self, config: pytest.Config, facts: str) -> None:
        self._config, self._facts = config, facts
        self._ran: list[Json] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The facts of an item that was judged; one that was not has none of a file."""
        facts = getattr(report, self._facts, {})
        self._ran += [facts] if "file" in facts else []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A failure for each fault that has vanished, before reports are written."""
        known = state_of(self._config).watched
        if known is None or not self._ran or hasattr(self._config, "workerinput"):
            return
        for fault in self._gone(known):
            self._config.hook.pytest_runtest_logreport(report=self._report(fault))
            if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _gone(self, known: Json) -> list[ExpectedFault]:
        """The faults of which all files were checked to the end, and that no item has shown."""
        times = Counter(one["file"] for one in self._ran)
        whole = {file for file, number in known["whole"].items() if times[file] >= number}
        faults = (ExpectedFault(**record | {"files": frozenset(record["files"])}) for record in known["faults"])
        return [fault for fault in faults if fault.files <= whole and not any(_shows(fault, one) for one in self._ran)]

    def _report(self, fault: ExpectedFault) -> pytest.TestReport:
        """As of an item that has failed."""
        name = f"{fault.target}::expected {fault.cause} of {fault.leaf}"
        text = item_text([], [fault_record(fault)], str(state_of(self._config).here))
        place = (fault.target, None, f"[gradcheck] {name}")
        report = pytest.TestReport(name, place, {}, "failed", text, "call")
        setattr(report, self._facts, {"vanished": [fault_record(fault)]})
        return report


def _shows(fault: ExpectedFault, facts: Any) -> bool:
    """Where a check ended in `error`, nothing can be said: it may."""
    if facts["file"] not in fault.files or fault.label not in (None, facts["label"]):
        return False
    ends = [check["verdict"] for check in facts["checks"]]
    shown = [(finding["leaf"], finding["cause"]) for check in facts["checks"] for finding in check["findings"]]
    return (fault.leaf, fault.cause) in shown or "error" in ends
