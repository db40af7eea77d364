"""What a far smaller step is asked where an estimate contradicts the analytic value, and edges of stairs, by hand."""

from typing import Any

import numpy as np
import pytest

from gradcheck.numeric import ladder as ladder_module
from gradcheck.numeric import peel as peel_module
from gradcheck.numeric import stairs as stairs_module
from gradcheck.numeric.confirm import Steps, confirmed
from gradcheck.numeric.estimate import UNKNOWN, Estimate, smooth
from gradcheck.numeric.ladder import Climb
from gradcheck.numeric.lines import EntryLine, entry_unit
from gradcheck.numeric.peel import Peel
from gradcheck.numeric.rungs import Rung
from tests.numeric.stand_ins import leaf, sampler

NEAREST = 0.7 * 2.0**-44


def rung(h: float, central: float = 0.0, rounding: float = 0.0, right: Any = (0.0,), left: Any = (0.0,)) -> Rung:
    return Rung(h, central, 0.0, rounding, np.array(right), np.array(left), 1.0)


class Line:
    """Rungs that are made, and what was asked."""

    def __init__(self, close: Any, again: Any = lambda start: UNKNOWN, unit: float = 1.0, outputs: int = 1) -> None:
        self.asked: list[float] = []
        self.begun: list[float] = []
        self.close, self.ladder = close, again
        self.steps = Steps(unit, np.ones(outputs), self.rung, self.again)

    def rung(self, h: float) -> Rung | None:
        self.asked.append(h)
        made: Rung | None = self.close(h)
        return made

    def again(self, start: float) -> Estimate:
        self.begun.append(start)
        made: Estimate = self.ladder(start)
        return made


WIDE = [rung(2.0**-5)]


def test_steps_are_uneven_fractions_of_a_power_of_two() -> None:
    """Halving steps would be whole periods of sin(2**n pi x)."""
    assert entry_unit(leaf(3.0, 3.0, 0.0)) == 2.0 * 2.0**-0.25


@pytest.mark.parametrize(("expected", "asked"), [(3.5, 0), (4.0, 0), (4.5, 1), (-4.0, 0), (-4.5, 1), (np.nan, 0)])
def test_four_bars_are_a_contradiction(expected: float, asked: int) -> None:
    found, line = smooth(0.0, 1.0), Line(rung)
    assert confirmed(line.steps, WIDE, found, expected) is found
    assert len(line.asked) == asked
    assert confirmed(line.steps, [], found, 9.0) is found
    assert len(line.asked) == asked


@pytest.mark.parametrize(
    ("unit", "rounding", "step"),
    [(1.0, 0.0, NEAREST), (4.0, 0.0, 4 * NEAREST), (1.0, 2.0**-25, 0.7 * 2.0**-26), (1.0, 2.0**-26, 0.7 * 2.0**-27)],
)
def test_the_small_step_is_the_nearest_or_the_smallest_that_rounding_leaves_clear(
    unit: float, rounding: float, step: float
) -> None:
    """Sixteen times the noise, which is the rounding times its step, of the loudest rung."""
    line = Line(rung, unit=unit)
    confirmed(line.steps, [rung(2.0**-5, rounding=rounding), rung(2.0**-6, rounding=1.5 * rounding)], smooth(0, 0), 1.0)
    assert line.asked == [step]


@pytest.mark.parametrize(
    ("widest", "central", "count"),
    [(2.0**-5, 0.0, 12), (1.005 * 2.0**33 * 64 * NEAREST, 0.0, 12), (0.995 * 2.0**33 * 64 * NEAREST, 0.0, 11),
     (2.0**-5, 2.0**20, 10), (2.0**-5, -(2.0**20), 10), (2.0**-7, 2.0**20, 9), (2.0**-5, 3.9 * 2.0**20, 10),
     (2.0**-5, 4.2 * 2.0**20, 9)],
)  # fmt: skip
def test_farther_steps_are_tried_up_to_a_64th_of_the_widest_and_an_eighth_of_the_gap(
    widest: float, central: float, count: int
) -> None:
    """Truncation, seen at the widest step, falls as h**2. A step that fails or shows but rounding says nothing."""
    for close in (lambda h: None, lambda h: rung(h, rounding=0.125), lambda h: rung(h, rounding=0.25)):
        found, line = smooth(0.0, 0.0), Line(close)
        taken = [rung(widest / 2, 99.0), rung(widest, central), rung(widest / 4, 99.0)]
        assert confirmed(line.steps, taken, found, 1.0) is found
        assert line.asked == [NEAREST * 8.0**k for k in range(count)]
    line = Line(lambda h: rung(h, rounding=0.12))
    confirmed(line.steps, WIDE, smooth(0.0, 0.0), 1.0)
    assert line.asked == [NEAREST]


@pytest.mark.parametrize(("slope", "holds"), [(0.5, True), (0.625, False), (-0.5, True), (-0.625, False)])
def test_the_small_step_bears_out_what_is_nearer_to_it_than_the_expected_value(slope: float, holds: bool) -> None:
    found, line = smooth(0.0, 0.0), Line(lambda h: rung(h, slope))
    assert confirmed(line.steps, WIDE, found, 1.0) is (found if holds else UNKNOWN)
    assert line.begun == ([] if holds else [NEAREST * 2.0**order for order in (30, 25, 20, 15, 10, 5)])


def test_the_first_ladder_that_agrees_with_the_small_step_is_taken() -> None:
    other = smooth(2.0, 0.1)
    said = iter([UNKNOWN, smooth(0.25, 0.0), other])
    line = Line(lambda h: rung(h, 1.75), lambda start: next(said))
    assert confirmed(line.steps, WIDE, smooth(0.0, 0.0), 1.0) is other
    assert line.begun == [NEAREST * 2.0**order for order in (30, 25, 20)]


def test_no_ladder_begins_beyond_the_widest_step() -> None:
    line = Line(lambda h: rung(h, 9.0))
    confirmed(line.steps, [rung(2.0**-5, rounding=2.0**-25)], smooth(0.0, 0.0), 1.0)
    assert line.begun == [0.7 * 2.0**-26 * 2.0**order for order in (20, 15, 10, 5)]


@pytest.mark.parametrize(("low", "holds"), [(4.0, True), (4.5, True), (4.75, False), (3.0, False)])
def test_at_a_kink_the_flatter_side_of_each_output_is_the_slope(low: float, holds: bool) -> None:
    """1 + 3, whatever the jump on the other side."""
    found = Estimate(low + 0.125, 0.0, low, low + 0.25, kink=True)
    line = Line(lambda h: rung(h, 99.0, right=[1.0, 5.0], left=[-2.0, 3.0]), outputs=2)
    assert (confirmed(line.steps, WIDE, found, low - 1.0) is found) is holds


@pytest.mark.parametrize(
    ("standing", "height", "y", "calls"),
    [
        pytest.param(11, 1.0, 1.0, 1, id="half of the differences stand out"),
        pytest.param(12, 1.0, 1.0, 16, id="more than half"),
        pytest.param(1, 2.0**-42, 1.0, None, id="2**10 epsilons of the output are rounding"),
        pytest.param(1, 2.0**-41, 1.0, 1, id="twice as much"),
        pytest.param(1, 2.0**-40, -4.0, None, id="rounding of a larger output"),
        pytest.param(0, 0.0, 0.0, None, id="nothing moves"),
        pytest.param(1, 2.0**-60, 0.0, 1, id="an output of 0 has no rounding"),
    ],
)
def test_stairs_have_edges(monkeypatch: Any, standing: int, height: float, y: float, calls: int | None) -> None:
    """At most half of 22 second differences stand out; calls: spacings asked until they do, None: they never will."""
    asked = []
    second = np.full(22, 0.04 * height)
    second[:standing] = height * np.where(np.arange(standing) % 2, -1, 1)

    def along(forward: Any, line: Any, spacing: float, y: Any, points: int) -> Any:
        asked.append(spacing)
        rows = np.zeros((points, 2))
        rows[2:, 1] = np.cumsum(np.cumsum(second))
        rows[:, 0] = np.arange(points) % 3
        return rows

    monkeypatch.setattr(stairs_module, "outputs_along", along)
    edges = stairs_module._has_edges(lambda: np.zeros(2), None, np.array([1.0, y]), np.array([0.5, -1.0]))  # type: ignore[arg-type]
    assert edges is (calls == 1)
    assert asked == [1e-6 / 4.0**order for order in range(calls or 1)]


def test_no_edges_where_a_spacing_leads_out_of_the_domain(monkeypatch: Any) -> None:
    monkeypatch.setattr(stairs_module, "outputs_along", lambda *_: None)
    assert not stairs_module._has_edges(lambda: np.zeros(1), None, np.ones(1), np.ones(1))  # type: ignore[arg-type]


KINKED = [Rung(2.0**-k, 0.5, 1.0, 0.0, np.zeros(0), np.zeros(0), 2.0) for k in (5, 6, 7)]


@pytest.mark.parametrize(
    ("found", "ladders", "doubts"),
    [
        pytest.param(smooth(1.0, 1.9e-6), 1, 0, id="a side that is told to a millionth of the slopes"),
        pytest.param(smooth(1.0, 2e-6), 1, 0, id="just so"),
        pytest.param(smooth(1.0, 2.1e-6), 4, 1, id="a side that is told no better"),
        pytest.param(Estimate(0.5, 0.1, 0.0, 1.0, kink=True), 1, 1, id="a kink at the point"),
    ],
)
def test_the_side_of_a_kink_is_taken_where_it_is_told_well(
    monkeypatch: Any, found: Estimate, ladders: int, doubts: int
) -> None:
    """Else it may be a phase of an oscillation, and finer ladders and a far smaller step are asked."""
    x = leaf(1.0)
    climb = Climb(sampler(lambda v: 1.0 * v, x), EntryLine(x, 0, 1.0))
    begun: list[float] = []
    doubted: list[float] = []

    def ladder(start: float) -> tuple[list[Rung], Estimate]:
        begun.append(start)
        return KINKED, UNKNOWN

    def confirm(steps: Any, taken: Any, best: Estimate, expected: float) -> Estimate:
        doubted.append(expected)
        return best

    monkeypatch.setattr(climb, "_ladder", ladder)
    monkeypatch.setattr(climb, "_at_kink", lambda _: found if len(begun) == 1 else UNKNOWN)
    monkeypatch.setattr(ladder_module, "confirmed", confirm)
    climb.estimate(3.0)
    assert (len(begun), len(doubted)) == (ladders, doubts)
    assert not climb.sampler.overturned


@pytest.mark.parametrize("overturned", [True, False])
def test_an_estimate_that_is_overturned_is_remembered(monkeypatch: Any, overturned: bool) -> None:
    for module in (ladder_module, peel_module):
        monkeypatch.setattr(module, "confirmed", lambda s, t, found, e: smooth(9.0, 0.0) if overturned else found)
    x = leaf(1.0)
    for taken in (Climb, Peel):
        s = sampler(lambda v: 2.0 * v, x)
        value = taken(s, EntryLine(x, 0, 1.0)).estimate(2.0).value
        assert (s.overturned, round(value)) == (overturned, 9 if overturned else 2)
