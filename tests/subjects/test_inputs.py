"""What cuts across the families: several inputs and outputs, integers, labels, None, making parameters, modes."""

import inspect
from typing import Any

import numpy as np
import pytest

from gradcheck import UsageError, check
from tests.subjects.styles import Dense, W, X, agree, styles

Y = np.random.default_rng(7).normal(size=(3, 4))
H = np.random.default_rng(8).normal(size=(3, 2))
U = np.random.default_rng(9).normal(size=(2, 2))


class Spoiled:
    def __init__(self, factor: float = 1.0):
        self.factor = factor


class Multiply(Spoiled):
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dout):
        return dout * self.y, self.factor * dout * self.x


class ListOfInputs(Spoiled):
    def forward(self, inputs):
        self.inputs = inputs
        return inputs[0] * inputs[1]

    def backward(self, dout):
        a, b = self.inputs
        return [dout * b, self.factor * dout * a]


class OneDict(Spoiled):
    """A dict is the one argument; its gradients come in a dict of the same keys."""

    def forward(self, inputs):
        self.inputs = inputs
        return inputs["a"] * inputs["b"]

    def backward(self, dout):
        return {"b": self.factor * dout * self.inputs["a"], "a": dout * self.inputs["b"]}


class DictOfInputs(Multiply):
    def backward(self, dout):
        dx, dy = super().backward(dout)
        return {"x": dx, "y": dy}


@pytest.mark.parametrize(
    ("style", "x", "leaf"),
    [
        pytest.param(Multiply, (X, Y), "y", id="tuple"),
        pytest.param(Multiply, {"y": Y, "x": X}, "y", id="by name"),
        pytest.param(ListOfInputs, [X, Y], "input1", id="list"),
        pytest.param(OneDict, {"a": X, "b": Y}, "input1", id="one dict"),
        pytest.param(DictOfInputs, (X, Y), "y", id="dict of gradients"),
    ],
)
def test_several_inputs(style: Any, x: Any, leaf: str) -> None:
    agree(style, x, leaf, leaves=2)


class Rnn(Spoiled):
    """(y, h) pairs; backward takes one dY for each."""

    def __init__(self, factor: float = 1.0):
        super().__init__(factor)
        self.Wx, self.Wh = W.copy(), U.copy()

    def forward(self, x, h):
        self.x, self.h = x, h
        self.s = np.tanh(x @ self.Wx + h @ self.Wh)
        return 2 * self.s, self.s

    def backward(self, dy, dh):
        dz = (2 * dy + dh) * (1 - self.s**2)
        self.dWx, self.dWh = self.x.T @ dz, self.factor * self.h.T @ dz
        return dz @ self.Wx.T, dz @ self.Wh.T


class RnnPair(Rnn):
    """One dY that is a pair."""

    def backward(self, grads):
        return super().backward(*grads)


class RnnDict(Rnn):
    """Outputs and their dY in a dict."""

    def forward(self, x, h):
        y, s = super().forward(x, h)
        return {"y": y, "h": s}

    def backward(self, grads):
        return super().backward(grads["y"], grads["h"])


class RnnStarred(Rnn):
    def backward(self, *grads):
        return super().backward(*grads)


class RnnFirst(Rnn):
    """(y, weights): only y has a dY."""

    def backward(self, dy):
        assert dy.shape == (3, 2)
        return super().backward(dy, 0)


@styles((Rnn, "Wh"), (RnnPair, "Wh"), (RnnDict, "Wh"), (RnnStarred, "Wh"), (RnnFirst, "Wh"))
def test_several_outputs(style: Any, leaf: str) -> None:
    agree(style, (X, H), leaf, leaves=4)


def test_of_several_outputs_the_unused_ones_are_said() -> None:
    assert any("of 2 outputs only the first is checked" in note for note in check(RnnFirst(), (X, H)).notes)


class Masked(Dense):
    """A mask and lengths beside the input; their gradients are None."""

    def forward(self, x, mask):
        self.mask = mask
        return super().forward(x) * mask

    def backward(self, dy):
        dx, self.dW, self.db = self.gradients(dy * self.mask)
        return dx, None


@pytest.mark.parametrize("mask", [np.array([[1], [0], [1]]), np.array([[True], [False], [True]]), np.ones((3, 1))])
def test_masks(mask: Any) -> None:
    agree(Masked, (X, mask), "W", leaves=3)


def test_an_input_without_a_gradient_is_said() -> None:
    result = check(Masked(), (X, np.ones((3, 1))))
    assert "mask: not checked (backward gives no gradient for it)" in result.notes


class Embedding(Spoiled):
    def __init__(self, factor: float = 1.0):
        super().__init__(factor)
        self.W = W.copy()

    def forward(self, ids):
        self.ids = ids
        return self.W[ids]

    def backward(self, dy):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.ids, self.factor * dy)


def test_integers() -> None:
    agree(Embedding, np.array([[0, 2], [2, 3]]), "W", leaves=1)


class Noise(Dense):
    """Draws from one source of randomness."""

    draw: Any = None

    def forward(self, x):
        self.kept = self.draw(x.shape) < 0.7
        return super().forward(x * self.kept)

    def backward(self, dy):
        self.x = self.x * self.kept
        dx, self.dW, self.db = self.gradients(dy)
        return dx * self.kept


class Global(Noise):
    def draw(self, shape):
        return np.random.random(shape)


class Python(Noise):
    def draw(self, shape):
        import random

        return np.array([random.random() for _ in range(np.prod(shape))]).reshape(shape)  # noqa: S311 -- a layer's


class Own(Noise):
    def make(self):
        super().make()
        self.rng = np.random.default_rng(0)

    def draw(self, shape):
        return self.rng.random(shape)


@styles((Global, "W"), (Python, "W"), (Own, "W"))
def test_randomness(style: Any, leaf: str) -> None:
    agree(style, X, leaf, leaves=3)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X, "forward takes 2 inputs \\(x, y\\); give them as a tuple"),
        ((X, Y, X), "x=a tuple of 3: forward takes 2 inputs \\(x, y\\); give one item for each"),
    ],
)
def test_inputs_that_do_not_fit(x: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(Multiply(), x)


def test_an_error_of_the_layer_and_one_of_ours_are_told_apart() -> None:
    class Raising(Dense):
        def backward(self, dy):
            raise ValueError("mine")

    error = check(Raising(), X).error
    assert (error.kind, error.message) == ("ValueError", "mine")
    assert error.where.startswith("test_inputs.py")

    class Misunderstood(Dense):
        """Its signature says that it takes dY."""

        def backward(self):
            return self.x

        vars(backward)["__signature__"] = inspect.signature(Dense.gradients)

    error = check(Misunderstood(), X).error
    assert error.message.startswith("gradcheck's own code raised this, not the layer: ")
    assert "say how with a Convention" in error.message
