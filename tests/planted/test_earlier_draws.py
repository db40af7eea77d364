"""A forward that went before drew other random numbers: what backward keeps of them is stale."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check

X = np.random.default_rng(0).normal(size=(4, 6))


class Dropout:
    def __init__(self, source):
        self.source = source
        self.mask: Any = None

    def forward(self, x):
        self.mask = self.source(size=x.shape) > -0.3
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class FirstMask(Dropout):
    first: Any = None

    def forward(self, x):
        y = super().forward(x)
        self.first = self.mask if self.first is None else self.first
        return y

    def backward(self, dy):
        return dy * self.first


class OneMask(Dropout):
    """Draws once, and both ways take that mask ever after."""

    def forward(self, x):
        if self.mask is None:
            self.mask = self.source(size=x.shape) > -0.3
        return x * self.mask


def test_the_first_mask_is_stale():
    result = check(FirstMask(np.random.normal), X)
    assert [f.cause for f in result.findings] == ["stale-cache"]


@pytest.mark.parametrize("cls", [Dropout, OneMask])
def test_a_mask_of_both_ways_is_none(cls):
    result = check(cls(np.random.normal), X)
    assert result.passed, str(result)
    assert not result.findings


class Seeded(FirstMask):
    def __init__(self):
        super().__init__(None)
        self.rng = np.random.default_rng(1)
        self.source = self.rng.normal


class SeededRight(Dropout):
    def __init__(self):
        super().__init__(None)
        self.rng = np.random.default_rng(1)
        self.source = self.rng.normal


def test_a_generator_of_the_layers_own():
    assert [f.cause for f in check(Seeded(), X).findings] == ["stale-cache"]
    assert check(SeededRight(), X).passed
