"""The article's layers do what the article does, faults included."""

from typing import Any

import numpy as np
import pytest

from layers import FCLayer
from layers.article import (
    ActivationLayer,
    ConvLayer,
    Network,
    mse,
    mse_prime,
    tanh,
    tanh_prime,
)
from layers.article import FCLayer as ArticleFCLayer


@pytest.mark.parametrize(
    ("input_depth", "layer_depth", "ratio"), [(1, 1, 1.0), (2, 2, 1.0), (3, 2, 0.6667), (2, 3, 1.5), (1, 4, 4.0)]
)
def test_the_bias_of_the_convolution_is_wrong_by_a_factor(
    input_depth: int, layer_depth: int, ratio: float, rng: np.random.Generator, numeric_gradient: Any
) -> None:
    layer = ConvLayer((4, 5, input_depth), (2, 3), layer_depth)
    x, dy = rng.normal(size=layer.input_shape), rng.normal(size=layer.output_shape)
    numeric = numeric_gradient(lambda: float(np.sum(layer.forward_propagation(x) * dy)), layer.bias)
    before = layer.bias.copy()
    layer.forward_propagation(x)
    layer.backward_propagation(dy, 1.0)
    np.testing.assert_allclose((before - layer.bias) / numeric, ratio, rtol=1e-4)


def test_the_rest_of_the_convolution_is_right(rng: np.random.Generator, check_layer: Any) -> None:
    check_layer(ConvLayer((4, 5, 3), (2, 3), 2), rng.normal(size=(4, 5, 3)), ("weights",))


def test_the_bias_counts_once_per_input_channel() -> None:
    layer = ConvLayer((2, 2, 3), (2, 2), 1)
    layer.bias[:] = 1.0
    np.testing.assert_array_equal(layer.forward_propagation(np.zeros((2, 2, 3))), [[[3.0]]])


def test_the_fully_connected_layer_is_right_for_one_row(rng: np.random.Generator, check_layer: Any) -> None:
    check_layer(ArticleFCLayer((1, 3), (1, 2)), rng.normal(size=(1, 3)), ("weights", "bias"))


def test_the_fully_connected_layer_fails_for_a_batch() -> None:
    layer = ArticleFCLayer((1, 3), (1, 2))
    layer.forward_propagation(np.ones((4, 3)))
    with pytest.raises(ValueError, match="broadcast"):
        layer.backward_propagation(np.ones((4, 2)), 0.1)
    assert layer.bias.shape == (1, 2)


def test_the_network_of_the_article_learns_as_ours_does(capsys: pytest.CaptureFixture[str]) -> None:
    from layers.xor import X_TRAIN, Y_TRAIN, build_network

    np.random.seed(2)
    article = Network()
    article.add(ArticleFCLayer((1, 2), (1, 3)))
    article.add(ActivationLayer((1, 3), tanh, tanh_prime))
    article.add(ArticleFCLayer((1, 3), (1, 1)))
    article.add(ActivationLayer((1, 1), tanh, tanh_prime))
    article.use(mse, mse_prime)
    article.fit(X_TRAIN, Y_TRAIN, 20, 0.1)
    printed = capsys.readouterr().out
    np.random.seed(2)
    ours = build_network()
    ours.fit(X_TRAIN, Y_TRAIN, 20, 0.1)
    assert capsys.readouterr().out == printed
    np.testing.assert_allclose(article.predict(X_TRAIN), ours.predict(X_TRAIN), rtol=1e-12)


def test_the_network_without_a_loss_says_so() -> None:
    with pytest.raises(RuntimeError, match="there is no loss yet"):
        Network().fit(np.ones((1, 1, 1)), np.ones((1, 1, 1)), 1, 0.1)


def test_the_reference_layers_are_other_classes() -> None:
    assert not issubclass(ArticleFCLayer, FCLayer)
