"""What the layers share that were written before the diagnosis saw them; see reports/power.md."""

from dataclasses import replace

import numpy as np

from tests.planted.catalogue import Planted

# The cause that whoever wrote the layer had in mind, where the diagnosis gives a place or no name.
MEANT = {
    "tied weights, decoder alone": "overwritten-contribution",
    "highway gate misses -x": "missing-term",
    "layer norm means over the batch": "wrong-reduction",
    "conv last windows lost": "overwritten-contribution",
    "max pool maximum over batch": "zero-gradient",
    "rnn dWh from h of now": "time-step-wrong",
    "rnn tanh' of the step before": "time-step-wrong",
    "lstm df from the new cell": "time-step-wrong",
    "lstm tanh' as sigmoid'": "wrong-local-derivative",
    "lstm gates i and f exchanged": "permuted-entries",
    "attention dk without .T": "transposed",
    "attention softmax diagonal": "missing-term",
    "attention dx of v alone": "missing-term",
    "attention one term's sign": "sign-flipped",
    "bn2d means over batch alone": "missing-term",
    "attention p not transposed": "transposed",
    "smooth l1 as if quadratic": "wrong-local-derivative",
    "weight norm projection forgotten": "missing-term",
}


def planted(name, *fields):
    """fields: the others of Planted, in order."""
    return replace(Planted(name, *fields), meant=MEANT.get(name))


def draw(*shape, seed=0):
    return np.random.default_rng((77, seed, *shape)).normal(size=shape)


def weights(*shape, seed=1):
    return np.random.default_rng((78, seed, *shape)).random(shape) - 0.5


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def one_hot(rows, classes):
    return np.eye(classes)[np.random.default_rng(3).integers(0, classes, rows)]
