"""Factors named over families, over further shapes, and alone; one finding for one fault of a family."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from gradcheck.base.arrays import Array
from gradcheck.diagnose.finding import Finding
from gradcheck.gather.specimen import Case, FunctionSpecimen, LayerSpecimen
from gradcheck.run.check import check_case
from gradcheck.run.factors import name_alone, name_factors
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult
from layers import FCLayer, article


@dataclass
class Judged:
    case: Case


def built(cls: type, arguments: dict[str, Any]) -> LayerSpecimen:
    np.random.seed(0)
    return LayerSpecimen(cls(**arguments))


def family(cls: type, *arguments: dict[str, Any]) -> tuple[list[CheckResult], list[Judged]]:
    cases = [Case(f"{cls.__name__} {i}", i, partial(built, cls, a), arguments=a) for i, a in enumerate(arguments)]
    return [check_case(case, Options()) for case in cases], [Judged(case) for case in cases]


def conv(i: int, j: int, d: int, depth: int, kernel: tuple[int, int] = (2, 2)) -> dict[str, Any]:
    return {"input_shape": (i, j, d), "kernel_shape": kernel, "layer_depth": depth}


def only(result: CheckResult) -> Finding:
    (finding,) = result.findings
    return finding


def test_the_articles_convolution_over_a_family() -> None:
    results = name_factors(*family(article.ConvLayer, conv(4, 5, 3, 2), conv(3, 4, 2, 5), conv(4, 4, 2, 2)))
    assert [result.passed for result in results] == [False, False, True]
    for finding in map(only, results[:2]):
        assert (finding.expression, finding.tied) == ("layer_depth / input_depth", ())
        assert "Over 3 shapes the factor is layer_depth / input_depth." in finding.message
        assert (
            "forward adds bias input_depth times, so its gradient is input_depth * sum(dY[:, :, k])" in finding.message
        )
        assert finding.message.endswith("look for a factor layer_depth in backward.")


def test_a_family_of_one_shape_is_built_at_further_ones() -> None:
    (result,) = name_factors(*family(article.ConvLayer, conv(4, 5, 3, 2, kernel=(3, 2))))
    assert (only(result).expression, only(result).tied) == ("layer_depth / input_depth", ())


def test_without_cases_the_results_alone_are_named() -> None:
    results, _ = family(article.ConvLayer, conv(4, 5, 3, 2), conv(3, 4, 2, 5), conv(4, 4, 1, 3))
    assert {only(result).expression for result in name_factors(results)} == {"layer_depth / input_depth"}


def test_alone_the_layer_is_built_again() -> None:
    np.random.seed(3)
    layer = article.ConvLayer((4, 5, 3), (3, 2), 2)
    specimen = LayerSpecimen(layer)
    np.random.seed(4)
    drawn = np.random.random()
    np.random.seed(4)
    result = name_alone(check_case(Case("", 0, lambda: specimen), Options()), specimen)
    assert (only(result).expression, only(result).tied) == ("layer_depth / input_depth", ())
    assert np.random.random() == drawn, "building it again must leave no trace"


def test_a_passing_result_is_left_alone() -> None:
    specimen = LayerSpecimen(FCLayer((1, 3), (1, 2)))
    result = check_case(Case("", 0, lambda: specimen), Options())
    assert name_alone(result, specimen) is result


class Averaging(FCLayer):
    """dW and dB averaged over the batch."""

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        return super().backward_propagation(output_error, learning_rate / len(output_error)) * 1.0


def test_an_average_over_the_batch_tells_how_to_declare_it() -> None:
    specimen = LayerSpecimen(Averaging((1, 4), (1, 3)), np.random.default_rng(0).normal(size=(5, 4)))
    result = name_alone(check_case(Case("", 0, lambda: specimen), Options()), specimen)
    assert {(f.leaf, f.expression) for f in result.findings} == {("weights", "1 / N"), ("bias", "1 / N")}
    assert all("Convention(scale=" in f.message for f in result.findings)


def loss(y_true: Array, y_pred: Array) -> float:
    return float(np.mean((y_true - y_pred) ** 2))


@pytest.mark.parametrize(
    ("wrong", "expression"),
    [
        (lambda t, p: (p - t) / p.size, "1/2"),
        (lambda t, p: 2 * (p - t) / len(p), "input_shape[1]"),
        (lambda t, p: 2 * (p - t), "N * input_shape[1]"),
        (lambda t, p: 2 * (p - t) / p.size / len(p), "1 / N"),
    ],
)
def test_a_loss_is_named_over_other_lengths(wrong: Callable[[Array, Array], Array], expression: str) -> None:
    t, p = np.random.default_rng(0).normal(size=(2, 3, 4))
    specimen = FunctionSpecimen(loss, wrong, (t, p))
    result = name_alone(check_case(Case("", 0, lambda: specimen), Options()), specimen)
    assert (only(result).expression, only(result).tied) == (expression, ())
    assert "Value and gradient disagree" in only(result).message


class Sloppy:
    """Of sigmoid: its derivative is wrong by a formula."""

    def __init__(self, input_shape: tuple[int, ...]) -> None:
        self.input_shape = input_shape

    def forward_propagation(self, input: Array) -> Array:
        self.input = input
        return np.asarray(1 / (1 + np.exp(-input)))

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        return np.asarray(output_error * (1 - np.tanh(self.input)))


def test_special_points_take_the_finding_of_the_telling_case() -> None:
    random = LayerSpecimen(Sloppy((3, 4)), np.random.default_rng(0).normal(size=(3, 4)))
    zeros = replace(random, x=np.zeros((3, 4)))
    cases = [Case("random", 0, lambda: random), Case("zeros", 1, lambda: zeros, parent=0, point="zeros")]
    results = [replace(check_case(case, Options()), name=case.name) for case in cases]
    assert only(results[0]).cause == "wrong-local-derivative"
    assert only(results[1]).cause == "unrecognised"
    named = name_factors(results, [Judged(case) for case in cases])
    assert [only(result).cause for result in named] == ["wrong-local-derivative"] * 2
    assert "(Seen at random; here less can be told.)" in only(named[1]).message


class Dropped:
    """Inverted dropout whose backward forgets 1 / (1 - rate); at evaluation all is right."""

    def __init__(self, rate: float = 0.5) -> None:
        self.rate, self.training = rate, True

    def forward_propagation(self, input: Array) -> Array:
        self.mask = np.arange(input.size).reshape(input.shape) % 3 > 0
        return np.asarray(input * self.mask / (1 - self.rate)) if self.training else input

    def backward_propagation(self, output_error: Array, learning_rate: float) -> Array:
        return output_error * self.mask if self.training else output_error


def dropped(rate: float, *, training: bool) -> LayerSpecimen:
    layer = Dropped(rate)
    layer.training = training
    return LayerSpecimen(layer, np.random.default_rng(0).normal(size=(3, 4)))


def test_a_rate_of_one_half_is_told_from_one_half() -> None:
    specimen = dropped(0.5, training=True)
    result = name_alone(check_case(Case("", 0, lambda: specimen), Options()), specimen)
    assert (only(result).expression, only(result).tied) == ("1 - rate", ())


def test_the_other_mode_says_nothing_about_a_factor() -> None:
    cases = [
        Case("a", 0, partial(dropped, 0.3, training=True)),
        Case("b", 1, partial(dropped, 0.2, training=True)),
        Case("a [eval]", 2, partial(dropped, 0.3, training=False), parent=0, mode="eval"),
    ]
    named = name_factors([check_case(case, Options()) for case in cases], [Judged(case) for case in cases])
    assert [[f.expression for f in result.findings] for result in named] == [["1 - rate"], ["1 - rate"], []]
