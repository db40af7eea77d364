"""A float32 layer is checked in float64 too, where casting its arrays up makes it compute so."""

from typing import Any

import numpy as np
import pytest

from gradcheck import Convention, Result, check
from reports import correct

SINGLE = np.float32
RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3)).astype(SINGLE)


class Linear:
    """x W + b. factor: of dE/dW."""

    def __init__(self, b: float = 0.0, factor: float = 1.0, dtype: Any = SINGLE) -> None:
        rng = np.random.default_rng(1)
        self.W = rng.normal(size=(3, 2)).astype(dtype)
        self.b = np.full(2, b, dtype)
        self.factor = factor

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy: Any) -> Any:
        self.dW, self.db = self.factor * (self.x.T @ dy), dy.sum(0)
        return dy @ self.W.T


class Norm:
    """(x - mean) / std of each row. forgetful: std is taken for a constant."""

    def __init__(self, *, forgetful: bool = False) -> None:
        self.forgetful = forgetful

    def forward(self, x: Any) -> Any:
        centred = x - x.mean(1, keepdims=True)
        self.std = np.sqrt((centred**2).mean(1, keepdims=True) + SINGLE(1e-5))
        self.y = centred / self.std
        return self.y

    def backward(self, dy: Any) -> Any:
        d = dy - dy.mean(1, keepdims=True)
        return (d if self.forgetful else d - self.y * (dy * self.y).mean(1, keepdims=True)) / self.std


class Square:
    """x**2 / 2, whose derivative loses what x has beside `large`."""

    def __init__(self, large: float) -> None:
        self.large = SINGLE(large)

    def forward(self, x: Any) -> Any:
        self.x = x
        return x * x * SINGLE(0.5)

    def backward(self, dy: Any) -> Any:
        return ((self.x + self.large) - self.large) * dy


class Tenth:
    """0.1 x, from a table in float32. held: what backward multiplies by."""

    def __init__(self, held: float) -> None:
        self.table = (SINGLE(0.1), held)

    def forward(self, x: Any) -> Any:
        return x * self.table[0]

    def backward(self, dy: Any) -> Any:
        return dy * self.table[1]


class Rounded(Linear):
    """Computes in float32 whatever it is given."""

    def forward(self, x: Any) -> Any:
        return super().forward(x).astype(SINGLE)


class Zeroed(Linear):
    """Makes its gradients in a dtype of its own."""

    def __init__(self, dtype: Any) -> None:
        super().__init__()
        self.dtype = dtype

    def backward(self, dy: Any) -> Any:
        dx = super().backward(dy)
        self.dW = np.zeros(self.W.shape, self.dtype) + self.dW.astype(self.dtype)
        return dx


def twice(result: Result) -> bool:
    return any("checked in float64 too" in note for note in result.notes)


def causes(result: Result) -> list[tuple[str, str]]:
    return [(finding.leaf, finding.cause) for finding in result.findings]


def test_a_right_layer_is_checked_twice_and_left_as_it_was() -> None:
    layer = Linear()
    held = {name: (value, np.copy(value)) for name, value in vars(layer).items()}
    result = check(layer, X)
    assert result.passed, str(result)
    assert twice(result)
    assert {leaf.dtype for leaf in result.leaves.values()} == {"float32"}
    assert vars(layer).keys() == held.keys()
    assert all(getattr(layer, name) is value for name, (value, _) in held.items())
    assert all(np.array_equal(value, copy) for value, copy in held.values())
    assert X.dtype == SINGLE


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "pass"), (1.001, "fail"), (1.0 + 1e-7, "pass")])
def test_what_a_large_bias_hides_in_float32_shows_in_float64(factor: float, verdict: str) -> None:
    result = check(Linear(1e4, factor), X)
    assert str(result.verdict) == verdict, str(result)
    assert causes(result) == ([("W", "constant-factor")] if verdict == "fail" else [])
    assert ("float64" in result.leaves["W"].note) is (factor in (1.0, 1.001))
    assert not check(Rounded(1e4, factor), X).findings  # float32's noise hides it there for good


@pytest.mark.parametrize("decay", [0.0, 1e-3])
def test_weight_decay_that_float32_hides_shows_in_float64(decay: float) -> None:
    class Decaying(Linear):
        def backward(self, dy: Any) -> Any:
            dx = super().backward(dy)
            self.dW = self.dW + SINGLE(decay) * self.W
            return dx

    result = check(Decaying(1e4), X)
    assert causes(result) == ([("W", "missing-term")] if decay else [])
    assert twice(result)


@pytest.mark.parametrize("forgetful", [False, True])
def test_what_is_too_noisy_in_float32_is_decided_in_float64(forgetful: bool) -> None:
    result = check(Norm(forgetful=forgetful), X + SINGLE(1e6))
    assert str(result.verdict) == ("fail" if forgetful else "pass"), str(result)
    assert "float64" in result.leaves["input"].note
    assert bool(result.findings) is forgetful


@pytest.mark.parametrize("large", [0.0, 1e5])
def test_what_is_right_in_float64_alone_is_lost_precision(large: float) -> None:
    result = check(Square(large), X)
    assert result.passed is (large == 0.0), str(result)
    assert causes(result) == ([("input", "precision-lost")] if large else [])
    assert not large or "is right in float64" in result.findings[0].message


@pytest.mark.parametrize(("held", "verdict"), [(0.1, "pass"), (float(SINGLE(0.1)), "pass"), (0.1001, "fail")])
def test_a_constant_that_is_rounded_to_float32_is_no_fault(held: float, verdict: str) -> None:
    result = check(Tenth(held), X)
    assert str(result.verdict) == verdict, str(result)
    assert twice(result)


def test_what_fails_in_both_is_named_in_float64() -> None:
    result = check(Linear(factor=2 / 3), X)
    (finding,) = result.findings
    assert (finding.leaf, finding.cause) == ("W", "constant-factor")
    assert finding.factor == pytest.approx(2 / 3, abs=1e-9)


def test_a_layer_that_computes_in_float32_whatever_it_is_given_is_checked_there_alone() -> None:
    result = check(Rounded(), X)
    assert result.passed
    assert not twice(result)
    assert not twice(check(Linear(dtype=np.float64), X.astype(np.float64)))


@pytest.mark.parametrize(("dtype", "both"), [(SINGLE, True), (np.dtype(SINGLE), True), ("f4", False)])
def test_a_dtype_that_the_layer_keeps_is_cast_up_too(dtype: Any, both: bool) -> None:
    layer = Zeroed(dtype)
    result = check(layer, X)
    assert result.passed, str(result)
    assert twice(result) is both
    assert layer.dtype is dtype


def test_two_names_of_one_array_stay_so_and_parts_of_one_are_not_parted() -> None:
    class Named(Linear):
        def __init__(self, view: bool) -> None:
            super().__init__()
            self.kept = self.W[:2] if view else self.W

    assert twice(check(Named(view=False), X))
    result = check(Named(view=True), X)
    assert result.passed
    assert not twice(result)


def test_a_layer_that_refuses_float64_is_checked_in_float32() -> None:
    class Strict(Linear):
        def forward(self, x: Any) -> Any:
            if x.dtype != SINGLE:
                raise TypeError(x.dtype)
            return super().forward(x)

    layer = Strict()
    result = check(layer, X)
    assert result.passed
    assert not twice(result)
    assert layer.W.dtype == SINGLE


def test_a_parameter_that_stays_float32_is_not_taken_for_float64() -> None:
    class Held:
        """Its parameters lie in a tuple, where no other array can be put."""

        def __init__(self) -> None:
            self.params = (Linear().W,)

        def forward(self, x: Any) -> Any:
            self.x = x
            return x @ self.params[0]

        def backward(self, dy: Any) -> Any:
            self.dW = self.x.T @ dy
            return dy @ self.params[0].T

    style = Convention(parameters=lambda layer: {"W": layer.params[0]}, gradients=lambda layer: {"W": layer.dW})
    result = check(Held(), X, convention=style)
    assert result.passed, str(result)
    assert result.leaves.keys() == {"input", "W"}
    assert not twice(result)


def test_functions_are_checked_twice() -> None:
    def forward(x: Any, w: Any) -> Any:
        return np.tanh(x @ w)

    def right(dy: Any, x: Any, w: Any) -> Any:
        d = dy * (1 - np.tanh(x @ w) ** 2)
        return d @ w.T, x.T @ d

    result = check(forward, right, (X, RNG.normal(size=(3, 2)).astype(SINGLE)))
    assert result.passed, str(result)
    assert twice(result)


@pytest.mark.parametrize("seed", range(4))
def test_a_normalisation_far_from_zero_is_no_fault(seed: int) -> None:
    """Float32 keeps a sixteenth of 1e6: its gradient is off by several per cent, as any would be."""
    rng = np.random.default_rng(seed)
    layer = correct.Norm(rng, 5, seed % 2, SINGLE)
    result = check(layer, (1e6 + rng.normal(size=(6, 5))).astype(SINGLE))
    assert result.passed, str(result)


@pytest.mark.parametrize("make", [correct.recurrent, correct.dense, correct.relu_net, correct.norm])
@pytest.mark.parametrize("seed", range(4))
def test_right_layers_in_float16_pass(make: Any, seed: int) -> None:
    result = check(*make(np.random.default_rng([seed, 5]), np.float16), seed=seed)
    assert result.passed, str(result)


def test_float16_is_cast_up_too() -> None:
    result = check(Linear(dtype=np.float16), X.astype(np.float16))
    assert result.passed, str(result)
    assert any(note.startswith("float16: checked in float64 too") for note in result.notes)
    assert not check(Linear(dtype=np.float16, factor=1.05), X.astype(np.float16)).passed


@pytest.mark.parametrize("seed", [33, 68, 533, 554, 571])
def test_what_rounding_alone_moves_is_decided_in_float64(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, n = (int(k) for k in rng.integers(1, 6, 2))
    layer = correct.Norm(rng, n, int(rng.integers(2)), SINGLE)
    result = check(layer, np.full((rows, n), rng.normal(), SINGLE))  # gamma is multiplied by rounding
    assert result.verdict == "pass"
    assert set(result.leaves) == {"input", "gamma", "beta"}
