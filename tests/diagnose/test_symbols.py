"""The named quantities of a layer."""

from typing import Any

import numpy as np

from gradcheck.diagnose.symbols import blind_spots, function_symbols, symbols


class Layer:
    """Attributes as given."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


def test_own_numbers_come_before_shapes_before_letters() -> None:
    layer = Layer(input_shape=(5, 6, 3), depth=2, rate=0.3, seed=7, training=True, _hidden=4, name="conv")
    assert list(symbols(layer, np.zeros((5, 6, 3)))) == [
        "depth", "rate", "input_shape[0]", "input_shape[1]", "input_shape[2]", "H", "W", "D",
    ]  # fmt: skip


def test_a_batch_is_n() -> None:
    assert symbols(Layer(n_out=3), np.zeros((5, 4))) == {"n_out": 3, "N": 5, "input_shape[1]": 4}
    assert symbols(Layer(input_shape=(1, 4)), np.zeros((5, 4)))["N"] == 5
    assert symbols(Layer(input_shape=(3, 4, 4)), np.zeros((5, 3, 4, 4)))["N"] == 5
    assert "N" not in symbols(Layer(input_shape=(3, 4, 4)), np.zeros((3, 4, 4)))


def test_arguments_that_are_not_kept_and_lengths_of_arrays() -> None:
    found = symbols(Layer(W=np.zeros((4, 3))), np.zeros((5, 4)), {"n_out": 3, "activation": "tanh"})
    assert found == {"n_out": 3, "N": 5, "input_shape[1]": 4, "W.shape[0]": 4, "W.shape[1]": 3}


def test_functions_name_their_arguments() -> None:
    def conv(x: Any, w: Any, stride: int) -> None: ...

    found = function_symbols(conv, (np.zeros((2, 3, 5, 6)), np.zeros((4, 3, 2, 2)), 2))
    assert list(found) == [
        "stride", "N", "input_shape[1]", "input_shape[2]", "input_shape[3]",
        "w.shape[0]", "w.shape[1]", "w.shape[2]", "w.shape[3]",
    ]  # fmt: skip


def test_equal_depths_and_features_are_said_once() -> None:
    assert blind_spots(Layer(input_depth=2, layer_depth=2, depth=2)) == [
        "input_depth and layer_depth are both 2: a factor of one over the other would not show here"
    ]
    assert "in_features and out_features are both 4" in blind_spots(Layer(in_features=4, out_features=4))[0]
    assert blind_spots(Layer(input_depth=2, layer_depth=3)) == []
    assert blind_spots(Layer(height=5, width=5, kernel_size=5, stride=5)) == []
    assert blind_spots(None) == []
