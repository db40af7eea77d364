"""A map keeps the largest magnitude of each block, with its sign."""

import json

import numpy as np
import pytest

from gradcheck.store.maps import SIDE, block_maxima


def every(shape: tuple[int, ...]) -> np.ndarray:
    return np.ones(shape, dtype=bool)


def test_a_small_array_is_its_own_map() -> None:
    values = np.array([[1.0, -2.0, 3.0], [0.0, 5.0, -6.0]])
    assert block_maxima(values, every((2, 3))) == values.tolist()


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [((), 1, 1), ((5,), 1, 5), ((2, 3, 4), 6, 4), ((65, 64), 33, 64), ((0,), 1, 0), ((3, 0), 1, 0)],
    ids=str,
)
def test_leading_axes_are_rows_and_the_last_axis_columns(shape: tuple[int, ...], rows: int, columns: int) -> None:
    made = block_maxima(np.ones(shape), every(shape))
    assert (len(made), len(made[0])) == (rows, columns)


def test_the_sign_of_the_largest_stays() -> None:
    values = np.zeros((128, 128))
    values[0, 0], values[1, 1], values[127, 127] = 1.0, -3.0, 2.0
    made = block_maxima(values, every(values.shape))
    assert (made[0][0], made[63][63], made[5][5]) == (-3.0, 2.0, 0.0)


def test_what_was_not_measured_is_null_unless_its_block_holds_more() -> None:
    values = np.array([np.nan, 2.0, np.nan])
    assert block_maxima(values, ~np.isnan(values)) == [[None, 2.0, None]]
    wide = np.full(2 * SIDE, np.nan)
    wide[0] = -7.0
    assert block_maxima(wide, ~np.isnan(wide))[0][:2] == [-7.0, None]


def test_a_measured_nan_is_said_and_outweighs_the_rest() -> None:
    values = np.zeros(2 * SIDE)
    values[0], values[3] = np.nan, -np.inf
    assert block_maxima(values, every(values.shape))[0][:2] == ["NaN", "-Infinity"]


def test_a_million_entries_make_a_small_map_of_strict_json() -> None:
    values = np.random.default_rng(0).normal(size=(1000, 10, 100))
    values[999, 9, 99] = -50.0
    made = block_maxima(values, every(values.shape))
    assert len(made) <= SIDE
    assert len(made[0]) <= SIDE
    assert made[-1][-1] == -50.0
    assert json.loads(json.dumps(made, allow_nan=False)) == made
