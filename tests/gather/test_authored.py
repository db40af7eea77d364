"""gradcheck_cases() in all its forms."""

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import layers
from gradcheck.gather.authored import collect, families, own_cases, understood
from gradcheck.gather.problem import Problem
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen


class Bare:
    """Tells no input_shape."""

    def __init__(self, n: int = 3, mode: str = "same") -> None:
        self.n, self.mode = n, mode

    def forward(self, x: Any) -> Any:
        return 2 * x

    def backward(self, d: Any) -> Any:
        return 2 * d


def square(x: Any) -> Any:
    return x * x


def square_prime(x: Any) -> Any:
    return 2 * x


def affine_forward(x: Any, w: Any) -> Any:
    return x @ w, (x, w)


def affine_backward(dout: Any, cache: Any) -> Any:
    x, w = cache
    return dout @ w.T, x.T @ dout


def network(*parts: layers.Layer) -> layers.Network:
    made = layers.Network()
    for part in parts:
        made.add(part)
    made.use(layers.mse, layers.mse_prime)
    return made


X = np.ones((2, 3))


def collected(*items: Any) -> tuple[list[tuple[str, Specimen]], list[Problem], list[str]]:
    return collect(lambda: iter(items), "a.py")


def only(*items: Any) -> tuple[str, Specimen]:
    specimens, problems, notes = collected(*items)
    assert (problems, notes) == ([], [])
    ((label, specimen),) = specimens
    return label, specimen


@pytest.mark.parametrize("wrap", [tuple, list], ids=["tuple", "list"])
def test_a_layer_and_its_input(wrap: Callable[[Any], Any]) -> None:
    layer = Bare()
    label, specimen = only(wrap((layer, X)))
    assert isinstance(specimen, LayerSpecimen)
    assert (label, specimen.layer, specimen.x) == ("Bare", layer, X)


def test_a_layer_that_tells_its_input_shape() -> None:
    layer = layers.FCLayer((1, 3), (1, 2))
    label, specimen = only(layer)
    assert isinstance(specimen, LayerSpecimen)
    assert (label, specimen.layer, specimen.x) == ("FCLayer", layer, None)


@pytest.mark.parametrize("arguments", [(X,), [X], X], ids=["tuple", "list", "one argument by itself"])
def test_a_pair_of_functions(arguments: Any) -> None:
    label, specimen = only((square, square_prime, arguments))
    assert isinstance(specimen, FunctionSpecimen)
    assert label == "square"
    assert (specimen.forward, specimen.backward, len(specimen.arguments)) == (square, square_prime, 1)
    assert specimen.arguments[0] is X


def test_forward_and_backward_with_a_cache() -> None:
    label, specimen = only((affine_forward, affine_backward, (X, X.T)))
    assert label == "affine_forward"
    assert isinstance(specimen, FunctionSpecimen)


def test_a_network_gets_the_input_of_its_first_layer() -> None:
    label, specimen = only(network(layers.FCLayer((1, 3), (1, 2))))
    assert isinstance(specimen, LayerSpecimen)
    assert (label, specimen.x.shape) == ("Network", (1, 3))


def test_an_empty_network_is_a_note() -> None:
    specimens, problems, notes = collected(network(), (Bare(), X))
    assert len(specimens) == 1
    assert problems == []
    assert notes == ["a.py: item 0 of gradcheck_cases() is an empty Network: not checked"]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        pytest.param(Bare(), "is a Bare without an attribute input_shape and without an input x beside it", id="no x"),
        pytest.param(Bare, "is the class Bare, not an object of it", id="a class"),
        pytest.param(5, "is 5 of type int, which has no forward and backward", id="a number"),
        pytest.param(None, "is None of type NoneType", id="None"),
        pytest.param("abc", "is 'abc' of type str", id="a string"),
        pytest.param({"a": 1}, "is dict of type dict", id="a dict"),
        pytest.param(X, "is array((2, 3), float64) of type ndarray", id="an array"),
        pytest.param((), "is a sequence of 0: []", id="nothing"),
        pytest.param((1, 2, 3, 4), "is a sequence of 4: [1, 2, 3, 4]", id="four"),
        pytest.param((Bare(),), "is a sequence of 1: [Bare]", id="one"),
        pytest.param((square, X), "is square of type function, which has no forward and backward", id="half a pair"),
        pytest.param((square, square_prime), "is square of type function", id="no arguments"),
        pytest.param((Bare(), X, X), "is a sequence of 3: [Bare, array((2, 3), float64)", id="two inputs"),
    ],
)
def test_an_item_that_is_no_case_is_a_problem_and_the_others_are_kept(item: Any, message: str) -> None:
    specimens, (problem,), _ = collected((Bare(), X), item, (Bare(), X))
    assert len(specimens) == 2
    assert problem.kind == "BadCase"
    assert problem.message.startswith(f"item 1 of gradcheck_cases() {message}")
    assert problem.message.endswith("; expected a layer, (layer, x) or (forward, backward, arguments)")


def test_a_generator_that_raises_midway_keeps_what_it_has_yielded() -> None:
    def cases() -> Iterator[Any]:
        yield Bare(), X
        raise KeyError("data")

    specimens, (problem,), _ = collect(cases, "a.py")
    assert len(specimens) == 1
    assert (problem.kind, problem.message) == ("KeyError", "gradcheck_cases() raises KeyError: 'data'")
    assert problem.where is not None
    assert problem.where.startswith("test_authored.py:")


@pytest.mark.parametrize(
    ("made", "message"),
    [
        pytest.param(None, "gradcheck_cases() returns None, which is not iterable", id="None"),
        pytest.param(Bare(), "gradcheck_cases() returns Bare, which is not iterable", id="a layer"),
        pytest.param((Bare(), X), "gradcheck_cases() returns one case; return a list of cases", id="one pair"),
        pytest.param((square, square_prime, (X,)), "gradcheck_cases() returns one case", id="one triple"),
        pytest.param([], "nothing found to check: gradcheck_cases() yields none", id="an empty list"),
        pytest.param(iter(()), "nothing found to check: gradcheck_cases() yields none", id="an empty iterator"),
    ],
)
def test_what_is_no_iterable_of_cases(made: Any, message: str) -> None:
    specimens, (problem,), _ = collect(lambda: made, "a.py")
    assert specimens == []
    assert problem.message.startswith(message)


def test_a_tuple_of_layers_is_no_pair() -> None:
    first, second = layers.FCLayer((1, 3), (1, 2)), layers.FCLayer((1, 2), (1, 2))
    specimens, problems, _ = collect(lambda: (first, second), "a.py")
    assert (len(specimens), problems) == (2, [])


def test_cases_without_end_come_to_an_end() -> None:
    def endless() -> Iterator[Any]:
        while True:
            yield Bare(), X

    specimens, (problem,), _ = collect(endless, "a.py")
    assert len(specimens) == 2000
    assert problem.message.startswith("gradcheck_cases() yields more than 2000 cases: the rest is not checked")


def test_names_tell_arguments_and_inputs_and_are_distinct() -> None:
    specimens, _, _ = collected(
        (Bare(4), X), (Bare(4), X), (Bare(), [1.0]), (affine_forward, affine_backward, (X, X.T))
    )
    bare, affine = families(specimens)
    names = [case.name for case in bare.readings()[0].cases]
    assert names == [
        "Bare(n=4, mode='same') at array((2, 3), float64)",
        "Bare(n=4, mode='same') at array((2, 3), float64) #2",
        "Bare(n=3, mode='same') at [1.0]",
    ]
    (case,) = affine.readings()[0].cases
    assert case.name == "affine_forward(x=array((2, 3), float64), w=array((3, 2), float64))"
    assert [family.authored for family in (bare, affine)] == [True, True]


def test_an_imported_gradcheck_cases_is_not_the_modules_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def gradcheck_cases() -> list[Any]:
        return []

    module = ModuleType("mine")
    monkeypatch.setitem(sys.modules, "mine", module)
    vars(module)["gradcheck_cases"] = gradcheck_cases
    assert own_cases(module) is None
    gradcheck_cases.__module__ = "mine"
    assert own_cases(module) is gradcheck_cases


def test_no_backward_in_a_triple_means_that_forward_gives_the_gradient_too() -> None:
    def loss(x: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
        return float(np.mean((x - t) ** 2)), 2 * (x - t) / x.size

    x, t = np.ones((2, 3)), np.zeros((2, 3))
    (label, known), (other, specimen) = understood((loss, (x, t))), understood((loss, None, (x, t)))
    assert isinstance(known, FunctionSpecimen)
    assert isinstance(specimen, FunctionSpecimen)
    assert (other, specimen.arguments, specimen.backward) == (label, known.arguments, None)
