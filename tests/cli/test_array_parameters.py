"""`Affine(W, b)` and `BatchNormalization(gamma, beta)` from a file: right passes, wrong has its cause."""

import pytest

from tests.cli.tools import Cli, write

AFFINE = """import numpy as np


class Affine:
    def __init__(self, {w}, {b}):
        self.{w} = {w}
        self.{b} = {b}

    def forward(self, x):
        self.x = x
        return np.dot(x, self.{w}) + self.{b}

    def backward(self, dout):
        self.d{w} = np.dot(self.x.T, dout)
        self.d{b} = np.{how}(dout, axis=0)
        return np.dot(dout, self.{w}.T)
"""
COLUMNS = """
class Affine:
    def __init__(self, weights, bias):
        self.weights, self.bias = weights, bias

    def forward(self, x):
        self.x = x
        return self.weights @ x + self.bias

    def backward(self, dout):
        self.dweights = dout @ self.x.T
        self.dbias = dout.{how}(axis=1, keepdims=True)
        return self.weights.T @ dout
"""
NORM = """import numpy as np


class BatchNormalization:
    def __init__(self, gamma, beta, momentum=0.9, running_mean=None, running_var=None):
        self.gamma, self.beta, self.momentum = gamma, beta, momentum
        self.running_mean, self.running_var = running_mean, running_var

    def forward(self, x, train_flg=True):
        if self.running_mean is None:
            self.running_mean, self.running_var = np.zeros(x.shape[1]), np.zeros(x.shape[1])
        self.train_flg = train_flg
        if train_flg:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        else:
            mean, var = self.running_mean, self.running_var
        self.std = np.sqrt(var + 1e-3)
        self.xn = (x - mean) / self.std
        return self.gamma * self.xn + self.beta

    def backward(self, dout):
        self.dbeta = dout.{how}(axis=0)
        self.dgamma = (self.xn * dout).sum(axis=0)
        dxn = self.gamma * dout
        if not self.train_flg:
            return dxn / self.std
        return (dxn - dxn.mean(axis=0) - self.xn * (dxn * self.xn).mean(axis=0)) / self.std
"""
FILES = {
    "W, b": AFFINE.replace("{w}", "W").replace("{b}", "b"),
    "weights, bias": AFFINE.replace("{w}", "weights").replace("{b}", "bias"),
    "columns": COLUMNS,
    "gamma, beta": NORM,
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in FILES.items()])
def test_a_class_that_is_handed_its_arrays(cli: Cli, text: str) -> None:
    write(cli.folder, {"right.py": text.replace("{how}", "sum"), "wrong.py": text.replace("{how}", "mean")})
    right = cli("run", "right.py")
    assert (right.code, "inconclusive" in right.out) == (0, False)
    wrong = cli("run", "wrong.py")
    assert wrong.code == 1
    assert "wrong-reduction" in wrong.out
    assert "CannotBuild" not in wrong.out + wrong.err
