from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from layers import (
    ActivationLayer,
    ConvLayer,
    DropoutLayer,
    FCLayer,
    FlattenLayer,
    Layer,
    MaxPoolLayer,
    Network,
    mse,
    mse_prime,
    tanh,
    tanh_prime,
)


class Broken(Layer):
    """A layer whose forward raises."""

    def forward_propagation(self, input: NDArray[Any]) -> NDArray[Any]:
        raise ArithmeticError("no")


def identity() -> Network:
    network = Network()
    network.use(mse, mse_prime)
    return network


def test_predict_returns_one_output_a_sample() -> None:
    network = Network()
    network.add(FCLayer((1, 2), (1, 3)))
    network.add(ActivationLayer((1, 3), tanh, tanh_prime))
    outputs = network.predict(np.ones((4, 1, 2)))
    assert isinstance(outputs, list)
    assert [y.shape for y in outputs] == [(1, 3)] * 4


def test_predict_switches_training_off_and_back() -> None:
    network, dropout, frozen = Network(), DropoutLayer((1, 9), seed=0), DropoutLayer((1, 9), seed=0)
    frozen.training = False
    network.add(dropout)
    network.add(frozen)
    x = np.ones((2, 1, 9))
    np.testing.assert_array_equal(network.predict(x), x)
    assert (dropout.training, frozen.training) == (True, False)


def test_predict_switches_training_back_when_a_layer_raises() -> None:
    network, dropout = Network(), DropoutLayer((1, 9), seed=0)
    network.add(dropout)
    network.add(Broken())
    with pytest.raises(ArithmeticError, match=r"^no$"):
        network.predict(np.ones((1, 1, 9)))
    assert dropout.training


def test_fit_prints_the_mean_error_of_each_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    identity().fit(np.array([[[1.0]], [[3.0]]]), np.zeros((2, 1, 1)), epochs=2, learning_rate=0.1)
    assert capsys.readouterr().out == "epoch 1/2   error=5.000000\nepoch 2/2   error=5.000000\n"


def test_fit_reports_as_often_as_asked_and_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    identity().fit(np.ones((1, 1, 1)), np.zeros((1, 1, 1)), 5, 0.1, report_every=2)
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["2/5", "4/5", "5/5"]


def test_fit_takes_one_step_a_sample() -> None:
    network, layer = identity(), FCLayer((1, 1), (1, 1))
    layer.weights, layer.bias = np.array([[2.0]]), np.array([[0.0]])
    network.add(layer)
    network.fit(np.array([[[1.0]]]), np.array([[[0.0]]]), 1, 0.25)
    assert (layer.weights.item(), layer.bias.item()) == (1.0, -1.0)


def test_fit_without_a_loss_says_so() -> None:
    with pytest.raises(RuntimeError, match=r"^Network: there is no loss yet; call use\(loss, loss_prime\) before fit$"):
        Network().fit(np.ones((1, 1, 1)), np.ones((1, 1, 1)), 1, 0.1)


@pytest.mark.parametrize(("x", "y"), [(3, 2), (2, 3), (0, 0)])
def test_fit_names_the_numbers_of_samples(x: int, y: int) -> None:
    with pytest.raises(ValueError, match=rf"^Network: expected .* at least one, got {x} and {y}$"):
        identity().fit(np.ones((x, 1, 1)), np.ones((y, 1, 1)), 1, 0.1)


@pytest.mark.usefixtures("capsys")
def test_all_layers_stack_and_learn(rng: np.random.Generator) -> None:
    network = identity()
    network.add(ConvLayer((6, 7, 2), (3, 2), 3))
    network.add(MaxPoolLayer((4, 6, 3)))
    network.add(FlattenLayer((2, 3, 3)))
    network.add(DropoutLayer((1, 18), rate=0.1, seed=0))
    network.add(FCLayer((1, 18), (1, 2)))
    network.add(ActivationLayer((1, 2), tanh, tanh_prime))
    x, y = rng.normal(size=(3, 6, 7, 2)), rng.uniform(-0.9, 0.9, size=(3, 1, 2))
    before = mse(y, np.array(network.predict(x)))
    network.fit(x, y, 60, 0.05)
    assert mse(y, np.array(network.predict(x))) < before / 10
