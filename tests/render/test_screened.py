"""Leaves held against random directions: how, what could pass, and where the wrong entries lie."""

from typing import Any

import pytest

from gradcheck.render.formats import FORMATS
from gradcheck.render.text import run_text
from gradcheck.render.wording import WIDTH
from gradcheck.store.record import check_record
from tests.render.samples import leaf, passing, result, run

PART = "located in part, all of them within [5, :]"
SAYS = "chance that an error of a millionth of the gradient passes all directions:"


def screened(name: str, chance: float, **more: Any) -> dict[str, Any]:
    how = {"method": "screen", "directions": 3, "miss_probability": chance, **more}
    leaves = (leaf("input", (4, 100), method="screen", directions=3, miss_probability=3e-6), leaf("W", (9, 40), **how))
    return check_record(result(name, *leaves), target="big.py:Dense")


def wrong(**more: Any) -> dict[str, Any]:
    return screened("Dense(9, 40)", 4e-6, wrong={(5, 31): 2.0, (5, 2): 3.0}, **more)


def words(text: str) -> str:
    assert max(map(len, text.splitlines())) <= WIDTH
    return " ".join(text.split())


def test_of_the_passing_checks_of_a_class_the_greatest_chance_is_said_once() -> None:
    text = words(run_text(run(*(screened(f"Dense({k})", k * 1e-6) for k in (2, 9, 5)))))
    assert text.count(SAYS) == 1
    assert f"{SAYS} input 3e-06, W 9e-06" in text


def test_a_failing_check_says_the_chance_and_the_region() -> None:
    text = words(run_text(run(wrong(note=PART))))
    assert f"{SAYS} input 3e-06, W 4e-06" in text
    assert "W: located in part (more entries are wrong than are listed), all of them within [5, :]" in text
    assert "W: at least 2 of 360 entries are wrong" in text
    assert "2+ of 360" in text


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_other_formats_say_it_too(name: str) -> None:
    text = FORMATS[name](run(wrong(note=PART)))
    assert "4e-06" in text
    assert "more entries are wrong than are listed" in text
    assert "2+ of 360" in text


def test_a_leaf_whose_wrong_entries_are_all_known_has_no_least() -> None:
    text = words(run_text(run(wrong())))
    assert "W: 2 of 360 entries are wrong" in text
    assert "at least" not in text


def test_where_every_entry_was_measured_nothing_of_this_is_said() -> None:
    assert SAYS not in words(run_text(run(check_record(passing(3), target="a.py:A"))))


def test_a_leaf_of_a_wrong_shape_took_no_direction() -> None:
    text = words(run_text(run(wrong(directions=0))))
    assert f"{SAYS} input 3e-06" in text
    assert "W 4e-06" not in text
