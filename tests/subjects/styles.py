"""A right layer and a wrong one in one style: `factor` spoils one gradient."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check

X = np.random.default_rng(0).normal(size=(3, 4))
W = np.random.default_rng(1).normal(size=(4, 2))
B = np.random.default_rng(2).normal(size=2)


class Dense:
    """x @ W + b; the styles say how its gradients are handed out. factor: 1 where dW is right."""

    def __init__(self, factor: float = 1.0):
        self.factor = factor
        self.make()

    W: Any
    b: Any

    def make(self) -> None:
        self.W, self.b = W.copy(), B.copy()

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def gradients(self, dy: Any) -> tuple[Any, Any, Any]:
        """dx, dW, db."""
        return dy @ self.W.T, self.factor * self.x.T @ dy, dy.sum(0)


def agree(make: Any, x: Any, leaf: str, leaves: int | None = None, **options: Any) -> None:
    """make() passes with this leaf, makes(1.5) fails at it alone, and nothing is left behind."""
    right = make(1.0)
    before = state(right)
    result = check(right, x, **options)
    assert result.passed, str(result)
    assert not result.findings
    assert leaf in result.leaves, f"{leaf} is none of {list(result.leaves)}"
    assert leaves is None or len(result.leaves) == leaves, list(result.leaves)
    assert state(right) == before
    wrong = check(make(1.5), x, **options)
    failing = [name for name, found in wrong.leaves.items() if found.verdict == "fail"]
    assert failing == [leaf], str(wrong)


def state(layer: Any) -> dict[str, str]:
    return {name: repr(value) for name, value in getattr(layer, "__dict__", {}).items()}


def styles(*cases: tuple[Any, str]) -> pytest.MarkDecorator:
    """Parametrised over (class, the leaf that is wrong)."""
    return pytest.mark.parametrize(("style", "leaf"), [pytest.param(*c, id=c[0].__name__) for c in cases])
