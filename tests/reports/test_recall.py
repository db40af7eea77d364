"""The page of recall counts what is found, and what is flagged though it is correct."""

import pytest

from reports import recall
from reports.recall import SUBJECTS, flagged, page

FAULTS = [place for place, subject in enumerate(SUBJECTS) if subject.at_fault]
RIGHT = [place for place, subject in enumerate(SUBJECTS) if not subject.at_fault]


@pytest.mark.parametrize("place", FAULTS[::60], ids=lambda place: SUBJECTS[place].name)
def test_without_a_diagnosis_a_fault_is_found_all_the_same(place: int) -> None:
    assert flagged(place, 3)


def test_the_page_names_what_was_missed_and_what_was_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    few = [SUBJECTS[FAULTS[0]], SUBJECTS[FAULTS[1]], SUBJECTS[RIGHT[0]], SUBJECTS[RIGHT[-1]]]
    monkeypatch.setattr(recall, "SUBJECTS", few)
    good = page([[True, True]] * 4, [[False, False]] * 5)
    bad = page([[True, False], [True, True]], [[False, True]])
    assert "100.000 % (8 of 8)" in good
    assert "0 of 10" in good
    assert "Missed at some seed: none." in good
    assert "Flagged though correct: none." in good
    assert "75.000 % (3 of 4)" in bad
    assert f"Missed at some seed: {few[1].name} (1)." in bad
    assert f"Found in fewer than 99 of 100 seeds: {few[1].name}." in bad
    assert f"Flagged though correct: {few[3].name}." in bad
