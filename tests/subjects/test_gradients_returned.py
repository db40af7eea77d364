"""Gradients that backward returns: whose they are."""

import numpy as np
import pytest

from gradcheck import check
from tests.subjects.styles import Dense, X


def test_a_gradient_of_nobody_is_said() -> None:
    class Stray(Dense):
        def backward(self, dy):
            dx, dw, db = self.gradients(dy)
            return dx, {"W": dw, "b": db, "theta": dw[:1]}

    result = check(Stray(), X)
    assert result.passed
    assert any("returns theta, which could not be told" in note for note in result.notes)


def test_a_gradient_that_is_not_returned_is_missed() -> None:
    class Half(Dense):
        def backward(self, dy):
            dx, dw, _ = self.gradients(dy)
            return dx, {"W": dw}

    result = check(Half(), X)
    assert [f.cause for f in result.findings] == ["zero-gradient"]
    assert result.findings[0].leaf == "b"


@pytest.mark.parametrize("seed", range(3))
def test_square_parameters_are_told_apart_by_name(seed: int) -> None:
    class Two:
        def __init__(self, swapped: bool) -> None:
            rng = np.random.default_rng(seed)
            self.U, self.V, self.swapped = rng.normal(size=(4, 4)), rng.normal(size=(4, 4)), swapped

        def forward(self, x):
            self.x = x
            return np.tanh(x @ self.U) + x @ self.V

        def backward(self, dy):
            s = dy * (1 - np.tanh(self.x @ self.U) ** 2)
            dU, dV = self.x.T @ s, self.x.T @ dy
            if self.swapped:
                dU, dV = dV, dU
            return s @ self.U.T + dy @ self.V.T, {"dV": dV, "dU": dU}

    assert check(Two(swapped=False), X).passed
    assert "swapped-leaves" in {finding.cause for finding in check(Two(swapped=True), X).findings}
