"""Directions of one byte an entry, their parts and their arithmetic."""

import numpy as np
import pytest
from scipy.stats import norm

from gradcheck.base import large
from gradcheck.numeric.directional import along, moves_elsewhere, sides_along
from gradcheck.numeric.directions import Direction, Ramp, gaussian, given, signs
from gradcheck.numeric.estimate import smooth
from gradcheck.numeric.screen import Slopes, directions
from tests.numeric.stand_ins import leaf, sampler

pytestmark = pytest.mark.usefixtures("even_steps")


def flat(v: Direction) -> np.ndarray:
    return v.part(0, v.codes.size)


def test_gaussian_entries_are_odd_multiples_of_a_fortieth():
    v = gaussian((100, 200), np.random.default_rng(0))
    codes = v.codes.astype(int)
    assert (v.unit, v.codes.dtype.name, v.shape) == (1 / 40, "int8", (100, 200))
    assert np.all(codes % 2 == 1)
    assert (codes.min(), codes.max()) == (-127, 127)
    assert flat(v).mean() == pytest.approx(0, abs=0.03)
    assert flat(v).std() == pytest.approx(1, abs=0.03)
    assert v.largest == pytest.approx(127 / 40)
    edges = np.arange(-126, 128, 2) / 40  # between two codes
    shares = np.diff(norm.cdf(edges))
    found = np.histogram(flat(gaussian((1000, 1000), np.random.default_rng(1))), edges)[0] / 1e6
    assert np.abs(found - shares).max() < 5 * np.sqrt(shares.max() / 1e6)


def test_a_direction_longer_than_a_block(monkeypatch):
    monkeypatch.setattr(large, "BLOCK", 8)
    v = gaussian((5, 4), np.random.default_rng(0))
    assert len(set(v.codes.tolist())) > 8
    values = np.random.default_rng(1).normal(size=(5, 4))
    assert v.dot(values) == pytest.approx(flat(v) @ values.ravel(), rel=1e-14)
    assert v.norm(values) == pytest.approx(np.linalg.norm(flat(v) * values.ravel()), rel=1e-14)


def test_signs_are_of_size_one_and_mixed():
    v = signs((1000,), np.random.default_rng(0))
    assert sorted(set(flat(v).tolist())) == [-1.0, 1.0]
    assert abs(flat(v).sum()) < 120
    assert (v.largest, v.count, v.unit) == (1.0, 1000, 1.0)


def test_the_largest_of_the_smallest_code_does_not_overflow():
    assert Direction((2,), np.array([-128, 1], dtype=np.int8), 1.0).largest == 128
    assert Direction((2,), np.zeros(2, dtype=np.int8), 1.0).largest == 1
    assert given(np.array([0.5, -2.0])).largest == 2
    assert given(np.array([0.25, 0.125])).largest == 0.25
    assert given(np.array([0.5, -2.5])).largest == 2.5
    assert Direction((0,), np.zeros(0, dtype=np.int8), 0.5).largest == 1


def test_arithmetic():
    v = Direction((2, 2), np.array([1, -3, 0, 5], dtype=np.int8), 0.5)
    assert flat(v).tolist() == [0.5, -1.5, 0.0, 2.5]
    assert v.dot(np.array([[1.0, 2.0], [3.0, 4.0]])) == 7.5
    assert v.dot(np.array([[1.0, 2.0], [np.nan, 4.0]])) == 7.5
    assert given(np.array([1.0, -1.0, 0.0, 2.0])).dot(np.array([1.0, 2.0, np.nan, 4.0])) == 7
    assert v.norm(np.array([[2.0, 2.0], [9.0, 2.0]])) == pytest.approx(np.sqrt(1 + 9 + 25))
    assert v.norm(np.array([[2.0, np.inf], [9.0, -np.inf]])) == 1
    assert (v.count, v.members().tolist(), v.entry(1), v.entry(2)) == (3, [0, 1, 3], -1.5, 0.0)
    assert given(np.array([[0.5, 2.0]])).codes.tolist() == [0.5, 2.0]


def test_a_ramp_grows_to_one_along_its_axis():
    v = given(np.full((2, 4), 2.0))
    columns = v.ramped(Ramp(1, 0, 4))
    assert flat(columns).tolist() == [0.5, 1.0, 1.5, 2.0] * 2
    assert flat(v.ramped(Ramp(0, 0, 2))).tolist() == [1.0] * 4 + [2.0] * 4
    assert columns.entry(6) == 1.5
    assert v.ramped(Ramp(1, 2, 2)).entry(3) == 2.0
    assert v.ramped(Ramp(1, 2, 2)).entry(2) == 1.0


def test_boxes_and_deals():
    v = signs((4, 5), np.random.default_rng(0))
    box = v.within([(1, 3), (0, 2)])
    assert box.members().tolist() == [5, 6, 10, 11]
    assert box.codes[5] == v.codes[5]
    parts = v.split(4, np.random.default_rng(0))
    assert len(parts) == 4
    assert np.sum([part.codes for part in parts], axis=0).tolist() == v.codes.tolist()
    assert sum(part.count for part in parts) == 20
    assert all(0 < part.count < 20 and part.codes.dtype == np.int8 for part in parts)


def test_a_screen_takes_two_gaussians_and_one_of_signs(monkeypatch):
    x = leaf(*np.ones(8))
    rng = np.random.default_rng(0)
    assert [kind for kind, _ in directions(x, rng)] == ["gaussian", "signs", "gaussian"]
    monkeypatch.setattr("gradcheck.base.large.VAST", 8)
    assert [kind for kind, _ in directions(x, rng)] == ["gaussian", "signs", "gaussian"]
    monkeypatch.setattr("gradcheck.base.large.VAST", 7)
    assert [kind for kind, _ in directions(x, rng)] == ["gaussian", "signs", "signs"]


def test_the_derivative_along_a_direction():
    x = leaf(0.5, -1.0, 2.0)
    s = sampler(np.tanh, x, [1.0, -2.0, 3.0])
    v = np.array([1.0, 2.0, -1.0])
    true = float(np.sum(s.g * v * (1 - np.tanh(x.array) ** 2)))
    found = along(s, x, v)
    assert abs(found.value - true) <= found.error < 1e-10
    kept = x.array.tolist()
    slopes = Slopes(s, x)
    screened = slopes.along(given(v))
    assert abs(screened.value - true) <= screened.error < 1e-10
    assert slopes.size == pytest.approx(float(np.sum(np.abs(s.g * v) * (1 - np.tanh(x.array) ** 2))), rel=0.05)
    assert not slopes.kinked
    first = s.evaluations
    again = slopes.along(given(v))
    assert s.evaluations - first <= 12
    assert abs(again.value - true) <= again.error
    assert x.array.tolist() == kept


def test_both_slopes_along_a_direction_at_a_kink():
    x = leaf(0.0, 1.0)
    found = sides_along(sampler(lambda v: np.maximum(v, 0), x, [1.0, 10.0]), x, np.array([2.0, 1.0]))
    assert found.kink
    assert (found.low, found.high) == pytest.approx((10, 12))
    nearby = leaf(2.0**-21, 1.0)  # within the widest of the three steps, beyond the others
    found = sides_along(sampler(lambda v: np.maximum(v, 0), nearby, [1.0, 10.0]), nearby, np.array([1.0, 0.0]))
    assert (found.low, found.high) == pytest.approx((1.0, 1.0))


def test_steps_at_a_kink_are_the_three_that_are_meant():
    seen = []
    x = leaf(0.0)

    def f(v):
        seen.append(float(v[0]))
        return np.maximum(v, 0)

    s = sampler(f, x)
    seen.clear()
    sides_along(s, x, np.array([1.0]))
    assert seen[::2] == [2.0**-20, 2.0**-22, 2.0**-24]
    x = leaf(1.0, 1.0)
    s = sampler(lambda v: f(v[:1]), x)
    seen.clear()
    moves_elsewhere(s, x, 1)
    assert seen == [1 + 2.0**-10, 1 - 2.0**-10]


@pytest.mark.parametrize(("reach", "known"), [(2.0**-22, True), (2.0**-23, False)])
def test_two_steps_show_both_slopes(reach, known):
    x = leaf(0.0)
    s = sampler(lambda v: np.maximum(v, 0) if abs(v[0]) <= reach else v * np.nan, x)
    assert sides_along(s, x, np.array([1.0])).known is known


@pytest.mark.parametrize(
    ("began", "starts"),
    [((2.0**-5,), (2.0**-5, 2.0**-14, 2.0**-24, 2.0**-34)), ((2.0**-8,), (2.0**-8, 2.0**-24, 2.0**-34)),
     ((1.01 * 2.0**-8,), (1.01 * 2.0**-8, 2.0**-14, 2.0**-24, 2.0**-34)), ((2.0**-5, 2.0**-14), (2.0**-5, 2.0**-14,
     2.0**-24, 2.0**-34)), ((), (2.0**-5, 2.0**-14, 2.0**-24, 2.0**-34))],
)  # fmt: skip
def test_a_line_tells_the_next_one_where_to_begin(monkeypatch, began, starts):
    """And then more than 64 times finer."""

    class Taken:
        size = 0.5

        def __init__(self, *_):
            self.began = list(began)

        def estimate(self, expected):
            return smooth(1.0, 0.0)

    x = leaf(1.0)
    slopes = Slopes(sampler(lambda v: 2 * v, x), x)
    assert slopes.size == 0
    monkeypatch.setattr("gradcheck.numeric.screen.Peel", Taken)
    slopes.along(given(np.ones(1)))
    assert (slopes._starts, slopes.size, slopes.kinked) == (starts, 0.5, len(began) > 1)


def test_a_direction_on_which_two_ladders_were_needed_is_kinked():
    """The outputs bend at 2**-8 and never: the straight one is taken first."""
    x = leaf(2.0**-8, 2.0)
    slopes = Slopes(sampler(lambda v: np.array([max(v[0], 0.0), v[1]]), x), x)
    assert slopes.along(given(np.ones(2))).value == pytest.approx(2.0)
    assert slopes.kinked
    assert slopes._starts == (2.0**-5, 2.0**-14, 2.0**-24, 2.0**-34)
    still = Slopes(sampler(lambda v: 2 * v, x), x)
    still.along(given(np.ones(2)))
    assert not still.kinked
    assert still.size == 4
    at = leaf(0.0, 2.0)
    kink = Slopes(sampler(lambda v: np.abs(v[:1]), at), at)
    assert kink.along(given(np.array([1.0, 0.0]))).kink
    assert kink.kinked


def test_outputs_that_other_entries_move():
    x = leaf(1.0, 2.0, 3.0)
    moved = moves_elsewhere(sampler(lambda v: np.array([v[0], v[1], v[0] + v[1], 5.0]), x), x, 0)
    assert moved.tolist() == [False, True, True, False]
    alone = leaf(1.0)
    assert not moves_elsewhere(sampler(lambda v: v, alone), alone, 0).any()
    fine = leaf(1.0, 1.0)  # a step of 2**-10 sees it, a finer one would not
    assert moves_elsewhere(sampler(lambda v: np.round(v * 1000), fine), fine, 0).tolist() == [False, True]
