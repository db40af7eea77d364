"""The small wordings."""

import numpy as np
import pytest

from gradcheck.diagnose.chance import pattern, speaks
from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.naming import Counts, with_name
from gradcheck.diagnose.words import axes, entries, indices, listed, number, slice_name


def test_words() -> None:
    assert [entries(1), entries(2)] == ["the only entry", "all 2 entries"]
    assert [axes((1,)), axes((0, 2)), axes((0, 1, 2))] == ["axis 1", "axes 0 and 2", "axes 0, 1 and 2"]
    assert listed(["a", "b", "c"], "or") == "a, b or c"
    assert [number(2 / 3), number(2.0), number(-1.5)] == ["0.6667", "2", "-1.5"]
    assert [slice_name(0, 3, 2), slice_name(1, 1, 2), slice_name(0, 2, 1), slice_name(3, 2, 4)] == [
        "row 3",
        "column 1",
        "entry 2",
        "index 2 of axis 3",
    ]


def test_indices_are_at_most_eight() -> None:
    assert indices(np.eye(2, dtype=bool)) == "(0, 0) and (1, 1)"
    assert indices(np.ones((3, 4), dtype=bool)).endswith("(1, 3) and 4 more")


def test_chance_is_counted_in_bits() -> None:
    assert pattern(1, 8) == 3.0
    assert speaks(18, 90, 8)
    assert not speaks(2, 5, 8)  # both ends of five entries: one pattern in ten


FINDING = Finding("constant-factor", "bias", "dE/dbias is 0.6667 times the numeric gradient.", factor=2 / 3)


@pytest.mark.parametrize(
    ("names", "shapes", "text"),
    [
        (("a / b",), 3, "Over 3 shapes the factor is a / b: look for a factor a in backward where b belongs."),
        (("1 / N",), 2, "is 1 / N: look for a division by N in backward, or for a factor N that is missing."),
        (("1/2",), 2, "the factor is 1/2: look for a division by 2 in backward, or for a factor 2 that is missing."),
        (("n", "m"), 1, "by it that is missing. These shapes cannot tell it from m."),
    ],
)  # fmt: skip
def test_a_name_says_where_to_look(names: tuple[str, ...], shapes: int, text: str) -> None:
    found = with_name(FINDING, names, shapes, None)
    assert found.message.endswith(text)
    assert (found.expression, *found.tied) == names


def test_a_bias_says_how_often_it_is_counted() -> None:
    bias = Finding("constant-factor", "bias", "So.", factor=2 / 3, form="sum(dY[:, :, k])", counts=3.0)
    found = with_name(bias, ("layer_depth / input_depth",), 3, Counts("input_depth", "layer_depth"))
    assert found.message == (
        "So. Over 3 shapes the factor is layer_depth / input_depth. forward adds bias input_depth times, so its "
        "gradient is input_depth * sum(dY[:, :, k]); look for a factor layer_depth in backward."
    )
    found = with_name(bias, ("layer_depth",), 3, Counts("1", "layer_depth"))
    assert "forward adds bias once, so its gradient is sum(dY[:, :, k]); look for a factor" in found.message


def test_without_a_name_nothing_is_said() -> None:
    assert with_name(FINDING, (), 3, None) is FINDING
