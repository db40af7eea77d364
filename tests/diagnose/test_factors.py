"""Naming a factor: what fits at every shape, ties that no shape separates, aliases that are none."""

from collections.abc import Mapping, Sequence

import pytest

from gradcheck.diagnose.factors import Observation, named, shapes_seen

CONV = (
    {"input_depth": 3.0, "layer_depth": 2.0, "input_shape[2]": 3.0, "output_shape[2]": 2.0, "kernel_shape[0]": 3.0},
    {"input_depth": 2.0, "layer_depth": 5.0, "input_shape[2]": 2.0, "output_shape[2]": 5.0, "kernel_shape[0]": 3.0},
    {"input_depth": 2.0, "layer_depth": 3.0, "input_shape[2]": 2.0, "output_shape[2]": 3.0, "kernel_shape[0]": 3.0},
)


def seen(expression: str, shapes: Sequence[Mapping[str, float]]) -> list[Observation]:
    """What would be measured if the factor were this expression of plain names."""
    plain = [{name.replace("[", "_").replace("]", ""): v for name, v in shape.items()} for shape in shapes]
    spelled = expression.replace("[", "_").replace("]", "")
    return [Observation(eval(spelled, {"sqrt": lambda x: x**0.5}, p), s) for p, s in zip(plain, shapes, strict=True)]  # noqa: S307


SHAPES = (
    {"n_in": 5.0, "n_out": 3.0, "rate": 0.3, "N": 4.0},
    {"n_in": 2.0, "n_out": 6.0, "rate": 0.2, "N": 7.0},
    {"n_in": 4.0, "n_out": 7.0, "rate": 0.6, "N": 3.0},
)


@pytest.mark.parametrize(
    "expression",
    [
        "2", "1/2", "n_in", "1 / N", "1 - rate", "1 / (1 - rate)", "rate", "sqrt(n_in)", "1 / sqrt(n_out)", "n_in * N",
        "n_in / n_out", "1 / (n_out * N)", "2 * N", "2 / N", "n_out / 2", "n_in * n_out * N", "n_in * n_out / N",
        "N / (n_in * n_out)", "1 / (n_in * n_out * N)", "N * N", "sqrt(n_in * N)", "3", "1/3", "3/2",
    ],
)  # fmt: skip
@pytest.mark.parametrize("sign", ["", "-"])
def test_an_expression_is_found_again(expression: str, sign: str) -> None:
    spelled = f"-({expression})" if sign else expression
    assert named(seen(spelled, SHAPES)) == (f"{sign}{expression}",)


def test_aliases_are_no_tie() -> None:
    assert named(seen("layer_depth / input_depth", CONV)) == ("layer_depth / input_depth",)


def test_one_shape_leaves_a_tie_that_a_second_separates() -> None:
    first = seen("layer_depth / input_depth", CONV[:1])
    assert {"layer_depth / input_depth", "layer_depth / kernel_shape[0]"} <= set(named(first))
    tied = named(seen("layer_depth / input_depth", CONV[1:]))  # input_depth is 2 at both of these
    assert tied == ("layer_depth / input_depth", "layer_depth / input_shape[2]", "layer_depth / 2")
    assert named(seen("layer_depth / input_depth", CONV[:2])) == ("layer_depth / input_depth",)


def test_further_shapes_tell_aliases_without_a_measurement() -> None:
    tied = named(seen("layer_depth / input_depth", CONV[:1]), CONV[1:])
    assert "output_shape[2] / input_depth" not in tied
    assert "layer_depth / input_depth" in tied


def test_what_no_shape_separates_is_tied() -> None:
    shapes = [{**shape, "stride": 2.0, "pool": 2.0} for shape in SHAPES]
    assert named(seen("2", shapes)) == ("2", "stride", "pool")


def test_a_passing_shape_counts() -> None:
    passing = Observation(1.0, {"input_depth": 2.0, "layer_depth": 2.0, "kernel_shape[0]": 3.0})
    failing = Observation(1.5, {"input_depth": 2.0, "layer_depth": 3.0, "kernel_shape[0]": 2.0})
    assert named([failing, passing]) == ("layer_depth / input_depth", "layer_depth / 2")


@pytest.mark.parametrize(
    "factors",
    [
        (1.37, 1.37, 1.37),
        (0.9, 1.1, 1.3),
        (1 + 1e-6,) * 3,
        (1.0, 1.0, 1.0),
        (2.0, -2.0, 2.0),
        (2.001,) * 3,
        (0.0, 0.0, 2.0),
    ],
)
def test_what_nothing_explains_has_no_name(factors: Sequence[float]) -> None:
    assert named([Observation(k, s) for k, s in zip(factors, SHAPES, strict=True)]) == ()


def test_the_length_of_an_array_is_a_last_resort() -> None:
    shapes = [{**shape, "W.shape[0]": shape["n_in"]} for shape in SHAPES]
    assert named(seen("n_in", shapes)) == ("n_in",)
    shapes = [{"N": shape["N"], "W.shape[0]": shape["n_in"]} for shape in SHAPES]
    assert named([Observation(s["W.shape[0]"], s) for s in shapes]) == ("W.shape[0]",)


def test_no_observation_no_name() -> None:
    assert named([]) == ()


def test_shapes_are_counted_once_each() -> None:
    assert shapes_seen(seen("2", [*SHAPES, SHAPES[0]])) == 3
