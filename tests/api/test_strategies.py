"""gradcheck.strategies: layers, inputs and shapes for property tests; gradcheck alone does not load hypothesis."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import layers as reference
from gradcheck import GradientMismatch, UsageError, assert_gradients
from gradcheck.strategies import layers, points, shapes
from tests.cli.tools import surroundings

QUIET = settings(database=None, deadline=None, max_examples=30, derandomize=True)


def drawn(strategy, count=60):
    """Examples of a strategy."""
    found = []

    @settings(QUIET, max_examples=count)
    @given(strategy)
    def collect(value):
        found.append(value)

    collect()
    return found


@QUIET
@given(layers(reference.ConvLayer))
def test_a_correct_layer_passes_at_whatever_is_drawn(case):
    assert_gradients(*case)


class StrideTwo:
    """Wrong at stride 2 alone."""

    def __init__(self, input_shape, stride=1):
        self.input_shape, self.stride = input_shape, stride

    def forward(self, x):
        if x.shape[0] < self.stride:
            raise ValueError("too small")
        return x[:: self.stride] * 3.0

    def backward(self, dy):
        dx = np.zeros(self.input_shape)
        dx[:: self.stride] = dy * (3.0 if self.stride != 2 else -3.0)
        return dx


def fails(case):
    layer, x = case
    output = layer.forward(x)
    slopes = np.zeros(x.shape)
    slopes[:: layer.stride] = 3.0
    return bool((layer.backward(np.ones(output.shape)) != slopes).any())


def test_a_wrong_layer_is_shrunk_to_the_smallest():
    layer, x = find(layers(StrideTwo), fails, settings=QUIET)
    with pytest.raises(GradientMismatch):
        assert_gradients(layer, x)
    assert layer.stride == 2
    assert layer.input_shape == x.shape
    assert max(x.shape) <= 2


def test_sizes_at_which_the_layer_raises_are_not_drawn():
    assert all(layer.input_shape[0] >= layer.stride for layer, _ in drawn(layers(StrideTwo)))


def test_an_argument_may_be_fixed_or_drawn():
    assert {layer.stride for layer, _ in drawn(layers(StrideTwo, stride=3))} == {3}
    assert {layer.stride for layer, _ in drawn(layers(StrideTwo, stride=st.sampled_from([1, 4])))} == {1, 4}


def test_points_are_random_positive_tied_equal_and_zero_at_several_scales():
    arrays = drawn(points((3, 2)), 300)
    assert all(a.shape == (3, 2) and a.dtype == np.float64 for a in arrays)
    assert any(not a.any() for a in arrays)
    assert any(np.ptp(a) == 0 and a.any() for a in arrays)
    assert any(len(np.unique(a)) == 6 for a in arrays)
    assert any(1 < len(np.unique(a)) < 6 for a in arrays)
    assert any((a > 0).all() and np.ptp(a) > 0 for a in arrays)
    largest = [np.abs(a).max() for a in arrays if a.any()]
    assert min(largest) < 0.05
    assert max(largest) > 20


def test_indices_stay_below():
    found = np.concatenate(drawn(points((4,), below=3), 200))
    assert set(found) == {0, 1, 2}
    assert found.dtype == np.int64


def test_shapes_are_distinct_and_equal_and_hold_ones():
    found = drawn(shapes(3, largest=4), 200)
    assert any(len(set(shape)) == 3 for shape in found)
    assert any(len(set(shape)) == 1 for shape in found)
    assert any(1 in shape for shape in found)
    assert max(map(max, found)) == 4
    assert {a.ndim for a in drawn(points(shapes(2)))} == {2}


class Unknown:
    def __init__(self, thing):
        pass

    def forward(self, x):
        return x

    def backward(self, d):
        return d


class Never(Unknown):
    def __init__(self, size):
        self.size = size

    def forward(self, x):
        raise ValueError("never")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda: layers(Unknown), "no value is known for its parameter thing", id="unknown"),
        pytest.param(lambda: layers(Never), "runs at none of the sizes tried", id="never runs"),
        pytest.param(lambda: shapes(-1), r"shapes\(axes=-1, largest=7\)", id="axes"),
        pytest.param(lambda: shapes(2, largest=0), r"shapes\(axes=2, largest=0\)", id="largest"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()


def test_gradcheck_alone_does_not_import_hypothesis():
    code = (
        "import sys, gradcheck; gradcheck.check; assert 'hypothesis' not in sys.modules; "
        "gradcheck.strategies.layers; assert 'hypothesis' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], env=surroundings(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
