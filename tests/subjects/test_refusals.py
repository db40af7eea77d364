"""What is not certain is refused, with what was missing for each family."""

from typing import Any

import numpy as np
import pytest

from gradcheck import UsageError, check
from tests.subjects.styles import Dense, X


@pytest.mark.parametrize(
    ("backward", "missing"),
    [
        pytest.param(lambda self, dy, thing: dy, "what to give for its parameter thing cannot be told", id="unknown"),
        pytest.param(lambda self, y_true: y_true, "Convention(fused=", id="fused"),
    ],
)
def test_what_is_not_certain_is_refused(backward: Any, missing: str) -> None:
    cls = type("Odd", (Dense,), {"backward": backward})
    result = check(cls(), X)
    assert result.verdict == "error"
    assert missing in result.error.message
    for family in ("y returned, dx returned", "output stored", "(y, cache) returned"):
        assert family in result.error.message


def test_of_no_known_name() -> None:
    class Nothing:
        def run(self, x):
            return x

    with pytest.raises(UsageError, match="Convention\\(forward=\\.\\.\\., backward=\\.\\.\\.\\)"):
        check(Nothing(), X)


def test_nothing_returned_and_nothing_stored() -> None:
    class Silent(Dense):
        def forward(self, x):
            self.x = x

        def backward(self, dy):
            return dy

    result = check(Silent(), X)
    assert result.verdict == "error"
    assert result.error.message.startswith("Silent.forward returned None; a float array or number is needed")
    assert "no float array was left in output, outputs, out or the like" in result.error.message


class Network:
    """The two-layer network of many a tutorial: backward(X, y, output)."""

    def __init__(self):
        self.W1, self.W2 = np.ones((4, 2)), np.ones((2, 1))

    def forward(self, X):
        self.hidden = np.tanh(X @ self.W1)
        return self.hidden @ self.W2

    def backward(self, X, y, output):
        self.W2 += self.hidden.T @ (y - output)


def test_a_target_that_forward_does_not_take_is_refused_not_guessed() -> None:
    result = check(Network(), X)
    assert result.verdict == "error"
    assert "its parameter y is a target, which forward does not take" in result.error.message


def test_more_gradients_than_outputs() -> None:
    class Many(Dense):
        def backward(self, dy, dh):
            return dy

    assert "takes 2 gradients for 1 outputs of Many.forward" in check(Many(), X).error.message


def test_a_class_where_a_layer_is_needed() -> None:
    class Scale:
        def __init__(self, size, by=2.0):
            self.by = by

    with pytest.raises(
        UsageError, match=r"layer=Scale: a class, not a layer; hand over an object of it, Scale\(size\)"
    ):
        check(Scale, X)


def test_a_class_that_needs_nothing_will_do() -> None:
    class Tanh:
        @staticmethod
        def forward(x):
            return np.tanh(x)

        @staticmethod
        def backward(x, dy):
            return dy * (1 - np.tanh(x) ** 2)

    assert check(Tanh, X).passed
