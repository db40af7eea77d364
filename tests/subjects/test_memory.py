"""Parameters whose memory is unusual: of another class, of shared entries."""

import numpy as np
import pytest

from gradcheck import check
from tests.subjects.styles import Dense, W, X


class Beside(Dense):
    def backward(self, dy):
        dx, self.dW, self.db = self.gradients(dy)
        return dx


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_a_matrix_is_a_parameter(factor: float) -> None:
    layer = Beside(factor)
    layer.W = np.matrix(W)
    result = check(layer, X)
    assert len(result.leaves["W"].wrong) == (0 if factor == 1.0 else W.size)
    assert type(layer.W) is np.matrix
    np.testing.assert_array_equal(layer.W, W)


def test_entries_that_share_memory_are_not_judged() -> None:
    layer = Beside()
    layer.b = np.broadcast_to(np.array(0.5), 2)  # moving one entry moves both
    result = check(layer, X)
    assert result.passed
    assert "b" not in result.leaves
    assert "b: not checked (its entries share memory, as after np.broadcast_to: copy it)" in result.notes


def test_a_broadcast_input_is_judged() -> None:
    assert check(Beside(), np.broadcast_to(X[0], X.shape)).passed
    assert not check(Beside(1.5), np.broadcast_to(X[0], X.shape)).passed
