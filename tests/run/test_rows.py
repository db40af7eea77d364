"""Of an author's several rows the first alone: much is right at the author's own batch only."""

from typing import Any

import numpy as np
import pytest

from gradcheck import Convention
from gradcheck.gather.specimen import Case, FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.run.check import check_case
from gradcheck.run.expand import expand
from gradcheck.run.options import Options

Array = np.ndarray
N, D, M = 4, 3, 2
RNG = np.random.default_rng(0)
X, W, ROWS = RNG.normal(size=(N, D)), RNG.normal(size=(D, M)), RNG.normal(size=(N, D))


class Dense:
    """dE/dW times what `factor` makes of the rows."""

    def __init__(self, factor: str = "1.0") -> None:
        self.W, self.factor = W.copy(), factor

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.asarray(x @ self.W)

    def backward(self, dY: Array) -> Array:
        self.dW = self.x.T @ dY * eval(self.factor, {"n": len(dY)})  # noqa: S307 -- one of those below
        return np.asarray(dY @ self.W.T)


class Held:
    """Right, with an array that has as many rows as the author's input."""

    def __init__(self, kind: str) -> None:
        self.kind, self.rows = kind, ROWS.copy()

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.asarray(x * self.rows if self.kind == "a mask" else np.tanh(x))

    def backward(self, dY: Array) -> Array:
        if self.kind == "a mask":
            return np.asarray(dY * self.rows)
        self.rows[...] = dY * (1.0 - np.tanh(self.x) ** 2)
        return self.rows


class Columns:
    """One sample a column: the first axis is no batch."""

    def __init__(self) -> None:
        self.W = RNG.normal(size=(N, N))

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.asarray(self.W @ x)

    def backward(self, dY: Array) -> Array:
        self.dW = dY @ self.x.T
        return np.asarray(self.W.T @ dY)


def times(x: Array, w: Array) -> tuple[Array, Any]:
    return x @ w, (x, w)


def times_backward(dY: Array, cache: Any) -> tuple[Array, Array]:
    x, w = cache
    return dY @ w.T, x.T @ dY * (len(x) / N)


def verdicts(specimen: Specimen) -> list[str]:
    added = expand(Case("case", 0, lambda: specimen), built=False)
    return [str(check_case(case, Options()).verdict) for case in added if case.name == "case [batch of 1]"]


@pytest.mark.parametrize("factor", ["n / 4", "2 / n", "1.0 if n > 1 else 3.0"])
def test_what_is_right_at_the_authors_rows_alone_fails_at_one(factor: str) -> None:
    x = X[:2] if factor == "2 / n" else X
    assert check_case(Case("case", 0, lambda: LayerSpecimen(Dense(factor), x)), Options()).passed
    assert verdicts(LayerSpecimen(Dense(factor), x)) == ["fail"]
    assert verdicts(LayerSpecimen(Dense(), x)) == ["pass"]


def test_of_functions_the_first_argument_is_cut() -> None:
    assert verdicts(FunctionSpecimen(times, times_backward, (X, W))) == ["fail"]
    assert verdicts(FunctionSpecimen(times, lambda dY, c: (dY @ c[1].T, c[0].T @ dY), (X, W))) == ["pass"]


@pytest.mark.parametrize(
    "specimen",
    [
        LayerSpecimen(Held("a mask"), X),
        LayerSpecimen(Held("a buffer"), X),
        LayerSpecimen(Columns(), X),
        LayerSpecimen(Dense(), X[0]),
        LayerSpecimen(Dense(), X[:1]),
        FunctionSpecimen(lambda x, y: (x + y, None), lambda dY, _: (dY, dY), (X, ROWS)),
        FunctionSpecimen(lambda x: (np.sum(x**2), x), lambda dY, x: 2 * dY * x, (X,)),
    ],
    ids=["a mask of the rows", "a buffer of the rows", "columns", "one vector", "one row", "two of rows", "a loss"],
)
def test_where_one_row_is_another_thing_it_is_not_tried(specimen: Specimen) -> None:
    assert verdicts(specimen) == []


def test_a_number_that_is_declared_is_of_the_authors_rows() -> None:
    def specimen(scale: Any) -> LayerSpecimen:
        declared = Convention(forward="forward", backward="backward", gradients=lambda o: {"W": o.dW}, scale=scale)
        return LayerSpecimen(Dense("1 / n"), X, declared)

    assert check_case(Case("case", 0, lambda: specimen(1 / N)), Options()).passed
    assert verdicts(specimen(1 / N)) == []
    assert verdicts(specimen(lambda _, x: 1 / len(x))) == ["pass"]
