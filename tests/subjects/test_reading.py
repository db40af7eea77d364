"""Family (11): backward(x) beside forward(x), which is dE/dY by another name, or the derivative of an activation."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck import Convention, check
from tests.cli.tools import process, write
from tests.subjects.pairs import (
    PAIRS,
    VJPS,
    WRONG_PAIRS,
    WRONG_VJPS,
    ForgetsUpstream,
    HalfSquare,
    HardShrink,
    Identity,
    IgnoringPair,
    OutputPair,
    RandomPair,
    ReLUPair,
    ReLUVjp,
    Sigmoid,
    SigmoidOfInput,
    SoftplusPair,
    SoftplusPairWrong,
    TanhPair,
    TanhPairWrong,
    TanhVjp,
    Triple,
    sigmoid,
)

X = np.random.default_rng(0).normal(size=(3, 4))


POINTS: dict[str, Any] = {
    "plain": X, "float32": X.astype(np.float32), "small": X / 1000, "large": X * 20, "one": X[:1, :1],
    "cube": np.random.default_rng(1).normal(size=(2, 3, 4)), "rising": np.abs(X) + 0.1, "zeros": X * 0,
}  # fmt: skip


@pytest.mark.parametrize("style", PAIRS, ids=lambda style: style.__name__)
@pytest.mark.parametrize("point", POINTS)
def test_derivative_passes(style: Any, point: str) -> None:
    result = check(style(), POINTS[point])
    assert result.passed, str(result)
    assert "is taken as the derivative at the input" in " ".join(result.notes)


@pytest.mark.parametrize("style", WRONG_PAIRS, ids=lambda style: style.__name__)
@pytest.mark.parametrize("point", ["plain", "float32"])
def test_wrong_derivative_fails(style: Any, point: str) -> None:
    assert check(style(), POINTS[point]).verdict == "fail"


@pytest.mark.parametrize("style", VJPS, ids=lambda style: style.__name__)
@pytest.mark.parametrize("point", POINTS)
def test_upstream_by_another_name_passes(style: Any, point: str) -> None:
    result = check(style(), POINTS[point])
    assert result.passed, str(result)
    assert "taken as" not in " ".join(result.notes)


@pytest.mark.parametrize("style", WRONG_VJPS, ids=lambda style: style.__name__)
@pytest.mark.parametrize("point", ["plain", "float32", "small", "large", "rising"])
def test_wrong_upstream_by_another_name_fails(style: Any, point: str) -> None:
    assert check(style(), POINTS[point]).verdict == "fail"


def test_parameter_called_as_the_output() -> None:
    result = check(OutputPair(), X)
    assert result.passed, str(result)
    assert "is taken as the derivative at the output" in " ".join(result.notes)
    assert check(IgnoringPair(), X).passed


@pytest.mark.parametrize(
    ("layer", "cause", "declared"),
    [
        (Identity(), "upstream-ignored", Convention(backward=lambda layer, x: layer.backward(x))),
        (HalfSquare(), "wrong-local-derivative", Convention(backward=lambda layer, x: layer.backward(x))),
        (Sigmoid(), "wrong-local-derivative", Convention(backward=lambda layer, output: layer.backward(output))),
        (HardShrink(), "wrong-local-derivative", Convention(backward=lambda layer, output: layer.backward(output))),
        (SigmoidOfInput(), "wrong-local-derivative", Convention(backward=lambda layer, x: layer.backward(x))),
    ],
    ids=lambda case: type(case).__name__,
)
def test_what_only_the_caller_knows_is_not_decided(layer: Any, cause: str, declared: Convention) -> None:
    """Of these the code alone tells neither right nor wrong; the Convention that the message has settles it."""
    result = check(layer, X)
    assert result.verdict == "inconclusive"
    assert [(f.leaf, f.cause) for f in result.findings] == [("input", cause)]
    given = next(iter(inspect.signature(declared.backward).parameters.keys() - {"layer"}))
    assert f"Convention(backward=lambda layer, {given}: layer.backward({given}))" in result.findings[0].message
    assert check(layer, X, convention=declared).passed
    as_upstream = Convention(backward=lambda layer, dy: layer.backward(dy))
    assert check(layer, X, convention=as_upstream).verdict == "fail"


class Chained:
    """A network that hands dE/dY to every backward: there a right f' is wrong."""

    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


class Multiplied(Chained):
    """One that multiplies."""

    def forward(self, x):
        self.handed = []
        for layer in self.layers:
            self.handed.append(x)
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer, x in zip(reversed(self.layers), reversed(self.handed), strict=True):
            dy = dy * layer.backward(x)
        return dy


def test_in_a_network_the_whole_decides() -> None:
    assert check(Chained(TanhVjp(), Triple()), X).passed
    assert check(Chained(TanhPair(), Triple()), X).verdict == "fail"
    assert check(Chained(Triple(), TanhPair()), X).verdict == "fail"
    assert check(Multiplied(TanhPair(), SoftplusPair()), X).passed
    assert check(Multiplied(TanhPair(), SoftplusPairWrong()), X).verdict == "fail"


def test_parameters_without_a_gradient_are_still_missed() -> None:
    class PReLU:
        def __init__(self):
            self.weights = np.full(4, 0.25)

        def forward(self, x):
            return np.where(x > 0, x, self.weights * x)

        def backward(self, x):
            return np.where(x > 0, 1.0, self.weights)

    result = check(PReLU(), X)
    assert [(f.leaf, f.cause) for f in result.findings] == [("weights", "zero-gradient")]
    assert result.leaves["input"].verdict == "pass"


def test_the_layer_is_left_as_it_was() -> None:
    layer = RandomPair()
    layer.forward(X)
    before, drawn = layer.slopes, np.random.get_state()[1].tobytes()
    check(layer, X)
    assert layer.slopes is before
    assert np.random.get_state()[1].tobytes() == drawn


@pytest.mark.exhaustive
def test_on_the_command_line(tmp_path: Path) -> None:
    """One of each kind: the others differ in their formulas alone, and are checked above at the points added here."""
    right = [TanhPair, ReLUPair, ReLUVjp]
    wrong = [TanhPairWrong, ForgetsUpstream]
    write(tmp_path, {"right.py": _module(right), "wrong.py": _module(wrong), "open.py": _module([Identity])})
    done = process(tmp_path, "run", "right.py", "--no-config", "--format", "json")
    assert done.code == 0, done.out + done.err
    assert all(done.checks(f":{style.__name__}") for style in right)
    done = process(tmp_path, "run", "wrong.py", "--no-config", "--format", "json")
    assert done.code == 1
    for style in wrong:
        assert "fail" in {check["verdict"] for check in done.checks(f":{style.__name__}")}, style
    done = process(tmp_path, "run", "open.py", "--no-config", "--format", "json")
    assert done.code == 1
    assert {check["verdict"] for check in done.record["checks"]} == {"inconclusive"}
    assert process(tmp_path, "run", "open.py", "--no-config", "--allow-inconclusive").code == 0


def _module(styles: list[Any]) -> str:
    """The classes with their bases, as a file."""
    classes = dict.fromkeys(base for style in styles for base in reversed(style.__mro__[:-1]))
    return "\n\n".join(["import numpy as np", *map(inspect.getsource, (sigmoid, *classes))])
