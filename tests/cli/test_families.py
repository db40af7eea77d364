"""`gradcheck run` finds and builds the classes and functions of the families by themselves."""

from pathlib import Path

import pytest

from tests.cli.tools import Cli, write

STYLES = """
import numpy as np

FACTOR = 1.0


class Stored:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.1 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = FACTOR * np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)


class Returned:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)

    def __call__(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        dW = FACTOR * self.x.T @ grad
        return grad @ self.W.T, {"W": dW, "b": grad.sum(0)}


class Sigmoid:
    def __call__(self, x):
        return 1 / (1 + np.exp(-x))

    def gradient(self, x):
        return FACTOR * self(x) * (1 - self(x))


class CrossEntropy:
    def loss(self, y, p):
        return -y * np.log(p) - (1 - y) * np.log(1 - p)

    def gradient(self, y, p):
        return FACTOR * (-(y / p) + (1 - y) / (1 - p))


class CategoricalCrossEntropy:
    def forward(self, y_pred, y_true):
        return -np.mean(np.log(y_pred[np.arange(len(y_true)), y_true]))

    def backward(self, y_true, y_pred):
        g = np.zeros_like(y_pred)
        g[np.arange(len(y_true)), y_true] = -FACTOR / y_pred[np.arange(len(y_true)), y_true] / len(y_true)
        return g


class Switched:
    def __init__(self, mode="train"):
        self.mode = mode

    def forward(self, x):
        return x * 3 if self.mode == "train" else x * 2

    def backward(self, dout):
        return FACTOR * dout * (3 if self.mode == "train" else 2)


class Steps:  # of (features, batch, steps)
    def __init__(self, input_size, hidden_size):
        self.Wx, self.Wa = np.random.randn(hidden_size, input_size), np.random.randn(hidden_size, hidden_size)

    def forward(self, x):
        self.x, self.a = x, [np.zeros((len(self.Wa), x.shape[1]))]
        for t in range(x.shape[2]):
            self.a.append(np.tanh(self.Wx @ x[:, :, t] + self.Wa @ self.a[-1]))
        return np.stack(self.a[1:], axis=2)

    def backward(self, da):
        self.dWx, self.dWa, dx, back = 0, 0, np.zeros_like(self.x), 0
        for t in reversed(range(da.shape[2])):
            dz = (da[:, :, t] + back) * (1 - self.a[t + 1] ** 2)
            self.dWx, self.dWa = self.dWx + dz @ self.x[:, :, t].T, self.dWa + FACTOR * dz @ self.a[t].T
            dx[:, :, t], back = self.Wx.T @ dz, self.Wa.T @ dz
        return dx


def softmax_loss(x, y):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(len(y)), y]))
    dx = p.copy()
    dx[np.arange(len(y)), y] -= 1
    dx = FACTOR * dx / len(y)
    return loss, dx


def relu_forward(x):
    out = np.maximum(0, x)
    return out, x


def relu_backward(dout, cache):
    return FACTOR * dout * (cache > 0)


def swish(x):
    return x / (1 + np.exp(-x))


def d_swish(x):
    s = 1 / (1 + np.exp(-x))
    return FACTOR * (s + x * s * (1 - s))
"""
DECLARED = """
import numpy as np
from gradcheck import Convention

gradcheck_convention = Convention(forward="run", backward="back", inputs="g")


class Scale:
    def __init__(self, n_in):
        self.W = np.random.rand(n_in)

    def run(self, x):
        self.x = x
        return x * self.W

    def back(self, d):
        self.dW = FACTOR * (d * self.x).sum(0)
        self.g = d * self.W
"""
LEAVES = {
    "Stored": "weights", "Returned": "W", "Sigmoid": "input", "CrossEntropy": "p", "CategoricalCrossEntropy": "input",
    "Switched": "input", "Steps": "Wa",
    "softmax_loss": "input", "relu_forward": "input", "swish": "input", "Scale": "W",
}  # fmt: skip


@pytest.mark.exhaustive
@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_every_family_is_found_right_and_wrong(factor: float, cli: Cli, tmp_path: Path) -> None:
    styles, declared = (
        source.replace("FACTOR = 1.0", "").replace("FACTOR", str(factor)) for source in (STYLES, DECLARED)
    )
    write(tmp_path, {"styles.py": styles, "declared.py": declared})
    ran = cli("run", "styles.py", "declared.py", "--no-config", "--format", "json")
    assert ran.record["problems"] == []
    assert {check["target"].partition(":")[2] for check in ran.record["checks"]} == set(LEAVES)
    assert ran.code == (0 if factor == 1.0 else 1), ran.err
    for name, leaf in LEAVES.items():
        (first, *_) = ran.checks(f":{name}")
        failing = [found["name"] for found in first["leaves"] if found["verdict"] == "fail"]
        assert failing == ([] if factor == 1.0 else [leaf])
    assert "(5, 4, 3)" in ran.checks(":Steps")[0]["case"]


def test_a_convention_of_the_module_that_is_none_is_a_problem(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, {"mine.py": "gradcheck_convention = 3\n"})
    ran = cli("run", "mine.py", "--no-config", "--format", "json")
    assert ran.code == 2
    assert "a Convention or the text 'module:name' of one is needed" in ran.record["problems"][0]["message"]
