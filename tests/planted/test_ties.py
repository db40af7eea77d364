"""Equal entries may change places: every legal choice among them passes, what lands in another group's place fails."""

import numpy as np
import pytest

from gradcheck import check


class Sort:
    def forward(self, x):
        self.order = np.argsort(x, kind="stable")
        return x[self.order]

    def backward(self, dy):
        dx = np.zeros_like(dy)
        dx[self.order] = self.handed(dy)
        return dx

    def handed(self, dy):
        return dy


class ReversedSort(Sort):
    def handed(self, dy):
        return dy[::-1]


class Largest(Sort):
    """The five largest."""

    def forward(self, x):
        self.shape, self.order = x.shape, np.argsort(-x, kind="stable")[:5]
        return x[self.order]

    def backward(self, dy):
        dx = np.zeros(self.shape)
        dx[self.order] = self.handed(dy)
        return dx


class OneForgotten(Largest):
    def handed(self, dy):
        return np.where(np.arange(len(dy)) < len(dy) - 1, dy, 0.0)


class MaxPool:
    """Windows of three in steps of stride, over an image."""

    stride = 3

    def forward(self, x):
        self.x, n = x, (len(x) - 3) // self.stride + 1
        return np.array([[self.window(x, i, j).max() for j in range(n)] for i in range(n)])

    def backward(self, dy):
        dx = np.zeros_like(self.x)
        for (i, j), d in np.ndenumerate(self.handed(dy)):
            window = self.window(self.x, i, j)
            self.window(dx, i, j)[...] += d * self.share(window == window.max())
        return dx

    def window(self, x, i, j):
        s = self.stride
        return x[i * s : i * s + 3, j * s : j * s + 3]

    def share(self, hit):
        return hit / hit.sum()

    def handed(self, dy):
        return dy


class TheLast(MaxPool):
    def share(self, hit):
        return (np.arange(hit.size) == np.flatnonzero(hit)[-1]).reshape(hit.shape)


class Overlapping(MaxPool):
    stride = 2


class TurnedPool(MaxPool):
    def handed(self, dy):
        return dy.T


class Median(Sort):
    def forward(self, x):
        self.shape, self.place = x.shape, np.argsort(x, axis=1, kind="stable")[:, x.shape[1] // 2]
        return np.take_along_axis(x, self.place[:, None], 1)[:, 0]

    def backward(self, dy):
        dx = np.zeros(self.shape)
        np.put_along_axis(dx, self.place[:, None], self.handed(dy)[:, None], 1)
        return dx


class OtherRow(Median):
    def handed(self, dy):
        return np.roll(dy, 1)


LEVELS = np.round(1.2 * np.random.default_rng(4).normal(size=(9, 9)))
TWO = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
MANY = np.repeat([3.0, 1.0, 2.0], 7)
ROWS = np.array([[1.0, 1, 1, 0, 2], [2, 2, 2, 2, 2], [1, 1, 1, 3, 0]])
RIGHT = [
    (Sort, TWO), (Sort, MANY), (Sort, np.ones(12)), (Largest, MANY), (Largest, np.ones(20)), (MaxPool, np.ones((9, 9))),
    (MaxPool, LEVELS), (TheLast, LEVELS), (TheLast, np.zeros((6, 6))), (Overlapping, np.ones((9, 9))),
    (Overlapping, LEVELS), (Median, ROWS), (Median, np.zeros((3, 5))),
]  # fmt: skip
WRONG = [
    (ReversedSort, TWO), (ReversedSort, MANY), (OneForgotten, MANY), (OneForgotten, np.ones(20)),
    (TurnedPool, np.ones((9, 9))), (TurnedPool, np.zeros((6, 6))), (TurnedPool, LEVELS), (OtherRow, ROWS),
    (OtherRow, np.zeros((3, 5))),
]  # fmt: skip
SEEDS = pytest.mark.parametrize("seed", range(6))


@SEEDS
@pytest.mark.parametrize(("layer", "x"), RIGHT)
def test_any_legal_choice_passes(layer, x, seed):
    result = check(layer(), x, seed=seed)
    assert result.passed, str(result)


@SEEDS
@pytest.mark.parametrize(("layer", "x"), WRONG)
def test_what_belongs_to_other_entries_fails(layer, x, seed):
    assert check(layer(), x, seed=seed).verdict == "fail"
