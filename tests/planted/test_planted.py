"""Each planted fault gets exactly its diagnosis, and its twin passes."""

import pytest

from reports.power import factor_named, run
from tests.planted.corpus import NUMBERS as PLANTED

EACH = pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)


@EACH
def test_the_fault_is_named(planted):
    result = run(planted.make_faulty(), planted.x, 0)
    assert {(f.leaf, f.cause) for f in result.findings} == planted.wanted, str(result)
    assert factor_named(planted, result) is not False, str(result)


@EACH
def test_the_twin_passes(planted):
    result = run(planted.make_twin(), planted.x, 0)
    assert result.passed, str(result)
    assert not result.findings
