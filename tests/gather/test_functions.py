"""Functions paired by name, and what they are called with."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gradcheck.gather.family import CannotBuildError
from gradcheck.gather.functions import activations, function_pairs, function_readings
from gradcheck.gather.specimen import FunctionSpecimen


def module(source: str) -> ModuleType:
    made = ModuleType("mine")
    exec(source, vars(made))  # noqa: S102 -- the sources stand below
    return made


def arguments(source: str, name: str) -> list[tuple[Any, ...]]:
    pair = function_pairs(module(source))[name]
    (reading,) = function_readings(name, pair, f"mine.py:{name}")
    specimens = [case.build() for case in reading.cases]
    assert all(isinstance(specimen, FunctionSpecimen) for specimen in specimens)
    return [specimen.arguments for specimen in specimens if isinstance(specimen, FunctionSpecimen)]


@pytest.mark.parametrize(
    ("source", "pairs"),
    [
        ("def f(x): pass\ndef f_prime(x): pass", {"f": "f_prime"}),
        ("def f(x): pass\ndef f_derivative(x): pass", {"f": "f_derivative"}),
        ("def x_forward(x): pass\ndef x_backward(d, c): pass", {"x_forward": "x_backward"}),
        ("def f(x): pass\ndef f_grad(x): pass", {"f": "f_grad"}),
        ("def f(x): pass\ndef d_f(x): pass", {"f": "d_f"}),
        ("def f(x): pass\ndef f_backward(d, x): pass", {"f": "f_backward"}),
        ("def f(x): pass\ndef g_prime(x): pass", {}),
        ("def x_backward(d, c): pass", {}),
        ("f = 3\ndef f_prime(x): pass", {}),
        ("from numpy import mean as f\ndef f_prime(x): pass", {}),
    ],
)
def test_pairs(source: str, pairs: dict[str, str]) -> None:
    found = function_pairs(module(source)).items()
    assert {name: backward and backward.__name__ for name, (_, backward) in found} == pairs


def test_an_activation_gets_several_shapes() -> None:
    made = arguments("def f(x): pass\ndef f_prime(x): pass", "f")
    assert [x.shape for (x,) in made] == [(2, 3), (5,), (1,), (3, 2, 4)]


def test_a_loss_gets_two_arrays_inside_0_and_1() -> None:
    made = arguments("def mse(y_true, y_pred): pass\ndef mse_prime(y_true, y_pred): pass", "mse")
    assert [truth.shape == guess.shape for truth, guess in made] == [True] * 4
    assert all(0 < value < 1 for pair in made for array in pair for value in array.flat)


def test_forward_and_backward_get_arrays_by_their_names() -> None:
    source = "def affine_forward(x, w, b): pass\ndef affine_backward(dout, cache): pass"
    first, second, third = arguments(source, "affine_forward")
    assert [a.shape for a in first] == [(4, 5), (5, 3), (3,)]
    assert [a.shape for a in second] == [(3, 2), (2, 6), (6,)]
    assert [a.shape for a in third] == [(1, 1), (1, 1), (1,)]


def test_an_image_forward_gets_images_and_settings() -> None:
    source = "def conv_forward(x, w, b, conv_param): pass\ndef conv_backward(dout, cache): pass"
    ((x, w, b, settings),) = arguments(source, "conv_forward")
    assert (x.shape, w.shape, b.shape) == ((4, 3, 5, 6), (2, 3, 3, 2), (2,))
    assert settings == {"stride": 1, "pad": 1}


@pytest.mark.parametrize(
    "source",
    [
        "def thing_forward(x, gadget): pass\ndef thing_backward(d, c): pass",
        "def f(a, b, c): pass\ndef f_prime(a, b, c): pass",
        "def f(a, b): pass\ndef f_prime(a): pass",
    ],
)
def test_what_cannot_be_guessed_is_a_problem_with_a_snippet(source: str) -> None:
    ((name, pair),) = function_pairs(module(source)).items()
    with pytest.raises(CannotBuildError, match="what to call them with cannot be guessed") as caught:
        function_readings(name, pair, f"mine.py:{name}")
    snippet = caught.value.problem.message.partition("for example:\n")[2]
    assert snippet.startswith("def gradcheck_cases():\n")
    compile(snippet, "snippet", "exec")


def test_activations_of_a_module_are_those_of_one_argument() -> None:
    source = (
        "import numpy as np\nfrom numpy import tanh\ndef tanh_prime(x): pass\ndef relu(x): pass\n"
        "def relu_prime(x): pass\ndef mse(a, b): pass\ndef mse_prime(a, b): pass\n"
        "def x_forward(x): pass\ndef x_backward(d): pass\n"
    )
    names: list[Callable[..., Any]] = [forward for forward, _ in activations(module(source))]
    assert [getattr(f, "__name__", "") for f in names] == ["tanh", "relu"]
    assert names[0] is np.tanh
