"""Families (1) to (5), (9) and (10): where the gradients of parameters are."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.subjects.styles import B, Dense, W, X, agree, styles


class ByOwner(Dense):
    """(1) the rate is read from an owner."""

    def make(self):
        super().make()
        self.net = SimpleNamespace(lr=0.1)

    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        self.W -= self.net.lr * dw
        self.b -= self.net.lr * db
        return dx


class ByClass(Dense):
    """(1) the rate is an attribute of the class."""

    lr = 0.1

    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        self.W, self.b = self.W - self.lr * dw, self.b - self.lr * db
        return dx


class KeywordRate(Dense):
    def backward(self, dy, *, lr):
        dx, dw, db = self.gradients(dy)
        self.W, self.b = self.W - lr * dw, self.b - lr * db
        return dx


class InputFirst(Dense):
    """(1) backward is handed the input again, as in backward(input, grad_output)."""

    def forward(self, input):
        return super().forward(input)

    def backward(self, input, grad_output, learning_rate=0.1):
        self.x = input
        dx, dw, db = self.gradients(grad_output)
        self.W, self.b = self.W - learning_rate * dw, self.b - learning_rate * db
        return dx


def attributes(name):
    """(2) a class that leaves its gradients in attributes of this form."""

    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        setattr(self, name.format("W"), dw)
        setattr(self, name.format("b"), db)
        return dx

    return type(name.replace("{}", "X"), (Dense,), {"backward": backward})


class Properties(Dense):
    """(3) dicts behind properties; the arrays have names of their own."""

    def make(self):
        self._a, self._c, self._ga, self._gc = W.copy(), B.copy(), np.zeros((4, 2)), np.zeros(2)

    @property
    def params(self):
        return {"W": self._a, "b": self._c}

    @property
    def grads(self):
        return {"W": self._ga, "b": self._gc}

    W = property(lambda self: self._a)
    b = property(lambda self: self._c)

    def backward(self, dy):
        dx, self._ga, self._gc = self.gradients(dy)
        return dx


class Methods(Properties):
    """(3) dicts behind methods."""

    params = None
    grads = None

    def get_params(self):
        return {"W": self._a, "b": self._c}

    def get_grads(self):
        return {"W": self._ga, "b": self._gc}


class FilledInPlace(Dense):
    """(4) lists, the gradients filled in place."""

    def make(self):
        super().make()
        self.params, self.grads = [self.W, self.b], [np.zeros((4, 2)), np.zeros(2)]

    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        self.grads[0][...] = dw
        self.grads[1][...] = db
        return dx


class ListOfPairs(Dense):
    """(4) a list of (p, dp)."""

    def make(self):
        super().make()
        self._g = [np.zeros((4, 2)), np.zeros(2)]

    def params_and_grads(self):
        return [(self.W, self._g[0]), (self.b, self._g[1])]

    def backward(self, dy):
        dx, *self._g = self.gradients(dy)
        return dx


class Parameter:
    def __init__(self, value):
        self.value, self.grad = value, np.zeros_like(value)


class Objects(Dense):
    """(5) parameter objects."""

    def make(self):
        self.weight, self.bias = Parameter(W.copy()), Parameter(B.copy())

    W = property(lambda self: self.weight.value)
    b = property(lambda self: self.bias.value)

    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        self.weight.grad, self.bias.grad = dw, db
        return dx


class AccumulatingObjects(Objects):
    def zero_grad(self):
        for parameter in (self.weight, self.bias):
            parameter.grad = np.zeros_like(parameter.value)

    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        self.weight.grad += dw
        self.bias.grad += db
        return dx


class ObjectDicts(Dense):
    """(5) parameters as dicts."""

    def make(self):
        self.w, self.c = {"val": W.copy(), "grad": 0}, {"val": B.copy(), "grad": 0}

    W = property(lambda self: self.w["val"])
    b = property(lambda self: self.c["val"])

    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        self.w["grad"], self.c["grad"] = dw, db
        return dx


class ReturnedList(Dense):
    """(9) (dx, [grads])."""

    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        return dx, [dw, db]


class ReturnedDict(Dense):
    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        return dx, {"W": dw, "b": db}


class ReturnedInAnyOrder(Dense):
    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        return db, dw, dx


class ReturnedNameless(Dense):
    def backward(self, dy):
        return tuple(self.gradients(dy))


class Momentum:
    def __init__(self):
        self.lr, self.memory = 0.1, None

    def update(self, w, g):
        self.memory = g if self.memory is None else 0.9 * self.memory + g
        return w - self.lr * self.memory


class Optimiser(Dense):
    """(10) update(w, g), re-bound."""

    def make(self):
        super().make()
        self.W_opt, self.b_opt = Momentum(), Momentum()

    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        self.W, self.b = self.W_opt.update(self.W, dw), self.b_opt.update(self.b, db)
        return dx


class Listwise:
    lr = 0.1

    def update(self, params, grads):
        for p, g in zip(params, grads, strict=True):
            p[...] = p - self.lr * g


class ListOptimiser(Dense):
    """(10) update([w], [g]), in place."""

    def make(self):
        super().make()
        self.optimizer = Listwise()

    def backward(self, dy):
        dx, dw, db = self.gradients(dy)
        self.optimizer.update([self.W, self.b], [dw, db])
        return dx


class Flushed(Dense):
    """What forward keeps is a list, which flush_gradients empties too, as numpy-ml has it."""

    def make(self):
        super().make()
        self.flush_gradients()

    def flush_gradients(self):
        self.X, self.gradient = [], {"W": 0, "b": 0}
        self.parameters = {"W": self.W, "b": self.b}
        self.gradients_ = self.gradient

    def forward(self, x):
        self.X.append(x)
        return x @ self.W + self.b

    def backward(self, dy):
        out = []
        for g, x in zip([dy], self.X, strict=False):
            self.x = x
            dx, dw, db = Dense.gradients(self, g)
            self.grads = {"W": self.gradient["W"] + dw, "b": self.gradient["b"] + db}
            self.gradient = self.grads
            out.append(dx)
        return out[0] if len(out) == 1 else out


ALL = styles(
    (ByOwner, "W"), (ByClass, "W"), (KeywordRate, "W"), (InputFirst, "W"),
    *((attributes(n), "W") for n in ("d{}", "grad_{}", "dLd{}", "_d{}", "{}_diff", "{}_grad", "dL_d{}")),
    (Properties, "_a"), (Methods, "_a"), (FilledInPlace, "W"), (ListOfPairs, "W"), (Flushed, "W"),
    (Objects, "weight.value"), (AccumulatingObjects, "weight.value"), (ObjectDicts, "w['val']"),
    (ReturnedList, "W"), (ReturnedDict, "W"), (ReturnedInAnyOrder, "W"), (ReturnedNameless, "W"),
    (Optimiser, "W"), (ListOptimiser, "W"),
)  # fmt: skip


@ALL
def test_right_and_wrong(style: Any, leaf: str) -> None:
    agree(style, X, leaf, leaves=3)
