"""Directions whose outputs bend at different distances: each is taken where it is smooth."""

import numpy as np
import pytest

from gradcheck.numeric.directions import given
from gradcheck.numeric.estimate import UNKNOWN, smooth
from gradcheck.numeric.lines import direction
from gradcheck.numeric.peel import STARTS, Peel
from gradcheck.numeric.rungs import Rung
from tests.numeric.stand_ins import leaf, sampler

pytestmark = pytest.mark.usefixtures("even_steps")


def peeled(f, at, v=None, g=None, **noise):
    x = leaf(*at)
    v = np.ones(len(at)) if v is None else np.asarray(v, dtype=float)
    peel = Peel(sampler(f, x, g, **noise), direction(x, given(v)))
    found = peel.estimate()
    assert x.array.tolist() == list(at)
    return peel, found


def relu(v):
    return np.maximum(v, 0)


def test_starts():
    assert STARTS == (2.0**-5, 2.0**-14, 2.0**-24, 2.0**-34)


def test_a_line_needs_three_steps():
    peel, found = peeled(lambda v: 2 * v, [1.0, 1.0])
    assert [rung.h for rung in peel.rungs] == [2.0**-5, 2.0**-6, 2.0**-7]
    assert peel.began == [2.0**-5]
    assert abs(found.value - 4) <= found.error < 1e-12
    assert peel.size == pytest.approx(4)


def test_a_smooth_function_is_one_ladder():
    at = [0.3, -0.7, 1.1]
    peel, found = peeled(np.sin, at)
    assert abs(found.value - np.cos(at).sum()) <= found.error < 1e-10
    assert 3 <= len(peel.rungs) <= 6
    assert len(peel.began) == 1


@pytest.mark.parametrize("seed", range(5))
def test_a_thousand_kinks_at_all_distances(seed):
    rng = np.random.default_rng(seed)
    at = rng.normal(size=1000)
    g = rng.normal(size=1000)
    v = rng.normal(size=1000)
    peel, found = peeled(relu, at.tolist(), v, g)
    assert abs(found.value - float(np.sum(g * v * (at > 0)))) <= found.error < 1e-6
    assert not found.kink
    assert len(peel.rungs) <= 20


def test_jumps_that_cancel_along_the_direction_are_kinks_all_the_same():
    _, found = peeled(relu, [1e-3, 1e-3, 1.0], g=[1.0, -1.0, 1.0], v=[1.0, 1.0, 1.0])
    assert abs(found.value - 1.0) <= found.error < 1e-6
    _, found = peeled(lambda v: np.array([relu(v[0]), relu(-v[0])]), [0.0], g=[1.0, -1.0])
    assert found.kink or not found.known


def test_kinks_at_the_point_are_left_with_two_slopes():
    _, found = peeled(relu, [0.0, 1.0, -1.0], g=[2.0, 10.0, 5.0])
    assert found.kink
    assert (found.low, found.high) == (pytest.approx(10.0), pytest.approx(12.0))
    assert found.error < 1e-6


def test_outputs_that_never_move_widen_the_bar():
    still = peeled(lambda v: np.array([v[0], 1024.0]), [1.0], g=[1.0, 3.0])[1].error
    alone = peeled(lambda v: v, [1.0])[1].error
    assert still - alone == pytest.approx(3 * 1024 * 2.0**-53 / 2.0**-5)


def test_nothing_finite_nothing_known():
    peel, found = peeled(lambda v: v if v[0] == 1 else v * np.nan, [1.0])
    assert not found.known
    assert peel.size == 0


def test_noise_that_is_large_gives_a_bar_that_is_large():
    found = peeled(lambda v: 2 * v, [1.0], relative=1e-6)[1]
    assert 1e-5 < found.error < 1e-2
    assert abs(found.value - 2) <= found.error


@pytest.mark.parametrize(("factor", "value", "count"), [(7.5, 2.0, 3), (8.5, 2.0, 24), (8.0, 0.0, 6)])
def test_a_bar_of_eight_roundings_is_the_end(monkeypatch, factor, value, count):
    """Of the smallest step; the bar that one ladder gives is the end at eight, a finer step is tried from there on."""
    x = leaf(1.0)
    peel = Peel(sampler(lambda v: 2 * v, x, relative=2.0**-40), direction(x, given(np.ones(1))))

    def believed(rungs):
        return smooth(value, factor * rungs[-1].rounding) if len(rungs) > 2 else UNKNOWN

    monkeypatch.setattr(peel, "_bent", lambda rungs: False)
    monkeypatch.setattr(peel, "_believed", believed)
    assert peel.estimate().value == value
    assert len(peel.rungs) == count


def test_outputs_that_are_straight_are_taken_after_three_steps():
    """Two jumps that cancel are no jump of the sum, yet no smaller step would show another one."""
    peel, found = peeled(lambda v: np.array([3 * v[0], relu(v[0]), relu(-v[0])]), [0.0], g=[1.0, 1.0, -1.0])
    assert [rung.h for rung in peel.rungs[:4]] == [2.0**-5, 2.0**-6, 2.0**-7, 2.0**-14]
    assert peel.began == [2.0**-5]
    assert (found.kink, found.low, found.high) == (True, pytest.approx(3.0), pytest.approx(5.0))


def test_whether_outputs_are_straight_is_asked_once_a_ladder():
    peel, _ = peeled(lambda v: 2 * v, [1.0, 1.0])
    rungs = by_hand([1.0], *[(2.0**-k, 1.0, 1.0) for k in range(4)]).rungs
    assert [peel._bent(rungs[:k]) for k in (1, 2, 3, 4)] == [False, False, True, False]


@pytest.mark.parametrize(
    ("distance", "noise", "at_the_point"),
    [(2.0**-41, 0.0, True), (0.75 * 2.0**-40, 0.0, False), (0.75 * 2.0**-40, 2.0**-47, False),
     (0.75 * 2.0**-40, 2.0**-44, True)],
)  # fmt: skip
def test_a_kink_at_half_the_nearest_step_is_at_the_point(distance, noise, at_the_point):
    """That step, 2**-40, shows half the jump, or less, or rounding of more than a tenth of it: 3 noise / 2**-40."""
    _, found = peeled(lambda v: relu(v[:1]), [distance, 2.0], [1.0, 0.0], relative=0.0, absolute=noise)
    assert found.kink is at_the_point
    assert found.known is at_the_point
    if at_the_point:
        assert found.low <= 1.0 <= found.high


@pytest.mark.parametrize(("reach", "known"), [(2.0**-39, True), (2.0**-40, False)])
def test_two_steps_show_a_kink(reach, known):
    """The smallest of the ladders is 2**-39, the nearest of all 2**-40."""
    _, found = peeled(lambda v: relu(v) if abs(v[0]) <= reach else v * np.nan, [0.0])
    assert found.known is known
    if known:
        assert (found.kink, found.low, found.high) == (True, 0.0, 1.0)


def by_hand(g, *steps, relative=0.0, absolute=0.0):
    """steps: (h, right, left), slopes of every output; all have moved."""
    x = leaf(0.0)
    g = np.array(g)
    s = sampler(lambda v: np.zeros(g.size), x, g, relative, absolute)
    peel = Peel(s, direction(x, given(np.ones(1))))
    for h, right, left in steps:
        r, left_ = np.broadcast_to(right, g.shape) * 1.0, np.broadcast_to(left, g.shape) * 1.0
        size = float(np.abs(g) @ np.maximum(np.abs(r), np.abs(left_)))
        peel.rungs.append(Rung(h, float(g @ (r + left_)) / 2, float(g @ (r - left_)), 0.0, r, left_, size))
    peel._moved[:] = True
    return peel


def test_straight_is_what_three_steps_show_within_four_noises():
    """The noise of an output of 0 that has moved by h is relative * h, so that of a slope is relative."""
    noise = 2.0**-20
    differ = 1 + noise * np.array([0, 4, -4, 5, -5])
    for wide in ((differ, 1.0), (1.0, differ)):
        peel = by_hand(np.ones(5), (8.0, 99.0, 99.0), (4.0, *wide), (2.0, 1.0, 1.0), (1.0, 1.0, 1.0), relative=noise)
        assert peel._flat().tolist() == [True, True, True, False, False]
        peel._left[0] = False
        assert peel._flat().tolist() == [False, True, True, False, False]


def test_straight_outputs_are_taken_and_left_no_longer():
    peel = by_hand([2.0, 1.0], *[(2.0**-k, [3.0, 1.0], [3.0, 0.0]) for k in range(4)], absolute=2.0**-30)
    assert peel._straight(peel.rungs[:2]) is UNKNOWN
    found = peel._straight(peel.rungs)
    assert found.value == 6.0
    assert found.error == pytest.approx(2 * 3 * 2 * 2.0**-30 / 0.5)  # two roundings of the widest of three steps
    assert peel._left.tolist() == [False, True]
    assert peel._straight(peel.rungs) is UNKNOWN
    three = by_hand([2.0, 1.0], *[(2.0**-k, [3.0, 1.0], [3.0, 0.0]) for k in range(3)])
    assert three._straight(three.rungs).value == 6.0


def test_a_rung_of_some_outputs():
    peel = by_hand([2.0, -1.0, 5.0], (0.5, [3.0, 1.0, 7.0], [1.0, -4.0, 6.0]), absolute=2.0**-10)
    rung = peel._of(peel.rungs[0], np.array([True, True, False]))
    assert (rung.central, rung.jump, rung.size) == (4.0 + 1.5, 4.0 - 5.0, 6.0 + 4.0)
    assert rung.rounding == 3 * (2 + 1) * 2.0**-10 / 0.5
    assert peel._of(rung, np.ones(3, dtype=bool)) is rung
    peel._moved[1] = False
    assert peel._of(peel.rungs[0], np.array([True, True, False])).rounding == 3 * 2 * 2.0**-10 / 0.5


def ladder(*roundings):
    return [Rung(1.0, 1.0, 0.0, rounding, np.zeros(0), np.zeros(0), 1.0) for rounding in roundings]


@pytest.mark.parametrize(
    ("wide", "close", "rounding", "known"),
    [
        (4.0, 2.5, 0.0, True),
        (4.0, 2.7, 0.0, False),
        (0.0, 4.0, 1.0, True),
        (0.0, 4.25, 1.0, False),
        (0.0, 0.0, 0.0, True),
    ],
)
def test_the_two_sides_of_every_output_must_meet(wide, close, rounding, known):
    """Two outputs whose jumps cancel; the sides meet by 0.65 at a halving, or to four roundings of the last step."""
    steps = [(8.0, 9.0, 0.0), (4.0, 9.0, 0.0), (2.0, wide / 2, 0.0), (1.0, close / 2, 0.0)]
    peel = by_hand([1.0, -1.0], *steps)
    assert peel._believed(ladder(rounding / 4, rounding / 2, rounding)).known is known
    assert peel._believed(ladder(rounding / 8, rounding / 4, rounding / 2, rounding)).known is known
    assert peel._believed(ladder(rounding / 2, rounding)) is UNKNOWN
