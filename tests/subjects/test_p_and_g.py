"""Parameters in `p`, their gradients in `g`: dicts, lists and named tuples."""

from collections import namedtuple
from typing import Any

import pytest

from tests.subjects.styles import Dense, X, agree

Named = namedtuple("Named", "W b")


class Kept(Dense):
    """kind: what both are kept in."""

    kind: Any

    def make(self) -> None:
        super().make()
        self.p = self.kind({"W": self.W, "b": self.b})
        del self.W, self.b

    def forward(self, x: Any) -> Any:
        self.x, (self.w, b) = x, self.both()
        return x @ self.w + b

    def both(self) -> Any:
        return self.p.values() if isinstance(self.p, dict) else self.p

    def backward(self, dy: Any) -> Any:
        self.g = self.kind({"W": self.factor * self.x.T @ dy, "b": dy.sum(0)})
        return dy @ self.w.T


class Dicts(Kept):
    kind = dict


class Lists(Kept):
    @staticmethod
    def kind(items):
        return list(items.values())


class NamedTuples(Kept):
    @staticmethod
    def kind(items):
        return Named(**items)


@pytest.mark.parametrize(("style", "leaf"), [(Dicts, "p['W']"), (Lists, "p[0]"), (NamedTuples, "p[0]")])
def test_gradients_in_g_belong_to_parameters_in_p(style: Any, leaf: str) -> None:
    agree(style, X, leaf, leaves=3)
