"""Points on kinks and beside them, each with a gradient and what must become of it: the labelled kink set.

Labels follow the rule: on the kink every value between the two slopes is legal and marked, beside it only the slope
of the point's own side is, from a distance of 1e-12 on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

DISTANCES = (1e-12, 1e-9, 1e-6, 1e-3)
KINK, PASS, FAIL, OPEN = "pass, kink", "pass", "fail", "inconclusive"  # labels


@dataclass(frozen=True, eq=False)
class KinkCase:
    """name · layer, x: what is checked · label: the verdict, and the mark where a kink is judged."""

    name: str
    layer: "Planted"
    x: Any
    label: str


class Planted:
    """y = f(x) with the right Jacobian everywhere but within `window` of x0, where it is J."""

    def __init__(self, f: Callable[[Any], Any], jacobian: Callable[[Any], Any], x0: Any, window: float, J: Any) -> None:
        self.f, self.jacobian, self.x0, self.window, self.J = f, jacobian, x0, window, J

    def forward(self, x: Any) -> Any:
        """Shape (1, n) to (1, m)."""
        self.x = x
        return self.f(x)

    def backward(self, dy: Any) -> Any:
        """DE/dX."""
        near = np.max(np.abs(self.x - self.x0)) <= self.window
        return dy @ (self.J if near else self.jacobian(self.x))


def relu(x: Any) -> Any:
    """max(x, 0)."""
    return np.maximum(x, 0)


# name -> (f, its derivative off the kink, the kink, slope on the left and on the right of it)
BENT: dict[str, Any] = {
    "relu": (relu, lambda x: (x > 0) * 1.0, 0.0, 0.0, 1.0),
    "leaky relu": (lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.where(x > 0, 1.0, 0.1), 0.0, 0.1, 1.0),
    "abs": (np.abs, np.sign, 0.0, -1.0, 1.0),
    "clip, upper edge": (lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1) * 1.0, 1.0, 1.0, 0.0),
    "clip, lower edge": (lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1) * 1.0, -1.0, 0.0, 1.0),
    "hinge": (lambda x: relu(1 - x), lambda x: (x < 1) * -1.0, 1.0, -1.0, 0.0),
    "soft threshold": (lambda x: np.sign(x) * relu(np.abs(x) - 1), lambda x: (np.abs(x) > 1) * 1.0, 1.0, 0.0, 1.0),
}
# Smooth once, not twice: no kink, and no excuse for another value.
ROUND: dict[str, Any] = {
    "x|x|": (lambda x: x * np.abs(x), lambda x: 2 * np.abs(x), 0.0),
    "elu": (lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), lambda x: np.exp(np.minimum(x, 0)), 0.0),
    "relu(x) - relu(-x)": (lambda x: relu(x) - relu(-x), np.ones_like, 0.0),  # x itself; by the chain rule it is not
    "huber": (lambda x: np.where(np.abs(x) < 1, x * x / 2, np.abs(x) - 0.5), lambda x: np.clip(x, -1, 1), 1.0),
}
# name -> ((f, its Jacobian), the point on the tie, the tied entries: distances are added to the first)
TIED: dict[str, Any] = {
    "max of three": (
        (lambda x: x.max(-1, keepdims=True), lambda x: np.eye(3)[x.argmax(-1)]), [[1.3, 1.3, -0.4]], (0, 1),
    ),
    "max pool": (
        (
            lambda x: x.reshape(2, 2, 2).max((1, 2))[None],
            lambda x: np.eye(8)[x.reshape(2, 4).argmax(-1) + np.array([0, 4])],
        ),
        [[0.7, -1.1, 0.7, 0.2, 1.9, 0.3, -0.8, 0.5]], (0, 2),
    ),
    "sort": (
        (lambda x: np.sort(x, -1), lambda x: np.eye(4)[np.argsort(x[0], kind="stable")]),
        [[0.6, -1.2, 0.6, 2.1]], (0, 2),
    ),
}  # fmt: skip


def all_cases() -> Iterator[KinkCase]:
    """Every case of the set, in order."""
    for name, (f, slope, kink, left, right) in BENT.items():
        middle, beyond, below = (left + right) / 2, max(left, right) + 0.5, min(left, right) - 0.5
        on = {left: KINK, right: KINK, middle: KINK, beyond: FAIL, below: FAIL}
        yield from _elementwise(name, (f, slope, kink), 0.0, on)
        for d in _both_sides():
            own, other = (right, left) if d > 0 else (left, right)
            values = {own: PASS, other: FAIL, middle: FAIL, beyond: FAIL}
            yield from _elementwise(name, (f, slope, kink), d, values)
    for name, (f, slope, kink) in ROUND.items():
        for d in (0.0, *_both_sides()):
            right = float(slope(np.float64(kink + d)))
            alone = FAIL if d else OPEN  # no kink is seen, and the value is wrong at this very point only
            values = {right: PASS, right + 0.5: alone, right - 0.5: alone}
            yield from _elementwise(name, (f, slope, kink), d, values)
            yield from _elementwise(f"{name}, everywhere", (f, slope, kink), d, {right + 0.5: FAIL}, window=np.inf)
    for name, f, flat in (("floor and a slope", lambda x: np.floor(x) + x / 3, 1 / 3), ("saw", lambda x: x % 1, 1.0)):
        for d in (0.0, *_both_sides()):
            values = {flat: PASS if d else KINK, flat + 1: FAIL, flat - 0.5: FAIL}
            yield from _elementwise(name, (f, lambda x, flat=flat: np.full_like(x, flat), 0.0), d, values)
    for name, tie in TIED.items():
        yield from _tied(name, *tie)


def _both_sides() -> Iterator[float]:
    return (sign * d for d in DISTANCES for sign in (1, -1))


def _elementwise(
    name: str, function: Any, d: float, values: dict[float, str], window: float | None = None
) -> Iterator[KinkCase]:
    """One entry at kink + d beside others far from it; values: gradient of that entry -> label.

    function: f, its derivative and the kink.
    """
    f, slope, kink = function
    x = np.array([[kink + d, 0.37, -0.61, 2.3]])
    for value, label in values.items():
        J = np.diag(slope(x)[0].astype(np.float64))
        J[0, 0] = value
        layer = Planted(f, lambda x: np.diag(slope(x)[0]), x, _window(d) if window is None else window, J)
        yield KinkCase(f"{name} {d:+g}: {value:g}", layer, x, label)


def _tied(name: str, function: Any, point: Any, pair: tuple[int, int]) -> Iterator[KinkCase]:
    """Two entries that tie, or nearly: both get, one gets, or they share what comes in.

    function: f and its Jacobian.
    """
    f, jacobian = function
    one, other = pair
    for d in (0.0, *_both_sides()):
        x = np.array(point)
        x[0, one] += d
        right = jacobian(x).astype(np.float64)
        swapped = right.copy()
        swapped[:, [one, other]] = right[:, [other, one]]
        beside = KINK if d == 0 else FAIL
        given = {
            "right": (right, KINK if d == 0 else PASS), "swapped": (swapped, beside),
            "shared": ((right + swapped) / 2, beside), "a quarter": (0.75 * right + 0.25 * swapped, beside),
            "each": (np.maximum(right, swapped), FAIL), "none": (np.minimum(right, swapped), FAIL),
            "half of it": (right / 2, FAIL),
        }  # fmt: skip
        for way, (J, label) in given.items():
            yield KinkCase(f"{name} {d:+g}: {way}", Planted(f, jacobian, x, _window(d), J), x, label)


def _window(d: float) -> float:
    return 1.5 * abs(d) + 1e-15


CASES = tuple(all_cases())
