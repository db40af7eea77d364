"""What the layers of the seventh held-out batch are checked at, where several share it or it takes a line."""

import numpy as np

from tests.planted.catalogue import draw, weights


def probabilities(*shape, seed=3):
    p = np.random.default_rng((seed, *shape)).uniform(0.2, 1, shape)
    return p / p.sum(axis=1, keepdims=True)


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


ROWS = draw(6, 4)
BIL = (draw(5, 4), draw(5, 4, seed=1), weights(3, 4, 4) * 2, weights(3))
NET = draw(6, 4)
BEFORE = draw(4, 5)
TIED_PIECES = np.array([[[0.0, 1.5], [0.0, -2.0], [-1.0, 1.5]], [[2.0, 0.3], [-1.0, 0.3], [2.0, -0.2]]])
BIG = draw(3, 4)
BIG[1, 2] = 800.0
BN = draw(6, 4) * 1.5 + 0.5
ONEHOT = np.eye(5)[[1, 4, 0, 2]]
HARD = (draw(4, 3) > 0).astype(float)
CHANCES = np.random.default_rng(9).uniform(0.1, 0.9, (4, 3))
REG = (draw(5, 4), weights(4, 3) * 2, np.array([2, 0, 1, 1, 2]))
IMG = draw(5, 6, 3)
LINES = (draw(2, 3, 7), draw(4, 3, 2), draw(4))
CHW = draw(3, 2, 5, 4)
SQUARE = (draw(2, 3, 4, 2), draw(3, 3), draw(3))
TIED_WINDOWS = np.round(draw(4, 6, 2))
WORDS = np.array([[1, 5, 1, 3], [0, 2, 5, 1], [4, 0, 6, 3]])
IMAGES = draw(3, 3, 4, 2)
SE = (draw(3, 4, 2, 3), draw(4, 5), draw(5, 4))
BATCH = draw(4, 5, 2, 3)
ONE_SERIES = draw(5, 3)
RNN = (draw(2, 5, 3), draw(2, 4), weights(3, 4) * 2, weights(4, 4) * 2, weights(4))
LSTEP = (draw(3, 4), draw(3, 2), draw(3, 2, seed=3), weights(4, 8) * 2, weights(2, 8) * 2, weights(8))
GRU = (draw(3), draw(4))
ATT = (draw(4, 3), draw(4, 3, seed=1), draw(4, 3, seed=2))
TOKENS = np.array([[1, 4, 4, 0], [5, 1, 2, 3], [4, 2, 0, 0]])
LABELS = np.array([[0, 4, 2, 1], [3, 3, 0, 0], [2, 1, 4, 0]])
LABELLED = (LABELS, draw(3, 4, 5))
PROBS = np.vstack([softmax(draw(3, 3)), np.zeros((1, 3))])
TIED_STEPS = np.round(draw(2, 5, 3))
SSM = (draw(2, 4, 3), np.array([0.9, 0.5, -0.6]), draw(3), draw(3, seed=3), draw(3, seed=4))
