"""One step: the differences, the rounding, and that nothing is left moved."""

from typing import Any

import numpy as np
import pytest

from gradcheck.base.errors import Failure, LayerError
from gradcheck.numeric.directions import given
from gradcheck.numeric.lines import DirectionLine, EntryLine, Part, direction, entry_unit
from gradcheck.numeric.rungs import Rung, Sampler
from tests.numeric.stand_ins import leaf, sampler

pytestmark = pytest.mark.usefixtures("even_steps")


def taken(of: Sampler, line: EntryLine, h: float) -> Rung:
    rung = of.rung(line, h, of.nothing_moved())
    assert rung is not None
    return rung


def test_one_rung_by_hand() -> None:
    """y = (x**2 + x |x|, 4 x, 7) at 0 with h = 1/2: slopes 1 and 0 to the right and left, 4, 0."""
    x = leaf(0.0)
    s = sampler(lambda v: np.array([v[0] ** 2 + v[0] * abs(v[0]), 4 * v[0], 7.0]), x, [2.0, -3.0, 5.0], 1e-3)
    moved = s.nothing_moved()
    rung = s.rung(EntryLine(x, 0, 1.0), 0.5, moved)
    assert rung is not None
    assert (rung.right.tolist(), rung.left.tolist()) == ([1.0, 4.0, 0.0], [0.0, 4.0, 0.0])
    assert (rung.h, rung.central, rung.jump, rung.size) == (0.5, 2 * 0.5 - 12, 2.0, 2 + 12)
    # 3 noise / h; noise = 1e-3 * (2 * 0.5 + 3 * 2): what no step has moved carries none
    assert rung.rounding == pytest.approx(3 * 7e-3 / 0.5)
    assert moved.tolist() == [True, True, False]
    assert s.evaluations == 2
    assert x.array.tolist() == [0.0]


def test_what_moved_once_keeps_its_rounding() -> None:
    x = leaf(1.0)
    s = sampler(lambda v: np.round(v * 4) / 4, x, relative=1e-3)
    moved = s.nothing_moved()
    line = EntryLine(x, 0, 1.0)
    small = s.rung(line, 2.0**-10, moved)
    assert small is not None
    assert small.rounding == 0
    assert not moved.any()
    assert s.rung(line, 0.5, moved) is not None
    again = s.rung(line, 2.0**-10, moved)
    assert again is not None
    assert again.rounding == pytest.approx(3 * 1e-3 * 2**10)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("f", [np.maximum, np.minimum])
def test_an_output_moved_on_one_side_only_has_moved(f: Any, sign: int) -> None:
    x = leaf(0.0)
    s = sampler(lambda v: sign * f(v, 0), x)
    moved = s.nothing_moved()
    s.rung(EntryLine(x, 0, 1.0), 0.5, moved)
    assert moved.all()


def test_the_largest_of_the_three_outputs_is_rounded() -> None:
    for f, largest in ((lambda v: 10 + v, 10.5), (lambda v: -10 + v, 10.5), (lambda v: 10 - abs(v), 10.0)):
        x = leaf(0.0)
        assert taken(sampler(f, x, relative=1e-3), EntryLine(x, 0, 1.0), 0.5).rounding == pytest.approx(6e-3 * largest)


def test_the_step_really_taken_divides() -> None:
    x = leaf(1.0, dtype=np.float32)
    rung = taken(sampler(lambda v: v.astype(np.float64), x), EntryLine(x, 0, 1.0), 0.3)
    assert (rung.central, rung.right.tolist(), rung.left.tolist()) == (1.0, [1.0], [1.0])


def test_no_step_no_rung() -> None:
    x = leaf(1e8)
    s = sampler(lambda v: v, x)
    assert s.rung(EntryLine(x, 0, 1.0), 1e-9, s.nothing_moved()) is None
    for at in (1.0, -1.0):
        one_sided = leaf(at)
        # half a last place: up (or down) is rounded back to 1, the other way is a step
        s = sampler(lambda v: v, one_sided)
        assert s.rung(EntryLine(one_sided, 0, 1.0), 2.0**-53, s.nothing_moved()) is None


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("side", [1, -1])
def test_a_point_that_is_not_finite_is_no_rung(bad: float, side: int) -> None:
    x = leaf(0.0)
    s = sampler(lambda v: np.where(v * side > 0, bad, v), x)
    assert s.rung(EntryLine(x, 0, 1.0), 0.5, s.nothing_moved()) is None
    assert x.array.tolist() == [0.0]


def test_a_point_that_raises_is_no_rung_and_the_leaf_is_put_back() -> None:
    x = leaf(3.0)
    s = sampler(lambda v: v, x)

    def raises() -> np.ndarray:
        raise LayerError(Failure("ValueError", "too far"))

    s.forward = raises
    assert s.rung(EntryLine(x, 0, 1.0), 0.5, s.nothing_moved()) is None
    assert x.array.tolist() == [3.0]
    s.forward = lambda: np.zeros(2)
    assert s.rung(EntryLine(x, 0, 1.0), 0.5, s.nothing_moved()) is None


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("side", [1, -1])
def test_outputs_of_another_shape_are_no_rung_and_no_glance(size: int, side: int) -> None:
    x = leaf(0.0)
    s = sampler(lambda v: np.ones(size) if v[0] * side > 0 else np.zeros(2), x)
    line, moved = EntryLine(x, 0, 1.0), s.nothing_moved()
    assert s.rung(line, 0.5, moved) is None
    assert s.glance(line, side * 0.5, moved) == 0
    assert s.glance(line, -side * 0.5, moved) == 0.5
    assert not moved.any()


def test_a_glance_tells_which_outputs_one_step_moves() -> None:
    x = leaf(3.0)
    s = sampler(lambda v: np.array([v[0], -v[0], 7.0]) if v[0] < 4 else np.full(3, np.nan), x)
    line, moved = EntryLine(x, 0, 1.0), s.nothing_moved()
    assert s.glance(line, 1.0, moved) == 0
    assert not moved.any()
    assert s.glance(line, -1.0, moved) == 1
    assert moved.tolist() == [True, True, False]
    assert s.evaluations == 2
    assert x.array.tolist() == [3.0]

    def raises() -> np.ndarray:
        raise LayerError(Failure("ValueError", "too far"))

    s.forward = raises
    assert s.glance(line, 0.5, moved) == 0
    assert x.array.tolist() == [3.0]


def test_a_moved_point_of_float32_is_blurred() -> None:
    """Its entries are off by a quarter of a last place, in the mean over the direction; float64 is measured noise."""
    x = leaf(4.0, 4.0, dtype=np.float32)
    line = DirectionLine([Part(x, given(np.array([2.0, 2.0])))], 1.0)
    assert line.blur == 2.0**-23 / 4 * 4 / 2 == 2.0**-24
    assert DirectionLine([Part(x, given(np.array([2.0, 0.0])))], 1.0).blur == 2.0**-24  # what stays does not count
    assert DirectionLine([Part(x, given(np.zeros(2)))], 1.0).blur == 0
    assert DirectionLine([Part(leaf(4.0), given(np.ones(1)))], 1.0).blur == 0
    assert DirectionLine([], 1.0).blur == 0


def test_a_step_of_fewer_than_sixteen_blurs_is_none() -> None:
    x = leaf(4.0, dtype=np.float32)
    s = sampler(lambda v: 3.0 * np.array([v[0], -v[0]], dtype=float), x, [4.0, 3.0], relative=0.0)
    line = DirectionLine([Part(x, given(np.ones(1)))], 1.0)
    assert line.blur == 2.0**-23
    assert s.rung(line, 2.0**-19, s.nothing_moved()) is not None
    assert s.rung(line, 15.5 * 2.0**-23, s.nothing_moved()) is None
    assert s.evaluations == 2
    rung = s.rung(line, 0.5, s.nothing_moved())
    assert rung is not None
    assert rung.rounding == pytest.approx(3 * 15 * 2.0**-23 / 0.5)  # |(12, 9)| = 15


def test_the_rounding_of_what_never_moved() -> None:
    x = leaf(1.0)
    s = sampler(lambda v: np.array([4.0, -8.0, 16.0]), x, [1.0, -2.0, 3.0])
    assert s.hidden(np.array([False, False, True])) == 2.0**-53 * (4 + 16)
    assert sampler(lambda v: np.array([4.0]), x, [3.0], absolute=0.25).hidden(np.array([False])) == 0.75
    assert s.of(np.array([True, False, True])).g.tolist() == [1.0, 0.0, 3.0]
    assert s.weight.tolist() == [1.0, 2.0, 3.0]


def test_units_are_powers_of_two_and_directions_move_no_entry_farther() -> None:
    x = leaf(3.0, 3.0, 0.0)
    assert entry_unit(x) == 2.0
    assert direction(x, given(np.array([5.0, -1.0, 0.0]))).unit == 0.5
    line = EntryLine(x, 1, 2.0)
    assert (line.unit, line.own, line.move(0.5)) == (2.0, 3.0, 0.5)
    assert x.array.tolist() == [3.0, 3.5, 0.0]
    line.back()
    assert x.array.tolist() == [3.0, 3.0, 0.0]


def test_a_direction_moves_and_returns() -> None:
    x = leaf(3.0, -1.0)
    line = DirectionLine([Part(x, given(np.array([1.0, -2.0])))], 1.0)
    assert line.move(0.25) == 0.25
    assert x.array.tolist() == [3.25, -1.5]
    assert line.own == 0
    line.back()
    assert x.array.tolist() == [3.0, -1.0]
