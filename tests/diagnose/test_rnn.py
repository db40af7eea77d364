"""A plain recurrence whose output is not its states is recognised by its numbers, and its way back by its mistake."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check
from tests.planted.catalogue import draw, weights


class LastState:
    """x (N, T, D) -> the last state (N, H); rows times matrices, two biases, gradients in a dict."""

    def __init__(self, bug: str = "") -> None:
        self.bug = bug
        self.params = {
            "Wx": weights(3, 4), "Wh": weights(4, 4, seed=3) * 2, "bx": weights(4), "bh": weights(4, seed=2)
        }  # fmt: skip
        self.grads: dict[str, Any] = {}

    def forward(self, x: Any) -> Any:
        p, self.x, self.hs = self.params, x, [np.zeros((len(x), 4))]
        for t in range(x.shape[1]):
            self.hs.append(np.tanh(x[:, t] @ p["Wx"] + p["bx"] + self.hs[-1] @ p["Wh"] + p["bh"]))
        return self.hs[-1]

    def backward(self, dout: Any) -> Any:
        p, bug, dx = self.params, self.bug, np.zeros_like(self.x)
        self.grads = {name: np.zeros_like(value) for name, value in p.items()}
        dh = dout
        for t in reversed(range(1 if bug == "bounds" else 0, self.x.shape[1])):
            h, before = self.hs[t + 1], self.hs[t]
            slope = {"h": 1 - h, "before": 1 - before**2, "none": 1.0 + 0 * h}.get(bug, 1 - h**2)
            dz = dh * slope
            self.grads["Wx"] = self.grads["Wx"] + self.x[:, t].T @ dz
            self.grads["Wh"] += (h if bug == "state" else before).T @ dz
            self.grads["bx"] += (dh if bug == "dh" else dz).sum(0)
            self.grads["bh"] = dz.sum(0) + (0 if bug == "bias" else self.grads["bh"])
            dx[:, t] = dz @ p["Wx"].T
            dh = {"cut": 0 * dh, "U": dz, "turned": dz @ p["Wh"], "sign": -dz @ p["Wh"].T, "dh": dz @ p["Wh"].T}.get(
                bug, (dh if bug == "handed" else dz) @ p["Wh"].T
            )
        return dx


class Columns:
    """x (T, D) -> V h + c (O,); matrices times columns, states in a dict, a sigmoid."""

    def __init__(self, bug: str = "") -> None:
        self.bug = bug
        self.U, self.W, self.V = weights(4, 3), weights(4, 4, seed=3) * 2, weights(2, 4)
        self.b, self.c = weights(4, 1), weights(2, 1)

    def forward(self, x: Any) -> Any:
        self.x, self.s = x, {-1: np.zeros((4, 1))}
        for t in range(len(x)):
            self.s[t] = 1 / (1 + np.exp(-(self.U @ x[t][:, None] + self.W @ self.s[t - 1] + self.b)))
        return (self.V @ self.s[len(x) - 1] + self.c).ravel()

    def backward(self, dy: Any) -> Any:
        bug, s, last, dy = self.bug, self.s, len(self.x) - 1, dy[:, None]
        self.dU, self.dW, self.db = np.zeros_like(self.U), np.zeros_like(self.W), np.zeros_like(self.b)
        self.dV, self.dc = dy @ s[last - 1 if bug == "V" else last].T, dy
        dx, dh = np.zeros_like(self.x), self.V.T @ dy
        for t in reversed(range(len(self.x))):
            dz = dh * ((1 - s[t] ** 2) if bug == "tanh" else s[t] * (1 - s[t]))
            self.dU += dz @ self.x[t - 1 if bug == "input" and t else t][None]
            self.dW += dz @ (s[last] if bug == "wrap" and t == 0 else s[t - 1]).T
            self.db = dz if bug == "first" else self.db + dz
            dx[t] = (self.U.T @ dz).ravel()
            dh = dh + self.W.T @ dz if bug == "added" else self.W.T @ dz
        return dx


def many_to_many(bug: str = "") -> tuple[Any, Any]:
    """x (T, N, D), h0 (N, H) -> y (T, N, O), an output layer at every step."""

    def forward(x: Any, h0: Any, w: Any, u: Any, b: Any, v: Any, c: Any) -> Any:  # noqa: PLR0917 -- each a leaf
        hs = [h0]
        for step in x:
            hs.append(np.maximum(step @ w + hs[-1] @ u + b, 0))
        return np.stack([h @ v + c for h in hs[1:]]), (x, hs, w, u, v)

    def backward(dy: Any, cache: Any) -> Any:
        x, hs, w, u, v = cache
        dx, dw, du, db, dv = np.zeros_like(x), 0 * w, 0 * u, np.zeros(len(u)), 0 * v
        dh = np.zeros_like(hs[0])
        for t in reversed(range(len(x))):
            dh = dh + dy[t] @ v.T
            dz = dh * (hs[t + 1] > 0)
            dx[t] = dz @ w.T
            dw, db = dw + x[t].T @ dz, db + dz.sum(0)
            du = du + (0 * hs[0] if bug == "zeros" and t == 0 else hs[t]).T @ dz
            dv = dv + hs[t if bug == "V" else t + 1].T @ dy[t]
            start, dh = (dh if bug == "h0" else dz @ u.T), dz @ u.T
        return dx, start, dw, du, db, dv, dy[-1].sum(0) if bug == "c" else dy.sum((0, 1))

    return forward, backward


ROWS, SERIES = draw(2, 5, 3), draw(5, 3)
MANY = (draw(4, 2, 3), draw(2, 5), weights(3, 5) * 2, weights(5, 5, seed=3) * 2, weights(5), weights(5, 2), weights(2))
ALL = "input params['Wx'] params['Wh'] params['bx'] params['bh']"


def found(result: Any) -> dict[str, tuple[str, str]]:
    return {finding.leaf: (finding.cause, finding.message) for finding in result.findings}


def says(told: dict[str, tuple[str, str]], cause: str, words: str) -> None:
    """Every leaf that is told of has this cause, in these words."""
    for given, message in told.values():
        assert given == cause
        assert words in message


@pytest.mark.parametrize(
    ("bug", "leaves", "cause", "words"),
    [
        ("state", "params['Wh']", "time-step-wrong", "by the state of that step, h[t]; forward multiplies"),
        ("dh", "params['bx']", "wrong-local-derivative", "is made of dh, before the derivative of tanh"),
        ("bias", "params['bh']", "overwritten-contribution", "is the contribution of step 0 alone"),
        ("h", ALL, "wrong-local-derivative", "as 1 - h; forward's tanh asks for 1 - h[t]**2"),
        ("none", ALL, "wrong-local-derivative", "of h[t] by its sum as 1; forward's"),
        ("before", ALL, "time-step-wrong", "takes the derivative of tanh at the state h[t-1]"),
        ("handed", ALL, "wrong-local-derivative", "dh goes to the step before without it"),
        ("cut", ALL, "time-step-wrong", "hands nothing from a step to the step before it"),
        ("U", ALL, "time-step-wrong", "hands dz itself to the step before"),
        ("turned", ALL, "transposed", "dz went back through params['Wh'] the other way round"),
        ("sign", ALL, "sign-flipped", "hands dz on with the wrong sign"),
        ("bounds", ALL, "time-step-wrong", "before step 1"),
    ],
)
def test_the_last_state_alone(bug: str, leaves: str, cause: str, words: str) -> None:
    told = found(check(LastState(bug), ROWS))
    assert set(told) <= {*leaves.split()}
    assert told
    says(told, cause, words)


@pytest.mark.parametrize(
    ("bug", "leaves", "cause", "words"),
    [
        ("wrap", "W", "time-step-wrong", "the last state at the first step, hs[-1] of a list"),
        ("V", "V", "time-step-wrong", "multiplies dY by the state of the step before"),
        ("first", "b", "overwritten-contribution", "is the contribution of step 0 alone"),
        ("tanh", "input U W b", "wrong-local-derivative", "as 1 - h**2, that of tanh"),
        ("added", "input U W b", "time-step-wrong", "adds to dh from step to step"),
    ],
)
def test_columns_and_an_output_layer(bug: str, leaves: str, cause: str, words: str) -> None:
    told = found(check(Columns(bug), SERIES))
    assert set(told) == {*leaves.split()}
    says(told, cause, words)


@pytest.mark.parametrize(
    ("bug", "leaf", "cause", "words"),
    [
        ("zeros", "u", "time-step-wrong", "by zeros at the first step"),
        ("h0", "h0", "time-step-wrong", "is dh of step 0, the gradient of the state after it"),
        ("V", "v", "time-step-wrong", "by the state of the step before"),
        ("c", "c", "overwritten-contribution", "step 3 alone: the outputs overwrite each other"),
    ],
)
def test_an_output_at_every_step_from_a_given_state(bug: str, leaf: str, cause: str, words: str) -> None:
    told = found(check(*many_to_many(bug), MANY))
    assert set(told) == {leaf}
    says(told, cause, words)


def test_the_correct_twins_pass() -> None:
    assert check(LastState(), ROWS).passed
    assert check(Columns(), SERIES).passed
    assert check(*many_to_many(), MANY).passed


def test_silent_where_the_output_has_more_in_it() -> None:
    class Leaky(LastState):
        """The last input skips to the output, which no model of it has."""

        def forward(self, x: Any) -> Any:
            out = super().forward(x)
            return out + 0.1 * x[:, -1, :1]

    told = found(check(Leaky("state"), ROWS))
    assert told["params['Wh']"][0] == "unrecognised"
