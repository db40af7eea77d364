"""Kinks with a curved side, at the kink itself: activations as people write them."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check


def elu(x):
    """As people write it, with an alpha of its own: a kink with a curved side, rounded as 1 is."""
    return np.where(x >= 0, x, 0.1 * (np.exp(np.minimum(x, 0)) - 1))


def selu(x):
    return 1.0507 * np.where(x > 0, x, 1.6733 * (np.exp(np.minimum(x, 0)) - 1))


# name -> (f, its derivative with what is put on it about 0 alone)
CURVED: dict[str, Any] = {
    "elu": (elu, lambda x, at_0: np.where(np.abs(x) < 1e-12, at_0, np.where(x > 0, 1.0, elu(x) + 0.1))),
    "selu": (selu, lambda x, at_0: np.where(np.abs(x) < 1e-12, at_0, np.where(x > 0, 1.0507, selu(x) + 1.75814))),
}


@pytest.mark.parametrize(
    ("name", "at_0", "verdict"),
    [("elu", 1.0, "pass"), ("elu", 0.1, "pass"), ("elu", 0.0999, "fail"), ("elu", 1.0001, "fail"),
     ("selu", 1.0507, "pass"), ("selu", 1.758, "pass"), ("selu", 1.0506, "fail"), ("selu", 1.7582, "fail")],
)  # fmt: skip
def test_a_kink_with_a_curved_side_is_decided(name, at_0, verdict):
    """All entries at the kink: the slope of the curved side, at a step that rounding spoils, told it to 1e-4."""
    f, prime = CURVED[name]
    assert check(f, lambda x: prime(x, at_0), (np.zeros((2, 3)),)).verdict == verdict
