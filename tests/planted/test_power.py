"""Under three seeds every planted fault is found, its twin passes and nothing is named wrongly; `make power`: 100."""

import pytest

from reports.power import trial, wrong
from tests.planted.corpus import CORPUS

PLACES = pytest.mark.parametrize("place", range(len(CORPUS)), ids=[planted.name for planted in CORPUS])


@PLACES
@pytest.mark.parametrize("seed", [1, 2])  # 0 is that of test_planted.py and test_protocol.py
def test_found_under_other_seeds(place, seed):
    done = trial(place, seed)
    assert done.found
    assert not done.alarm
    assert not wrong(done)


def test_there_are_enough_faults():
    assert len(CORPUS) >= 200
    assert len({planted.name for planted in CORPUS}) == len(CORPUS)
