"""Training switches, and the parts of a network."""

from typing import Any

import numpy as np
import pytest

import layers
from gradcheck.base.arrays import Array
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen
from gradcheck.run.modes import enter, in_mode, modes_for
from gradcheck.run.parts import part_of, parts

X = np.random.default_rng(0).normal(size=(3, 4))


class Plain:
    def forward(self, x: Any) -> Any:
        return x

    def backward(self, d: Any) -> Any:
        return d


def loss(y_true: Array, y_pred: Array) -> float:
    return float(np.mean((y_true - y_pred) ** 2))


def switched(name: str, value: Any) -> Plain:
    layer = Plain()
    setattr(layer, name, value)
    return layer


class Methods(Plain):
    def __init__(self) -> None:
        self.calls: list[str] = []

    def train(self, mode: bool = True) -> None:
        self.calls.append("train")

    def eval(self) -> None:
        self.calls.append("eval")


class Fits(Plain):
    """Its train is something else."""

    def train(self, x: Any, y: Any) -> None:
        raise AssertionError("nobody may call this")

    def eval(self) -> None:
        raise AssertionError("nobody may call this")


class Flag(Plain):
    def forward(self, x: Any, train_flg: bool = True) -> Any:
        return x if train_flg else 2 * x


class Holds(Plain):
    def __init__(self) -> None:
        self.inner = [switched("training", True), switched("testing", False)]


@pytest.mark.parametrize(
    ("layer", "modes"),
    [
        (switched("training", True), ["eval"]),
        (switched("training", False), ["train"]),
        (switched("is_training", np.True_), ["eval"]),
        (switched("testing", False), ["eval"]),
        (switched("inference", True), ["train"]),
        (switched("training", 1.0), []),
        (switched("trainable", True), []),
        (Methods(), ["eval"]),
        (Fits(), []),
        (Flag(), ["eval"]),
        (Holds(), ["eval"]),
        (Plain(), []),
    ],
)
def test_the_mode_that_a_layer_is_not_in(layer: Plain, modes: list[str]) -> None:
    assert modes_for(LayerSpecimen(layer, X)) == modes


def test_turning_switches() -> None:
    for name, mode, value in (("training", "eval", False), ("testing", "eval", True), ("testing", "train", False)):
        layer = switched(name, not value)
        enter(LayerSpecimen(layer, X), mode)
        assert getattr(layer, name) is value


def test_turning_nested_switches_methods_and_a_flag_of_forward() -> None:
    holds, methods, flag = Holds(), Methods(), Flag()
    for layer in (holds, methods, flag):
        enter(LayerSpecimen(layer, X), "eval")
    assert vars(holds.inner[0]) == {"training": False}
    assert vars(holds.inner[1]) == {"testing": True}
    assert methods.calls == ["eval"]
    np.testing.assert_array_equal(flag.forward(X), 2 * X)
    enter(LayerSpecimen(flag, X), "train")
    np.testing.assert_array_equal(flag.forward(X), X)


def test_no_mode_turns_nothing() -> None:
    layer = switched("training", True)
    enter(LayerSpecimen(layer, X), None)
    assert vars(layer) == {"training": True}


def test_of_functions_the_settings_are_changed_in_a_copy() -> None:
    settings = {"mode": "train", "eps": 1e-5}
    specimen = FunctionSpecimen(loss, loss, (X, settings))
    assert modes_for(specimen) == ["eval"]
    assert in_mode(specimen, "eval").arguments[1] == {"mode": "test", "eps": 1e-5}  # type: ignore[union-attr]
    assert settings["mode"] == "train"


# Networks.


def network() -> layers.Network:
    made = layers.Network()
    for part in (layers.FCLayer((1, 3), (1, 2)), layers.ActivationLayer((1, 2), layers.tanh, layers.tanh_prime)):
        made.add(part)
    made.use(layers.mse, layers.mse_prime)
    return made


def test_a_networks_layers_stand_where_it_visits_them() -> None:
    whole = LayerSpecimen(network(), np.array([[0.5, -1.0, 2.0]]))
    assert parts(whole) == ["layer 0 FCLayer", "layer 1 ActivationLayer", "loss mse"]
    first, second, last = (part_of(whole, name) for name in parts(whole))
    assert isinstance(first, LayerSpecimen)
    assert isinstance(second, LayerSpecimen)
    assert isinstance(last, FunctionSpecimen)
    assert first.layer is whole.layer.layers[0]
    np.testing.assert_array_equal(second.x, first.layer.forward_propagation(first.x))
    np.testing.assert_array_equal(last.arguments[1], np.tanh(second.x))
    assert last.forward is layers.mse


def test_anything_else_has_no_parts() -> None:
    assert parts(LayerSpecimen(Plain(), X)) == []
    assert parts(FunctionSpecimen(loss, loss, (X, X))) == []
