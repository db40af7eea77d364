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
        part = p * dp
        ds = {
            "no mean": part,
            "diagonal": p * (1 - p) * dp,
            "half of the mean": p * (dp - 0.5 * part.sum(-1, keepdims=True)),
            "queries": p * (dp - part.sum(0, keepdims=True)),
            "all": p * (dp - part.sum()),
            "queries, spoilt": p * (dp - (part * SPOILT).sum(0, keepdims=True)),
            "spoilt": p * (dp - part.sum(-1, keepdims=True)) * SPOILT,
        }.get(fault, p * (dp - part.sum(-1, keepdims=True)))
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
        ("queries", "wrong-reduction"),
        ("all", "wrong-reduction"),
        ("queries, spoilt", "unrecognised"),
        ("spoilt", "unrecognised"),
    ],
)
def test_a_softmax_inside(fault: str, cause: str | None) -> None:
    assert causes(attend, attention(fault), Q, K, V) == ({} if cause is None else {"input": cause, "k": cause})


def pooled(fault: str) -> tuple[Any, Any]:
    """One set of weights for each sample, as many steps as samples; the values are a projection of x."""

    def forward(x: Any, W: Any, u: Any) -> Any:
        v = x @ W
        p = softmax(x @ u)
        return np.einsum("nt,ntd->nd", p, v), (x, W, u, v, p)

    def backward(dy: Any, cache: Any) -> Any:
        x, W, u, v, p = cache
        dp = np.einsum("nd,ntd->nt", dy, v)
        total = {"samples": (p * dp).sum(0), "lost axis": (p * dp).sum(-1)}.get(fault, (p * dp).sum(-1, keepdims=True))
        ds = p * (dp - total)
        dv = p[..., None] * dy[:, None]
        return dv @ W.T + ds[..., None] * u, np.einsum("nti,ntd->id", x, dv), np.einsum("nt,nti->i", ds, x)

    return forward, backward


@pytest.mark.parametrize("fault", ["", "samples", "lost axis"])
def test_a_softmax_inside_summed_along_another_axis(fault: str) -> None:
    x, W, u = (np.random.default_rng(8).normal(size=shape) for shape in [(4, 4, 3), (3, 2), (3,)])
    assert causes(*pooled(fault), x, W, u) == (dict.fromkeys(["input", "u"], "wrong-reduction") if fault else {})


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
