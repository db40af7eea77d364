"""Losses of single entries and forwards of two slopes: what is named, and what looks like it and is not."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcheck import check
from gradcheck.base.arrays import Array

X = np.random.default_rng(0).normal(size=(5, 4))
T = np.random.default_rng(1).normal(size=(5, 4))
IDS = np.array([2, 0, 3, 3, 1])


def named(forward: Callable[..., Any], backward: Callable[..., Any], *arguments: Any) -> set[str]:
    return {finding.cause for finding in check(forward, backward, arguments).findings}


def log_cosh(y_true: Array, y_pred: Array) -> Any:
    return np.sum(np.log(np.cosh(y_pred - y_true)))


def test_another_slope_of_a_sum_over_entries() -> None:
    assert named(log_cosh, lambda y_true, y_pred: np.arctan(y_pred - y_true), T, X) == {"wrong-local-derivative"}
    assert named(log_cosh, lambda y_true, y_pred: np.tanh(y_pred - y_true), T, X) == set()


def test_a_branch_by_the_distance_is_told() -> None:
    def huber(y_true: Array, y_pred: Array) -> Any:
        d = np.abs(y_pred - y_true)
        return np.where(d < 1, 0.5 * d**2, d - 0.5).sum()

    result = check(huber, lambda y_true, y_pred: y_pred - y_true, (T, X))
    (finding,) = result.findings
    assert finding.cause == "wrong-local-derivative"
    assert "where |y_pred - y_true| > 0.9" in finding.message
    assert check(huber, lambda y_true, y_pred: np.clip(y_pred - y_true, -1, 1), (T, X)).passed


def test_a_value_that_couples_its_entries_is_no_such_sum() -> None:
    def coupled(x: Array) -> Any:
        return np.log(np.sum(np.exp(x)))

    causes = named(coupled, lambda x: np.exp(x) / (1 + np.exp(x)) ** 2, X)
    assert causes == {"unrecognised"}


def test_a_backward_that_couples_them_is_no_other_slope() -> None:
    def coupled(y_true: Array, y_pred: Array) -> Array:
        d = np.tanh(y_pred - y_true)
        return np.asarray(d * (1 + np.abs(np.roll(d, 1))))

    assert named(log_cosh, coupled, T, X) == {"unrecognised"}


def leaky(x: Array) -> tuple[Array, Array]:
    return np.where(x > 0, x, 0.3 * x), x


def test_two_other_slopes() -> None:
    result = check(leaky, lambda dy, x: (dy * np.where(x > 0, 0.3, 1.0),), (X,))
    (finding,) = result.findings
    assert finding.cause == "wrong-local-derivative"
    assert "they are exchanged" in finding.message
    assert named(leaky, lambda dy, x: (dy * np.where(x > 0, 1.2, 0.1),), X) == {"wrong-local-derivative"}
    assert named(leaky, lambda dy, x: (dy * np.where(x > 0, 1.0, 0.3),), X) == set()


def test_a_factor_a_row_is_no_slope() -> None:
    rows = np.array([[2.0], [2.0], [1.0], [1.0], [1.0]])
    assert named(leaky, lambda dy, x: (rows * dy * np.where(x > 0, 1.0, 0.3),), X) == {"constant-factor"}


def cross_entropy(x: Array, labels: Array) -> Any:
    return -np.sum((x - np.log(np.exp(x).sum(axis=1, keepdims=True)))[np.arange(5), labels])


def softmax(x: Array) -> Array:
    return np.asarray(np.exp(x) / np.exp(x).sum(axis=1, keepdims=True))


def test_the_target_that_is_forgotten_stands_at_the_labels() -> None:
    result = check(cross_entropy, lambda x, labels: softmax(x), (X, IDS))
    (finding,) = result.findings
    assert finding.cause == "missing-term"
    assert "plus 1 at the label (labels) of each row" in finding.message
    assert named(cross_entropy, lambda x, labels: softmax(x) - np.eye(4)[labels], X, IDS) == set()


def test_what_stands_elsewhere_is_no_target() -> None:
    moved = np.eye(4)[(IDS + 1) % 4]
    assert "missing-term" not in named(cross_entropy, lambda x, labels: softmax(x) - moved, X, IDS)


def unit_rows(x: Array) -> tuple[Array, tuple[Array, Array]]:
    size = np.linalg.norm(x, axis=1, keepdims=True)
    return x / size, (x, size)


def test_a_length_that_is_taken_for_a_constant() -> None:
    w = np.random.default_rng(2).normal(size=(4, 3))

    def forward(x: Array) -> tuple[Array, tuple[Array, Array]]:
        y, kept = unit_rows(x)
        return y @ w, kept

    def right(dy: Array, cache: tuple[Array, Array]) -> tuple[Array]:
        x, size = cache
        d = dy @ w.T
        return ((d - x * (d * x).sum(axis=1, keepdims=True) / size**2) / size,)

    result = check(forward, lambda dy, cache: (dy @ w.T / cache[1],), (X,))
    (finding,) = result.findings
    assert finding.cause == "missing-term"
    assert "does not hang on the length of a row" in finding.message
    assert check(forward, right, (X,)).passed


def test_what_is_no_multiple_of_the_row_is_not_named_so() -> None:
    w = np.random.default_rng(2).normal(size=(4, 3))
    off = np.random.default_rng(3).normal(size=(5, 4))
    causes = named(lambda x: (unit_rows(x)[0] @ w, None), lambda dy, _: (off * (dy @ w.T),), X)
    assert "missing-term" not in causes


def test_channels_that_are_counted_the_other_way_round() -> None:
    w = np.random.default_rng(4).normal(size=(3, 2))

    def forward(x: Array) -> tuple[Array, Array]:
        return np.einsum("nc,cm->ncm", x, w).reshape(len(x), 6), x

    def backward(dy: Array, x: Array) -> tuple[Array]:
        return (np.einsum("ncm,cm->nc", dy.reshape(len(dy), 2, 3).transpose(0, 2, 1), w),)

    def right(dy: Array, x: Array) -> tuple[Array]:
        return (np.einsum("ncm,cm->nc", dy.reshape(len(dy), 3, 2), w),)

    x = X[:, :3].copy()
    (finding,) = check(forward, backward, (x,)).findings
    assert finding.cause == "permuted-entries"
    assert "groups the other way round" in finding.message
    assert check(forward, right, (x,)).passed


def pool(x: Array) -> tuple[Array, tuple[Array, Array]]:
    cells = x.reshape(len(x), -1, 2)
    return cells.max(axis=2), (cells, x)


def test_cells_that_never_win_are_no_tie() -> None:
    """A tie beside them is not what is wrong, whatever direction is drawn."""
    x = np.array([[1.0, 1.0, 3.0, 2.0], [0.0, 4.0, 2.5, 2.5]])

    def everywhere(dy: Array, cache: tuple[Array, Array]) -> tuple[Array]:
        return (dy.repeat(2, axis=1) + 0 * cache[1],)

    def ties(dy: Array, cache: tuple[Array, Array]) -> tuple[Array]:
        cells = cache[0]
        return (((cells == cells.max(axis=2, keepdims=True)) * dy[:, :, None]).reshape(cache[1].shape),)

    for seed in range(6):
        assert {f.cause for f in check(pool, everywhere, (x,), seed=seed).findings} == {"ghost-gradient"}
        assert {f.cause for f in check(pool, ties, (x,), seed=seed).findings} == {"tie-overcounted"}
