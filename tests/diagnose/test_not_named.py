"""A confident wrong name is worse than none: what looks like a cause by chance, or at one point only, gets no name."""

from collections.abc import Callable

import numpy as np
import pytest

from gradcheck import check
from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.forms import bias_form
from gradcheck.diagnose.suspect import Suspect
from tests.diagnose.stand_in import evidence, findings

Corruption = Callable[[Array], Array]


VAGUE: dict[str, tuple[Corruption, Index]] = {
    "both ends of a short vector": (lambda g: g * [1.3, 1, 1, 1, 1.3], (5,)),
    "two rows of two entries, each with its factor": (lambda g: g * np.array([[1.3], [1.7]]), (2, 2)),
    "one sample, a factor a row": (lambda g: np.outer([1.0, 2.0, -1.0, 0.5], g[0]), (4, 3)),
    "a millionth more, of one sign": (lambda g: g + 1e-7 * np.abs(g), (4, 3)),
    "rounded to three places": (lambda g: np.round(g, 3), (4, 3)),
    "clipped": (lambda g: np.clip(g, -1, 1), (4, 3)),
    "sorted": (lambda g: np.sort(g, axis=None).reshape(g.shape), (4, 2)),
    "two moves mixed": (lambda g: 0.6 * g + 0.4 * g[::-1], (4, 3)),
}


@pytest.mark.parametrize("name", VAGUE)
def test_what_may_be_chance_is_at_most_located(name: str) -> None:
    corruption, shape = VAGUE[name]
    (finding,) = findings(corruption, shape)
    assert finding.cause in ("located", "unrecognised"), finding.message


def one_step(backward: Callable[[Array, Array], Array], forward: Corruption, x: Array) -> set[str]:
    """The causes of a layer with one input; backward(dy, x)."""
    result = check(lambda x: (forward(x), x), lambda dy, x: (backward(dy, x),), (x,))
    return {finding.cause for finding in result.findings}


X = np.random.default_rng(0).normal(size=(3, 5))
ROWS = 1 + np.random.default_rng(1).random((3, 1))


def test_a_factor_of_the_place_is_no_function_of_x() -> None:
    assert one_step(lambda dy, x: ROWS * dy * (1 - np.tanh(x) ** 2), np.tanh, X) == {"constant-factor"}


def test_what_is_no_multiple_of_dy_is_no_function_of_x() -> None:
    assert one_step(lambda dy, x: np.abs(dy) * (1 - np.tanh(x) ** 2), np.tanh, X) == {"not-linear-upstream"}


def test_rounding_is_no_wrong_derivative() -> None:
    def rounded(dy: Array, x: Array) -> Array:
        return np.asarray((dy * (1 - np.tanh(x) ** 2)).astype(np.float32), dtype=np.float64)

    assert one_step(rounded, np.tanh, X) == {"precision-lost"}


@pytest.mark.parametrize("size", [1e-3, 1e-5, 1e-7])
def test_one_entry_that_is_slightly_wrong_is_no_rounding(size: float) -> None:
    def backward(dy: Array, x: Array) -> Array:
        given = dy * (1 - np.tanh(x) ** 2)
        given[1, 2] *= 1 + size
        return np.asarray(given)

    assert one_step(backward, np.tanh, X) == {"located"}


def test_what_is_constant_along_an_axis_lacks_no_mean() -> None:
    def backward(dy: Array, x: Array) -> Array:
        return np.broadcast_to(np.cumsum(dy[::-1])[:, np.newaxis], x.shape)

    assert one_step(backward, lambda x: x.sum(axis=1), X) == {"unrecognised"}


@pytest.mark.parametrize("x", [np.zeros((3, 5)), np.full((3, 5), 0.7)])
def test_equal_entries_hide_which_formula_is_wrong(x: Array) -> None:
    assert one_step(lambda dy, x: dy * 2 * (1 - np.tanh(x)), np.tanh, x) == {"unrecognised"}


def test_a_weight_is_no_bias() -> None:
    given = evidence({"weights": (4, 3), "one": (1,)}, {})
    assert bias_form(Suspect(given, given.comparisons["weights"])) is None
    assert bias_form(Suspect(given, given.comparisons["one"])) is None
