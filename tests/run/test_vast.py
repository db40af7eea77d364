"""Leaves of which only one gradient and one copy, in a file, may be held: the same verdicts as for small ones."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck import check
from gradcheck.base.arrays import Array
from gradcheck.base.large import spilled
from gradcheck.run.result import CheckResult
from reports.trials import judged
from tests.thinned import thinned

N = 40
X = np.random.default_rng(1).normal(size=(2, N))


@pytest.fixture(autouse=True)
def _tiny_is_vast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcheck.base.large.VAST", 100)
    _blocks_of(1024, monkeypatch)


def _blocks_of(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcheck.base.large.BLOCK", size)
    monkeypatch.setattr("gradcheck.subjects.sources.BLOCK", size)


class Layer:
    """tanh(x W). spoil: what becomes of its dW."""

    def __init__(self, spoil: Callable[[Array], Array] = lambda g: g, order: Any = "C") -> None:
        self.W = np.asarray(np.random.default_rng(0).normal(size=(N, N)) / 6, order=order)
        self.spoil = spoil

    def forward(self, x: Array) -> Array:
        self.x, self.y = x, np.tanh(x @ self.W)
        return self.y

    def slopes(self, dY: Array) -> tuple[Array, Array]:
        d = dY * (1 - self.y**2)
        return d @ self.W.T, self.spoil(self.x.T @ d)


class Beside(Layer):
    def backward(self, dY: Array) -> Array:
        dx, self.dW = self.slopes(dY)
        return dx


class Buffered(Layer):
    """One array for all gradients, written in place."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.dW = np.zeros((N, N))

    def backward(self, dY: Array) -> Array:
        dx, self.dW[...] = self.slopes(dY)
        return dx


class Returned(Layer):
    def backward(self, dY: Array) -> Any:
        dx, dW = self.slopes(dY)
        return dx, [dW]


class Updating(Layer):
    def backward(self, output_gradient: Array, learning_rate: float) -> Array:
        dx, dW = self.slopes(output_gradient)
        self.W -= learning_rate * dW
        return dx


class Adding(Layer):
    """A sum over all calls, in place or bound anew."""

    in_place = True

    def __init__(self) -> None:
        super().__init__()
        self.dW: Any = 0.0

    def backward(self, dY: Array) -> Array:
        dx, dW = self.slopes(dY)
        if self.in_place and isinstance(self.dW, np.ndarray):
            self.dW += dW
        else:
            self.dW = self.dW + dW
        return dx


class AddingAnew(Adding):
    in_place = False


class Stale(Beside):
    """The first x that it has seen is the one that backward uses."""

    def forward(self, x: Array) -> Array:
        out = super().forward(x)
        if not hasattr(self, "first"):
            self.first = x
        self.x = self.first
        return out


class Raising(Beside):
    def backward(self, dY: Array) -> Array:
        self.W[0, 0] += 1.0
        message = "on purpose"
        raise ValueError(message)


STYLES = (Beside, Buffered, Returned, Updating)
SOME = pytest.mark.parametrize("style", thinned(STYLES[::-1], 2, lambda style: style.__name__))


def _checked(layer: Any, look: Callable[[Any, Array], CheckResult] = check) -> CheckResult:
    held = layer.W
    before, state = held.copy(order="K"), set(vars(layer))
    result = look(layer, X)
    assert layer.W is held, "another array in its place"
    assert held.tobytes(order="A") == before.tobytes(order="A"), "the layer's numbers have changed"
    assert set(vars(layer)) == state
    return result


def _wrong_at(place: tuple[int, int]) -> Callable[[Array], Array]:
    def spoil(gradient: Array) -> Array:
        gradient[place] += np.sqrt(np.mean(gradient**2))
        return gradient

    return spoil


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("order", ["C", "F"])
def test_correct_layers_pass(style: Any, order: str) -> None:
    result = _checked(style(order=order))
    assert result.passed, result.findings
    assert not result.findings
    assert result.leaves["W"].method == "screen"


@SOME
def test_a_scale_off_by_a_ten_millionth_fails(style: Any) -> None:
    result = _checked(style(lambda g: g * (1 + 1e-7)), check if style is Updating else judged)
    assert str(result.verdict) == "fail"
    assert str(result.leaves["W"].verdict) == "fail"
    assert result.leaves["input"].verdict != result.leaves["W"].verdict


@SOME
def test_one_wrong_entry_is_located(style: Any) -> None:
    result = _checked(style(_wrong_at((3, 7))), check if style is Updating else judged)
    assert str(result.verdict) == "fail"
    assert result.leaves["W"].wrong == ((3, 7),)
    worst = result.leaves["W"].worst
    assert worst is not None
    assert worst.analytic != worst.numeric


@pytest.mark.parametrize("style", [Adding, AddingAnew])
def test_a_layer_that_adds_up_is_told(style: Any) -> None:
    assert [f.cause for f in _checked(style()).findings] == ["accumulates-across-calls"]


def test_a_stale_cache_is_told() -> None:
    assert "stale-cache" in [f.cause for f in _checked(Stale()).findings]


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda g: np.clip(g, -0.1, 0.1), "not-linear-upstream"),
        (lambda g: g + 0.01, "missing-term"),
    ],
)
@pytest.mark.parametrize("style", thinned([Beside, Returned, Buffered], 3, lambda style: style.__name__))
def test_what_is_not_linear_is_told(style: Any, spoil: Callable[[Array], Array], cause: str) -> None:
    assert cause in [f.cause for f in _checked(style(spoil)).findings if f.leaf == "W"]


def test_a_gradient_that_ignores_its_cotangent_is_told() -> None:
    fixed = np.random.default_rng(5).normal(size=(N, N))
    assert "upstream-ignored" in [f.cause for f in _checked(Beside(lambda _: fixed.copy())).findings]


def test_an_update_that_ignores_its_rate_is_told() -> None:
    class Decaying(Updating):
        def backward(self, output_gradient: Array, learning_rate: float) -> Array:
            dx = super().backward(output_gradient, learning_rate)
            self.W *= 0.5
            return dx

    causes = {f.cause: f.message for f in _checked(Decaying()).findings}
    assert "update-not-proportional" in causes
    assert "up to" not in causes["update-not-proportional"], "the size of a sketch is not that of the change"


def test_the_layer_is_put_back_when_backward_raises() -> None:
    result = _checked(Raising())
    assert str(result.verdict) == "error"
    assert result.error is not None
    assert "on purpose" in result.error.message


def test_a_gradient_of_another_shape_fails() -> None:
    assert str(_checked(Beside(lambda g: g[:-1])).verdict) == "fail"


def test_no_gradient_fails() -> None:
    class Silent(Beside):
        def backward(self, dY: Array) -> Array:
            return self.slopes(dY)[0]

    assert str(_checked(Silent()).verdict) == "fail"


def test_the_layers_own_earlier_gradient_stays() -> None:
    layer = Beside()
    layer.backward(np.ones_like(layer.forward(X)))
    earlier, then = layer.dW, layer.dW.copy()
    assert _checked(layer).passed
    assert layer.dW is earlier
    assert layer.dW.tobytes() == then.tobytes()


def test_without_room_for_a_file_the_copy_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    assert (spilled(np.ones((60, 50))) == 1.0).all()
    assert _checked(Beside()).passed


@pytest.mark.parametrize(("style", "most"), [(Beside, 1.6), (Returned, 1.6), (Updating, 3.2)])
def test_memory_beside_the_parameters(style: Any, most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """most: in multiples of W, its own gradient or update included, W itself not."""
    _blocks_of(1 << 16, monkeypatch)
    layer = style()
    layer.W = np.random.default_rng(0).normal(size=(1200, 1200)) / 35
    x = np.random.default_rng(1).normal(size=(1, 1200))
    tracemalloc.start()
    try:
        result = check(layer, x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result.passed
    assert peak < most * layer.W.nbytes, peak / layer.W.nbytes
