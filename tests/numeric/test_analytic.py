"""The rounding of the analytic side: moves of eps, their largest change, kinks left out."""

import numpy as np
import pytest

from gradcheck.base.errors import Failure, LayerError
from gradcheck.numeric.analytic import AnalyticErrors, moved_gradients, rounded_change
from gradcheck.numeric.estimate import UNKNOWN, Estimate, LeafEstimates, smooth
from tests.numeric.stand_ins import leaf

EPS = 2.0**-52


def moves(x, single=False, calls=None):
    seen: list[np.ndarray] = []
    start = x.array.astype(np.float64)

    def vjp():
        if calls is not None and len(seen) == calls:
            raise LayerError(Failure("ValueError", "no"))
        seen.append(x.array.astype(np.float64) - start)
        return {"x": x.array.copy()}

    made = list(moved_gradients(vjp, [x], np.random.default_rng(0), single=single))
    assert np.array_equal(x.array, start)
    return seen, made


def test_every_entry_is_moved_by_eps_of_the_scale_three_times():
    seen, made = moves(leaf(1.0, 1.0, -1.0, 1.0))
    assert len(made) == 3
    for change in seen:
        assert set(np.abs(change)) <= {EPS, EPS / 2}
    assert len({tuple(np.sign(change)) for change in seen}) == 3


def test_single_precision_is_moved_by_its_own_eps():
    assert np.abs(moves(leaf(1.0), single=True)[0]).max() == pytest.approx(2.0**-23, abs=0)
    assert np.abs(moves(leaf(1.0, dtype=np.float32))[0]).max() == pytest.approx(2.0**-23, rel=0.6, abs=0)


def test_a_small_entry_is_moved_by_no_more_than_1024_times_its_own_rounding():
    change = np.abs(moves(leaf(1.0, 2.0**-20, 0.0))[0][0])
    scale = np.sqrt((1 + 2.0**-40) / 2)
    assert change[1] == EPS * 2.0**-10
    assert change[2] == pytest.approx(EPS * scale, abs=0)


def test_it_ends_where_the_layer_raises():
    assert len(moves(leaf(1.0), calls=1)[1]) == 1


def test_changes_beyond_a_thousandth_are_kinks():
    here, moved = np.array([1.0, 1.0, -1.0, 0.0, 1.0]), np.array([1.0009, 1.0012, -1.0009, 1e-9, np.nan])
    assert rounded_change(here, moved).tolist() == [moved[0] - 1, 0.0, moved[2] + 1, 0.0, 0.0]
    assert rounded_change(np.array([1.0]), np.array([1.001]))[0] == pytest.approx(1e-3)  # of the larger of the two


def test_the_largest_change_counts():
    x = leaf(1.0, 1.0)
    errors = AnalyticErrors([x], {"x": np.array([1.0, 2.0])})
    for moved in ([1.0 + 1e-9, 2.0], [1.0 - 3e-9, 2.0], [1.0 + 2e-9, 2.0]):
        errors.add({"x": np.array(moved)})
    assert errors.result(single=False)["x"] == pytest.approx(np.array([3e-9, 0.0]))
    assert errors.result(single=True)["x"] == pytest.approx(np.array([3e-9, 1.5e-9 / np.sqrt(2)]))


def test_what_is_missing_or_of_another_shape_counts_nothing():
    x = leaf(1.0, 1.0)
    pairs = [(None, 2), (2, None), (3, 3), (1, 1), (2, 1), (2, 3), (1, 2), (3, 2)]
    for here, moved in pairs:
        errors = AnalyticErrors([x], {"x": None if here is None else np.ones(here)})
        errors.add({"x": None if moved is None else np.full(moved, 1 + 2.0**-20)})
        assert errors.result(single=False)["x"].tolist() == [0.0, 0.0]
    empty = AnalyticErrors([leaf()], {})
    assert empty.result(single=True)["x"].size == 0


def test_estimates_of_a_leaf():
    assert not UNKNOWN.known
    assert smooth(1.0, 0.0).known
    assert not smooth(1.0, np.nan).known
    assert not smooth(np.inf, 1.0).known
    found = LeafEstimates.unknown((2, 2))
    assert np.isnan(found.value).all()
    assert not found.kink.any()
    assert found.size == 0
    found.put(2, Estimate(1.0, 0.5, 0.0, 2.0, kink=True, jumping=np.array([True]), slopes=((1.0, 2.0),)))
    assert (found.value[1, 0], found.error[1, 0], found.low[1, 0], found.high[1, 0]) == (1.0, 0.5, 0.0, 2.0)
    assert (found.kink[1, 0], found.slopes[2], found.jumping[2].tolist()) == (True, ((1.0, 2.0),), [True])
    assert np.isnan(found.value.ravel()[[0, 1, 3]]).all()
    found.put(1, smooth(3.0, 0.1))
    assert 1 not in found.jumping
