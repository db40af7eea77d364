"""Where a layer that updates itself may keep its learning rate, each right and wrong."""

import numpy as np
import pytest

from gradcheck import check

X = np.random.default_rng(0).normal(size=(5, 3))
LR = 0.05


class Dense:
    def __init__(self, factor=1.0):
        self.W, self.factor = np.random.default_rng(1).normal(size=(3, 2)), factor

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        dx = dy @ self.W.T
        self.W = self.W - self.rate() * self.factor * self.x.T @ dy
        return dx

    def rate(self):
        raise NotImplementedError


class Settings:
    """Holds nothing of its own: the rate is the class's."""

    learning_rate = 0.05


class OfOwnersClass(Dense):
    def __init__(self, factor=1.0):
        super().__init__(factor)
        self.net = Settings()

    def rate(self):
        return self.net.learning_rate


class OfProperty(OfOwnersClass):
    @property
    def lr(self):
        return self.net.learning_rate

    def rate(self):
        return self.lr


class OfModule(Dense):
    def rate(self):
        return LR


class OfModuleInside(Dense):
    """Spoken of in a function inside the method."""

    def rate(self):
        return next(LR for _ in range(1))


HOMES = [OfOwnersClass, OfProperty, OfModule, OfModuleInside]


@pytest.mark.parametrize("cls", HOMES)
def test_the_rate_is_no_part_of_the_gradient(cls):
    result = check(cls(), X)
    assert result.passed, str(result)
    assert set(result.leaves) == {"input", "W"}


@pytest.mark.parametrize("cls", HOMES)
def test_a_wrong_factor_is_told(cls):
    result = check(cls(1.5), X)
    assert [(f.leaf, f.cause) for f in result.findings] == [("W", "constant-factor")]
    assert result.leaves["W"].analytic == pytest.approx(1.5 * result.leaves["W"].numeric)


@pytest.mark.parametrize("cls", HOMES)
def test_the_rate_is_put_back(cls):
    layer = cls()
    check(layer, X)
    assert (LR, layer.rate()) == (0.05, 0.05)
    assert not vars(getattr(layer, "net", Settings()))


class Momentum(OfModule):
    """At rate 0 it still moves its parameter."""

    def backward(self, dy):
        dx = dy @ self.W.T
        self.W = self.W - LR * self.x.T @ dy - 0.01 * self.W
        return dx


def test_decay_beside_a_rate_of_the_module():
    assert [f.cause for f in check(Momentum(), X).findings] == ["update-not-proportional"]
