"""Which steps a ladder takes, where it stops, and on which side of a kink the point lies."""

import numpy as np
import pytest

from gradcheck.numeric.ladder import Climb
from gradcheck.numeric.lines import EntryLine
from tests.numeric.stand_ins import leaf, sampler


def climbed(f, at, g=None, begin=None, unit=1.0, **noise):
    x = leaf(at)
    climb = Climb(sampler(f, x, g, **noise), EntryLine(x, 0, unit), begin)
    found = climb.estimate()
    assert x.array.tolist() == [at]
    return climb, found


def steps(climb):
    return [float(np.log2(rung.h)) for rung in climb.rungs]


def test_three_steps_are_enough_for_a_line():
    climb, found = climbed(lambda v: 3 * v, 1.0)
    assert steps(climb) == [-5, -6, -7]
    assert abs(found.value - 3) <= found.error < 1e-12
    assert climb.begun == 2.0**-5


def test_a_smooth_function_takes_a_ladder_of_six():
    climb, found = climbed(np.exp, 0.3)
    assert steps(climb)[0] == -5
    assert 3 <= len(climb.rungs) <= 6
    assert abs(found.value - np.exp(0.3)) <= found.error < 1e-11
    assert found.slopes[0] == (2.0**-5, climb.rungs[0].central)
    assert not found.kink
    assert climb.widest == 2.0**-5


@pytest.mark.parametrize("speed", [30, 300, 3000])
def test_a_fast_function_goes_on_with_finer_ladders(speed):
    climb, found = climbed(lambda v: np.sin(speed * v), 0.3)
    assert min(steps(climb)) <= -10
    assert abs(found.value - speed * np.cos(speed * 0.3)) <= found.error < 1e-4


def test_ladders_start_where_they_are_meant_to():
    climb, found = climbed(lambda v: np.full(1, np.nan) if abs(v[0]) > 2.0**-60 else v, 0.0)
    assert not found.known
    assert climb._starts() == [2.0**-5, 2.0**-14, 2.0**-24, 2.0**-34]
    assert climb.rungs == []


@pytest.mark.parametrize(
    ("own", "second"), [(2.0**-8, 2.0**-13), (0.06, 2.0**-10), (0.0625, 2.0**-14), (1.0, 2.0**-14)]
)
def test_a_small_entry_has_a_ladder_of_its_own(own, second):
    x = leaf(own)
    climb = Climb(sampler(lambda v: v, x), EntryLine(x, 0, 1.0))
    assert climb._starts()[:2] == [2.0**-5, second]


def test_begun_by_another_line():
    x = leaf(1.0)
    climb = Climb(sampler(lambda v: v, x), EntryLine(x, 0, 4.0), 2.0**-10)
    assert climb._starts() == [2.0**-8, 2.0**-22, 2.0**-32]
    climb = Climb(sampler(lambda v: v, x), EntryLine(x, 0, 1.0), 2.0**-8)
    assert climb._starts() == [2.0**-8, 2.0**-24, 2.0**-34]


def relu(v):
    return np.maximum(v, 0)


@pytest.mark.parametrize("distance", [2.0**-k for k in (6, 10, 15, 20, 25, 30, 35, 40, 42)])
@pytest.mark.parametrize("side", [1, -1])
def test_the_slope_of_the_points_own_side(distance, side):
    climb, found = climbed(lambda v: relu(v) + np.sin(v), side * distance)
    true = (side > 0) + np.cos(distance)
    assert not found.kink
    assert abs(found.value - true) <= found.error
    assert found.error < 1e-3
    assert len(climb.rungs) <= 60


def test_at_the_kink_both_slopes():
    climb, found = climbed(lambda v: relu(v) + np.sin(v), 0.0)
    assert found.kink
    assert (found.low, found.high) == (pytest.approx(1.0), pytest.approx(2.0))
    assert found.error < 1e-4
    assert found.jumping.tolist() == [True]
    assert len(climb.rungs) <= 8


def test_a_kink_nearer_than_2_to_the_minus_44_is_at_the_point():
    assert climbed(relu, 2.0**-46)[1].kink
    assert not climbed(relu, 2.0**-43)[1].kink


def test_a_kink_that_rounding_hides_is_at_the_point():
    """1e6 + relu: steps below 1e-9 tell nothing of a slope of 1."""
    assert climbed(lambda v: 1e6 + relu(v), 2.0**-34)[1].kink
    assert not climbed(lambda v: 1e6 + relu(v), 2.0**-24)[1].kink


def test_outputs_that_never_move_widen_the_bar():
    still = climbed(lambda v: np.array([v[0], 1024.0]), 1.0, [1.0, 3.0])[1].error
    alone = climbed(lambda v: v, 1.0)[1].error
    assert still - alone == pytest.approx(3 * 1024 * 2.0**-53 / 2.0**-5)


def test_nothing_finite_nothing_known():
    climb, found = climbed(lambda v: v if v[0] == 1 else v * np.nan, 1.0)
    assert not found.known
    assert climb.widest == 0


def test_near_an_edge_the_step_is_shortened():
    climb, found = climbed(lambda v: np.log(v) if v[0] > 0 else np.full(1, np.nan), 1e-4, unit=1.0)
    assert abs(found.value - 1e4) <= found.error < 1e-3
    assert climb.widest < 1e-4


def test_a_wide_bar_that_is_all_rounding_is_the_end():
    """Rounding is large for an output of 1e8 with a slope of 1e-3; no finer step would make it less."""
    climb, found = climbed(lambda v: 1e8 + 1e-3 * v, 1.0)
    assert abs(found.value - 1e-3) <= found.error
    assert len(climb.rungs) <= 4


@pytest.mark.parametrize(
    ("relative", "at", "step"),
    [(2.0**-50, 0.0, 2.0**-44), (2.0**-40, 0.0, 2.0**-35), (0.0, 1024.0, 2.0**-40), (1.0, 0.0, None)],
)
def test_the_decisive_step_is_the_smallest_with_a_tenth_of_the_jump(relative, at, step):
    """Steps are 2**-44 * 8**k, at least 2**-50 |x|; rounding, 3 * relative / step, is under 0.1."""
    x = leaf(at)
    climb = Climb(sampler(lambda v: 1.0 + relu(v - at), x, relative=relative), EntryLine(x, 0, 1.0))
    wide = climb.rung(2.0**-5)
    assert wide is not None
    rung = climb._decisive(wide)
    assert (None if rung is None else rung.h) == step
