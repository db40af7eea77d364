"""Constructors that are handed their arrays: which arrays, which inputs, and what says that it is none."""

from typing import Any

import numpy as np
import pytest

from gradcheck.gather.cases import readings
from gradcheck.gather.family import CannotBuildError


class Layer:
    def forward(self, x: Any) -> Any:
        return x

    def backward(self, d: Any) -> Any:
        return d


class Affine(Layer):
    def __init__(self, W, b):  # type: ignore[no-untyped-def]
        self.held = W, b


class Linear(Layer):
    def __init__(self, weights: np.ndarray, bias: "np.ndarray | None" = None) -> None:
        self.held = weights, bias


class BatchNormalization(Layer):
    def __init__(self, gamma, beta, momentum=0.9):  # type: ignore[no-untyped-def]
        self.held = gamma, beta


class Convolution(Layer):
    def __init__(self, W, b, stride=1, pad=0):  # type: ignore[no-untyped-def]
        self.held = W, b


class Embedding(Layer):
    def __init__(self, W):  # type: ignore[no-untyped-def]
        self.held = (W,)


class TimeLSTM(Layer):
    def __init__(self, Wx, Wh, b):  # type: ignore[no-untyped-def]
        self.held = Wx, Wh, b
        assert Wx.shape[1] == 4 * Wh.shape[0]


@pytest.mark.parametrize(
    ("cls", "arrays", "x"),
    [
        pytest.param(Affine, [(5, 3), (3,)], (4, 5), id="rows"),
        pytest.param(Linear, [(5, 3), None], (4, 5), id="a default wins"),
        pytest.param(BatchNormalization, [(5,), (5,)], (4, 5), id="features"),
        pytest.param(Convolution, [(2, 3, 3, 2), (2,)], (4, 3, 5, 6), id="kernels"),
        pytest.param(Embedding, [(6, 5)], (4, 3), id="looked up"),
        pytest.param(TimeLSTM, [(5, 28), (7, 28), (28,)], (4, 3, 5), id="gates"),
    ],
)
def test_arrays_that_fit_the_input(cls: type, arrays: list[Any], x: tuple[int, ...]) -> None:
    case = readings(cls, [], "a.py")[0].cases[0]
    built: Any = case.build()
    assert [None if array is None else array.shape for array in built.layer.held] == arrays
    assert built.x.shape == x
    assert built.x.max() < 6
    again: Any = case.build()
    assert again.layer.held[0] is not built.layer.held[0], "a layer may update in place what it was handed"
    assert np.array_equal(again.layer.held[0], built.layer.held[0])


class Switched(Layer):
    def __init__(self, in_features: int, bias: bool) -> None:
        self.bias = bias


class Sized(Layer):
    def __init__(self, weight: int, bias: bool) -> None:
        pass


class Rectangle(Layer):
    def __init__(self, w, h):  # type: ignore[no-untyped-def]
        pass


def test_a_bias_without_weights_is_a_switch() -> None:
    built: Any = readings(Switched, [], "a.py")[0].cases[0].build()
    assert built.layer.bias is True


@pytest.mark.parametrize(("cls", "name"), [(Sized, "weight"), (Rectangle, "w, h")])
def test_what_is_said_to_be_no_array_is_none(cls: type, name: str) -> None:
    with pytest.raises(CannotBuildError, match=f"no value is known for its parameter {name}"):
        readings(cls, [], "a.py")
