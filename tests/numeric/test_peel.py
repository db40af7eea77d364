"""Directions whose outputs bend at different distances: each is taken where it is smooth."""

import numpy as np
import pytest

from gradcheck.numeric.directions import given
from gradcheck.numeric.lines import direction
from gradcheck.numeric.peel import STARTS, Peel
from tests.numeric.stand_ins import leaf, sampler


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
