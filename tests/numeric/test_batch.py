"""Rows and entries that move outputs of their own are measured together, and only they."""

import numpy as np
import pytest

from gradcheck import check
from gradcheck.base.errors import Failure, LayerError
from gradcheck.numeric.batch import Rows, independent_rows, together
from gradcheck.subjects.leaf import Leaf, Role
from tests.numeric.stand_ins import leaf, sampler

X = np.random.default_rng(0).normal(size=(40, 5))


def rows_of(f, x=X):
    leaf = Leaf("input", Role.INPUT, x.copy())
    found = independent_rows(lambda: f(leaf.array), leaf, f(x))
    assert np.array_equal(leaf.array, x)
    return None if found is None else found.count


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


@pytest.mark.parametrize(
    ("f", "count"),
    [
        pytest.param(np.tanh, 200, id="element-wise"),
        pytest.param(softmax, 40, id="by rows"),
        pytest.param(lambda x: x @ np.ones((5, 3)), 40, id="by rows, to another width"),
        pytest.param(lambda x: x - x.mean(0), None, id="the mean of the batch"),
        pytest.param(lambda x: x / np.abs(x).max(), None, id="the largest of all"),
        pytest.param(lambda x: x[::-1] * 1.0, None, id="rows reversed"),
        pytest.param(lambda x: x + 1e-3 * np.roll(x, 1, 0), None, id="a neighbour's share"),
        pytest.param(
            lambda x: np.where(np.arange(40)[:, None] == 17, x[3] * x, x), None, id="one row that sees another"
        ),
        pytest.param(lambda x: x + np.outer(np.arange(40) == 0, x[39]), None, id="the first sees the last"),
        pytest.param(lambda x: x + np.outer(np.arange(40) == 39, x[0]), None, id="the last sees the first"),
        pytest.param(lambda x: x + np.outer(np.arange(40) == 31, x[32]), None, id="a row sees the next"),
        pytest.param(lambda x: x + np.outer(np.arange(40) == 32, x[31]), None, id="a row sees the one before"),
        pytest.param(lambda x: x[:, 0][:39], None, id="fewer outputs than rows"),
        pytest.param(lambda x: np.append(x[:, 0], 1.0), None, id="more outputs than rows"),
        pytest.param(lambda x: x.sum(), None, id="one number"),
    ],
)
def test_what_is_independent_is_proven(f, count):
    assert rows_of(f) == count


@pytest.mark.parametrize(("rows", "count"), [(7, None), (8, 8), (9, 9)])
def test_few_rows_are_not_worth_the_proof(rows, count):
    assert rows_of(lambda x: x.sum(1), X[:rows, :2]) == count


@pytest.mark.parametrize(("seen_by", "seen"), [(0, 8), (8, 0)])
def test_the_first_and_the_last_of_nine_rows_are_told_apart(seen_by, seen):
    """Their numbers differ in the highest bit alone."""
    assert rows_of(lambda x: x.sum(1) + (np.arange(9) == seen_by) * x[seen].sum(), X[:9, :2]) is None


@pytest.mark.parametrize("y", [np.array(4.0), np.ones(9)])
def test_one_number_has_no_rows(y):
    assert independent_rows(lambda: y, Leaf("input", Role.INPUT, np.array(2.0)), y) is None


def test_a_row_alone_is_not_worth_it_either_and_a_leaf_of_one_axis_is_its_entries():
    assert rows_of(lambda x: x[:1] * 1.0, X[:1]) is None
    calls = []

    def wide(x):
        calls.append(1)
        return np.outer(x, np.ones(2))

    assert rows_of(wide, X[:, 0]) is None
    assert len(calls) == 1  # nothing to prove: forward at the point, to begin with


def test_the_proof_takes_two_evaluations_for_each_bit_of_the_number_of_rows():
    moves = []

    def f(x):
        moves.append(x - X[:16, :2])
        return np.abs(x).sum(1)

    assert rows_of(f, X[:16, :2]) == 16
    assert len(moves) == 1 + 2 * 4
    rows = [move.any(axis=1) for move in moves[1:]]
    assert all(row.sum() == 8 for row in rows)
    scale = np.sqrt(np.mean(X[:16, :2] ** 2))
    assert np.max(moves[1:]) == pytest.approx(0.25 * scale)
    assert np.min(moves[1:]) == 0


def test_a_layer_that_raises_or_changes_its_shape_there_is_not_proven():
    def fussy(x):
        if not np.array_equal(x, X):
            raise LayerError(Failure("ValueError", "no"))
        return x.sum(1)

    assert rows_of(fussy) is None
    assert rows_of(lambda x: x.sum(1) if np.array_equal(x, X) else np.ones(39)) is None
    assert rows_of(lambda x: x.sum(1) if np.array_equal(x, X) else np.ones(41)) is None


def pairs(f, at, g, flat, step, *, width=1, **noise):
    x = leaf(*at)
    s = sampler(f, x, g, **noise)
    rows = Rows(len(at) // width, width, np.arange(len(g)) // (len(g) // (len(at) // width)))
    found = together(s, x, rows, np.array(flat), step)
    assert x.array.tolist() == list(at)
    return found


def test_a_column_by_hand():
    """Rows (x, z) -> (x**2, 3 z): D = 2 x and 3, each weighed by its own cotangent."""
    found = pairs(
        lambda v: np.array([v[0] ** 2, 3 * v[1], v[2] ** 2, 3 * v[3]]), (1.0, 2.0, -4.0, 0.5), (1.0, -1.0, 2.0, 4.0),
        [3, 0, 2], 0.5, width=2, relative=2.0**-10,
    )  # fmt: skip
    assert found.value.tolist() == [12.0, 2.0, -16.0]
    # 3 noise / h of what moves: 4 * 3 * 1.0, 1.5**2, 2 * 4.5**2, the largest of the three outputs each
    assert found.rounding.tolist() == [6 * 2.0**-10 * largest for largest in (12.0, 2.25, 40.5)]
    assert found.flat.tolist() == [3, 0, 2]


@pytest.mark.parametrize("f", [lambda v: np.maximum(v, 0), lambda v: np.minimum(v, 0), lambda v: -np.maximum(v, 0),
                               lambda v: -np.minimum(v, 0)])  # fmt: skip
def test_what_moves_to_one_side_only_is_rounded_and_what_never_moves_is_not(f):
    found = pairs(f, (0.0, 0.0), (1.0, 2.0), [0, 1], 0.5, absolute=2.0**-10)
    assert found.rounding.tolist() == [6 * 2.0**-10, 12 * 2.0**-10]
    assert pairs(lambda v: 0 * v, (0.0, 0.0), (1.0, 2.0), [0, 1], 0.5, absolute=2.0**-10).rounding.tolist() == [0, 0]


@pytest.mark.parametrize(("jump", "noise", "even"), [(0.0098, 0.0, True), (0.0103, 0.0, False),
                                                     (0.0219, 2e-3, True), (0.0223, 2e-3, False)])  # fmt: skip
def test_sides_apart_by_a_hundredth_and_two_roundings_are_uneven(jump, noise, even):
    """Sides of 1 -+ jump / 2; rounding: 3 * 2e-3 / 1."""
    found = pairs(lambda v: v + jump / 2 * np.abs(v), (0.0, 0.0), (1.0, 1.0), [0, 1], 1.0, relative=0.0, absolute=noise)
    assert found.even.tolist() == [even, even]


def test_sides_that_are_alike_to_the_last_bit_are_even():
    for slope in (2, 0):
        found = pairs(lambda v, slope=slope: slope * v, (0.0, 1.0), (1.0, 1.0), [0, 1], 0.5, relative=0.0)
        assert found.even.tolist() == [True, True]


class Elementwise:
    def __init__(self, f, prime):
        self.f, self.prime = f, prime

    def forward(self, x):
        self.x = x
        return self.f(x)

    def backward(self, dy):
        return dy * self.prime(self.x)


def tanh_prime(x):
    return 1 - np.tanh(x) ** 2


@pytest.mark.parametrize("size", [40, 300])
def test_an_elementwise_layer_takes_a_handful_of_evaluations(size):
    x = np.random.default_rng(1).normal(size=(size, 5))
    result = check(Elementwise(np.tanh, tanh_prime), x, method="entries")
    assert result.passed
    assert result.evaluations.forward < 80
    assert result.leaves["input"].numeric == pytest.approx(result.leaves["input"].analytic, rel=1e-7)


@pytest.mark.parametrize("place", [(0, 0), (17, 3), (39, 4)])
def test_one_wrong_entry_of_an_elementwise_layer_is_named(place):
    def wrong(x):
        slope = tanh_prime(x)
        slope[place] *= 1 + 1e-6
        return slope

    result = check(Elementwise(np.tanh, wrong), X, method="entries")
    assert result.leaves["input"].wrong == (place,)


def test_rows_that_meet_are_not_measured_together():
    class Centred:
        def forward(self, x):
            return x - x.mean(0)

        def backward(self, dy):
            return dy - dy.mean(0)

    class Forgetful(Centred):
        def backward(self, dy):
            return dy * 1.0

    assert check(Centred(), X, method="entries").passed
    assert check(Forgetful(), X, method="entries").verdict == "fail"


def test_what_one_row_raises_is_measured_alone():
    def fussy(x):
        if np.any(x > 2.9):
            raise ValueError("too large")
        return np.tanh(x)

    x = np.clip(X, -2, 2)
    assert check(Elementwise(fussy, tanh_prime), x, method="entries").passed
