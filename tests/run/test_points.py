"""Special points, parameters drawn again, a batch: what is added to a case."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import layers
from gradcheck.base.arrays import Array
from gradcheck.gather.specimen import Case, FunctionSpecimen, LayerSpecimen
from gradcheck.run.expand import expand
from gradcheck.run.points import at_point, points_for
from gradcheck.run.redraw import hides_terms, redrawn

X = np.random.default_rng(0).normal(size=(3, 4))


class Plain:
    def forward(self, x: Any) -> Any:
        return x

    def backward(self, d: Any) -> Any:
        return d


def moved(x: Array, point: str) -> Array:
    specimen = at_point(LayerSpecimen(Plain(), x), point)
    assert isinstance(specimen, LayerSpecimen)
    return np.asarray(specimen.x)


@pytest.mark.parametrize(
    ("x", "points"),
    [
        (X, ["zeros", "equal values", "borders"]),
        (X.astype(np.float32), ["zeros", "equal values", "borders"]),
        (X[:2, :2], ["zeros", "equal values"]),
        (np.ones((2, 2)), ["zeros"]),
        (np.zeros((2, 2)), ["equal values"]),
        (np.ones(1), ["zeros"]),
        (np.array(2.0), ["zeros"]),
        (np.zeros((0, 3)), []),
        (np.array([[0, 1, 2]]), ["repeated"]),
        (np.array([1]), []),
        (np.array([True, False]), []),
        (np.array([1j, 2.0]), []),
        ([[1.0, 2.0]], ["zeros", "equal values"]),
        ("text", []),
        ([[1.0], [1.0, 2.0]], []),
    ],
    ids=str,
)  # fmt: skip
def test_points_of_an_input(x: Any, points: list[str]) -> None:
    assert points_for(LayerSpecimen(Plain(), x)) == points


def test_zeros_and_equal_values() -> None:
    assert not moved(X, "zeros").any()
    equal = moved(X, "equal values")
    assert np.unique(equal).tolist() == [np.median(np.abs(X))]


def test_borders_hold_the_largest_of_the_same_values() -> None:
    x = np.random.default_rng(1).normal(size=(5, 6, 2))
    y = moved(x, "borders")
    assert sorted(y.ravel()) == sorted(x.ravel())
    inside = np.abs(y[1:-1, 1:-1])
    edges = [np.abs(y[0]), np.abs(y[-1]), np.abs(y[:, 0]), np.abs(y[:, -1])]
    assert min(edge.min() for edge in edges) >= inside.max()


def test_repeated_indices_stay_in_their_range() -> None:
    assert moved(np.array([[4, 0, 3], [1, 2, 5]]), "repeated").tolist() == [[4, 4, 0], [0, 3, 3]]


@pytest.mark.parametrize("point", ["zeros", "equal values", "borders"])
def test_a_point_is_a_new_array_of_the_same_kind(point: str) -> None:
    x = np.asfortranarray(X.astype(np.float32))
    before = x.copy()
    y = moved(x, point)
    assert (y.dtype, y.shape, y.flags.f_contiguous) == (x.dtype, x.shape, True)
    np.testing.assert_array_equal(x, before)


def test_a_layer_that_tells_its_input_shape_is_moved_too() -> None:
    layer = layers.FCLayer((1, 3), (1, 2))
    assert points_for(LayerSpecimen(layer)) == ["zeros", "equal values", "borders"]
    assert points_for(LayerSpecimen(Plain())) == []


def loss(y_true: Array, y_pred: Array) -> float:
    return float(np.mean((y_true - y_pred) ** 2))


def embed(indices: Array, w: Array) -> tuple[Array, Array]:
    return w[indices], indices


def test_of_functions_the_input_alone_is_moved() -> None:
    specimen = FunctionSpecimen(loss, loss, (X, X + 1))
    y_true, y_pred = at_point(specimen, "zeros").arguments  # type: ignore[union-attr]
    assert y_true is X
    assert not y_pred.any()
    indices = FunctionSpecimen(embed, embed, (np.array([0, 1, 2]), X))
    assert points_for(indices) == ["zeros", "equal values", "borders", "repeated"]
    assert at_point(indices, "repeated").arguments[0].tolist() == [0, 0, 1]  # type: ignore[union-attr]


# Parameters drawn again.


class Norm(Plain):
    def __init__(self) -> None:
        self.gamma, self.beta, self.w = np.ones(3), np.zeros(3), np.arange(3.0)
        self.running_var = np.ones(3)
        self.nested: dict[str, Any] = {"scale": 1.0}


def test_parameters_of_ones_and_zeros_hide_terms() -> None:
    assert hides_terms(LayerSpecimen(Norm(), X), {"gamma"})
    assert hides_terms(LayerSpecimen(Norm(), X), {"nested['scale']"})
    assert not hides_terms(LayerSpecimen(Norm(), X), {"w"})
    assert not hides_terms(LayerSpecimen(Norm(), X), set())


def test_they_alone_are_drawn_again_in_place() -> None:
    layer = Norm()
    gamma = layer.gamma
    redrawn(LayerSpecimen(layer, X), {"gamma", "beta", "w", "nested['scale']"})
    assert layer.gamma is gamma
    assert np.unique(gamma).size == 3
    assert np.all((gamma > 0.5) & (gamma < 1.5))
    assert np.all(np.abs(layer.beta) <= 0.5)
    assert np.unique(layer.beta).size == 3
    assert layer.w.tolist() == [0, 1, 2]
    assert layer.running_var.tolist() == [1, 1, 1]
    assert isinstance(layer.nested["scale"], float)
    assert layer.nested["scale"] != 1.0


class Lazy(Plain):
    """Makes its bias at the first forward."""

    def forward(self, x: Any) -> Any:
        if not hasattr(self, "b"):
            self.b = np.zeros(x.shape[1:])
        return x + self.b


def test_parameters_made_at_the_first_forward_are_drawn_again() -> None:
    layer = Lazy()
    redrawn(LayerSpecimen(layer, X), {"b"})
    assert np.unique(layer.b).size == 4


def scale_forward(x: Array, gamma: Array, mask: Array) -> tuple[Array, Array]:
    return x * gamma * mask, gamma


def test_of_functions_arguments_with_a_parameters_name() -> None:
    arguments = (X, np.ones(4), np.ones(4))
    specimen = FunctionSpecimen(scale_forward, scale_forward, arguments)
    assert hides_terms(specimen, {"gamma", "mask"})
    x, gamma, mask = redrawn(specimen, {"gamma", "mask"}).arguments  # type: ignore[union-attr]
    assert x is X
    assert mask is arguments[2]
    assert np.unique(gamma).size == 4
    assert np.all(arguments[1] == 1)


# Which cases are added.


def case(build: Callable[[], Any]) -> Case:
    return Case("A()", 3, build)


def test_added_cases_name_their_own_case_and_what_was_changed() -> None:
    layer = layers.FCLayer((1, 3), (1, 2))
    layer.bias[...] = 0
    added = expand(case(lambda: LayerSpecimen(layer)), built=True, parameters={"weights", "bias"})
    assert [c.name for c in added] == [
        "A() [batch of 3]", "A() [zeros]", "A() [equal values]", "A() [borders]", "A() [redrawn]"
    ]  # fmt: skip
    assert {c.parent for c in added} == {3}
    assert [c.point for c in added] == [None, "zeros", "equal values", "borders", None]


@pytest.mark.parametrize(
    ("x", "shape"),
    [(np.ones((1, 4)), (3, 4)), (np.ones((2, 4)), None), (np.ones(4), None), (np.ones((1, 4), dtype=int), None)],
)
def test_a_row_is_tried_as_a_batch(x: Array, shape: tuple[int, ...] | None) -> None:
    added = expand(case(lambda: LayerSpecimen(Plain(), x)), built=True)
    batches = [c.build() for c in added if "batch" in c.name]
    assert [np.shape(specimen.x) for specimen in batches if isinstance(specimen, LayerSpecimen)] == [shape] * bool(
        shape
    )


def test_an_authors_row_gets_no_batch_and_a_large_one_no_points() -> None:
    layer = layers.DropoutLayer((1, 3), seed=0)
    added = expand(case(lambda: LayerSpecimen(layer)), built=False, points=False)
    assert [(c.name, c.mode) for c in added] == [("A() [eval]", "eval")]
