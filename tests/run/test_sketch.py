"""What stands for vast arrays: sketches of gradients, gradients that are not kept, copies in files."""

from typing import Any

import numpy as np
import pytest

from gradcheck.base.arrays import Array
from gradcheck.base.large import saved, spilled, vast
from gradcheck.run.exact import exact_tests
from gradcheck.run.sketch import Lean, sketch, sketched
from gradcheck.subjects.layer import layer_subject

N = 40
X = np.random.default_rng(1).normal(size=(2, N))


@pytest.fixture(autouse=True)
def _tiny_is_vast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcheck.base.large.VAST", 100)
    monkeypatch.setattr("gradcheck.base.large.BLOCK", 1024)
    monkeypatch.setattr("gradcheck.subjects.sources.BLOCK", 1024)


class Beside:
    """x W, its gradient beside it."""

    def __init__(self) -> None:
        self.W = np.random.default_rng(0).normal(size=(N, N))

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.asarray(x @ self.W)

    def backward(self, dY: Array) -> Array:
        self.dW = self.x.T @ dY
        return np.asarray(dY @ self.W.T)


def test_a_sketch_is_linear() -> None:
    one, other = np.random.default_rng(2).normal(size=(2, 90, 100))
    scale = float(np.max(np.abs(sketch(one))))
    assert scale < 10 * float(np.max(np.abs(one)))
    np.testing.assert_allclose(sketch(one + other), sketch(one) + sketch(other), atol=1e-13 * scale)
    assert (sketch(4.0 * one) == 4.0 * sketch(one)).all()
    assert not sketch(0.0 * one).any()


@pytest.mark.parametrize("at", [0, 5000, 8999])
def test_a_sketch_shows_each_entry(at: int) -> None:
    one = np.zeros((90, 100))
    one.flat[at] = 1.0
    assert np.count_nonzero(sketch(one)) == 1
    one.flat[at] = np.nan
    assert np.isnan(sketch(one)).any()


def test_a_sketch_shows_errors_that_cancel() -> None:
    pair = np.zeros((90, 100))
    pair[0, :50], pair[89, 50:] = 1.0, -1.0
    assert sketch(pair).any()
    assert sketch(np.ones((90, 100))).any()


def test_no_gradient_is_held() -> None:
    subject = layer_subject(Beside(), X, 0)
    gradients = Lean(subject, np.ones((2, N)))
    calls = subject.calls.backward
    assert gradients.shape("W") == (N, N)
    assert gradients["input"] is not None
    assert subject.calls.backward == calls, "the small ones are kept"
    again = gradients["W"]
    assert again is not None
    assert again.shape == (N, N)
    assert subject.calls.backward > calls


def test_the_exact_tests_see_sketches_of_vast_leaves_only() -> None:
    subject = layer_subject(Beside(), X, 0)
    shapes = {name: None if g is None else g.shape for name, g in sketched(subject).vjp(np.ones((2, N))).items()}
    assert shapes == {"input": (2, N), "W": (4096,)}
    output = subject.forward()
    assert not exact_tests(sketched(subject), np.ones((2, N)), output, Lean(subject, np.ones((2, N))))


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_copy_in_a_file(order: Any) -> None:
    array = np.asarray(np.random.default_rng(3).normal(size=(60, 50)), order=order)
    copy = saved(array)
    assert vast(array.size)
    assert np.array_equal(copy, array)
    assert not copy.flags.writeable
    assert saved(array) is copy
    array[0, 0] += 1.0
    assert copy[0, 0] != array[0, 0]
    assert saved(array) is not copy
    array[0, 0] = copy[0, 0]
    assert saved(array) is copy, "the first copy is as good as ever"


def test_a_writeable_copy_in_a_file_is_a_copy() -> None:
    array = np.ones((60, 50))
    copy = spilled(array, writeable=True)
    copy += 1.0
    assert (array == 1.0).all()
    assert (copy == 2.0).all()
