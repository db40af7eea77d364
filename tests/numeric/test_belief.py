"""What a ladder proves, on rungs made by hand."""

from collections.abc import Sequence

import numpy as np
import pytest

from gradcheck.numeric.belief import _both_sides, bar, believed, clear, extrapolated, jumps, own_side
from gradcheck.numeric.estimate import UNKNOWN, smooth
from gradcheck.numeric.rungs import Rung

NONE = np.zeros(0)


def rung(central: float, jump: float = 0.0, rounding: float = 0.0, size: float = 1.0, h: float = 1.0) -> Rung:
    return Rung(h, central, jump, rounding, NONE, NONE, size)


def ladder(central: Sequence[float], jump: Sequence[float] = (), rounding: float = 0.0) -> list[Rung]:
    return [rung(c, j, rounding) for c, j in zip(central, jump or [0.0] * len(central), strict=True)]


def test_a_bar_that_is_not_known_is_infinite() -> None:
    assert bar(smooth(1.0, 0.5)) == 0.5
    assert bar(UNKNOWN) == np.inf


@pytest.mark.parametrize(
    ("values", "power", "expected"),
    [
        ((3.0,), 4.0, (3.0, np.inf)),
        ((17.0, 5.0), 4.0, (5.0, 12.0)),
        ((17.0, 5.0, 2.0), 4.0, (1.0, 0.0)),  # 1 + h**2
        ((273.0, 21.0, 3.0, 1.3125), 4.0, (1.0, 0.0)),  # 1 + h**2 + h**4
        ((5.0, 3.0, 2.0), 2.0, (1.0, 0.0)),  # 1 + h
        ((21.0, 7.0, 3.0, 1.75), 2.0, (1.0, 0.0)),  # 1 + h + h**2
        ((101.0, 101.5, 101.5), 4.0, (101.5, 0.0)),  # no change at all
    ],
)
def test_each_column_removes_one_power(values: Sequence[float], power: float, expected: tuple[float, float]) -> None:
    assert extrapolated(values, power) == expected


def test_four_columns_and_no_more() -> None:
    def value(h: float, powers: int) -> float:
        return 1 + sum(h ** (2 * p) for p in range(1, powers + 1))

    steps = [2.0 ** (2 - k) for k in range(7)]
    assert extrapolated([value(h, 4) for h in steps], 4.0)[0] == pytest.approx(1, abs=1e-13)
    assert abs(extrapolated([value(h, 5) for h in steps], 4.0)[0] - 1) > 1e-9


def test_the_change_is_that_of_the_best_column() -> None:
    value, change = extrapolated((4.0, 1.0, 0.5), 4.0)
    assert (value, change) == pytest.approx((1 / 3, 1 / 3))


@pytest.mark.parametrize(
    ("last", "rounding", "size", "expected"),
    [
        ((1.0, 1.0, 1.0), 0.0, 1.0, True),
        ((1.0, 0.9, 0.82), 0.0, 1.0, True),
        ((1.0, 0.9, 0.80), 0.0, 1.0, False),  # 0.80 < 0.9 * 0.9
        ((1.0, 0.88, 0.9), 0.0, 1.0, False),  # 0.9 * 0.88 < 0.8
        ((1.0, 0.9, 0.81), 0.0, 1.0, False),
        ((-1.0, 1.0, -1.0), 0.0, 1.0, True),
        ((1.0, 1.0, 1.0), 0.099, 1.0, True),
        ((1.0, 1.0, 1.0), 0.1, 1.0, False),
        ((1.0, 1.0, 1.0), 0.0, 0.9e9, True),
        ((1.0, 1.0, 1.0), 0.0, 1.1e9, False),
    ],
)
def test_a_kink_is_a_jump_that_stays(last: Sequence[float], rounding: float, size: float, expected: bool) -> None:
    rungs = [rung(0.0, j, rounding, size) for j in last]
    assert jumps(rungs) is expected
    assert not jumps(rungs[1:])
    assert jumps([rung(0.0, 50.0), *rungs]) is expected


def test_two_rungs_prove_nothing() -> None:
    assert believed(ladder([1.0, 1.0])) is UNKNOWN
    assert believed(ladder([1.0, 1.0, 1.0])).known


@pytest.mark.parametrize(
    ("b", "c", "rounding", "known"),
    [(1.0, 0.65, 0.1, True), (1.0, 0.66, 0.1, False), (0.0, 1.0, 0.25, True), (0.0, 1.01, 0.25, False),
     (-1.0, 0.65, 0.0, True), (1.0, -0.66, 0.0, False)],
)  # fmt: skip
def test_the_two_sides_must_meet(b: float, c: float, rounding: float, known: bool) -> None:
    assert believed(ladder([1.0, 1.0, 1.0], [2.0, b, c], rounding)).known is known


def test_a_smooth_ladder_is_extrapolated_in_squares() -> None:
    found = believed(ladder([17.0, 5.0, 2.0], rounding=0.25))
    assert (found.value, found.error) == (1.0, 0.5)
    assert (found.low, found.high, found.kink) == (1.0, 1.0, False)


@pytest.mark.parametrize(("third", "rounding", "known"), [(1.34, 0.0, True), (1.5, 0.5, True), (1.9, 0.9, True)])
def test_differences_fall_as_squares_or_are_rounding(third: float, rounding: float, known: bool) -> None:
    found = believed(ladder([0.0, 1.0, third], rounding=rounding))
    assert found.known is known
    value, change = extrapolated([0.0, 1.0, third], 4.0)
    assert (found.value, found.error) == (value, change + 2 * rounding)


def test_what_falls_slower_than_squares_is_not_extrapolated_in_squares() -> None:
    assert believed(ladder([0.0, 1.0, 1.34])).value == extrapolated([0.0, 1.0, 1.34], 4.0)[0]
    assert believed(ladder([0.0, 1.0, 1.36])).value == extrapolated([0.0, 1.0, 1.36], 2.0)[0]


def test_where_they_fall_as_the_step_the_sides_are_extrapolated_apart() -> None:
    """D = 1 + h on either side: 1 + h would be taken for something else in squares."""
    found = believed(ladder([5.0, 3.0, 2.0], rounding=0.01))
    assert found.value == pytest.approx(1.0)
    assert found.error == pytest.approx(0.02)
    assert believed(ladder([9.0, 5.0, 3.0, 2.0])).value == 1.0
    apart = believed(ladder([5.0, 3.0, 2.0], [2.0, 1.0, 0.5], 0.01))  # the sides 1 + (1 +- 1/4) h
    assert apart.value == pytest.approx(1.0)
    assert apart.error == pytest.approx(0.02)


@pytest.mark.parametrize(("third", "known"), [(1.6, True), (1.65, True), (1.66, False), (2.0, False)])
def test_what_falls_slower_than_the_step_is_not_believed(third: float, known: bool) -> None:
    assert believed(ladder([0.0, 1.0, third])).known is known


def test_sides_that_do_not_meet_are_no_derivative() -> None:
    """The sides tend to 1 -+ gap / 2; what they may differ by is their last changes and four roundings."""

    def sides(gap: float) -> list[Rung]:
        return ladder([5.0, 3.0, 2.0], [gap] * 3, 0.25)

    near, far = believed(sides(1.0)), believed(sides(1.01))
    assert (near.value, near.error) == (1.0, 0.5 + 0.5)
    assert not far.known


def test_a_plateau_is_read_at_its_widest_step() -> None:
    rungs = [rung(1.0, rounding=0.1), rung(1.05, rounding=0.2), rung(0.95, rounding=0.4)]
    found = believed(rungs)
    assert found.value == 1.0
    assert found.error == pytest.approx(0.05 + 0.2)
    uneven = [rung(1.0, rounding=0.1), rung(1.11, rounding=0.2), rung(0.95, rounding=0.4)]
    assert believed(uneven).error > 0.8


def test_the_side_of_the_point_is_told_by_a_step_nearer_than_the_kink() -> None:
    rungs = ladder([5.5, 3.5, 2.5], [1.0, 1.0, 1.0], 0.01)  # left: 1 + h, right: 2 + h
    assert own_side(rungs, rung(1.0)).value == pytest.approx(1.0)
    right = own_side(rungs, rung(2.0))
    assert (right.value, right.error) == pytest.approx((2.0, 0.04))
    assert own_side(rungs, rung(1.5)) is UNKNOWN  # neither
    assert own_side(rungs, rung(1.5, rounding=0.3)) is UNKNOWN  # both
    assert own_side(rungs, rung(1.03)).known
    assert not own_side(rungs, rung(1.05)).known
    assert own_side(rungs, rung(1.05, rounding=0.01)).known
    assert not own_side(rungs, rung(1.065, rounding=0.01)).known


def test_a_side_that_is_steeper_between_is_not_straight() -> None:
    """exp(x / 1e-5) - 1 is 0 -+ 1 / h on the left at wide steps, and 1e5 steep at the point."""
    rungs = ladder([5.5, 3.5, 2.5], [1.0, 1.0, 1.0], 0.01)
    left, steeper = rung(1.5, 1.0), rung(1.7, 1.0)
    assert own_side(rungs, rung(1.0), [left, left]).known
    assert own_side(rungs, rung(1.0), [left, steeper]) is UNKNOWN
    assert own_side(rungs, rung(1.0), [left, rung(1.7, 1.0, rounding=0.1)]).known


def test_a_side_that_does_not_settle_tells_nothing() -> None:
    rough = ladder([0.0, 1.0, 1.7], [0.0] * 3)
    assert not own_side(rough, rung(extrapolated([0.0, 1.0, 1.7], 2.0)[0])).known


def sided(left: Sequence[float], right: Sequence[float]) -> list[Rung]:
    size = max(abs(left[0]), abs(right[0]))
    return [rung((a + b) / 2, b - a, 0.0, size) for a, b in zip(left, right, strict=True)]


def test_sides_that_differ_by_next_to_nothing_are_smooth_and_the_bar_says_by_how_much() -> None:
    """x|x| at d: slopes of h + 2 d on the right and h - 2 d on the left, as long as steps reach across."""
    steps, d = (1.0, 0.5, 0.25, 0.125), 1e-10
    found = believed(sided([h - 2 * d for h in steps], [h + 2 * d for h in steps]))
    assert found.known
    assert not found.kink
    assert abs(found.value - 2 * d) <= found.error < 1e-9
    far = 1e-8
    assert believed(sided([h - 2 * far for h in steps], [h + 2 * far for h in steps])) is UNKNOWN


def test_the_roundings_of_a_side_are_those_of_its_smallest_step() -> None:
    rungs = [rung(c, 1.0, r) for c, r in zip((5.5, 3.5, 2.5), (0.125, 0.25, 0.5), strict=True)]
    right = own_side(rungs, rung(4.0))  # 2 + h on the right; four roundings of the last step
    assert (right.value, right.error) == (2.0, 2.0)


def test_a_side_without_rounding_fits_a_slope_that_is_exactly_its_own() -> None:
    rungs = ladder([5.5, 3.5, 2.5], [1.0, 1.0, 1.0])
    found = own_side(rungs, rung(2.0), [rung(1.5, 1.0)])
    assert (found.value, found.error) == (2.0, 0.0)
    assert own_side(rungs, rung(2.125)) is UNKNOWN


@pytest.mark.parametrize(("third", "known"), [(2.5, True), (2.625, False)])
def test_each_side_falls_as_the_step_or_within_two_roundings(third: float, known: bool) -> None:
    """Differences of 1 and then 1.5: within twice 0.75."""
    central = [0.0, 1.0, third]
    assert _both_sides(ladder(central, rounding=0.75)).known is known
    right = rung(extrapolated(central, 2.0)[0] + 64)
    assert own_side(ladder(central, [128.0] * 3, 0.75), right).known is known
    assert own_side(ladder([-9.0, *central], [128.0] * 4, 0.75), right).known is known


@pytest.mark.parametrize(("gap", "bend", "known"), [(1.0, 0.0, True), (1.125, 0.0, False), (2.0, 0.5, True),
                                                    (2.25, 0.5, False), (1.75, 0.5, True)])  # fmt: skip
def test_the_sides_meet_within_four_roundings_and_twice_what_they_may_be_bent(
    gap: float, bend: float, known: bool
) -> None:
    rungs = [rung(c, gap, r) for c, r in zip((5.0, 3.0, 2.0), (0.0625, 0.125, 0.25), strict=True)]
    found = _both_sides(rungs, bend)
    assert found.known is known
    if known:
        assert (found.value, found.error) == (1.0, gap / 2 + 0.5)
    assert _both_sides(rungs).known is (known and not bend)


def test_a_plateau_is_that_of_the_last_three() -> None:
    rungs = [rung(1.5, rounding=0.1), *(rung(1.0, rounding=r) for r in (0.2, 0.4, 0.8))]
    found = believed(rungs)
    assert (found.value, found.error) == (1.0, 0.4)
    found = believed([rung(c, rounding=r) for c, r in ((1.0, 0.5), (1.5, 1.0), (0.5, 2.0))])  # apart by one rounding
    assert (found.value, found.error) == (1.0, 1.5)


@pytest.mark.parametrize(
    ("jump", "rounding", "left"),
    [((1.0, 0.5, 0.25), 0.0, 3), ((1.0, 0.06, 0.05), 0.0, 2), ((1.0, 0.0625, 0.06), 0.0, 3), ((1.0, 0.9, 0.05), 0.0, 1),
     ((-1.0, 0.06, 0.05), 0.0, 2), ((1.0, -0.06, 0.05), 0.0, 2), ((1.0, 0.02, 0.02), 0.01, 2),
     ((1.0, 0.03, 0.03), 0.01, 3), ((1.0, 0.05, 0.002), 0.0, 1), ((0.0, 0.0, 0.0), 0.0, 3)],
)  # fmt: skip
def test_an_asymmetry_that_falls_sixteenfold_at_one_halving_was_a_kink(
    jump: Sequence[float], rounding: float, left: int
) -> None:
    """Its four roundings may hide that much."""
    rungs = [rung(1.0, j, rounding) for j in jump]
    assert list(clear(rungs)) == rungs[-left:]
