"""Each planted fault gets exactly its diagnosis, and its twin passes."""

import pickle

import pytest

from reports.power import factor_named, run
from tests.planted.catalogue import Planted
from tests.planted.corpus import NUMBERS as PLANTED


def distinct() -> list[Planted]:
    """A fault for each twin: many share one, at the same point, and of the same check the result is the same."""
    found: dict[bytes | str, Planted] = {}
    for planted in PLANTED:
        try:
            key: bytes | str = pickle.dumps((planted.make_twin(), planted.x))
        except (pickle.PicklingError, AttributeError, TypeError):
            key = planted.name
        found.setdefault(key, planted)
    return list(found.values())


def name(planted: Planted) -> str:
    return planted.name


@pytest.mark.parametrize("planted", PLANTED, ids=name)
def test_the_fault_is_named(planted):
    result = run(planted.make_faulty(), planted.x, 0)
    assert {(f.leaf, f.cause) for f in result.findings} == planted.wanted, str(result)
    assert factor_named(planted, result) is not False, str(result)


@pytest.mark.parametrize("planted", distinct(), ids=name)
def test_the_twin_passes(planted):
    result = run(planted.make_twin(), planted.x, 0)
    assert result.passed, str(result)
    assert not result.findings
