"""Parameters that the class holds and not the object; fixed filters of a class are none."""

import numpy as np
import pytest

from gradcheck import check
from gradcheck.gather.specimen import LayerSpecimen
from gradcheck.run.redraw import redrawn

W = np.random.default_rng(0).normal(size=(4, 2))
X = np.random.default_rng(1).normal(size=(3, 4))


def stored(factor):
    class Dense:
        W = np.array(globals()["W"])

        def forward(self, x):
            self.x = x
            return x @ self.W

        def backward(self, dy):
            self.dW = factor * self.x.T @ dy
            return dy @ self.W.T

    return Dense()


def in_place(factor):
    class Dense:
        W = np.array(globals()["W"])

        def forward(self, x):
            self.x = x
            return x @ self.W

        def backward(self, dy, learning_rate):
            dx = dy @ self.W.T
            self.W -= learning_rate * factor * self.x.T @ dy
            return dx

    return Dense()


def bound_anew(factor):
    class Base:
        W = np.array(globals()["W"])

    class Dense(Base):
        def forward(self, x):
            self.x = x
            return x @ self.W

        def backward(self, dy, learning_rate):
            dx = dy @ self.W.T
            self.W = self.W - learning_rate * factor * self.x.T @ dy
            return dx

    return Dense()


class Smooth:
    kernel = np.array([0.25, 0.5, 0.25])

    def forward(self, x):
        return np.stack([np.convolve(row, self.kernel, "same") for row in x])

    def backward(self, dy):
        return np.stack([np.convolve(row, self.kernel[::-1], "same") for row in dy])


@pytest.mark.parametrize("made", [stored, in_place, bound_anew])
def test_they_are_checked_and_left_as_they_were(made):
    right, wrong = made(1.0), made(2.0)
    assert check(right, X).passed
    result = check(wrong, X)
    assert [(f.cause, f.leaf) for f in result.findings] == [("constant-factor", "W")]
    for layer in (right, wrong):
        assert np.array_equal(layer.W, W)
        assert "W" not in vars(layer)


def test_a_fixed_filter_of_the_class_is_a_note():
    result = check(Smooth(), X)
    assert result.passed, str(result)
    assert result.notes == ("kernel: not checked (the output depends on it, backward supplies no gradient)",)


def test_what_is_drawn_again_becomes_the_objects_own():
    class Scale:
        gamma = np.ones(4)

    layer = Scale()
    redrawn(LayerSpecimen(layer, X), {"gamma"})
    assert np.array_equal(Scale.gamma, np.ones(4))
    assert not np.array_equal(layer.gamma, Scale.gamma)
