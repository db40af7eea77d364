"""What the layers share that were written before the diagnosis saw them; see reports/power.md."""

import inspect
import sys
from dataclasses import replace
from typing import Any

import numpy as np

from tests.planted.catalogue import Planted

# The cause that whoever wrote the layer had in mind, where the diagnosis gives a place or no name.
MEANT = {
    "tied weights, decoder alone": "overwritten-contribution",
    "highway gate misses -x": "missing-term",
    "conv last windows lost": "overwritten-contribution",
    "max pool maximum over batch": "zero-gradient",
    "avg pool first cell alone": "overwritten-contribution",
    "rnn tanh' of the step before": "time-step-wrong",
    "attention dk without .T": "transposed",
    "bn2d means over batch alone": "missing-term",
}

_UNMEANT = 6  # fields of a fault that got the name which was meant


class Batch(list[Planted]):
    """The planted faults of one file. Each `rows` ends as Planted does: leaf, cause, expression."""

    def add(self, name, *fields):
        """fields: the others of Planted, in order."""
        self.append(replace(Planted(name, *fields), meant=MEANT.get(name)))

    def family(self, twin, x, make, *rows):
        """Classes beside their twin. make: from a class to a layer · rows: (name, class, leaf, cause, expression)."""
        for name, cls, *fields in rows:
            self.add(name, (lambda cls=cls: make(cls)), (lambda: make(twin)), x, *fields)

    def pairs(self, forward, twin, arguments, *rows):
        """Backwards beside their twin. rows: (name, backward, leaf, cause, expression)."""
        for name, backward, *fields in rows:
            self.add(name, (lambda b=backward: (forward, b)), (lambda: (forward, twin)), arguments, *fields)

    def layer(self, cls, made, x, *rows):
        """Edits of a class. made: the constructor's arguments · rows: (name, old, new, leaf, cause, what was meant)."""
        for name, old, new, *fields in rows:
            wrong = spoilt(cls, old, new)
            self._edited(name, (lambda wrong=wrong: wrong(*made)), (lambda: cls(*made)), x, *fields)

    def functions(self, forward, backward, arguments, *rows):
        """Edits of a backward. rows: as in `layer`."""
        for name, old, new, *fields in rows:
            pair, twin = (forward, spoilt(backward, old, new)), (forward, backward)
            self._edited(name, (lambda pair=pair: pair), (lambda twin=twin: twin), arguments, *fields)

    def activation(self, f, good, x, *rows):
        """Wrong slopes of f. rows: (name, slope, cause, what was meant)."""
        for name, bad, *fields in rows:
            wrong, twin = (
                type("Activation", (Activation,), {"f": staticmethod(f), "df": staticmethod(df)}) for df in (bad, good)
            )
            self._edited(name, wrong, twin, x, "input", *fields)

    def _edited(self, *fields):
        given, meant = fields[:_UNMEANT], fields[_UNMEANT:]
        self.append(replace(Planted(*given), meant=meant[0] if meant else None))


class Activation:
    f: Any
    df: Any

    def forward(self, x):
        self.x = x
        return self.f(x)

    def backward(self, dy):
        return dy * self.df(self.x)


def spoilt(thing, old, new):
    """The class or function with one piece of its source put in place of another."""
    source = inspect.getsource(thing)
    if source.count(old) != 1:
        raise ValueError(f"{thing.__name__}: {source.count(old)} places for {old!r}")
    scope = dict(vars(sys.modules[thing.__module__]))
    exec(source.replace(old, new), scope)  # noqa: S102 - our own text
    return scope[thing.__name__]


def draw(*shape, seed=0):
    return np.random.default_rng((77, seed, *shape)).normal(size=shape)


def weights(*shape, seed=1):
    return np.random.default_rng((78, seed, *shape)).random(shape) - 0.5


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def one_hot(rows, classes):
    return np.eye(classes)[np.random.default_rng(3).integers(0, classes, rows)]
