"""Group testing finds planted errors, all of them and nothing else, in few readings."""

import numpy as np
import pytest

from gradcheck.numeric.directions import Direction, gaussian, given
from gradcheck.numeric.estimate import Estimate, smooth
from gradcheck.numeric.localise import Reading, _Group, _Search, _volume, localise

SLACK = 1e-9


class Planted:
    """The residual of known errors; counts what it is asked."""

    def __init__(self, errors: np.ndarray) -> None:
        self.errors, self.readings, self.entries = errors, 0, 0

    def along(self, v: Direction) -> Reading:
        self.readings += 1
        return Reading(v.dot(self.errors), SLACK)

    def entry(self, flat: int) -> tuple[Estimate, Reading]:
        self.entries += 1
        return smooth(1.0, SLACK), Reading(float(self.errors.flat[flat]), SLACK)


def located(errors, budget=100_000, seed=0):
    gauge = Planted(errors)
    rng = np.random.default_rng(seed)
    v, other = gaussian(errors.shape, rng), gaussian(errors.shape, rng)
    others = [(other, gauge.along(other))]
    found = localise(gauge, v, gauge.along(v), others, generator=rng, spent=lambda: gauge.readings > budget)
    return gauge, found


@pytest.mark.parametrize("shape", [(4000,), (64, 63), (16, 15, 17)])
@pytest.mark.parametrize("seed", range(3))
def test_one_wrong_entry_costs_a_handful(shape, seed):
    errors = np.zeros(shape)
    flat = int(np.random.default_rng(seed).integers(errors.size))
    errors.flat[flat] = 0.01
    gauge, found = located(errors, seed=seed)
    assert list(found.wrong) == [flat]
    assert found.wrong[flat].value == 0.01
    assert found.complete
    assert gauge.readings <= 2 + 2 * len(shape) + 3
    assert gauge.entries <= 4


@pytest.mark.parametrize("flat", [0, 3999])
def test_the_first_and_the_last(flat):
    errors = np.zeros(4000)
    errors[flat] = -3.0
    assert list(located(errors)[1].wrong) == [flat]


@pytest.mark.parametrize("count", [2, 8])
def test_some_wrong_entries(count):
    errors = np.zeros((60, 70))
    chosen = np.random.default_rng(count).choice(errors.size, count, replace=False)
    errors.flat[chosen] = np.random.default_rng(0).normal(size=count)
    gauge, found = located(errors)
    assert sorted(found.wrong) == sorted(chosen.tolist())
    assert found.complete
    assert gauge.readings + gauge.entries <= 130 * count


def test_a_wrong_row_is_measured_and_nothing_beside_it():
    errors = np.zeros((80, 40))
    errors[17] = np.random.default_rng(0).normal(size=40)
    gauge, found = located(errors)
    assert sorted(found.wrong) == list(range(17 * 40, 18 * 40))
    assert found.complete
    assert gauge.readings <= 30


def test_errors_everywhere_are_sampled():
    gauge, found = located(np.ones((60, 70)))
    assert len(found.wrong) == 32
    assert not found.complete
    assert gauge.entries == 32
    assert gauge.readings <= 10


@pytest.mark.parametrize("size", [64, 65])
def test_a_small_dense_leaf_is_measured_as_a_whole(size):
    _, found = located(np.ones(size))
    assert len(found.wrong) == (64 if size == 64 else 32)
    assert found.complete is (size == 64)


def test_a_budget_ends_it_and_says_so():
    errors = np.zeros(4000)
    errors[::500] = 1.0
    gauge, found = located(errors, budget=20)
    assert not found.complete
    assert gauge.readings <= 22


def test_readings():
    assert not Reading(1.0, 1.0).telling
    assert Reading(-1.1, 1.0).telling
    assert Reading(1.0, 1.0).known
    assert not Reading(np.nan, 1.0).known
    assert not Reading(1.0, np.inf).known
    assert _volume([(1, 3), (2, 7)]) == 10


def search(errors):
    return _Search(Planted(np.asarray(errors)), np.shape(errors), np.random.default_rng(0), lambda: False)


def test_what_was_found_must_account_for_the_residual():
    s = search(np.zeros(3))
    s.found.wrong = {1: Reading(2.0, 0.25)}
    v = given(np.array([1.0, -3.0, 5.0]))
    assert s.explains(v, Reading(-6.0, 0.0))
    assert s.explains(v, Reading(-6.75, 0.0))
    assert not s.explains(v, Reading(-6.76, 0.0))
    assert s.explains(v, Reading(-6.76, 0.02))
    assert not s.explains(v, Reading(-5.2, 0.0))


def test_the_coordinate_is_the_quotient_of_two_readings():
    errors = np.zeros((8, 10))
    errors[6, 3] = 0.5
    s = search(errors)
    v = given(np.ones((8, 10)))
    group = _Group(v, [(0, 8), (0, 10)], Reading(0.5, 1e-9))
    assert (s._span(group, 0), s._span(group, 1)) == ((6, 7), (3, 4))
    inner = _Group(v.within([(4, 8), (3, 4)]), [(4, 8), (3, 4)], Reading(0.5, 1e-9))
    assert (s._span(inner, 0), s._span(inner, 1)) == ((6, 7), (3, 4))
    assert s._gauge.readings == 3  # an axis of one coordinate needs none


@pytest.mark.parametrize(("slack", "span"), [(1e-9, (3, 4)), (0.05, (3, 4)), (0.1, (2, 5)), (0.2, (0, 7))])
def test_a_coarse_reading_leaves_more_coordinates(slack, span):
    """The quotient 0.4 of ten coordinates is off by slack (1 + 0.4); coordinates are whole within a quarter."""
    errors = np.zeros(10)
    errors[3] = 1.0
    s = search(errors)
    s._gauge.along = lambda v: Reading(v.dot(errors), slack)
    assert s._span(_Group(given(np.ones(10)), [(0, 10)], Reading(1.0, slack)), 0) == span


@pytest.mark.parametrize(("quotient", "span"),
                         [(0.42, (3, 4)), (0.43, None), (0.47, None), (0.476, (4, 5)), (0.0, None),
                          (1.09, None), (1.5, None), (-0.5, None), (1.02, (9, 10)), (0.07, None)])  # fmt: skip
def test_a_quotient_that_is_no_coordinate(quotient, span):
    s = search(np.zeros(10))
    s._gauge.along = lambda v: Reading(quotient, 0.0)
    assert s._span(_Group(given(np.ones(10)), [(0, 10)], Reading(1.0, 0.0)), 0) == span


def test_a_row_is_found_though_another_axis_misleads():
    """Two of four columns are wrong: the quotient along the columns is that of the one between them."""
    errors = np.zeros((4, 4))
    errors[2, [0, 2]] = 1.0
    s = search(errors)
    v = given(np.ones((4, 4)))
    closer = s._narrowed(_Group(v, [(0, 4), (0, 4)], Reading(2.0, 1e-9)))
    assert closer is not None
    assert closer.box == [(2, 3), (0, 4)]
    assert s._gauge.readings == 2 + 2  # a ramp an axis, the box of both, the row


def test_along_one_axis_a_box_is_tried_once():
    errors = np.zeros(8)
    errors[[0, 2]] = 1.0
    s = search(errors)
    assert s._narrowed(_Group(given(np.ones(8)), [(0, 8)], Reading(2.0, 1e-9))) is None
    assert s._gauge.readings == 2


@pytest.mark.parametrize(("rows", "box"), [(slice(None), None), (slice(7, 14), [(7, 14), (0, 50)])])
def test_a_dense_error_tells_its_region_where_that_is_a_part(rows, box):
    errors = np.zeros((40, 50))
    errors[rows] = 1.0
    s = search(errors)
    region = [(7, 14), (0, 50)] if box else [(0, 40), (0, 50)]
    assert s._dense(_Group(given(np.ones((40, 50))).within(region), region, Reading(1.0, 1e-9)))
    assert s.found.box == box
    assert s.broken


@pytest.mark.parametrize(("share", "dense"), [(4, True), (3, False)])
def test_dense_is_a_quarter_of_the_sample(share, dense):
    errors = np.zeros(1000)
    s = search(errors)
    s._generator = np.random.default_rng(0)
    sample = np.random.default_rng(0).choice(np.arange(1000), size=64, replace=False)[:16]
    errors[sample[:share]] = 1.0
    assert s._dense(_Group(given(np.ones(1000)), [(0, 1000)], Reading(1.0, 1e-9))) is dense
    assert s._gauge.entries == (32 if dense else 16)


@pytest.mark.parametrize(("parts", "crowded"), [((2,), False), ((3,), False), ((4,), True), ((2, 4, 2), False),
                                                ((2, 4, 3), True)])  # fmt: skip
def test_where_most_parts_have_a_residual_no_coordinate_is_looked_for(monkeypatch, parts, crowded):
    """More than three of four: they hold several wrong entries each. parts: of each group, level by level."""
    s = search(np.zeros(1000))
    asked: list[bool] = []
    dealt = iter([*parts, *[0] * 10])

    def followed(group, *, narrow):
        asked.append(narrow)
        return group

    monkeypatch.setattr(s, "_followed", followed)
    monkeypatch.setattr(s, "_dense", lambda group: False)
    monkeypatch.setattr(s, "_dealt", lambda group: [group] * next(dealt))
    s.run(_Group(given(np.ones(1000)), [(0, 1000)], Reading(1.0, 1e-9)))
    assert asked[0]
    assert asked[-1] is not crowded


def test_four_entries_are_measured_and_five_are_dealt_out_in_four():
    errors = np.ones(8)
    s = search(errors)
    four, five = (given(np.arange(8.0) * (np.arange(8) <= k)) for k in (4, 5))
    assert s._followed(_Group(four, [(0, 8)], Reading(1.0, 1e-9)), narrow=False) is None
    assert sorted(s.found.measured) == [1, 2, 3, 4]
    group = _Group(five, [(0, 8)], Reading(1.0, 1e-9))
    assert s._followed(group, narrow=False) is group
    s._dealt(group)
    assert (s._gauge.entries, s._gauge.readings) == (4, 4)


@pytest.mark.parametrize(("span", "readings"), [((2, 6), 1), ((2, 7), 0)])
def test_a_box_is_worth_a_reading_where_it_is_half_or_less(monkeypatch, span, readings):
    errors = np.zeros(8)
    errors[3] = 1.0
    s = search(errors)
    read: list[Direction] = []

    def along(v):
        read.append(v)
        return Reading(v.dot(errors), 0.0)

    monkeypatch.setattr(s, "_span", lambda group, axis: span)
    monkeypatch.setattr(s._gauge, "along", along)
    closer = s._narrowed(_Group(given(np.ones(8)), [(0, 8)], Reading(1.0, 0.0)))
    assert len(read) == readings
    assert (closer is not None) is bool(readings)  # exact readings agree exactly


@pytest.mark.parametrize(("flat", "span"), [(9, (7, 10)), (0, (0, 2))])
def test_coordinates_end_where_the_box_does(monkeypatch, flat, span):
    errors = np.zeros(10)
    errors[flat] = 1.0
    s = search(errors)
    monkeypatch.setattr(s._gauge, "along", lambda v: Reading(v.dot(errors), 0.1))
    assert s._span(_Group(given(np.ones(10)), [(0, 10)], Reading(1.0, 0.1)), 0) == span
