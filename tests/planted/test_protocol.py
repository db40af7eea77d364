"""Faults of behaviour get the finding of their exact test, and their twins pass."""

import pytest

from gradcheck import check
from tests.planted.protocol import PLANTED

EACH = pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
WARNINGS = ("mutates-input", "mutates-upstream")


@EACH
def test_the_fault_is_named(planted):
    result = check(planted.make_faulty(), planted.x)
    assert {finding.cause for finding in result.findings} == planted.causes, str(result)
    assert {(finding.leaf, finding.cause) for finding in result.findings} >= planted.wanted


@EACH
def test_the_verdict_follows(planted):
    verdict = check(planted.make_faulty(), planted.x).verdict
    wanted = "inconclusive" if planted.cause == "nondeterministic" else "pass" if planted.cause in WARNINGS else "fail"
    assert verdict == wanted


@EACH
def test_the_twin_passes(planted):
    result = check(planted.make_twin(), planted.x)
    assert result.passed, str(result)
    assert not result.findings
