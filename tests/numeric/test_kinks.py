"""Slopes on either side of a kink, by hand."""

from typing import Any

import numpy as np
import pytest

from gradcheck.numeric.estimate import UNKNOWN
from gradcheck.numeric.kinks import one_sided
from gradcheck.numeric.rungs import Rung
from tests.numeric.stand_ins import leaf, sampler


def rung(h: float, right: Any, left: Any, g: Any, rounding: float = 0.0) -> Rung:
    r, left_, w = (np.array(v, dtype=float) for v in (right, left, g))
    return Rung(h, float(w @ (r + left_)) / 2, float(w @ (r - left_)), rounding, r, left_, float(np.abs(w) @ np.abs(r)))


def judged(g: Any, *steps: Any, rounding: float = 0.0) -> Any:
    """steps: (h, right, left) of every output."""
    rungs = [rung(h, right, left, g, rounding) for h, right, left in steps]
    x = leaf(*([0.0] * len(g)))
    return one_sided(sampler(lambda v: v, x, g), rungs, rungs[0])


def test_every_value_between_the_two_slopes_is_legal() -> None:
    found = judged([1.0, -2.0, 4.0], (2.0, [1, 1, 3], [0, 0, 3]), (1.0, [1, 1, 3], [0, 0, 3]))
    assert (found.low, found.high, found.value, found.error, found.kink) == (10.0, 13.0, 11.5, 0.0, True)
    assert found.jumping.tolist() == [True, True, False]


def test_slopes_are_extrapolated_and_their_change_is_the_error() -> None:
    found = judged([2.0], (2.0, [1.2], [0.4]), (1.0, [1.1], [0.2]), rounding=0.01)
    assert (found.low, found.high) == pytest.approx((0.0, 2.0))
    assert found.error == pytest.approx(2 * (0.1 + 0.2) + 0.02)


def test_with_a_ratio_of_four_a_third_of_the_change_is_taken_off() -> None:
    found = judged([1.0], (4.0, [1.3], [0.0]), (1.0, [1.0], [0.0]))
    assert found.high == pytest.approx(0.9)


@pytest.mark.parametrize(("close", "counts"), [(1.42, True), (1.38, False)])
def test_a_slope_that_grows_as_the_step_falls_is_a_jump(close: float, counts: bool) -> None:
    """0.7 of the ratio of the steps decides; the finite side counts alone."""
    found = judged([1.0], (2.0, [1.0], [0.5]), (1.0, [close], [0.5]))
    assert (found.high == 0.5) is counts
    mirrored = judged([1.0], (2.0, [0.5], [1.0]), (1.0, [0.5], [close]))
    assert (mirrored.high == 0.5) is counts
    if counts:
        assert (found.error, mirrored.error) == (0.0, 0.0)
        assert found.jumping.tolist() == mirrored.jumping.tolist() == [True]


def test_rounding_is_no_growth() -> None:
    """Four roundings, in units of the largest weight."""
    assert judged([0.5], (2.0, [0.0], [0.0]), (1.0, [0.7], [0.0]), rounding=0.0875 + 0.002).high == pytest.approx(0.7)
    for rounding, grows in ((0.34, True), (0.36, False)):
        found = judged([2.0], (2.0, [0.0], [0.0]), (1.0, [0.7], [0.0]), rounding=rounding)
        assert (found.high == 0.0) is grows


def test_a_jump_on_both_sides_has_no_slope() -> None:
    assert judged([1.0], (2.0, [1.0], [1.0]), (1.0, [2.0], [2.0])) is UNKNOWN
    apart = judged([1.0, 1.0], (2.0, [1.0, 3.0], [0.0, 1.0]), (1.0, [2.0, 3.0], [0.0, 2.0]))
    assert (apart.low, apart.high) == (3.0, 3.0)


def test_two_different_steps_are_needed() -> None:
    assert judged([1.0], (1.0, [1], [0])) is UNKNOWN
    assert judged([1.0], (1.0, [1], [0]), (1.0, [1], [0])) is UNKNOWN


def test_the_two_smallest_precise_steps_are_read() -> None:
    g = [1.0]
    rungs = [rung(8.0, [9], [0], g), rung(4.0, [2], [0], g), rung(2.0, [1], [0], g, 1e-12), rung(1.0, [5], [0], g, 1.0)]
    found = one_sided(sampler(lambda v: v, leaf(0.0), g), rungs, rungs[2])
    assert found.high == pytest.approx(0.0)  # 1 + (1 - 2) / (2 - 1)
    coarse = [rung(r.h, r.right, r.left, g, 0.1) for r in rungs]
    assert one_sided(sampler(lambda v: v, leaf(0.0), g), coarse, coarse[2]).low == pytest.approx(2 + (2 - 9))


def test_one_precise_step_is_too_few() -> None:
    """Then the two largest of all are read."""
    g = [1.0]
    rungs = [rung(4.0, [9], [0], g, 0.1), rung(2.0, [5], [0], g), rung(1.0, [2], [0], g, 0.1)]
    assert one_sided(sampler(lambda v: v, leaf(0.0), g), rungs, rungs[1]).high == pytest.approx(5 + (5 - 9))


@pytest.mark.parametrize(("rounding", "high"), [(0.9e-9, 1.0), (1.1e-9, 3.0)])
def test_precise_is_a_billionth_of_the_jump(rounding: float, high: float) -> None:
    g = [1.0]
    rungs = [rung(4.0, [3], [0], g), rung(2.0, [3], [0], g), rung(1.0, [1], [0], g, rounding)]
    wide = rung(1.0, [1], [0], g)
    found = one_sided(sampler(lambda v: v, leaf(0.0), g), rungs, wide)
    assert (found.high == pytest.approx(3.0)) is (high == 3.0)


@pytest.mark.parametrize(("gap", "jumps"), [(0.9e-6, False), (1.1e-6, True)])
def test_slopes_that_differ_by_a_millionth_are_two(gap: float, jumps: bool) -> None:
    for right, left in ((-1.0, -1.0 + gap), (-1.0 + gap, -1.0)):
        found = judged([1.0], (2.0, [right], [left]), (1.0, [right], [left]))
        assert found.jumping.tolist() == [jumps]
    assert judged([1.0], (2.0, [0.0], [0.0]), (1.0, [0.0], [0.0])).jumping.tolist() == [False]
