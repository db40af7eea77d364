import numpy as np
import pytest

import layers
from gradcheck import GradientMismatch, UsageError, assert_gradients, check
from layers import article

TANH = (layers.tanh, layers.tanh_prime)
RELU = (layers.relu, layers.relu_prime)

CORRECT = {
    "dense": lambda: layers.FCLayer((1, 4), (1, 3)),
    "tanh": lambda: layers.ActivationLayer((1, 5), *TANH),
    "relu": lambda: layers.ActivationLayer((1, 5), *RELU),
    "conv": lambda: layers.ConvLayer((5, 4, 3), (3, 2), 2),
    "pool": lambda: layers.MaxPoolLayer((4, 6, 2)),
    "flatten": lambda: layers.FlattenLayer((2, 3, 2)),
    "dropout": lambda: layers.DropoutLayer((1, 6), seed=1),
    "article-equal-depths": lambda: article.ConvLayer((4, 4, 2), (2, 2), 2),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CORRECT)
def test_correct_layers_pass(name, seed):
    np.random.seed(seed)
    result = check(CORRECT[name](), seed=seed)
    assert result.passed, str(result)
    assert not result.findings


def test_the_articles_convolution_is_caught_at_unequal_depths():
    np.random.seed(0)
    result = check(article.ConvLayer((4, 5, 3), (3, 2), 2))
    assert result.verdict == "fail"
    assert {n: leaf.verdict.value for n, leaf in result.leaves.items()} == {
        "input": "pass",
        "weights": "pass",
        "bias": "fail",
    }
    (finding,) = result.findings
    assert finding.cause == "constant-factor"
    assert finding.factor == pytest.approx(2 / 3, rel=1e-9)


@pytest.mark.parametrize("scale", [1e6, 1.0, 1e-8, 0.0])
@pytest.mark.parametrize("pair", [TANH, RELU])
def test_scales_and_kinks_need_no_tuned_steps(pair, scale):
    x = scale * np.random.default_rng(0).normal(size=(1, 5))
    assert check(layers.ActivationLayer((1, 5), *pair), x).passed


def test_losses_are_judged_by_y_pred():
    rng = np.random.default_rng(0)
    arguments = (rng.normal(size=(1, 4)), rng.normal(size=(1, 4)))
    assert check(layers.mse, layers.mse_prime, arguments).leaves["y_pred"].verdict == "pass"
    wrong = check(layers.mse, lambda y_true, y_pred: layers.mse_prime(y_true, y_pred) / 2, arguments)
    assert wrong.findings[0].factor == pytest.approx(0.5)


class Spoiled(layers.FCLayer):
    """Its update is passed through `spoil`."""

    def __init__(self, shape, spoil):
        super().__init__((1, shape[0]), (1, shape[1]))
        self.spoil = spoil

    def backward_propagation(self, output_error, learning_rate):
        before = self.weights.copy()
        dx = super().backward_propagation(output_error, learning_rate)
        if learning_rate:
            self.weights = before - learning_rate * self.spoil((before - self.weights) / learning_rate)
        return dx


MIXED = np.random.default_rng(7).normal(size=(4, 4))


def one_entry(g):
    g = g.copy()
    g[3, 2] *= 1.001
    return g


@pytest.mark.parametrize(
    ("shape", "spoil", "cause"),
    [
        ((5, 4), lambda g: g * (1 + 1e-6), "constant-factor"),
        ((5, 4), lambda g: -g, "sign-flipped"),
        ((5, 4), lambda g: 0 * g, "zero-gradient"),
        ((4, 4), lambda g: g.T, "transposed"),
        ((5, 4), lambda g: g[::-1], "axis-flipped"),
        ((5, 4), one_entry, "located"),
        ((5, 4), np.sin, "not-linear-upstream"),
        ((5, 4), lambda g: g @ MIXED, "unrecognised"),
    ],
)
def test_wrong_updates_are_caught_and_named(shape, spoil, cause):
    np.random.seed(0)
    x = np.random.default_rng(0).normal(size=(3, shape[0]))
    assert check(Spoiled(shape, lambda g: g), x).passed
    result = check(Spoiled(shape, spoil), x)
    assert result.verdict == "fail"
    assert [f.cause for f in result.findings] == [cause]
    if cause == "located":
        assert result.leaves["weights"].wrong == ((3, 2),)


class UpdatesFirst(layers.FCLayer):
    def backward_propagation(self, output_error, learning_rate):
        super().backward_propagation(output_error, learning_rate)
        return output_error @ self.weights.T


def test_updated_before_use():
    assert [f.cause for f in check(UpdatesFirst((1, 4), (1, 3))).findings] == ["updated-before-use"]


def test_no_trace():
    layer = layers.FCLayer((1, 4), (1, 3))
    weights, kept = layer.weights, layer.weights.copy()
    state = np.random.get_state()[1].copy()
    check(layer)
    assert layer.weights is weights
    assert np.array_equal(weights, kept)
    assert np.array_equal(np.random.get_state()[1], state)


class Raising(layers.FCLayer):
    def forward_propagation(self, input):
        raise ValueError("no such thing")


class Nothing(layers.FCLayer):
    def forward_propagation(self, input):
        return None


@pytest.mark.parametrize(("cls", "text"), [(Raising, "no such thing"), (Nothing, "returned None")])
def test_a_layer_that_cannot_run_is_an_error(cls, text):
    result = check(cls((1, 4), (1, 3)))
    assert result.verdict == "error"
    assert text in result.error.message


def test_assert_gradients_holds_the_slug():
    np.random.seed(0)
    with pytest.raises(GradientMismatch, match="constant-factor"):
        assert_gradients(article.ConvLayer((4, 4, 3), (2, 2), 2))


def test_misuse_is_another_exception():
    with pytest.raises(UsageError, match="has no forward and backward"):
        check(object(), np.zeros(3))
    with pytest.raises(UsageError, match="rtol=2"):
        check(layers.FCLayer((1, 2), (1, 2)), rtol=2)


@pytest.mark.parametrize(
    ("given", "options", "text"),
    [
        pytest.param((np.tanh, np.cos), {}, "a pair of functions needs them", id="no arguments"),
        pytest.param((np.tanh, np.cos, np.ones(2)), {}, "a tuple is needed", id="arguments no tuple"),
        pytest.param(
            (layers.FCLayer((1, 2), (1, 2)), np.ones((1, 2)), (1,)), {}, "only a pair of functions", id="layer"
        ),
        pytest.param((np.tanh, np.cos, (1,)), {}, "nothing to check", id="no float"),
        pytest.param((layers.FCLayer((1, 2), (1, 2)),), {"seed": -1}, "seed=-1", id="seed"),
        pytest.param((layers.FCLayer((1, 2), (1, 2)),), {"rtol": "x"}, "rtol='x'", id="rtol"),
        pytest.param((layers.FCLayer((1, 2), (1, 2)),), {"method": "exact"}, "method='exact'", id="method"),
        pytest.param((layers.FCLayer((1, 2), (1, 2)),), {"budget": 9}, "at least 50", id="budget"),
    ],
)
def test_a_bad_argument_is_named(given, options, text):
    with pytest.raises(UsageError, match=text):
        check(*given, **options)


def test_the_input_may_be_named():
    assert check(layers.FCLayer((1, 2), (1, 2)), x=np.ones((3, 2)), seed=1).passed


def test_a_network_is_checked_through_its_layers():
    network = layers.Network()
    for layer in (
        layers.FCLayer((1, 2), (1, 3)),
        layers.ActivationLayer((1, 3), *TANH),
        layers.FCLayer((1, 3), (1, 1)),
    ):
        network.add(layer)
    result = check(network, np.array([[0.3, -0.7]]))
    assert result.passed, str(result)
    assert set(result.leaves) >= {"input", "layers[0].weights", "layers[2].bias"}


def test_equal_depths_say_that_they_cannot_tell():
    equal, other = check(article.ConvLayer((4, 4, 2), (2, 2), 2)), check(layers.ConvLayer((4, 4, 3), (2, 2), 2))
    assert any("input_depth and layer_depth are both 2" in note for note in equal.notes)
    assert not any("both" in note for note in other.notes)
