"""Each planted fault gets exactly its diagnosis, and its twin passes."""

import pytest

from gradcheck import check
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen
from gradcheck.run.factors import name_alone
from tests.planted.corpus import NUMBERS as PLANTED

EACH = pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)


def judged(made, x):
    return check(made[0], made[1], x) if isinstance(made, tuple) else check(made, x)


def specimen(made, x):
    return FunctionSpecimen(made[0], made[1], x) if isinstance(made, tuple) else LayerSpecimen(made, x)


@EACH
def test_the_fault_is_named(planted):
    result = judged(planted.make_faulty(), planted.x)
    assert {(f.leaf, f.cause) for f in result.findings} == planted.wanted, str(result)


@EACH
def test_the_twin_passes(planted):
    result = judged(planted.make_twin(), planted.x)
    assert result.passed, str(result)
    assert not result.findings


@pytest.mark.parametrize("planted", [p for p in PLANTED if p.expression], ids=lambda planted: planted.name)
def test_the_factor_is_named(planted):
    faulty = planted.make_faulty()
    result = name_alone(judged(faulty, planted.x), specimen(faulty, planted.x))
    # That of one path through a leaf (factor None) is no ratio of gradients, and has no name.
    factors = [f for f in result.findings if f.cause == planted.cause and f.factor is not None]
    assert factors
    for finding in factors:
        assert planted.expression in (finding.expression, *finding.tied), finding
