"""The report about growing layers counts what was really done."""

import subprocess
import sys
from pathlib import Path

import pytest

from reports import scale

ROOT = Path(__file__).parent.parent.parent


def test_a_cost_is_that_of_one_check() -> None:
    found = scale.cost(10, "entries")
    assert (found.weights, found.verdict, found.method) == (100, "pass", "entries")
    assert found.forward >= 2 * 110
    assert found.memory >= found.before > 0


def test_the_peak_is_that_of_the_block() -> None:
    """In a process of its own: memory that an earlier test has given back would be used again."""
    code = (
        "import numpy as np\nfrom reports.peak import Peak\nwith Peak() as peak:\n"
        "    np.ones(8_000_000).sum()\nassert 48e6 < peak.more < 120e6, peak.more"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


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
