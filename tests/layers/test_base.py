import numpy as np
import pytest

from layers import Layer


class Half(Layer):
    """A layer that somebody began to write."""


def test_a_new_layer_has_cached_nothing() -> None:
    layer = Layer()
    assert layer.input is None
    assert layer.output is None
    assert layer.input_shape == layer.output_shape == ()


def test_forward_is_abstract() -> None:
    with pytest.raises(NotImplementedError, match=r"^Half does not define forward_propagation\(input\)$"):
        Half().forward_propagation(np.ones(1))


def test_backward_is_abstract() -> None:
    message = r"^Half does not define backward_propagation\(output_error, learning_rate\)$"
    with pytest.raises(NotImplementedError, match=message):
        Half().backward_propagation(np.ones(1), 0.1)
