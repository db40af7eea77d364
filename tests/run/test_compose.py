"""Networks by composition: what a layer does wrong, what a network does wrong between right layers, and the cost."""

from typing import Any

import numpy as np
import pytest

import layers
from gradcheck import Result, check
from gradcheck.gather.specimen import LayerSpecimen
from gradcheck.run.stages import stages_of
from gradcheck.subjects.layer import layer_subject
from tests.run.rows import Array, Centre, Dense, Dropout, Relu, Residual, Row, Tanh, Tied, TiedRow

X = np.random.default_rng(5).normal(size=(2, 5))


# Wrong layers.


class HalfDX(Dense):
    def backward(self, dy: Array) -> Any:
        return 0.5 * super().backward(dy)


class TwiceDW(Dense):
    def backward(self, dy: Array) -> Any:
        dx = super().backward(dy)
        self.dW = 2 * self.dW
        return dx


class TanhOfX(Tanh):
    def backward(self, dy: Array) -> Any:
        return dy * (1 - self.y)


class LeakyBack(Relu):
    def backward(self, dy: Array) -> Any:
        return dy * np.where(self.x > 0, 1.0, -0.5)


# Wrong networks of right layers.


class Forgets(Row):
    def backward(self, dy: Array) -> Any:
        dx = dy
        for layer in reversed(self.layers):
            dx = layer.backward(dy)
        return dx


class WrongOrder(Row):
    def backward(self, dy: Array) -> Any:
        for layer in self.layers:
            dy = layer.backward(dy)
        return dy


class StopsShort(Row):
    def backward(self, dy: Array) -> Any:
        dy = super().backward(dy)
        self.layers[0].dW = 0 * self.layers[0].dW
        return dy


def row(*parts: Any) -> Row:
    return Row(*parts)


def failing(result: Result) -> set[str]:
    return {leaf.name for leaf in result.leaves.values() if leaf.verdict == "fail"}


def composed(network: Any, x: Array) -> bool:
    """Are its layers taken one by one?"""
    subject = layer_subject(network, x, 0)
    return stages_of(subject, LayerSpecimen(network, x), subject.forward(), 0) is not None


# Right.


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(row(Dense(5, 4), Tanh(), Dense(4, 3)), id="smooth"),
        pytest.param(row(Dense(5, 4), Relu(), Dense(4, 4), Relu(), Dense(4, 1)), id="kinks"),
        pytest.param(row(Dense(5, 60), Tanh(), Dense(60, 60), Tanh(), Dense(60, 2)), id="screened"),
        pytest.param(row(Dense(5, 5), Dropout(), Dense(5, 5, 1), Dropout()), id="random"),
    ],
)
def test_a_right_network_passes_under_its_own_names(network: Row) -> None:
    assert composed(network, X)
    result = check(network, X)
    assert result.passed, str(result)
    assert set(result.leaves) == {
        "input", *(f"layers[{i}].{p}" for i, one in enumerate(network.layers) if isinstance(one, Dense) for p in "Wb")
    }  # fmt: skip
    assert not result.notes or all("random directions" in note for note in result.notes)


def test_a_bias_on_which_a_layer_depends_and_its_network_does_not() -> None:
    network = row(Dense(5, 4), Centre(), HalfDX(4, 4), Tanh())
    assert composed(network, X)
    result = check(network, X)
    assert failing(result) == {"input", "layers[0].W", "layers[2].input"}
    assert {finding.leaf for finding in result.findings} == {"layers[2].input"}
    assert check(row(Dense(5, 4), Centre(), Dense(4, 4), Tanh()), X).passed


def test_what_is_measured_is_the_derivative_of_the_whole() -> None:
    network = row(Dense(5, 4), Tanh(), Dense(4, 3), Tanh())
    leaf = check(network, X).leaves["layers[0].W"]
    assert leaf.numeric is not None
    assert leaf.analytic is not None
    assert leaf.error is not None
    gap = np.abs(leaf.numeric - leaf.analytic)
    assert np.all(gap <= leaf.error + 1e-9 * np.abs(leaf.analytic))
    assert np.all(leaf.error < 1e-7)


def test_nothing_is_changed() -> None:
    network = row(Dense(5, 4), Dropout(), Dense(4, 3), Dropout())
    network.forward(X)
    before = [dict(vars(layer)) for layer in network.layers]
    copies = [{name: np.array(v) for name, v in held.items()} for held in before]
    np.random.seed(3)
    check(network, X)
    drawn = np.random.rand()
    np.random.seed(3)
    assert drawn == np.random.rand()
    for layer, held, copied in zip(network.layers, before, copies, strict=True):
        assert all(vars(layer)[name] is value for name, value in held.items())
        assert all(np.array_equal(vars(layer)[name], value) for name, value in copied.items())
        assert vars(layer).keys() == held.keys()


def test_a_kink_is_judged_in_the_layer_where_it_occurs() -> None:
    zeros = Dense(5, 4)
    zeros.b[:] = 0.0
    assert check(row(zeros, Relu(), Dense(4, 3)), np.zeros((2, 5))).passed
    wrong = check(row(zeros, LeakyBack(), Dense(4, 3)), np.zeros((2, 5)))
    assert "layers[1].input" in failing(wrong)


def test_what_drowns_in_one_layer_is_not_verified_before_it() -> None:
    """1 - tanh(17)**2 is 7e-15, within the rounding of tanh(17) over any step; so is all that is made of it."""

    class Saturated(Tanh):
        def backward(self, dy: Array) -> Any:
            return dy * 4 * np.exp(-34.0)

    far = Dense(5, 4)
    far.b[:] = 17.0
    result = check(row(far, Saturated(), Dense(4, 3)), X)
    for name in ("input", "layers[0].W", "layers[0].b"):
        assert "vacuous" in result.leaves[name].note, name


# Wrong layers are named.


@pytest.mark.parametrize(
    ("parts", "cause", "where", "wrong"),
    [
        pytest.param(
            (Dense(5, 4), Tanh(), HalfDX(4, 4), Tanh()), "constant-factor", "layers[2].input",
            {"input", "layers[0].W", "layers[0].b", "layers[2].input"}, id="dX of a middle layer",
        ),
        pytest.param(
            (Dense(5, 4), Tanh(), TwiceDW(4, 4), Tanh()), "constant-factor", "layers[2].W", {"layers[2].W"},
            id="dW of a middle layer",
        ),
        pytest.param(
            (Dense(5, 4), TanhOfX(), Dense(4, 3)), None, "layers[1].input",
            {"input", "layers[0].W", "layers[0].b", "layers[1].input"}, id="an activation",
        ),
        pytest.param((HalfDX(5, 4), Tanh(), Dense(4, 3)), "constant-factor", "input", {"input"}, id="the first layer"),
    ],
)  # fmt: skip
def test_a_faulty_layer_is_named(parts: tuple[Any, ...], cause: str | None, where: str, wrong: set[str]) -> None:
    result = check(row(*parts), X)
    assert result.verdict == "fail"
    assert failing(result) == wrong
    first = result.findings[0]
    layer = next(part for part in parts if type(part) not in (Dense, Tanh))
    assert first.leaf == where
    assert cause is None or first.cause == cause
    assert f"in layers[{parts.index(layer)}] ({type(layer).__name__}), dE/d" in first.message
    assert {finding.leaf for finding in result.findings} <= {where}
    text = str(result)
    assert max(map(len, text.splitlines())) <= 80
    assert ("wrong only because" in text) == bool(wrong - {where})


# Right layers, and a fault between them.


@pytest.mark.parametrize(
    ("network", "wrong"),
    [
        pytest.param(
            Forgets(Dense(5, 5), Tanh(), Dense(5, 5)), {"input", "layers[0].W", "layers[0].b"}, id="not chained"
        ),
        pytest.param(
            WrongOrder(Dense(5, 5), Tanh(), Dense(5, 5, 1)),
            {"input", *(f"layers[{i}].{p}" for i in (0, 2) for p in "Wb")}, id="wrong order",
        ),
        pytest.param(StopsShort(Dense(5, 5), Tanh(), Dense(5, 5)), {"layers[0].W"}, id="a gradient lost"),
    ],
)  # fmt: skip
def test_a_fault_between_the_layers_is_seen(network: Row, wrong: set[str]) -> None:
    result = check(network, X)
    assert failing(result) == wrong
    assert any("the fault lies between the layers" in note for note in result.notes)
    assert check(Row(*network.layers), X).passed


def test_one_layer_that_stands_in_two_places_is_seen() -> None:
    """Its backward knows the last of its two inputs only."""
    shared = Tanh()
    result = check(row(Dense(5, 5), shared, Dense(5, 5, 1), shared), X)
    assert failing(result) == {"input", "layers[0].W", "layers[0].b"}


# Where a layer by itself is not what it is in the network, the network is measured as one layer.


@pytest.mark.parametrize("right", [True, False])
def test_tied_weights_are_measured_in_the_whole(*, right: bool) -> None:
    encoder = Dense(5, 4)
    network = TiedRow(encoder, Tanh(), Tied(encoder, right=right))
    assert not composed(network, X)
    assert failing(check(network, X)) == (set() if right else {"layers[0].W"})


def test_what_is_more_than_a_row_is_measured_in_the_whole() -> None:
    network = Residual(Dense(5, 5), Tanh(), Dense(5, 5))
    assert not composed(network, X)
    assert check(network, X).passed


def test_a_weight_that_another_layer_reads_behind_its_back_is_measured_in_the_whole() -> None:
    first = Dense(5, 5)

    class Spy(Tanh):
        def forward(self, x: Array) -> Any:
            return super().forward(x * first.W[0, 0])

        def backward(self, dy: Array) -> Any:
            return super().backward(dy) * first.W[0, 0]

    network = row(first, Spy(), Dense(5, 3))
    assert not composed(network, X)
    assert failing(check(network, X)) == {"layers[0].W"}


# Cost.


def calls(depth: int) -> int:
    """Forward calls of single layers that a check of a network makes."""
    count = 0

    class Counted(layers.FCLayer):
        def forward_propagation(self, input: Array) -> Any:
            nonlocal count
            count += 1
            return super().forward_propagation(input)

    np.random.seed(0)
    network = layers.Network()
    for _ in range(depth):
        network.add(Counted((1, 5), (1, 5)))
    network.use(layers.mse, layers.mse_prime)
    result = check(network, np.random.default_rng(0).normal(size=(1, 5)))
    assert result.passed, str(result)
    assert result.evaluations.forward == pytest.approx(count / depth, rel=0.05)
    return count


def test_the_cost_is_linear_in_depth() -> None:
    few, some, many = calls(4), calls(8), calls(24)
    assert (many - some) / 16 < 1.4 * (some - few) / 4
