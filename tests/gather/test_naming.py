"""Names of cases, and exceptions as plain data."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from gradcheck.base.failures import failure_of
from gradcheck.gather.config import spelled_from
from gradcheck.gather.naming import call, callable_name, describe, distinct, recovered
from gradcheck.gather.variants import variants, varied_shape
from layers import ConvLayer, FCLayer, tanh


class Thing:
    def __init__(self, size: int = 3, mode: str = "same", data: Any = None, **more: Any) -> None:
        self.size, self.mode, self.data = size, mode, data

    def __call__(self) -> None: ...


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (3, "3"),
        (0.5, "0.5"),
        (np.float64(0.5), "0.5"),
        (True, "True"),
        (None, "None"),
        ("same", "'same'"),
        ((5, 6), "(5, 6)"),
        ((5,), "(5,)"),
        ([1, [2]], "[1, [2]]"),
        (list(range(100)), "list of 100"),
        ("x" * 100, "str"),
        (np.zeros((2, 3)), "array((2, 3), float64)"),
        (tanh, "tanh"),
        (np.tanh, "tanh"),
        (partial(int, 3), "partial"),
        (Thing(), "Thing"),
        (object(), "object"),
        (lambda x: x, "<lambda>"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else type(value).__name__,
)
def test_descriptions_hold_no_address(value: object, name: str) -> None:
    found = callable_name(value) if name == "<lambda>" else describe(value)
    assert found.endswith(name)
    assert "0x" not in found


def test_calls_and_distinct_names() -> None:
    assert call("A", {"n": 3, "f": tanh}) == "A(n=3, f=tanh)"
    assert distinct(["A()", "B()", "A()", "A()"]) == ["A()", "B()", "A() #2", "A() #3"]


def test_arguments_are_read_back_from_attributes_where_plain() -> None:
    assert recovered(Thing(4, data=np.ones(3))) == {"size": 4, "mode": "same"}


class MuteError(Exception):
    def __str__(self) -> str:
        raise ValueError("no")


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ValueError("bad"), "ValueError", "bad"),
        (ValueError(), "ValueError", "ValueError without a message"),
        (SystemExit(3), "SystemExit", "it called sys.exit(3)"),
        (SystemExit(), "SystemExit", "it called sys.exit(None)"),
        (KeyError("x"), "KeyError", "'x'"),
        (MuteError(), "MuteError", "its message cannot be made: ValueError"),
        (SyntaxError("invalid syntax"), "SyntaxError", "invalid syntax"),
    ],
    ids=repr,
)
def test_exceptions_as_data(error: BaseException, kind: str, message: str) -> None:
    failure = failure_of(error)
    assert (failure.kind, failure.message, failure.where) == (kind, message, None)


def test_the_place_is_the_users_own_line() -> None:
    try:
        np.linalg.inv(np.zeros((2, 3)))
    except np.linalg.LinAlgError as error:
        failure = failure_of(error)
    assert failure.where is not None
    assert failure.where.startswith("test_naming.py:")


def test_a_target_of_the_configuration_means_the_same_from_elsewhere(tmp_path: Any) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "a.py").touch()
    assert spelled_from(tmp_path, "net/a.py:A", tmp_path) == "net/a.py:A"
    assert spelled_from(tmp_path, "net/a.py:A", tmp_path / "net") == "a.py:A"
    assert spelled_from(tmp_path, "net.a", tmp_path / "net") == "net.a"


def test_further_sizes_keep_what_is_no_size() -> None:
    made = list(variants(FCLayer, {"input_shape": (1, 3), "output_shape": (1, 2)}))
    assert len(made) == 4
    for arguments, layer in made:
        assert layer.input_shape == arguments["input_shape"]
        assert arguments["input_shape"][0] == 1
    assert len({arguments["input_shape"] for arguments, _ in made}) == 4


def test_further_sizes_of_a_convolution_tell_its_depths_apart() -> None:
    given = {"input_shape": (5, 6, 3), "kernel_shape": (3, 2), "layer_depth": 2}
    depths = [(made["input_shape"][2], made["layer_depth"]) for made, _ in variants(ConvLayer, given)]
    assert len(set(depths)) == 4
    assert all(d != k for d, k in depths)


def test_an_input_follows_the_arguments() -> None:
    assert varied_shape((4, 5), {"size": 5}, {"size": 7}) == (5, 7)
    assert varied_shape((1, 5), {"size": 5}, {"size": 7}) == (1, 7)
    assert varied_shape((4, 3, 6), {"shape": (3, 6)}, {"shape": (2, 8)}) == (5, 2, 8)
