"""Entries that plain differences leave: which climb, which are taken at a finer step, and what that costs."""

import numpy as np
import pytest

from gradcheck.base.stage import NOW
from gradcheck.numeric import entries as module
from gradcheck.numeric.entries import measure_entries
from tests.numeric.stand_ins import leaf, sampler
from tests.numeric.test_entries import Held, measured

pytestmark = pytest.mark.usefixtures("even_steps")


def cube(v):
    return v * v * v


def test_the_step_of_a_leaf_lies_between_two_bounds():
    _, _, found = measured(lambda v: v / 4, leaf(*np.ones(6)), np.full(6, 0.25))
    assert (found.step, found.size) == (2.0**-5, 0.25)  # a line: the largest
    x = leaf(*np.ones(6))
    found = measure_entries(sampler(lambda v: 4 * v, x, relative=0.0, absolute=2.0**-40), x, Held(np.full(6, 4.0)), [])
    assert found.error.tolist() == [6 * 2.0**-40 / 2.0**-5] * 6  # no ladder: the largest
    made = module._Entries(sampler(cube, x, relative=0.0), x, Held(np.zeros(6)))
    assert made._finer(np.arange(6), 2.0**-5)[1] == 2.0**-18  # no rounding: the smallest


def test_where_a_step_is_too_coarse_three_climb_and_the_others_take_a_finer_one():
    _, held, found = measured(cube, leaf(*np.ones(20)), np.full(20, 3.0), first=())
    assert sorted(found.slopes) == [0, 1, 2]
    assert len(held.asked) == 2
    assert found.value == pytest.approx(np.full(20, 3.0), rel=1e-8)


def test_where_a_finer_step_is_finer_than_the_finest_all_climb():
    x = leaf(*np.ones(6))
    held = Held(np.full(6, 2.0))
    found = measure_entries(sampler(cube, x), x, held, [], 2.0**-18)
    assert (sorted(found.slopes), len(held.asked)) == ([0, 1, 2, 3, 4, 5], 1)


def test_where_suspects_are_kinks_no_finer_step_is_tried():
    _, held, found = measured(np.abs, leaf(*np.zeros(6), 1.0), np.full(7, 1.0), first=())
    assert sorted(found.slopes) == [0, 1, 2, 3, 4, 5]
    assert found.kink.tolist() == [True] * 6 + [False]
    assert len(held.asked) == 1


def test_three_finer_steps_and_a_dozen_ladders():
    """All entries are wrong and no step helps: three of 30 climb in each round, then twelve, and nine are taken."""
    calls = []

    def f(v):
        calls.append(1)
        return 3 * v

    s, held, found = measured(f, leaf(*np.ones(30)), np.full(30, 5.0), first=())
    assert sorted(found.slopes) == list(range(21))
    assert len(held.asked) == 3 + 1
    assert len(calls) == 1 + 2 * (30 + 27 + 24) + s.evaluations + 2 * (12 + 9)
    assert found.value.tolist() == pytest.approx([3.0] * 30)


def test_the_truncation_that_ladders_have_shown_is_allowed_eight_times():
    x = leaf(*np.ones(14))
    made = module._Entries(sampler(cube, x, relative=0.0), x, Held(np.full(14, 50.0)))
    made._suspects(np.arange(14), 2.0**-10)
    assert sorted(made.found.slopes) == list(range(12))
    assert made.found.error[12:].tolist() == [8 * 2.0**-20] * 2  # D(h) = 3 + h**2


def test_ladders_that_show_no_slope_stand_for_nothing():
    x = leaf(*np.ones(20))
    made = module._Entries(sampler(lambda v: cube(v[12:]), x), x, Held(np.full(20, 50.0)))
    made._suspects(np.arange(20), 2.0**-10)
    assert sorted(made.found.slopes) == list(range(20))


@pytest.mark.parametrize("count", [5, 12])
def test_a_dozen_suspects_climb_and_need_no_plain_differences(count):
    calls = []

    def f(v):
        calls.append(1)
        return 3 * v

    x = leaf(*np.ones(count))
    s = sampler(f, x)
    made = module._Entries(s, x, Held(np.zeros(count)))
    made._suspects(np.arange(count), 2.0**-10)
    assert len(calls) - 1 == s.evaluations == count * 8  # the last two are far smaller
    NOW.done = 0
    made._climb(0)
    assert NOW.done == 1


def test_an_entry_that_climbs_first_is_left_out_and_no_other():
    _, _, found = measured(cube, leaf(*np.ones(6)), np.full(6, 3.0), first=(3,))
    assert np.isfinite(found.value).all()
    assert next(iter(found.slopes)) == 3


@pytest.mark.parametrize("at", [1.0, -1.0])
def test_a_step_that_is_rounded_away_on_one_side_is_none(at):
    x = leaf(at)
    made = module._Entries(sampler(lambda v: v, x), x, Held([0]))
    assert np.isnan(made._pairs(np.array([0]), 2.0**-53).value).all()
