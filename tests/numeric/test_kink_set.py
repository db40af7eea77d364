"""The labelled kink set: all of it is judged right."""

import pytest

from gradcheck import check
from reports.trials import judged
from tests.numeric.kink_set import CASES, KinkCase
from tests.thinned import thinned


def test_the_set_is_large_and_has_every_outcome() -> None:
    assert len(CASES) >= 300
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.label for case in CASES} == {"pass", "pass, kink", "fail", "inconclusive"}


@pytest.mark.parametrize("case", thinned(CASES, 2, lambda case: case.name))
def test_kinks_are_judged_as_labelled(case: KinkCase) -> None:
    look = check if len(case.name) % 3 == 0 else judged  # what it is called is looked for in every third
    result = look(case.layer, case.x, seed=len(case.name))
    marked = "kink" in result.leaves["input"].note
    found = f"{result.verdict}, kink" if result.passed and marked else str(result.verdict)
    assert found == case.label, str(result)
