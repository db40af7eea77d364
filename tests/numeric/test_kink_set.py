"""The labelled kink set: all of it is judged right."""

import pytest

from gradcheck import check
from tests.numeric.kink_set import CASES, KinkCase


def test_the_set_is_large_and_has_every_outcome() -> None:
    assert len(CASES) >= 300
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.label for case in CASES} == {"pass", "pass, kink", "fail", "inconclusive"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_kinks_are_judged_as_labelled(case: KinkCase) -> None:
    result = check(case.layer, case.x, seed=len(case.name))
    marked = "kink" in result.leaves["input"].note
    found = f"{result.verdict}, kink" if result.passed and marked else str(result.verdict)
    assert found == case.label, str(result)
