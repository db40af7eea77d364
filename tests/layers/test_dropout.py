import re

import numpy as np
import pytest

from layers import DropoutLayer


@pytest.mark.parametrize("rate", [1.0, -0.1, 1.5, float("nan")])
def test_a_rate_outside_0_1_is_refused(rate: float) -> None:
    message = f"DropoutLayer: expected rate in [0, 1), got rate={rate}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        DropoutLayer((1, 3), rate)


def test_what_stays_is_scaled_up() -> None:
    layer = DropoutLayer((1, 1000), rate=0.75, seed=0)
    y = layer.forward_propagation(np.ones((1, 1000)))
    assert set(np.unique(y)) == {0.0, 4.0}
    assert abs(y.mean() - 1) < 0.2


def test_backward_uses_the_mask_of_forward() -> None:
    layer = DropoutLayer((3, 4), rate=0.5, seed=0)
    y = layer.forward_propagation(np.ones((3, 4)))
    np.testing.assert_array_equal(layer.backward_propagation(np.full((3, 4), 3.0), 0.1), 3 * y)


def test_the_seed_fixes_the_masks() -> None:
    x = np.ones((1, 50))
    one, same, other = (DropoutLayer((1, 50), seed=seed) for seed in (1, 1, 2))
    first = one.forward_propagation(x)
    np.testing.assert_array_equal(first, same.forward_propagation(x))
    assert np.any(first != other.forward_propagation(x))
    assert np.any(first != one.forward_propagation(x))


def test_the_global_generator_is_left_alone() -> None:
    np.random.seed(5)
    expected = np.random.rand()
    np.random.seed(5)
    DropoutLayer((1, 9)).forward_propagation(np.ones((1, 9)))
    assert np.random.rand() == expected


def test_in_evaluation_everything_passes() -> None:
    layer = DropoutLayer((1, 4), rate=0.5, seed=0)
    layer.training = False
    x, dy = np.array([[1.0, -2.0, 3.0, 0.1]]), np.array([[0.1, 0.2, 0.3, 0.4]])
    np.testing.assert_array_equal(layer.forward_propagation(x), x)
    np.testing.assert_array_equal(layer.backward_propagation(dy, 0.1), dy)


def test_backward_keeps_to_the_mode_of_its_forward() -> None:
    layer = DropoutLayer((1, 20), rate=0.5, seed=0)
    y = layer.forward_propagation(np.ones((1, 20)))
    layer.training = False
    np.testing.assert_array_equal(layer.backward_propagation(np.ones((1, 20)), 0.1), y)


def test_rate_0_drops_nothing() -> None:
    x = np.linspace(-1, 1, 7)
    np.testing.assert_array_equal(DropoutLayer((7,), rate=0.0, seed=0).forward_propagation(x), x)


def test_a_batch_gets_a_mask_for_each_row() -> None:
    y = DropoutLayer((1, 30), seed=0).forward_propagation(np.ones((2, 30)))
    assert np.any(y[0] != y[1])


@pytest.mark.parametrize("training", [True, False])
def test_float32_stays(training: bool) -> None:
    layer = DropoutLayer((2, 2), seed=0)
    layer.training = training
    y = layer.forward_propagation(np.ones((2, 2), dtype=np.float32))
    assert y.dtype == layer.backward_propagation(y, 0.1).dtype == np.float32
