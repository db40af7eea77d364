"""Where wrong entries lie."""

from typing import Any

import numpy as np
import pytest

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.suspect import Suspect
from tests.diagnose.stand_in import evidence, findings

RNG = np.random.default_rng(3)


def spoiled(mask: Array, *, zero: bool = False, name: str = "weights") -> Finding:
    noise = np.where(mask, np.random.default_rng(5).normal(size=mask.shape), 0.0)
    (finding,) = findings(lambda g: np.where(mask, 0.0, g) if zero else g + noise, mask.shape, name)
    return finding


def at(shape: Index, *places: Any) -> Array:
    mask = np.zeros(shape, dtype=bool)
    for place in places:
        mask[place] = True
    return mask


ROW, COLUMN = np.indices((6, 7))
PLACES = {
    "at entry (3, 2)": at((6, 7), (3, 2)),
    "at every entry of row 3": at((6, 7), 3),
    "at every entry of column 1": at((6, 7), (slice(None), 1)),
    "at the border of axes 0 and 1": at((6, 7), 0, -1, (slice(None), 0), (slice(None), -1)),
    "from index 4 of axis 0 on": at((6, 7), slice(4, None)),
    "at the indices of axis 0 that leave 1 modulo 2": at((6, 7), slice(1, None, 2)),
    "above the diagonal of the last two axes": COLUMN > ROW,
    "at the indices 1, 4 of axis 1": at((6, 7), (slice(None), [1, 4])),
    "in the block [1:4, 2:4]": at((6, 7), (slice(1, 4), slice(2, 4))),
    "at (0, 3) and (5, 1)": at((6, 7), (0, 3), (5, 1)),
}


@pytest.mark.parametrize("words", PLACES)
def test_the_simplest_description_is_given(words: str) -> None:
    assert f"is wrong {words} (" in spoiled(PLACES[words]).message


@pytest.mark.parametrize(
    ("mask", "zero", "name", "cause"),
    [
        (at((6, 7), 3), True, "weights", "zero-gradient"),
        (at((6, 7), (3, 2)), True, "weights", "located"),
        (at((6, 7), 0, -1, (slice(None), 0), (slice(None), -1)), False, "weights", "border-wrong"),
        (at((5, 6, 3), -1), True, "input", "border-wrong"),
        (at((5, 6, 3), -1), True, "weights", "zero-gradient"),
        (at((5, 6, 3), (slice(None), slice(None), -1)), True, "input", "zero-gradient"),
        (at((5,), 0, -1), False, "weights", "located"),
    ],
)
def test_what_the_place_is_called(mask: Array, zero: bool, name: str, cause: str) -> None:
    assert spoiled(mask, zero=zero, name=name).cause == cause


def test_scattered_entries_are_no_place() -> None:
    mask = np.random.default_rng(0).random((6, 7)) < 0.5
    assert spoiled(mask).cause == "unrecognised"


def test_a_condition_on_the_point_is_a_place() -> None:
    given = evidence({"weights": (6, 7)}, {})
    values = given.point["weights"]
    noise = np.where(values < 0, RNG.normal(size=values.shape), 0.0)
    (finding,) = findings(lambda g: g + noise, (6, 7))
    assert "wrong where weights < 0" in finding.message


def test_the_axes_of_space() -> None:
    def spatial(shape: Index, name: str = "input") -> Index:
        given = evidence({name: shape}, {})
        return Suspect(given, given.comparisons[name]).spatial

    assert spatial((5, 6, 3)) == (0, 1)
    assert spatial((2, 3, 5, 6)) == (3, 2)
    assert spatial((2, 5, 6, 3)) == (1, 2)
    assert spatial((5, 6)) == ()
    assert spatial((5, 6, 3), "weights") == ()
