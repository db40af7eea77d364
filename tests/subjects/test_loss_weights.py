"""What a loss weighs its classes with is no parameter; a layer's weights without a gradient still are."""

import numpy as np
import pytest

from gradcheck import check

X = np.random.default_rng(0).normal(size=(4, 3))
LABELS = np.array([2, 0, 1, 1])


class CrossEntropy:
    def __init__(self, weight, name):
        self.name = name
        setattr(self, name, weight)

    def forward(self, logits, labels):
        e = np.exp(logits)
        self.p, self.labels = e / e.sum(axis=1, keepdims=True), labels
        self.chosen = getattr(self, self.name)[labels]
        return -np.sum(self.chosen * np.log(self.p[np.arange(len(labels)), labels]))

    def backward(self):
        return (self.p - np.eye(3)[self.labels]) * self.chosen[:, None]


@pytest.mark.parametrize("name", ["weight", "class_weights", "alpha"])
def test_the_weights_of_classes_are_a_note(name):
    result = check(CrossEntropy(np.array([0.5, 1.0, 2.0]), name), (X, LABELS))
    assert result.passed, str(result)
    assert any(note.startswith(f"{name}: not checked") for note in result.notes)


class Scale:
    """No truth among what forward takes: a vector of weights is a parameter."""

    def __init__(self):
        self.weights = np.array([0.5, 1.0, 2.0])

    def forward(self, x):
        return x * self.weights

    def backward(self, dy):
        return dy * self.weights


def test_weights_without_a_truth_are_a_parameter():
    assert [(f.leaf, f.cause) for f in check(Scale(), X).findings] == [("weights", "zero-gradient")]


class Scorer(CrossEntropy):
    """A loss with a matrix inside that backward forgets."""

    def __init__(self):
        self.W = np.random.default_rng(1).normal(size=(3, 3))
        super().__init__(np.array([0.5, 1.0, 2.0]), "alpha")

    def forward(self, logits, labels):
        return super().forward(logits @ self.W, labels)

    def backward(self):
        return super().backward() @ self.W.T


def test_a_matrix_inside_a_loss_is_one_too():
    assert [(f.leaf, f.cause) for f in check(Scorer(), (X, LABELS)).findings] == [("W", "zero-gradient")]
