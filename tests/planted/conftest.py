"""Planted layers that draw from numpy's global state draw the same whatever test ran before."""

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _seeded() -> None:
    np.random.seed(0)
