"""Cases as Python: what is written makes the same thing again."""

import enum
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck.gather.construct import activation, activation_prime
from gradcheck.gather.points import KINDS, SCALES, Point
from gradcheck.gather.written import (
    Place,
    UnwritableError,
    Written,
    case_lines,
    code_of,
    draws_from_random,
    pytest_lines,
)


class Way(enum.Enum):
    UP = 1


def helper(x: Any) -> Any:
    return x


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("scale", sorted(set(SCALES)))
def test_a_point_is_what_its_code_makes(kind: str, scale: float) -> None:
    point = Point((2, 3), kind, 5, scale)
    made = eval(point.code, {"np": np})  # noqa: S307
    np.testing.assert_array_equal(made, point.array())


def test_indices_are_what_their_code_makes() -> None:
    point = Point((4,), seed=2, below=3)
    np.testing.assert_array_equal(eval(point.code, {"np": np}), point.array())  # noqa: S307


@pytest.mark.parametrize(
    "value",
    [
        3, -0.5, 1e-300, True, None, "a'b", (1,), (1, 2), [1, (2.0, "x")], {"mode": "train", "p": 0.3}, Way.UP,
        np.float32(0.5), np.tanh, np.float64, helper, np.array([[1.5, -0.1]]), np.array([1, 2], dtype=np.int32),
        np.array([True, False]), np.zeros((0, 3)), float("inf"),
    ],
    ids=lambda value: f"{type(value).__name__} {value!r}".split(" at ")[0],
)  # fmt: skip
def test_what_is_written_is_the_same_again(value: Any) -> None:
    names: set[str] = set()
    made = eval(code_of(value, __name__, names), {"np": np, "Way": Way, "helper": helper})  # noqa: S307
    assert type(made) is type(value)
    np.testing.assert_array_equal(made, value) if isinstance(value, np.ndarray) else None
    assert isinstance(value, np.ndarray) or made == value
    assert names <= {"Way", "helper"}


def test_our_own_activation_is_written_as_numpys() -> None:
    x = np.array([0.3])
    for ours in (activation, activation_prime):
        made = eval(code_of(ours, "", set()), {"np": np})  # noqa: S307
        np.testing.assert_array_equal(made(x), ours(x))


@pytest.mark.parametrize(
    "value", [object(), lambda x: x, np.zeros(2000), np.array(["a"]), np.array([np.nan])], ids=["o", "f", "l", "s", "n"]
)
def test_what_has_no_expression_is_refused(value: Any) -> None:
    with pytest.raises(UnwritableError):
        code_of(value, __name__, set())


LONG = Written(
    (
        "ConvLayer(input_shape=(3, 3, 1), kernel_shape=(2, 2), layer_depth=1, stride=2, pad='a, b')",
        "np.zeros((3, 3, 1))",
    ),
    frozenset({"ConvLayer"}),
    "conv",
)


def test_long_calls_are_opened_one_argument_a_line() -> None:
    text = case_lines(LONG, 4)
    assert max(map(len, text.splitlines())) <= 74
    assert "            input_shape=(3, 3, 1),\n            kernel_shape=(2, 2),\n" in text
    compile(text, "pasted", "exec")
    compile(pytest_lines(LONG, Place("conv", "conv.py"), {"seed": "4"}, 4), "pasted", "exec")


def test_the_test_names_what_is_not_the_default_and_where_the_names_come_from() -> None:
    text = pytest_lines(LONG, Place("conv", "lib/conv.py", "lib"), {"seed": "4", "rtol": "1e-05"}, 4)
    assert "assert_gradients(layer, x, seed=4, rtol=1e-05)" in text
    assert "np.random.seed(4)" in text
    assert "# needs lib on the path: pythonpath in pytest's configuration\nfrom conv import ConvLayer" in text


def test_a_file_that_cannot_be_imported_by_name_is_run() -> None:
    text = pytest_lines(LONG, Place("", "my-conv.py"), {}, 0)
    assert 'ConvLayer = runpy.run_path("my-conv.py")["ConvLayer"]' in text
    assert "import runpy\n" in text


DRAWN = """import random

import numpy as np


class Noisy:
    def __init__(self):
        self.w = np.array([random.gauss(0, 1), np.random.rand()])
"""


@pytest.mark.parametrize("place", [Place("drawn", "drawn.py"), Place("", "dra-wn.py")])
def test_pythons_own_random_is_seeded_where_the_module_draws_from_it(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the layer is the same each time; where it does not, nothing is said of it."""
    (tmp_path / place.file).write_text(DRAWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    written = Written(("Noisy()", "np.ones(2)"), frozenset({"Noisy"}), "drawn", draws=True)
    test: dict[str, Any] = {}
    exec(pytest_lines(written, place, {}, 3), test)  # noqa: S102
    seen: list[Any] = []
    test["assert_gradients"] = lambda layer, x: seen.append(layer.w.tolist())
    test["test_noisy_found_by_search"]()
    random.seed(8)
    test["test_noisy_found_by_search"]()
    cases: dict[str, Any] = {}
    exec(f"{DRAWN}\n\n{case_lines(written, 3)}", cases)  # noqa: S102
    seen += [layer.w.tolist() for layer, _ in cases["gradcheck_cases"]()]
    assert seen[0] == seen[1] == seen[2]
    plain = replace(written, draws=False)
    assert "    random.seed" not in case_lines(plain, 3) + pytest_lines(plain, place, {}, 3)


def test_a_module_that_draws_from_random_is_told() -> None:
    assert draws_from_random({"random": random})
    assert draws_from_random({"chance": random.gauss})
    assert not draws_from_random({"random": np.random, "rng": random.Random(0), "len": len})  # noqa: S311
