"""DY in other memory layouts: Fortran order, a read-only view with strides."""

from collections.abc import Callable

import numpy as np
import pytest

from gradcheck import Convention, check
from gradcheck.diagnose.finding import Severity
from gradcheck.judge.verdict import Verdict

Array = np.ndarray
X = np.linspace(-1.0, 1.5, 12).reshape(4, 3)


class Tanh:
    """Right, as long as `take` gives dY."""

    def __init__(self, take: Callable[[Array], Array]) -> None:
        self.take = take

    def forward(self, x: Array) -> Array:
        self.y = np.tanh(x)
        return np.asarray(self.y)

    def backward(self, dout: Array) -> Array:
        return np.asarray(self.take(dout) * (1.0 - self.y**2))


def flattened(dout: Array) -> Array:
    """An attribute that a view with strides does not let be set."""
    dout.shape = (dout.size,)
    dout.shape = X.shape
    return dout


def unlocked(dout: Array) -> Array:
    """What wants a buffer to write to, as a typed memoryview of a compiled backward does, and writes nothing."""
    if not dout.flags.writeable:
        raise ValueError("buffer source array is read-only {0}")
    return dout


@pytest.mark.parametrize(("x", "how"), [(X, "in Fortran order"), (X[:, 0].copy(), "in a read-only view")])
def test_a_backward_that_goes_by_memory_is_found(x: Array, how: str) -> None:
    def by_memory(dout: Array) -> Array:
        return np.lib.stride_tricks.as_strided(dout, dout.shape, x.strides)

    result = check(Tanh(by_memory), x)
    assert result.verdict is Verdict.FAIL
    (finding,) = result.findings
    assert (finding.cause, finding.leaf) == ("memory-layout", "input")
    assert how in finding.message


@pytest.mark.parametrize("take", [np.asarray, np.ascontiguousarray, lambda dout: dout.ravel().reshape(X.shape)])
def test_one_that_does_not_has_no_finding(take: Callable[[Array], Array]) -> None:
    result = check(Tanh(take), X)
    assert (result.verdict, result.findings) == (Verdict.PASS, ())


@pytest.mark.parametrize("take", [flattened, unlocked])
def test_one_that_raises_there_is_right_with_a_warning(take: Callable[[Array], Array]) -> None:
    result = check(Tanh(take), X)
    assert result.verdict is Verdict.PASS
    (finding,) = result.findings
    assert (finding.cause, finding.severity) == ("memory-layout", Severity.WARNING)
    assert "backward raises where dY holds the same numbers in" in finding.message


def test_one_that_writes_into_dy_is_told_that_alone() -> None:
    def masked(dout: Array) -> Array:
        dout *= 1.0
        dout[dout > 0] *= 1.5
        dout[dout > 0] /= 1.5
        dout[0, 0] = np.nextafter(dout[0, 0], 9.0)
        return dout

    result = check(Tanh(masked), X)
    assert result.verdict is Verdict.PASS
    assert [finding.cause for finding in result.findings] == ["mutates-upstream"]


def test_a_declared_clipping_is_undone_in_every_layout() -> None:
    layer = Tanh(lambda dout: dout)
    backward = layer.backward
    layer.backward = lambda dout: np.clip(backward(dout), -0.01, 0.01)  # type: ignore[method-assign]
    result = check(layer, X, convention=Convention(forward="forward", backward="backward", clipped=0.01))
    assert (result.verdict, result.findings) == (Verdict.PASS, ())
