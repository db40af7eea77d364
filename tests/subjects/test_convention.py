"""Convention: any other style in under ten lines, and departures that are declared and then checked as declared."""

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from gradcheck import Convention, UsageError, check
from tests.subjects.styles import B, Dense, W, X, agree

LABELS = np.array([0, 1, 1])


class Record(NamedTuple):
    y: Any
    cache: Any


class Records(Dense):
    """A returned record, from forward and from backward."""

    def forward(self, x):
        return Record(super().forward(x), x)

    def backward(self, record, dy):
        self.x = record.cache
        dx, dw, db = self.gradients(dy)
        return SimpleNamespace(dx=dx, dw=dw, db=db)


RECORDS = Convention(
    outputs="y",
    backward=lambda layer, dy, returned: layer.backward(returned, dy),
    inputs="dx",
    gradients=lambda layer, grads: {"W": grads.dw, "b": grads.db},
)


class Torch7(Dense):
    """updateOutput, updateGradInput, accGradParameters."""

    def make(self):
        self.weight, self.bias = W.copy(), B.copy()
        self.gradWeight, self.gradBias = np.ones((4, 2)), np.ones(2)

    W = property(lambda self: self.weight)
    b = property(lambda self: self.bias)
    updateOutput = Dense.forward  # noqa: N815 -- Torch7's own names

    def zeroGradParameters(self):  # noqa: N802
        self.gradWeight[...], self.gradBias[...] = 0, 0

    def updateGradInput(self, x, dy):  # noqa: N802
        self.gradInput = self.gradients(dy)[0]
        return self.gradInput

    def accGradParameters(self, x, dy):  # noqa: N802
        self.gradWeight += self.gradients(dy)[1]
        self.gradBias += self.gradients(dy)[2]

    forward: Any = None


def _torch7(layer, x, dy):
    layer.accGradParameters(x, dy)
    return layer.updateGradInput(x, dy)


TORCH7 = Convention(forward="updateOutput", backward=_torch7, reset="zeroGradParameters")


class OneAtATime(Dense):
    """One gradient a call."""

    def grad(self, dy, wrt):
        return dict(zip(("x", "W", "b"), self.gradients(dy), strict=True))[wrt]


ONE = Convention(
    backward=lambda layer, dy: {
        "input": layer.grad(dy, wrt="x"), "W": layer.grad(dy, wrt="W"), "b": layer.grad(dy, wrt="b"),
    }
)  # fmt: skip


class Callback(Dense):
    """(y, callback)."""

    def __call__(self, x):
        return self.forward(x), self.gradients


CALLBACK = Convention(
    forward=lambda layer, x: layer(x),
    outputs=lambda layer, returned: returned[0],
    backward=lambda layer, dy, returned: returned[1](dy),
)


class Together(Dense):
    """Loss and gradients from one call."""

    def loss(self, x):
        y = self.forward(x)
        dx, dw, db = self.gradients(2 * y)
        return np.sum(y**2), {"x": dx, "W": dw, "b": db}


TOGETHER = Convention(
    forward=lambda layer, x: layer.loss(x), outputs=lambda layer, r: r[0], backward=lambda layer, returned: returned[1]
)


class Fit(Dense):
    """A fused step: forward, backward and update in one."""

    def predict(self, x):
        return super().forward(x)

    forward: Any = None

    def loss(self, x):
        return np.sum((self.predict(x) - 1) ** 2)

    def fit_batch(self, x, lr):
        self.x = x
        _, dw, db = self.gradients(2 * (self.predict(x) - 1))
        self.W, self.b = self.W - lr * dw, self.b - lr * db


FIT = Convention(forward="loss", backward=lambda layer, x, lr: layer.fit_batch(x, lr), inputs=())


class Jacobian(Dense):
    """A full Jacobian."""

    def forward(self, x):
        return np.tanh(x)

    def jacobian(self, x):
        return np.einsum("ij,ik,jl->ijkl", self.factor * (1 - np.tanh(x) ** 2), np.eye(3), np.eye(4))


JACOBIAN = Convention(backward=lambda layer, dy, x: np.tensordot(dy, layer.jacobian(x), 2))


class Tape:
    """A value with .data, .grad and .backward()."""

    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = data, 0, parents

    def backward(self, grad):
        self.grad = self.grad + grad
        for parent, pull in self.parents:
            parent.backward(pull(grad))


class Taped(Dense):
    def make(self):
        self.w = Tape(W.copy())

    def __call__(self, x):
        pulls = ((x, lambda g: g @ self.w.data.T), (self.w, lambda g: self.factor * x.data.T @ g))
        return Tape(x.data @ self.w.data, pulls)


def _taped(layer, x):
    layer.w.grad, layer.x = 0, Tape(x)
    layer.y = layer(layer.x)
    return layer.y.data


TAPED = Convention(
    forward=_taped, backward=lambda layer, dy: layer.y.backward(dy), inputs=lambda layer: layer.x.grad,
    parameters=lambda layer: {"w": layer.w.data}, gradients=lambda layer: {"w": layer.w.grad},
)  # fmt: skip

STYLES = {
    "a returned record": (Records, RECORDS, "W", 3),
    "Torch7": (Torch7, TORCH7, "weight", 3),
    "one gradient a call": (OneAtATime, ONE, "W", 3),
    "a callback": (Callback, CALLBACK, "W", 3),
    "loss and gradients from one call": (Together, TOGETHER, "W", 3),
    "a fused fit step": (Fit, FIT, "W", 2),
    "a full Jacobian": (Jacobian, JACOBIAN, "input", 1),
    "tape values": (Taped, TAPED, "w", 2),
}


@pytest.mark.parametrize("style", STYLES)
def test_any_other_style(style: str) -> None:
    make, convention, leaf, leaves = STYLES[style]
    agree(make, X, leaf, leaves=leaves, convention=convention)


class Beside(Dense):
    def backward(self, dy):
        dx, self.dW, self.db = self.gradients(dy)
        return dx


def test_by_name_of_a_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "my_style.py").write_text(
        "from gradcheck import Convention\nSTYLE = Convention(forward='run', backward='back')\nOTHER = 1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    class Own(Dense):
        run: Any = Dense.forward
        forward: Any = None

        def back(self, dy):
            return self.gradients(dy)

    assert check(Own(), X, convention="my_style:STYLE").passed
    with pytest.raises(UsageError, match="is a int, not a Convention"):
        check(Own(), X, convention="my_style:OTHER")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"forward": 3}, "Convention\\(forward=3\\): a name or a function is needed"),
        ({"scale": 0}, "scale=0\\): a number other than 0"),
        ({"clipped": -1}, "clipped=-1\\): a positive number"),
        ({"truncated": 1.5}, "truncated=1.5\\): a positive whole number"),
        ({"fused": print}, "a pair \\(loss, loss_prime\\)"),
    ],
)
def test_fields_that_do_not_fit(fields: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Convention(**fields)


@pytest.mark.parametrize(
    ("convention", "message"),
    [
        (Convention(forward="forwrad"), "Beside has no forwrad; did you mean 'forward'\\?"),
        (Convention(parameters=lambda layer: 3), "gives a int for Beside, not {name: array}"),
        (Convention(gradients=lambda layer: {"theta": W}), "theta is no parameter of Beside"),
        (Convention(scale={"theta": 2.0}), "theta is no leaf; the leaves are W, b, input"),
        ("no_such_module", "the form is 'module:name'"),
        ("no_such_module:X", "cannot be imported"),
        (3, "a Convention or the text 'module:name'"),
    ],
)
def test_conventions_that_do_not_fit_the_layer(convention: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(Beside(), X, convention=convention)
