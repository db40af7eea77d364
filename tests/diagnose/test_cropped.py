"""A padding that repeats the input: what comes back to the border belongs to its entries; one of zeros drops it."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check

X = np.random.default_rng(4).normal(size=(5, 6))


class Pad:
    def __init__(self, mode: str, fault: str = "") -> None:
        self.mode, self.fault = mode, fault

    def forward(self, x: Any) -> Any:
        return np.pad(x, 1, mode="constant" if self.mode == "zeros" else "edge")

    def backward(self, dy: Any) -> Any:
        if self.fault == "late":
            return dy[2:, 2:].copy()
        dx = dy[1:-1, 1:-1].copy()
        if self.mode != "zeros" and self.fault != "cut":
            for i, row in ((0, dy[0]), (-1, dy[-1])):
                dx[i] += row[1:-1]
                dx[i, 0] += row[0]
                dx[i, -1] += row[-1]
            dx[:, 0] += dy[1:-1, 0]
            dx[:, -1] += dy[1:-1, -1]
        return dx


@pytest.mark.parametrize(
    ("mode", "fault", "cause"),
    [("edge", "cut", "border-wrong"), ("zeros", "late", "permuted-entries"), ("edge", "", None), ("zeros", "", None)],
)
def test_a_border_that_is_cut_off(mode: str, fault: str, cause: str | None) -> None:
    findings = check(Pad(mode, fault), X).findings
    assert [f.cause for f in findings] == ([cause] if cause else [])
    if fault == "cut":
        assert "dY[1:6, 1:7]" in findings[0].message or "border" in findings[0].message
