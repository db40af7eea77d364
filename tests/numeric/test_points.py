"""What naive checkers flag and this one must not, each beside a fault at the same place that it must catch."""

from typing import Any

import numpy as np
import pytest

import layers
from gradcheck import check

RNG = np.random.default_rng(0)
DISTANCES = (0.0, 1e-12, 1e-9, 1e-6, 1e-3)


def relu(x):
    return np.maximum(x, 0)


def leaky(x):
    return np.where(x > 0, x, 0.1 * x)


def clip(x):
    return np.clip(x, -1, 1)


def hinge(x):
    return np.maximum(0, 1 - x)


# name -> (f, legal derivative, the kink)
KINKED: dict[str, Any] = {
    "relu": (relu, lambda x: (x > 0) * 1.0, 0.0),
    "relu from the other side": (relu, lambda x: (x >= 0) * 1.0, 0.0),
    "leaky": (leaky, lambda x: np.where(x > 0, 1.0, 0.1), 0.0),
    "abs": (np.abs, np.sign, 0.0),
    "clip": (clip, lambda x: ((x > -1) & (x < 1)) * 1.0, 1.0),
    "hinge": (hinge, lambda x: (x < 1) * -1.0, 1.0),
    "floor": (np.floor, np.zeros_like, 0.0),
}


def points(kink, distance):
    return np.array([[kink + distance, kink - distance, 0.37, -0.61, 2.3]])


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("name", KINKED)
def test_a_legal_slope_passes_at_any_distance(name, distance):
    f, prime, kink = KINKED[name]
    result = check(f, prime, (points(kink, distance),))
    assert result.passed, str(result)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("name", KINKED)
def test_a_slope_of_no_side_fails_at_any_distance(name, distance):
    """Wrong in a narrow window about the kink alone."""
    f, prime, kink = KINKED[name]
    window = 1.5 * distance + 1e-15
    result = check(f, lambda x: np.where(np.abs(x - kink) <= window, -3.0, prime(x)), (points(kink, distance),))
    assert result.verdict == "fail", str(result)


@pytest.mark.parametrize("distance", DISTANCES[1:])
def test_a_value_between_the_slopes_is_legal_at_the_kink_alone(distance):
    def half(x):
        return np.where(np.abs(x) <= 1.5 * distance, 0.5, (x > 0) * 1.0)

    assert check(relu, half, (points(0.0, 0.0),)).passed
    assert check(relu, half, (points(0.0, distance),)).verdict == "fail"


class Maximum:
    """max over the last axis; `share` says what tied entries get."""

    def __init__(self, share):
        self.share = share

    def forward(self, x):
        self.x = x
        return x.max(-1)

    def backward(self, g):
        tied = self.x == self.x.max(-1, keepdims=True)
        return g[:, None] * self.share(tied)


@pytest.mark.parametrize("x", [np.ones((2, 3)), np.array([[1.0, 2.0, 2.0, 0.0]])], ids=["all", "two"])
def test_ties_are_judged_together(x):
    shared = check(Maximum(lambda tied: tied / tied.sum(-1, keepdims=True)), x)
    first = check(Maximum(lambda tied: tied & (np.cumsum(tied, -1) == 1)), x)
    each = check(Maximum(lambda tied: tied), x)
    assert shared.passed, str(shared)
    assert first.passed, str(first)
    assert [finding.cause for finding in each.findings] == ["tie-overcounted"]


def test_what_the_chain_rule_leaves_open_is_inconclusive():
    """relu(x) - relu(-x) is x; at 0 the product of its parts' slopes is another number."""
    x = np.array([[0.0, 1.0, -2.0]])
    open_ = check(lambda x: relu(x) - relu(-x), lambda x: (x > 0) * 1.0 + (x < 0), (x,))
    assert open_.verdict == "inconclusive"
    assert any("at this very point only" in note for note in open_.notes)


SMOOTH: dict[str, Any] = {
    "x|x|": (lambda x: x * np.abs(x), lambda x: 2 * np.abs(x), [0.0, 1e-9, 0.3]),
    "square at 0": (lambda x: x * x, lambda x: 2 * x, [0.0, 0.0]),
    "cube at 0": (lambda x: x**3, lambda x: 3 * x**2, [0.0, 0.0]),
    "fast": (lambda x: np.sin(50 * x), lambda x: 50 * np.cos(50 * x), list(RNG.normal(size=20))),
    "reciprocal": (lambda x: 1 / x, lambda x: -1 / x**2, [1e-3, 1.0, -2e-6, 5.0]),
    "root": (np.sqrt, lambda x: 0.5 / np.sqrt(x), [1e-8, 1.0, 1e4]),
    "log": (np.log, lambda x: 1 / x, [1e-8, 1.0, 1e4]),
    "tiny": (lambda x: 1e-12 * np.tanh(x), lambda x: 1e-12 * (1 - np.tanh(x) ** 2), [0.3, -1.0]),
    "huge": (lambda x: 1e12 * np.tanh(x), lambda x: 1e12 * (1 - np.tanh(x) ** 2), [0.3, -1.0]),
    "mixed scales": (np.tanh, lambda x: 1 - np.tanh(x) ** 2, [1e6, 1e-8, 0.5, 0.0]),
    "saturated": (np.tanh, lambda x: 1 - np.tanh(x) ** 2, [20.0, -40.0, 400.0, 5.0]),
    "constant": (lambda x: 0 * x + 3, lambda x: 0 * x, [0.3, -1.0]),
    "single inside": (
        lambda x: np.tanh(x.astype(np.float32)).astype(np.float64),
        lambda x: 1 - np.tanh(x) ** 2,
        list(RNG.normal(size=12)),
    ),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_a_right_derivative_passes(name):
    f, prime, x = SMOOTH[name]
    result = check(f, prime, (np.array(x),))
    assert result.passed, str(result)


@pytest.mark.parametrize("name", [name for name in SMOOTH if name not in ("constant", "single inside")])
def test_one_part_in_a_million_fails(name):
    f, prime, x = SMOOTH[name]
    if name in ("square at 0", "cube at 0"):
        x = [1.0, *x]
    result = check(f, lambda x: prime(x) * (1 + 1e-6), (np.array(x),))
    assert result.verdict == "fail", str(result)


class BatchNorm:
    def __init__(self, n):
        self.gamma, self.beta, self.running_mean = np.ones(n), np.zeros(n), np.zeros(n)

    def forward(self, x):
        self.running_mean = 0.9 * self.running_mean + 0.1 * x.mean(0)
        self.std = np.sqrt(x.var(0) + 1e-5)
        self.x_hat = (x - x.mean(0)) / self.std
        return self.gamma * self.x_hat + self.beta

    def backward(self, g):
        self.dgamma, self.dbeta = (g * self.x_hat).sum(0), g.sum(0)
        d = g * self.gamma
        return (d - d.mean(0) - self.x_hat * (d * self.x_hat).mean(0)) / self.std


@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e6])
def test_a_normalisation_passes_at_any_scale(rows, scale):
    result = check(BatchNorm(4), scale * np.random.default_rng(rows).normal(size=(rows, 4)))
    assert result.passed, str(result)
    assert not result.findings


@pytest.mark.parametrize("order", ["C", "F"])
def test_read_only_and_fortran_ordered_arrays(order):
    class ReadOnly(layers.FCLayer):
        def backward_propagation(self, output_error, learning_rate):
            input_error = output_error @ self.weights.T
            self.weights = self.weights - learning_rate * np.asarray(self.input).T @ output_error
            self.bias = self.bias - learning_rate * output_error.sum(0, keepdims=True)
            return input_error

    layer = ReadOnly((1, 4), (1, 3))
    layer.weights = np.array(layer.weights, order=order)
    layer.weights.flags.writeable = False
    kept = layer.weights
    result = check(layer, np.array(RNG.normal(size=(3, 4)), order=order))
    assert result.passed, str(result)
    assert layer.weights is kept
    assert not kept.flags.writeable


def test_one_entry_in_eight_thousand_is_found():
    class One(layers.FCLayer):
        def backward_propagation(self, output_error, learning_rate):
            before = self.weights.copy()
            input_error = super().backward_propagation(output_error, learning_rate)
            self.weights[39, 77] -= 1e-3 * (before - self.weights)[39, 77]
            return input_error

    result = check(One((1, 100), (1, 80)))
    assert result.leaves["weights"].wrong == ((39, 77),)
    assert "(39, 77)" in str(result)


@pytest.mark.parametrize("name", ["FCLayer", "ConvLayer"])
def test_a_correct_layer_costs_two_evaluations_an_entry(name):
    layer = layers.FCLayer((1, 20), (1, 10)) if name == "FCLayer" else layers.ConvLayer((7, 6, 3), (3, 2), 4)
    result = check(layer)
    entries = sum(leaf.entries for leaf in result.leaves.values())
    assert result.evaluations.forward <= 2.2 * entries + 60
    assert result.evaluations["diagnosis"] == {"forward": 0, "backward": 0}


class Residual:
    """x + relu(x W1) W2: at x = 0 the chain rule's value may lie outside what the slopes allow."""

    def __init__(self):
        self.W1, self.W2 = RNG.normal(size=(4, 4)), RNG.normal(size=(4, 4))

    def forward(self, x):
        self.x = x
        self.h = relu(x @ self.W1)
        return x + self.h @ self.W2

    def backward(self, g):
        dh = (g @ self.W2.T) * (self.h > 0)
        self.dW1, self.dW2 = self.x.T @ dh, self.h.T @ g
        return g + dh @ self.W1.T


def test_a_kink_inside_a_layer_is_no_fault_of_it():
    assert check(Residual(), RNG.normal(size=(3, 4))).passed
    verdicts = {str(check(Residual(), np.zeros((rows, 4))).verdict) for rows in (1, 3) for _ in range(5)}
    assert "fail" not in verdicts


def test_a_fault_of_such_a_layer_is_caught_elsewhere():
    class Wrong(Residual):
        def backward(self, g):
            return super().backward(g) - 0.5 * g

    assert check(Wrong(), np.zeros((3, 4))).verdict == "fail"
    assert check(Wrong(), RNG.normal(size=(3, 4))).verdict == "fail"


def test_vanished_gradients_are_not_called_the_same():
    """Saturated: what is left of dE/dX is far below the rounding of the output, and still hangs on dY."""

    class Saturated:
        def forward(self, x):
            self.y = np.tanh(x)
            return self.y

        def backward(self, g):
            return g * (1 - self.y**2) + 1e-30 * g

    result = check(Saturated(), np.array([[18.0, -19.0, 30.0, 25.0]]))
    assert result.passed, str(result)
    assert not result.findings


def test_dead_units_are_vacuous_and_pass():
    dead = check(DeadUnits(), np.ones((1, 3)))
    assert dead.passed, str(dead)
    assert all("vacuous" in leaf.note for leaf in dead.leaves.values())


class DeadUnits:
    """relu(x W - 100): no step moves it."""

    def __init__(self):
        self.W = RNG.normal(size=(3, 2))

    def forward(self, x):
        self.x = x
        self.z = x @ self.W - 100
        return relu(self.z)

    def backward(self, g, lr):
        d = g * (self.z > 0)
        dx = d @ self.W.T
        self.W -= lr * self.x.T @ d
        return dx
