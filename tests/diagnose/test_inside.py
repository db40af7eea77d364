"""What lies between input and output (a softmax, a slope behind a matrix) is named; what only looks like it, not."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check

Q, K, V = (np.random.default_rng(seed).normal(size=shape) for seed, shape in enumerate([(4, 3), (5, 3), (5, 2)]))
SPOILT = np.random.default_rng(7).uniform(0.5, 1.5, size=(4, 5))


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attend(q: Any, k: Any, v: Any) -> Any:
    p = softmax(q @ k.T)
    return p @ v, (q, k, v, p)


def attention(fault: str) -> Any:
    def backward(dy: Any, cache: Any) -> Any:
        q, k, v, p = cache
        dp = dy @ v.T
        ds = p * (dp - (p * dp).sum(-1, keepdims=True))
        if fault == "no mean":
            ds = p * dp
        elif fault == "diagonal":
            ds = p * (1 - p) * dp
        elif fault == "half of the mean":
            ds = p * (dp - 0.5 * (p * dp).sum(-1, keepdims=True))
        elif fault == "spoilt":
            ds = ds * SPOILT
        return ds @ k, ds.T @ q, p.T @ dy

    return backward


def causes(forward: Any, backward: Any, *arguments: Any) -> dict[str, str]:
    return {finding.leaf: finding.cause for finding in check(forward, backward, arguments).findings}


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("", None),
        ("no mean", "missing-term"),
        ("diagonal", "missing-term"),
        ("half of the mean", "missing-term"),
        ("spoilt", "unrecognised"),
    ],
)
def test_a_softmax_inside(fault: str, cause: str | None) -> None:
    assert causes(attend, attention(fault), Q, K, V) == ({} if cause is None else {"input": cause, "k": cause})


X = np.random.default_rng(3).normal(size=(4, 3))
W, U = (np.random.default_rng(seed).normal(size=(3, 5)) for seed in (4, 5))


def gated(x: Any, W: Any, U: Any) -> Any:
    return np.tanh(x @ W) * (x @ U), (x, W, U)


def gate_backward(fault: str) -> Any:
    def backward(dy: Any, cache: Any) -> Any:
        x, W, U = cache
        t, z = np.tanh(x @ W), x @ U
        slope = {"tanh": t, "spoilt": (1 - t**2) * SPOILT}.get(fault, 1 - t**2)
        da, dz = dy * z * slope, dy * t
        da = da[:, [1, 0, 2, 3, 4]] if fault == "places" else da
        return da @ W.T + dz @ U.T, x.T @ da, x.T @ dz

    return backward


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("", None), ("tanh", "wrong-local-derivative"), ("spoilt", "unrecognised")],
)
def test_a_slope_behind_a_matrix(fault: str, cause: str | None) -> None:
    assert causes(gated, gate_backward(fault), X, W, U) == ({} if cause is None else {"input": cause, "W": cause})


def test_numbers_at_other_places_behind_a_matrix() -> None:
    found = causes(gated, gate_backward("places"), X, W, U)
    assert set(found.values()) == {"permuted-entries"}
