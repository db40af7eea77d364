"""The noise that is measured is the noise that was put there."""

from math import comb

import numpy as np
import pytest

from gradcheck.base.errors import Failure, LayerError
from gradcheck.numeric import noise as module
from gradcheck.numeric.noise import Noise, measure_noise
from gradcheck.subjects.leaf import Leaf, Role
from tests.numeric.stand_ins import leaf

EPS, SINGLE = 2.0**-52, 2.0**-23


def measured(f, x, g=None, dtype="float64", seed=0):
    leaf = Leaf("x", Role.INPUT, np.array(x))
    y = f(leaf.array)
    g = np.ones(y.shape) if g is None else g
    kept = leaf.array.copy()
    found = measure_noise(lambda: f(leaf.array), [leaf], g, y, np.random.default_rng(seed), dtype=dtype)
    assert leaf.array.tobytes() == kept.tobytes()
    return found


def test_noise_is_relative_or_absolute_whichever_is_larger():
    noise = Noise(1e-3, np.array([0.0, 5.0]))
    assert noise.of(np.array([2000.0, 2000.0])).tolist() == [2.0, 5.0]
    assert [Noise(r, np.zeros(1)).single for r in (1e-16, 1e-11, 1.1e-11, 1e-7)] == [False, False, True, True]


X = np.random.default_rng(0).normal(size=40)


def test_a_plain_function_has_the_noise_of_its_precision():
    found = measured(lambda x: np.tanh(x) + 1.0, X)
    assert EPS <= found.relative < 4 * EPS
    assert not found.single
    assert measured(lambda x: np.tanh(x) + 1.0, X, dtype="float32").relative == 2.0**-23


def test_rounding_to_float32_is_noticed():
    assert measured(lambda x: np.tanh(x.astype(np.float32)).astype(np.float64), X).relative >= 2.0**-24
    assert measured(lambda x: np.ones(3), X).relative == 2.0**-24  # 1 is a float32 number, the point is none
    assert measured(lambda x: np.ones(3), [1.0, 2.0]).relative == EPS
    assert measured(lambda x: np.zeros(3), X).relative == EPS
    assert measured(lambda x: np.zeros(0), X).relative == EPS


def hinge(x):
    return np.atleast_1d(np.sum(np.maximum(0, x - x[:1] + 1.0)[1:]) / 2)


def test_a_value_that_happens_to_be_a_float32_number_is_none_beside_the_point():
    equal = np.full(9, 0.55)
    assert hinge(equal) == 4.0
    assert measured(hinge, equal).relative < 8 * EPS
    assert measured(lambda x: hinge(x.astype(np.float32)).astype(np.float64), equal).relative >= 2.0**-24
    assert measured(lambda x: np.where(x == 0.55, hinge(equal), 0.0), equal).relative == 2.0**-24  # 0 tells nothing

    def edge(x):
        if np.any(x != 0.55):
            raise LayerError(Failure("ValueError", "outside", "a.py:1"))
        return hinge(x)

    assert measured(edge, equal).relative == 2.0**-24


@pytest.mark.parametrize("level", [1e-12, 1e-9, 1e-6])
def test_planted_noise_is_found_within_a_factor(level):
    """A fast wave far below the spacing is noise to every step."""
    rng = np.random.default_rng(1)

    def f(x):
        return 1 + np.tanh(x) + level * rng.normal(size=x.shape)

    found = measured(f, X, np.random.default_rng(2).normal(size=40))
    assert 0.3 * level < np.median(found.absolute) < 2 * level
    assert 0.05 * level < found.relative < 4 * level


def test_the_spacing_grows_until_values_differ():
    spacings = []

    def f(x):
        spacings.append(float(np.abs(x - 1).max()))
        return np.floor(x * 1e9) / 1e9

    measured(f, [1.0])
    first = [float(np.log10(s)) for s in spacings if s > 0][::6]
    wanted = [-12, -10, -8]
    assert first == pytest.approx(2 * wanted, abs=0.5)  # so much noise is measured twice: was it a bend?


def test_what_never_moves_may_be_rounded_flat_inside():
    found = measured(lambda x: np.full(3, 0.3) + 0 * x.sum(), X)
    assert found.relative == EPS
    assert found.absolute == pytest.approx(EPS / 2 * min(1.0, float(np.sqrt(np.mean(X**2)))), abs=0)
    assert measured(lambda x: np.full(3, 0.3), 100 * X).absolute.tolist() == [EPS / 2] * 3


def test_a_forward_that_raises_or_is_not_finite_keeps_the_least():
    calls = []

    def raises(x):
        calls.append(0)
        if len(calls) > 1:
            raise LayerError(Failure("ValueError", "no"))
        return np.array([0.3])

    assert measured(raises, [0.1]).relative == EPS
    assert measured(lambda x: np.where(x == 0.1, 0.3, np.inf), [0.1]).relative == EPS


def columns(*rows):
    return np.array(rows, dtype=float).T


def test_the_level_of_pure_noise_by_hand():
    """Signs that alternate: the differences of order k are 2**k, so the estimates are 2**k / sqrt((2k)! / k!**2)."""
    level = module._ecnoise(columns([1, -1, 1, -1, 1, -1, 1]), np.array([1.0]))
    ratios = [2.0**k / np.sqrt(c) for k, c in zip(range(1, 7), (2, 6, 20, 70, 252, 924), strict=True)]
    assert level[0] == pytest.approx(ratios[0])


def test_a_smooth_function_has_only_its_last_differences():
    t = np.arange(7.0)
    level = module._ecnoise(columns(t**2 + 1e-9 * np.array([1, -1, 1, 1, -1, 1, -1.0])), np.array([1e9]))
    assert 1e-10 < level[0] < 1e-8


def test_a_kink_is_no_noise_and_rounding_is_no_kink():
    kink, jump = [0, 0, 0, 0, 1, 2, 3], [0, 0, 0, 1, 1, 1, 1]
    noise = [1, -1, 1, 1, -1, 1, -1]
    assert module._bent(columns(kink, jump, noise), np.ones(3)).tolist() == [True, True, False]
    small = 1e-7 * np.array(jump)  # of an output of size 1: it may be rounding
    assert module._bent(columns(small, small), np.array([1.0, 1e-3])).tolist() == [False, True]
    least = 2.0**-41 * np.array(jump)
    assert module._bent(columns(least, 4 * least), np.zeros(2)).tolist() == [False, True]
    assert module._ecnoise(columns(kink), np.ones(1)).tolist() == [0.0]


def test_last_places_of_float32_are_its_own():
    """What is left of larger terms that cancel moves by whole last places of these: two alike, then one less."""
    place, single = 2.0**-27, 2.0**-23
    rest = columns(place * np.array([0, -14, -27, -41, -55, -69, -83]))
    assert module._ecnoise(rest, np.array([1e-4])).tolist() == [0.0]
    assert place / 10 < module._ecnoise(rest, np.array([1e-4]), single)[0] < place
    jump = columns(1e-2 * np.array([0, 0, 0, 1, 1, 1, 1]))
    assert module._ecnoise(jump, np.array([1e-4]), single).tolist() == [0.0]


def test_how_far_a_second_difference_must_stand_out():
    def bent(rest):
        return bool(
            module._bent(np.cumsum(np.cumsum(np.array([[0], [0], [1], [rest], [rest], [1], [0.0]]), 0), 0), np.ones(1))[
                0
            ]
        )

    assert bent(0.04)
    assert not bent(0.06)


def test_the_louder_of_two():
    one, other = Noise(1.0, np.array([1.0, 5.0])), Noise(2.0, np.array([3.0, 4.0]))
    both = module.louder(one, other)
    assert (both.relative, both.absolute.tolist()) == (2.0, [3.0, 5.0])
    assert module.louder(None, other) is other


def test_the_numbers_inside_are_as_large_as_the_inputs_and_at_most_1():
    def parameter(*values):
        return Leaf("w", Role.PARAMETER, np.array(values))

    assert module._inside([leaf(0.25), parameter(4.0), leaf(0.5)]) == 0.5
    assert module._inside([parameter(0.125), parameter(0.0625)]) == 0.125
    assert module._inside([leaf(4.0)]) == module._inside([]) == 1.0


@pytest.mark.parametrize("at", [0.1, 0.7, -0.1, -0.7])  # float32 rounds these up or down
def test_a_point_that_is_no_float32_number(at):
    assert module._rounded_to_single(np.array([0.5]), [leaf(0.5), leaf(at)])
    assert not module._rounded_to_single(np.array([0.1]), [leaf(at)])
    assert not module._rounded_to_single(np.array([0.5]), [leaf(0.5), leaf(at, dtype=np.float32)])


def test_small_entries_are_moved_in_their_own_unit_and_zeros_in_that_of_the_leaf():
    at = (0.0, 2.0**-40, -(2.0**-30), 1.0, -1.0)
    moves = np.abs(module._near(leaf(*at), np.random.default_rng(0)).codes)
    unit = np.array([np.sqrt(2 / 4), 2.0**-40, 2.0**-30, 1.0, 1.0])  # rms of the nonzero entries
    assert np.all(np.abs(moves / unit - 1) < 0.5001)


@pytest.mark.parametrize(("loud", "suspicious"), [(1000.0, False), (1000.5, True), (999.5, False)])
def test_noise_of_more_than_a_thousand_epsilons_is_suspicious(loud, suspicious):
    size = np.array([0.25, 0.125])
    assert module._suspicious(Noise(loud * EPS, np.zeros(2)), size, EPS) is suspicious
    assert module._suspicious(Noise(EPS, np.array([0.0, loud * EPS / 4])), size, EPS) is suspicious
    assert not module._suspicious(Noise(EPS, np.zeros(0)), np.zeros(0), EPS)


def test_what_is_64_times_less_in_the_unit_of_each_entry_was_a_bend():
    near = Noise(EPS, np.array([1.0, 1.0, 1.0, 0.0]))
    found = module._less(Noise(64 * EPS, np.array([63.5, 64.0, 64.5, 0.0])), near)
    assert (found.relative, found.absolute.tolist()) == (64 * EPS, [63.5, 64.0, 1.0, 0.0])
    assert module._less(Noise(64.5 * EPS, np.zeros(4)), near).relative == EPS
    assert module._less(Noise(63.5 * EPS, np.zeros(4)), near).relative == 63.5 * EPS


LOUD, QUIET = Noise(1.0, np.array([1.0])), Noise(EPS, np.array([0.0]))


@pytest.mark.parametrize(
    ("found", "near", "kept"),
    [(QUIET, None, QUIET), (LOUD, None, LOUD), (None, LOUD, LOUD), (LOUD, QUIET, QUIET), (None, None, None)],
)
def test_what_is_loud_or_not_to_be_told_is_measured_in_the_unit_of_each_entry(monkeypatch, found, near, kept):
    asked = iter([found, near])
    monkeypatch.setattr(module, "_measured", lambda *_: next(asked))
    noise = measured(lambda x: x, [0.3])
    kept = kept or Noise(EPS, np.array([EPS / 2 * 0.3]))
    assert (noise.relative, noise.absolute.tolist()) == (kept.relative, pytest.approx(kept.absolute.tolist(), abs=0))


@pytest.mark.parametrize(("least", "small"), [(EPS, 2.0**-10), (SINGLE / 2, 2.0**-6), (SINGLE, 2.0**-6)])
def test_small_outputs_that_move_by_few_last_places(least, small):
    """last: 2**-30 here; outputs below `small` of it in epsilons, that move by fewer than 2**20 of it."""
    last = 2.0**-30

    def few(steps, size):
        rows = np.zeros((7, 2))
        rows[3:, 1] = steps * 2.0**-10
        return module._in_last_places(rows, np.array([-size * small * last / least, 0.0]), last, least)

    assert few(0.99, 0.99)
    assert few(0.0, 0.0)
    assert not few(1.0, 0.99)
    assert not few(1.01, 0.99)
    assert not few(0.99, 1.0)
    assert not few(0.99, 1.01)


@pytest.mark.parametrize(
    ("values", "order"),
    [
        ([0, 15, 108, 573, 1795, 4366, 9070], 6),
        ([0, 6, 93, 491, 1534, 3747, 7783], 4),
        ([0, 11, 33, 113, 262, 492, 865], 3),
    ],
)
def test_noise_is_read_where_three_orders_agree_within_a_factor_of_four_else_at_the_last(values, order):
    """Estimates in the first: 1593, 486, 122, 20, 5.2, 4.3; in the second 17, 4.8, 4.9; in the third 8.9, 4.3, 2.7."""
    differences = np.diff(np.array(values, dtype=float), order)
    expected = np.sqrt(np.mean(differences**2) / comb(2 * order, order))
    assert module._ecnoise(columns(values), np.array([1.0]))[0] == pytest.approx(expected)


def bent(second, size=0.0):
    """second: the five second differences."""
    values = np.cumsum([0.0, 0.0, *np.cumsum(second)])
    return bool(module._bent(columns(values), np.array([size]))[0])


def test_a_kink_of_any_size_is_one_and_a_small_jump_is_rounding():
    tiny = 2.0**-44
    assert bent([0, 1, 0, 0, 0])
    assert bent([0, 1, 1, 0, 0])
    assert not bent([0, 1, 1, 1, 0])
    assert bent([0, tiny, 0, 0, 0])
    assert bent([0, tiny, tiny, 0, 0])
    for rest in (0.125, 0.5, 1.0):
        assert not bent([0, tiny, -rest * tiny, 0, 0])
    assert bent([0, tiny, -0.03 * tiny, 0, 0])
    for place in (0, 4):  # 2**6 epsilons
        assert not bent([2.0**-46 * (k == place) for k in range(5)])
        assert bent([1.25 * 2.0**-46 * (k == place) for k in range(5)])
    assert not bent([0, 2.0**-40, -(2.0**-40), 0, 0])  # 2**12 epsilons: the largest that may be rounding
    assert bent([0, 1.25 * 2.0**-40, -1.25 * 2.0**-40, 0, 0])


def test_the_noise_of_each_output_is_measured_up_to_a_hundred_thousand():
    rows = np.zeros((7, 100_001))
    rows[1::2] = 1.0
    y = g = np.ones(100_001)
    for size, of_each in ((100_000, True), (100_001, False)):
        noise = module.noise_of_rows(rows[:, :size], y[:size], g[:size], EPS)
        assert noise.absolute.shape == (size,)
        assert noise.absolute.all() == noise.absolute.any() == of_each
        assert noise.relative > 1
