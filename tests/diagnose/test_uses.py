"""What a leaf gets from one of its uses alone is named; where it is spoilt in another way, it is not."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check

X, W = np.random.default_rng(1).normal(size=(6, 5)), np.random.default_rng(2).normal(size=(5, 3))
SPOILT = np.random.default_rng(7).uniform(0.5, 1.5, size=(5, 3))
LOST = "overwritten-contribution"


def findings(forward: Any, backward: Any, *arguments: Any) -> dict[str, str]:
    return {finding.leaf: finding.cause for finding in check(forward, backward, arguments).findings}


def there_and_back(fault: str, *, turned: bool) -> tuple[Any, Any]:
    """sin(x W) W.T + cos(x W) W.T / 2, W laid out either way; what lies in between is not kept."""

    def forward(x: Any, W: Any) -> Any:
        M = W.T if turned else W
        z = x @ M
        return (np.sin(z) + np.cos(z) / 2) @ M.T, (x, W)

    def backward(dy: Any, cache: Any) -> Any:
        x, W = cache
        M = W.T if turned else W
        z = x @ M
        dz = dy @ M * (np.cos(z) - np.sin(z) / 2)
        there, back = x.T @ dz, dy.T @ (np.sin(z) + np.cos(z) / 2)
        dM = {
            "back alone": back,
            "there alone": there,
            "there twice": 2 * there + back,
            "there minus": back - there,
            "spoilt": there * SPOILT + back,
        }.get(fault, there + back)
        return dz @ M.T, dM.T if turned else dM

    return forward, backward


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("", None),
        ("back alone", LOST),
        ("there alone", LOST),
        ("there twice", "constant-factor"),
        ("there minus", "sign-flipped"),
        ("spoilt", "unrecognised"),
    ],
)
def test_a_matrix_used_twice(fault: str, cause: str | None, turned: bool) -> None:
    forward, backward = there_and_back(fault, turned=turned)
    assert findings(forward, backward, X, W.T.copy() if turned else W) == ({} if cause is None else {"W": cause})


def norm_held(x: Any, W: Any) -> Any:
    return x @ (W / np.linalg.norm(W, axis=0)), (x, W)


def norm_held_backward(dy: Any, cache: Any) -> Any:
    x, W = cache
    length = np.linalg.norm(W, axis=0)
    return dy @ (W / length).T, x.T @ dy / length


def test_a_norm_held_fixed_is_no_lost_use() -> None:
    assert findings(norm_held, norm_held_backward, X, W) == {"W": "missing-term"}
