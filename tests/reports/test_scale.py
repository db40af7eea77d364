"""The report about growing layers counts what was really done."""

import os

import numpy as np
import pytest

from reports import scale
from reports.peak import Peak


def test_a_cost_is_that_of_one_check(capsys: pytest.CaptureFixture[str]) -> None:
    found = scale.cost(10, "entries")
    assert (found.weights, found.verdict, found.method) == (100, "pass", "entries")
    assert found.forward >= 2 * 110
    assert found.memory >= found.before > 0
    assert "10x10 weights" in capsys.readouterr().err


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="the peak cannot be told apart here")  # noqa: PTH110
def test_the_peak_is_that_of_the_block() -> None:
    np.ones(8_000_000).sum()
    with Peak() as peak:
        np.ones(2_000_000).sum()
    assert 12e6 < peak.more < 40e6


def test_wrong_entries_are_counted_and_located(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "SIDE", 40)
    layer, wrong, median, _spread, figure, right, located, _seconds = scale.sought(scale.Fault(1, 1.0, 200), 2)
    assert (layer, wrong, figure) == ("tanh(x W)", "1 entry, typical size", 200)
    assert (right, located) == ("2 of 2", "2 of 2")
    assert int(str(median)) > 50


def test_a_correct_leaf_has_nothing_to_locate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "SIDE", 40)
    row = scale.sought(scale.Fault(0, 0.0, 90), 1)
    assert row[1] == "nothing"
    assert row[5:7] == ("1 of 1", "1 of 1")
