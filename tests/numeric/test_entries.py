"""Every entry of a leaf: what is accepted for two evaluations, what climbs, and that nothing is left moved."""

import numpy as np
import pytest

from gradcheck.base.errors import Failure, LayerError
from gradcheck.numeric import entries as module
from gradcheck.numeric.batch import Pairs, Rows, together
from gradcheck.numeric.entries import LARGEST, measure_entries
from gradcheck.numeric.estimate import smooth
from gradcheck.numeric.rungs import Rung
from gradcheck.subjects.leaf import Leaf, Role
from tests.numeric.stand_ins import leaf, sampler

pytestmark = pytest.mark.usefixtures("even_steps")


class Held:
    """Accepts what is within rtol and the error of the given gradient."""

    def __init__(self, gradient, rtol=1e-9):
        self.a, self.rtol, self.asked = np.asarray(gradient, dtype=float).ravel(), rtol, []

    def __call__(self, flat, value, error):
        self.asked.append(error)
        return np.abs(self.a[flat] - value) <= self.rtol * np.abs(value) + error

    def gap(self, flat, value):
        return np.abs(self.a[flat] - value)

    def expected(self, flat):
        return float(self.a[flat])


def measured(f, x, gradient, first=(0,)):
    kept = x.array.copy()
    s = sampler(f, x)
    held = Held(gradient)
    found = measure_entries(s, x, held, list(first), LARGEST)
    assert x.array.tobytes() == kept.tobytes()
    return s, held, found


X = np.random.default_rng(0).normal(size=40)


def test_right_entries_cost_two_evaluations_and_hold():
    calls = []
    x = leaf(*X)

    def f(v):
        calls.append(1)
        return np.tanh(v)

    true = 1 - np.tanh(X) ** 2
    _, _, found = measured(f, x, true)
    assert len(calls) <= 2 * 40 + 1 + 12
    assert np.all(np.abs(found.value - true) <= found.error)
    assert found.error.max() < 1e-6
    assert found.low.tolist() == found.high.tolist() == found.value.tolist()
    assert 2.0**-18 <= found.step <= 2.0**-5
    assert list(found.slopes) == [0]
    assert not found.kink.any()
    assert found.size == pytest.approx(true[0], rel=0.05)


def test_the_first_that_shows_a_slope_tells_the_step():
    x = leaf(*np.ones(6))
    _, _, found = measured(lambda v: v[3:] ** 3, x, [0, 0, 0, 3, 3, 3], first=(0, 4, 5))
    assert sorted(found.slopes) == [0, 4]
    assert found.step is not None
    assert measured(lambda v: v[:3] ** 3, leaf(*np.ones(6)), [3, 3, 3, 0, 0, 0], first=())[2].step is None


def test_wrong_entries_climb_a_ladder():
    x = leaf(*X[:8])
    true = 1 - np.tanh(X[:8]) ** 2
    wrong = true.copy()
    wrong[5] += 1e-6
    _, _, found = measured(np.tanh, x, wrong)
    assert sorted(found.slopes) == [0, 5]
    assert abs(found.value[5] - true[5]) <= found.error[5] < 1e-10


def test_where_all_are_wrong_a_dozen_ladders_stand_for_the_others():
    x = leaf(*X)
    true = 1 - np.tanh(X) ** 2
    _, _, found = measured(np.tanh, x, 2 * true)
    assert 12 <= len(found.slopes) <= 24
    assert np.all(np.abs(found.value - true) <= found.error)
    assert found.error.max() < 1e-4


def test_a_kink_is_found_at_any_entry():
    at = X[:8].copy()
    at[6] = 0.0
    x = leaf(*at)
    _, _, found = measured(lambda v: np.maximum(v, 0), x, at > 0)
    assert found.kink.tolist() == [False] * 6 + [True, False]
    assert (found.low[6], found.high[6]) == (0.0, 1.0)
    assert found.jumping[6].tolist() == [False] * 6 + [True, False]


@pytest.fixture
def inner():
    x = leaf(1.0, 2.0, -1.0, 0.5)
    return module._Entries(sampler(lambda v: v**3, x, [1.0, -2.0, 1.0, 1.0], 1e-3), x, Held(np.zeros(4)))


def test_one_plain_difference_by_hand(inner):
    pairs = inner._pairs(np.array([1, 3]), 0.25)
    # ((x + h)**3 - (x - h)**3) / 2h = 3 x**2 + h**2
    assert pairs.value.tolist() == [-2 * (12 + 0.0625), 0.75 + 0.0625]
    assert pairs.flat.tolist() == [1, 3]
    assert pairs.rounding == pytest.approx(3 * 1e-3 / 0.25 * np.array([2 * 2.25**3, 0.75**3]))
    assert pairs.even.tolist() == [False, False]  # 13.6 and 10.6 on either side of 2


def test_a_chunk_at_a_time(inner, monkeypatch):
    sizes: list[int] = []
    kept = module._Entries._chunk

    def counted(self, flat, step):
        sizes.append(flat.size)
        return kept(self, flat, step)

    monkeypatch.setattr(module._Entries, "_chunk", counted)

    def chunks(entries, outputs):
        sizes.clear()
        x = leaf(*np.ones(entries))
        made = module._Entries(sampler(lambda v: np.ones(outputs) * v[0], x), x, Held(np.zeros(entries)))
        made._pairs(np.arange(entries), 0.25)
        return list(sizes)

    assert chunks(1100, 1) == [512, 512, 76]
    assert chunks(40, 32_768) == [16, 16, 8]
    assert chunks(70, 1024) == [32, 32, 6]
    assert chunks(100, 331) == [98, 2]
    assert chunks(3, 0) == [3]
    nothing = inner._pairs(np.arange(0), 0.25)
    assert [part.size for part in (nothing.flat, nothing.value, nothing.rounding, nothing.even)] == [0, 0, 0, 0]


@pytest.mark.parametrize(("curvature", "even"), [(0.0098, True), (0.0103, False)])
def test_sides_apart_by_a_hundredth_are_uneven(curvature, even):
    """y = x + c h x**2: the sides at 0 are 1 +- c / 2 for a step of 1."""
    x = leaf(0.0)
    made = module._Entries(sampler(lambda v: v + curvature / 2 * v**2, x, relative=0.0), x, Held(np.zeros(1)))
    assert made._pairs(np.array([0]), 1.0).even.tolist() == [even]


def bend(jump):
    return lambda v: v + jump / 2 * np.abs(v)


def test_two_roundings_are_forgiven_the_sides():
    for jump, even in ((0.0119 + 0.01, True), (0.0121 + 0.0102, False)):
        x = leaf(0.0)  # rounding: 3 * 2e-3 * 1 / 1 = 0.006
        made = module._Entries(sampler(bend(jump), x, relative=0.0, absolute=2e-3), x, Held([0]))
        assert made._pairs(np.array([0]), 1.0).even.tolist() == [even]


def test_what_raises_is_of_another_shape_or_takes_no_step_is_not_measured():
    def f(v):
        if v[0] > 1:
            raise LayerError(Failure("ValueError", "no"))
        return v if v[1] == 1 else np.zeros(5)

    x = leaf(1.0, 1.0, 1e20)
    made = module._Entries(sampler(f, x), x, Held(np.zeros(3)))
    assert np.isnan(made._pairs(np.arange(3), 0.25).value).all()
    assert not made._pairs(np.arange(3), 0.25).even.any()
    assert x.array.tolist() == [1.0, 1.0, 1e20]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_step_really_taken_divides(dtype):
    x = leaf(1.0, 3.0, dtype=dtype)
    made = module._Entries(sampler(lambda v: v.astype(float), x), x, Held(np.zeros(2)))
    assert made._pairs(np.arange(2), 0.3).value == pytest.approx([1.0, 1.0], rel=1e-12)


def test_a_python_float_and_a_read_only_array_are_moved_too():
    seen: list[float] = []
    scalar = Leaf("x", Role.PARAMETER, np.array(2.0), seen.append)
    found = measure_entries(sampler(lambda v: np.array([v**2]), scalar), scalar, Held([4.0]), [0])
    assert found.value == pytest.approx(4.0)
    assert seen[-1] == 2.0
    assert len(set(seen)) > 2
    locked = leaf(2.0, 1.0)
    locked.array.flags.writeable = False
    assert measured(lambda v: v**2, locked, [4.0, 2.0])[2].value == pytest.approx([4.0, 2.0])


def rung(h, central, jump=0.0, rounding=0.0, size=1.0):
    return Rung(h, central, jump, rounding, np.zeros(0), np.zeros(0), size)


def test_the_step_where_truncation_and_rounding_balance(inner):
    # c = 2**-4 at h = 1, q = 2**-12: cbrt(q / 2c) = 2**-3
    assert inner._best_step(rung(1.0, 1 + 2.0**-4 + 2.0**-11, rounding=2.0**-12), smooth(1.0, 0.0)) == 2.0**-3
    assert inner._best_step(rung(1.0, 1 + 2.0**-4 + 2.0**-11, rounding=2.0**-12), smooth(1.0, 2.0**-5)) == 2.0**-3
    assert inner._best_step(rung(1.0, 1 + 2.0**-4 + 2.0**-11, rounding=2.0**-12), smooth(1.0, 7 * 2.0**-7)) == 2.0**-2
    assert inner._best_step(rung(0.5, 1.0), smooth(1.0, 0.0)) == 0.5
    assert inner._best_step(rung(0.5, 1.0 + 1e-9, rounding=1.0), smooth(1.0, 0.0)) == 0.5


def test_the_step_where_the_sides_agree(inner):
    # 0.0025 / 0.01 = 1/4
    assert inner._best_step(rung(1.0, 1.0, jump=0.0099), smooth(1.0, 0.0)) == 2.0**-2
    assert inner._best_step(rung(1.0, 1.0, jump=0.0024), smooth(1.0, 0.0)) == 1
    assert inner._best_step(rung(1.0, 1.0, jump=-0.0198, size=2.0), smooth(1.0, 0.0)) == 2.0**-2
    assert inner._best_step(rung(1.0, 1.0, jump=0.0099, size=0.0), smooth(1.0, 0.0)) == 2.0**-2


def test_errors_of_accepted_entries():
    x = leaf(1.0, 1.0)
    held = Held([3.0, 3.0], rtol=1.0)
    made = module._Entries(sampler(lambda v: v**2, x, relative=1e-3), x, held)
    pairs = Pairs(np.array([0, 1]), np.array([2.5, 2.0]), np.array([0.01, 0.02]), np.array([True, False]))
    assert made._accept(pairs, np.array([0, 1])).tolist() == [1]
    assert held.asked[-1].tolist() == [0.02, 0.04]
    assert made.found.error[0] == pytest.approx(0.02 + 0.5)
    assert (made.found.value[0], made.found.low[0], made.found.high[0]) == (2.5, 2.5, 2.5)
    assert np.isnan(made.found.value[1])


def test_errors_of_entries_that_ladders_stand_for():
    x = leaf(1.0, 2.0)
    held = Held([50.0, 4.0])
    made = module._Entries(sampler(lambda v: v**2, x, relative=0.0, absolute=2.0**-20), x, held)
    made._taken(np.array([0, 1]), 2.0**-10, 0.25)
    rounding = 3 * 2.0**-20 * 2**10
    assert held.asked[-1] == pytest.approx(16 * (2 * rounding + 0.25))
    assert made.found.error[0] == pytest.approx(2 * rounding + 0.25)
    assert (made.found.value[0], made.found.low[0], made.found.high[0]) == (2.0, 2.0, 2.0)
    assert list(made.found.slopes) == [1]  # what agrees climbs


def test_finer_steps():
    at = np.concatenate([[0.0] * 4, X[:4]])
    x = leaf(*at)
    made = module._Entries(sampler(lambda v: np.maximum(v, 0), x), x, Held(np.zeros(8)))
    rest, step = made._finer(np.arange(8), 0.25)
    assert (rest.tolist(), step) == ([3, 4, 5, 6, 7], 0.25)  # kinks only
    assert sorted(made.found.slopes) == [0, 1, 2]
    smooth_ = leaf(*X[:6])
    made = module._Entries(sampler(np.tanh, smooth_, relative=1e-6), smooth_, Held(np.zeros(6)))
    rest, step = made._finer(np.arange(6), 2.0**-14)
    assert (rest.tolist(), step) == ([3, 4, 5], 2.0**-17)
    assert made._finer(np.arange(6), 2.0**-17)[1] == 2.0**-18 * made._unit


def test_truncation_without_rounding_asks_for_the_smallest_step(inner):
    assert inner._best_step(rung(1.0, 1.5), smooth(1.0, 0.0)) < 1e-299


def test_the_step_is_found_from_wherever_truncation_was_seen(inner):
    """Truncation grows as h**2: cbrt(q h**2 / 2 t), with q = r h and t what is left beyond two roundings."""

    def best(h, r, t):
        return inner._best_step(rung(h, 1 + t + 2 * r, rounding=r), smooth(1.0, 0.0))

    assert best(0.5, 2.0**-11, 2.0**-6) == 2.0**-3  # cbrt(2**-9)
    assert best(0.5, 1.1 * 2.0**-12, 2.0**-6) == 2.0**-4
    assert best(1.0, 2.0**-8, 1.15 * 2.0**-6) == 2.0**-2
    assert inner._best_step(rung(1.0, 1.0, jump=0.0026), smooth(1.0, 0.0)) == 0.5
    assert inner._best_step(rung(1.0, 1.0, jump=0.0051), smooth(1.0, 0.0)) == 0.25


def test_rows_of_their_own_are_measured_together_where_there_are_two(monkeypatch):
    asked = []

    def counted(sampler, leaf, rows, flat, step):
        asked.append(flat.tolist())
        return together(sampler, leaf, rows, flat, step)

    monkeypatch.setattr(module, "together", counted)
    x = leaf(1.0, 2.0, 3.0)
    made = module._Entries(sampler(lambda v: 3 * v, x), x, Held(np.zeros(3)), Rows(3, 1, np.arange(3)))
    for flat in ([], [1], [0, 2], [0, 1, 2]):
        assert made._pairs(np.array(flat, dtype=int), 0.25).value.tolist() == [3.0] * len(flat)
    assert asked == [[0, 2], [0, 1, 2]]


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("f", [np.maximum, np.minimum])
def test_an_output_that_moves_to_one_side_only_is_rounded(f, side):
    x = leaf(0.0)
    made = module._Entries(sampler(lambda v: side * f(v, 0), x, absolute=2.0**-10), x, Held([0]))
    assert made._pairs(np.array([0]), 0.5).rounding.tolist() == [6 * 2.0**-10]


def test_a_python_float_is_moved_where_the_layer_reads_it():
    seen = [2.0]
    scalar = Leaf("x", Role.PARAMETER, np.array(2.0), seen.append)
    made = module._Entries(sampler(lambda _: np.array([seen[-1] ** 2]), scalar), scalar, Held([0]))
    assert made._pairs(np.array([0]), 0.5).value.tolist() == [4.0]
    assert seen == [2.0, 2.5, 1.5, 2.0]
