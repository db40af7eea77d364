"""Each planted fault gets exactly its diagnosis, and its twin passes: the held-out ones under one of three seeds.

Of these every fifth is checked each time, under each of the seeds; the others in `make test-exhaustive`.
"""

import pytest

from reports.power import factor_named
from reports.trials import run
from tests.planted.catalogue import Planted
from tests.planted.corpus import HELD_OUT, NUMBERS, distinct_twins
from tests.thinned import thinned

SEEDS = {planted.name: place % 3 if planted.name in HELD_OUT else 0 for place, planted in enumerate(NUMBERS)}


def each(faults: list[Planted]) -> pytest.MarkDecorator:
    """All of them; of the held-out ones every fifth is enough, which has each of the seeds in turn."""
    held, own = ([p for p in faults if (p.name in HELD_OUT) == out] for out in (True, False))
    return pytest.mark.parametrize("planted", [*thinned(own, 1, name), *thinned(held, 5, name)])


def name(planted: Planted) -> str:
    return planted.name


@each(NUMBERS)
def test_the_fault_is_named(planted):
    result = run(planted.make_faulty(), planted.x, SEEDS[planted.name])
    assert {(f.leaf, f.cause) for f in result.findings} == planted.wanted, str(result)
    assert factor_named(planted, result) is not False, str(result)


@each(distinct_twins(NUMBERS))
def test_the_twin_passes(planted):
    result = run(planted.make_twin(), planted.x, SEEDS[planted.name])
    assert result.passed, str(result)
    assert not result.findings
