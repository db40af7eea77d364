"""Which steps a ladder takes, where it stops, and on which side of a kink the point lies."""

import numpy as np
import pytest

from gradcheck.numeric import ladder as module
from gradcheck.numeric.estimate import UNKNOWN, smooth
from gradcheck.numeric.ladder import Climb
from gradcheck.numeric.lines import EntryLine
from gradcheck.numeric.rungs import Rung
from tests.numeric.stand_ins import leaf, sampler

pytestmark = pytest.mark.usefixtures("even_steps")


def climbed(f, at, g=None, unit=1.0, **noise):
    x = leaf(at)
    climb = Climb(sampler(f, x, g, **noise), EntryLine(x, 0, unit))
    found = climb.estimate()
    assert x.array.tolist() == [at]
    return climb, found


def steps(climb):
    return [float(np.log2(rung.h)) for rung in climb.rungs]


def test_three_steps_are_enough_for_a_line():
    climb, found = climbed(lambda v: 3 * v, 1.0)
    assert steps(climb) == [-5, -6, -7]
    assert abs(found.value - 3) <= found.error < 1e-12


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
    assert len(climb.rungs) <= 10


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
    [
        (2.0**-50, 0.0, 2.0**-44),
        (2.0**-40, 0.0, 2.0**-35),
        (0.0, 1024.0, 2.0**-40),
        (1.0, 0.0, None),
        (2.0**-11, 0.0, None),
        (2.0**-20, 0.0, 2.0**-14),
    ],
)
def test_the_decisive_step_is_the_smallest_with_a_tenth_of_the_jump(relative, at, step):
    """Steps are 2**-44 * 8**k, at least 2**-50 |x|; rounding, 3 * relative / step, is under 0.1."""
    x = leaf(at)
    climb = Climb(sampler(lambda v: 1.0 + relu(v - at), x, relative=relative), EntryLine(x, 0, 1.0))
    wide = climb.rung(2.0**-5)
    assert wide is not None
    rung = climb._decisive(wide)
    assert (None if rung is None else rung.h) == step


def by_hand(monkeypatch, *rungs):
    """A climb whose steps are made; and the steps that it takes."""
    x, taken, made = leaf(1.0), [], iter(rungs)
    climb = Climb(sampler(lambda v: v, x), EntryLine(x, 0, 1.0))

    def rung(h):
        taken.append(h)
        return next(made, None)

    monkeypatch.setattr(climb, "rung", rung)
    return climb, taken


def made(central, jump=0.0, rounding=0.0):
    return Rung(1.0, central, jump, rounding, np.zeros(0), np.zeros(0), 1.0)


@pytest.mark.parametrize(
    ("rungs", "count"),
    [
        pytest.param([], 6, id="none"),
        pytest.param([made(k % 2) for k in range(20)], 6, id="six that prove nothing"),
        pytest.param([None] * 5 + [made(k % 2) for k in range(20)], 6, id="one of six"),
        pytest.param([made(0, 1.0), *(made(k % 2) for k in range(20))], 7, id="a kink left behind the first"),
        pytest.param([made(0), made(1, 1.0), *(made(k % 2) for k in range(20))], 8, id="behind the second"),
        pytest.param([made(k % 2, 32.0**-k) for k in range(20)], 10, id="one after each"),
    ],
)
def test_a_ladder_has_six_rungs_and_up_to_four_for_kinks_left_behind(monkeypatch, rungs, count):
    climb, taken = by_hand(monkeypatch, *rungs)
    assert not climb._ladder(0.5)[1].known
    assert taken == [0.5 / 2**k for k in range(count)]


@pytest.mark.parametrize(("factor", "value", "count"), [(7.5, 2.0, 6), (8.0, 0.0, 6), (8.5, 2.0, 9)])
def test_a_bar_of_eight_roundings_is_the_end(monkeypatch, factor, value, count):
    """Of the smallest step, 2**-10; else a finer ladder is tried, whose first three steps are as good."""
    error = factor * 3 * 2.0**-40 / 2.0**-10
    monkeypatch.setattr(module, "believed", lambda rungs: smooth(value, error) if len(rungs) > 2 else UNKNOWN)
    climb, found = climbed(lambda v: 1.0 * v, 1.0, relative=0.0, absolute=2.0**-40)
    assert found.value == value
    assert steps(climb) == [-5, -6, -7, -8, -9, -10, -14, -15, -16][:count]


@pytest.mark.parametrize(("factor", "count"), [(7.5, 4), (8.0, 5), (8.5, 5)])
def test_a_ladder_ends_where_its_bar_is_less_than_eight_roundings(monkeypatch, factor, count):
    """Of the fourth step, 2**-8."""
    error = factor * 3 * 2.0**-40 / 2.0**-8
    monkeypatch.setattr(module, "believed", lambda rungs: smooth(1.0, error) if len(rungs) > 2 else UNKNOWN)
    climb, _ = climbed(lambda v: 1.0 * v, 1.0, relative=0.0, absolute=2.0**-40)
    assert steps(climb) == [-5, -6, -7, -8, -9][:count]


def test_steps_between_the_nearest_and_those_that_reach_across(monkeypatch):
    climb, _ = climbed(lambda v: 1.0 * v, 1.0)
    assert [rung.h for rung in climb._between(2.0**-20, 2.0**-5)] == [2.0**-8, 2.0**-11, 2.0**-14, 2.0**-17]
    assert [rung.h for rung in climb._between(2.0**-14, 2.0**-5)] == [2.0**-8, 2.0**-11]
    climb, taken = by_hand(monkeypatch, None, made(1.0))
    assert len(climb._between(2.0**-12, 2.0**-5)) == 1
    assert taken == [2.0**-8, 2.0**-11]


@pytest.mark.parametrize(("edge", "widest"), [(2.0**-5, 2.0**-5), (2.0**-6, 2.0**-6), (2.0**-7, 2.0**-5)])
@pytest.mark.parametrize("side", [1, -1])
def test_where_two_halvings_were_needed_one_side_tells_what_a_step_moves(side, edge, widest):
    """An output of 1024 that never moves is rounded flat: the wider the step that shows it, the smaller the error."""
    climb, found = climbed(
        lambda v: np.array([v[0], 1024.0]) if side * (v[0] - 1) <= edge else np.full(2, np.nan), 1.0, [1.0, 1.0]
    )
    assert climb.widest == widest
    assert found.error == pytest.approx(1024 * 2.0**-53 / widest, rel=0.1, abs=0)
    assert (climb.sampler.evaluations - 2 * len(climb.rungs)) % 2 == (widest > edge and side < 0)


def test_where_both_sides_of_a_wide_step_fail_none_tells():
    climb, _ = climbed(
        lambda v: np.array([v[0], 1024.0]) if abs(v[0] - 1) <= 2.0**-7 else np.full(2, np.nan), 1.0, [1.0, 1.0]
    )
    assert climb.widest == 2.0**-7
    assert climb.sampler.evaluations == 2 * (len(climb.rungs) + 2) + 2


def test_no_step_is_decisive_that_is_wider_than_the_one_that_shows_the_kink():
    x = leaf(0.0)
    climb = Climb(sampler(relu, x, relative=0.0, absolute=2.0**-12), EntryLine(x, 0, 1.0))
    wide = climb.rung(2.0**-6)
    assert wide is not None
    assert climb._decisive(wide) is None
    assert max(rung.h for rung in climb.rungs) == 2.0**-6


def test_the_side_of_a_kink_is_told_by_five_steps():
    climb, found = climbed(lambda v: relu(v) + 3 * v, 2.0**-21)
    assert steps(climb) == [-5, -6, -7, -44, -10, -13, -16, -19]
    assert found.value == pytest.approx(4.0)
    assert not found.kink


@pytest.mark.parametrize(
    ("distance", "rounding", "low"),
    [(0.98 * 2.0**-20, 0.0, 2.0**-20), (0.9 * 2.0**-20, 0.0, 2.0**-21), (0.9 * 2.0**-20, 0.2, 2.0**-20),
     (1.5 * 2.0**-9, 0.0, 2.0**-9), (1.5 * 2.0**-44, 0.0, 2.0**-44)],
)  # fmt: skip
@pytest.mark.parametrize("told", [True, False])
def test_the_widest_step_on_the_points_own_side_of_a_kink(monkeypatch, distance, rounding, low, told):
    """It shows a twentieth of the jump at most, or its rounding; a step that fails is too wide."""
    x, begun = leaf(1.0), []
    climb = Climb(sampler(lambda v: 1.0 * v, x), EntryLine(x, 0, 1.0))

    def rung(h):
        made = Rung(h, 0.0, max(h - distance, 0) / h, rounding, np.zeros(0), np.zeros(0), 1.0)
        return made if h < 2.0**-8 else None

    def ladder(start):
        begun.append(start)
        return [], UNKNOWN

    monkeypatch.setattr(module, "own_side", lambda *_: UNKNOWN)
    for name, stub in (("rung", rung), ("_ladder", ladder), ("_decisive", lambda _: rung(2.0**-44) if told else None)):
        monkeypatch.setattr(climb, name, stub)
    climb._at_kink([Rung(2.0**-5, 0.0, 1.0, 0.0, np.zeros(0), np.zeros(0), 1.0)])
    assert begun == [low]
