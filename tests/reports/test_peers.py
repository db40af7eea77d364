"""The comparison with other checkers compares like with like, and makes nothing up."""

import numpy as np
import pytest

from gradcheck import check
from reports import peers
from reports.peer_layers import (
    Convolution,
    Deep,
    Matrix,
    NumpyLayer,
    Relu,
    bare_loop,
    dense,
    forward_of,
    gradients_of,
    leaves,
    spoiled,
)
from reports.peer_tools import BARE, DEFAULT, ENTRIES, SCIPY, TOOLS, Answer, Tool


def small(kind: str) -> tuple[NumpyLayer, np.ndarray]:
    rng = np.random.default_rng(0)
    made: dict[str, tuple[NumpyLayer, tuple[int, ...]]] = {
        "dense": (dense(5, 3)(0)[0], (1, 5)),
        "matrix": (Matrix(4, rng), (1, 4)),
        "kinked matrix": (Matrix(4, rng, kinked=True), (1, 4)),
        "convolution": (Convolution(2, 3, 2, rng), (5, 6, 2)),
        "deep": (Deep(3, rng), (1, 3)),
        "relu": (Relu(), (1, 20)),
    }
    layer, shape = made[kind]
    return layer, rng.normal(size=shape)


KINDS = ("dense", "matrix", "kinked matrix", "convolution", "deep", "relu")


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_right_and_its_spoiled_twin_is_not(kind: str) -> None:
    layer, x = small(kind)
    result = check(layer, x)
    assert result.passed, str(result)
    assert set(result.leaves) == {"input", *layer.parameters}
    assert check(spoiled(layer, peers.scaled(1e-6)), x).leaves[layer.suspect].verdict == "fail"


@pytest.mark.parametrize("kind", KINDS)
def test_every_checker_sees_the_same_gradients(kind: str) -> None:
    layer, x = small(kind)
    arrays = leaves(layer, x)
    numeric = bare_loop(layer, x)
    dY = np.random.default_rng(0).normal(size=forward_of(layer, arrays).shape)
    for given, found in zip(gradients_of(layer, dY), numeric, strict=True):
        np.testing.assert_allclose(np.ravel(given), found, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", [DEFAULT, ENTRIES, SCIPY, BARE])
def test_checkers_that_are_always_there_count_their_forwards(name: str) -> None:
    tool = next(tool for tool in TOOLS if tool.name == name)
    assert tool.version
    assert peers.interleaved([tool], dense(5, 3), 2).forwards[name] > 5 + 15 + 3


@pytest.mark.parametrize("name", [tool.name for tool in TOOLS if tool.needs in ("torch", "jax")])
def test_the_others_pass_the_layer_and_fail_a_gross_fault(name: str) -> None:
    tool = next(tool for tool in TOOLS if tool.name == name)
    if tool.version is None:
        pytest.skip(f"{tool.needs} is not installed here")
    assert tool.run(*dense(5, 3)(0)).passed
    layer, x = dense(5, 3)(0)
    assert tool.run(spoiled(layer, peers.scaled(0.5)), x).passed is False


def test_what_is_not_installed_has_no_version() -> None:
    assert Tool("none", lambda _layer, _x: Answer(passed=True), "a-package-that-is-nowhere").version is None


def threshold(least: float) -> Tool:
    """Catches errors of W of `least` and more."""

    def run(layer: NumpyLayer, x: np.ndarray) -> Answer:
        forward_of(layer, leaves(layer, x))
        spoil, clean = type(layer).spoil, np.ones((5, 3))
        error = 0.0 if spoil is None else float(np.max(spoil(clean) - clean))
        return Answer(error < 0.999 * least)

    return Tool("threshold", run)


@pytest.mark.parametrize("least", [200.0, 1e-3, 2e-7, 1e-10])
def test_the_floor_is_the_smallest_error_that_is_caught(least: float) -> None:
    assert peers.floor(threshold(least), dense(5, 3), peers.scaled) == f"{least:.0e}"


def test_of_a_slow_checker_the_floor_is_a_power_of_ten() -> None:
    assert peers.floor(threshold(2e-4), dense(5, 3), peers.scaled, peers.DECADES) == "1e-03"


def test_a_checker_that_catches_nothing_has_no_floor() -> None:
    passes = Tool("passes", lambda _layer, _x: Answer(passed=True))
    assert peers.floor(passes, dense(5, 3), peers.scaled) == "none up to 5e+02"


def test_who_fails_everything_has_no_floor() -> None:
    alarmist = Tool("alarmist", lambda _layer, _x: Answer(passed=False))
    assert peers.floor(alarmist, dense(5, 3), peers.scaled) == "fails the correct one"


def test_a_norm_that_does_not_grow_is_not_noticed() -> None:
    same = Tool("same", lambda _layer, _x: Answer(None, 1e-7), judges=False)
    assert not peers.caught(same, dense(5, 3), 0, peers.scaled(1.0))


def test_false_alarms_of_the_rounds_count() -> None:
    alarmist = Tool("alarmist", lambda _layer, _x: Answer(passed=False))
    known = peers.interleaved([alarmist], dense(5, 3), 3)
    assert peers.alarms(alarmist, dense(5, 3), known, 0.0) == "3 of 3"
