"""Faults of behaviour get the finding of their exact test, and their twins pass."""

import pytest

from reports.trials import run
from tests.planted.corpus import BEHAVIOUR

EACH = pytest.mark.parametrize("planted", BEHAVIOUR, ids=lambda planted: planted.name)
WARNINGS = ("mutates-input", "mutates-upstream")


@EACH
def test_the_fault_is_named(planted):
    result = run(planted.make_faulty(), planted.x, 0)
    assert {finding.cause for finding in result.findings} == planted.causes, str(result)
    assert {(finding.leaf, finding.cause) for finding in result.findings} >= planted.wanted


@EACH
def test_the_verdict_follows(planted):
    verdict = run(planted.make_faulty(), planted.x, 0).verdict
    wanted = "inconclusive" if planted.cause == "nondeterministic" else "pass" if planted.cause in WARNINGS else "fail"
    assert verdict == wanted


@EACH
def test_the_twin_passes(planted):
    result = run(planted.make_twin(), planted.x, 0)
    assert result.passed, str(result)
    assert not result.findings
