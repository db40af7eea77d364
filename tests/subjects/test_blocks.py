"""Blocks of large arrays, of which a vast one's are worked on by several threads."""

import threading

import numpy as np
import pytest

from gradcheck.base.large import add, each, identical, largest, put
from gradcheck.base.precision import scale
from gradcheck.numeric.directions import gaussian

SHAPE = (7, 6)
A = np.random.default_rng(0).normal(size=SHAPE)


@pytest.fixture(autouse=True, params=[10, 1000], ids=["vast", "large"])
def _blocks_of_five(monkeypatch, request):
    monkeypatch.setattr("gradcheck.base.large.BLOCK", 5)
    monkeypatch.setattr("gradcheck.base.large.VAST", request.param)


def strided(a):
    wide = np.zeros((7, 12))
    wide[:, ::2] = a
    return wide[:, ::2]


LAYOUTS = pytest.mark.parametrize("laid", [np.array, np.asfortranarray, strided], ids=["C", "F", "strided"])


@LAYOUTS
def test_each_block_in_order(laid):
    found = each(lambda first, a, b: (first, a.tolist(), b.tolist()), laid(A), laid(2 * A))
    assert [first for first, *_ in found] == list(range(0, 42, 5))
    assert [x for _, block, _ in found for x in block] == A.ravel().tolist()
    assert [x for *_, block in found for x in block] == (2 * A).ravel().tolist()


@LAYOUTS
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_add_asks_for_the_change_of_each_entry(laid, dtype):
    target = np.asarray(laid(np.zeros(SHAPE)), dtype=dtype)
    change = np.arange(42) / 8
    add(target, A.astype(dtype), lambda first, here: change[first : first + here.size])
    assert np.array_equal(target, (A.astype(dtype) + change.reshape(SHAPE)).astype(dtype))


@LAYOUTS
def test_put_identical_largest_and_scale(laid):
    target = laid(np.zeros(SHAPE))
    put(target, A)
    assert identical(target, A)
    for place in ((0, 0), (6, 5)):
        other = A.copy()
        other[place] = np.nextafter(other[place], 9)
        assert not identical(target, other)
    assert largest(target) == np.abs(A).max()
    assert scale(target) == pytest.approx(np.sqrt(np.mean(A**2)), rel=1e-14)


def test_a_direction_contracted_block_by_block():
    v = gaussian(SHAPE, np.random.default_rng(3))
    dense = v.part(0, 42).reshape(SHAPE)
    assert v.dot(A) == pytest.approx(np.sum(dense * A), rel=1e-13)
    assert v.norm(A) == pytest.approx(np.linalg.norm(dense * A), rel=1e-13)
    bad = A.copy()
    bad[0, 0] = np.inf
    assert v.norm(bad) == pytest.approx(np.linalg.norm((dense * A).ravel()[1:]), rel=1e-13)


def test_an_error_in_a_block_is_the_callers():
    def fails(first, _):
        raise ValueError(first)

    with pytest.raises(ValueError, match="0"):
        each(fails, A)


def test_threads_treat_overflow_as_the_caller_does():
    seen = set()

    def squares(_, block):
        seen.add(threading.current_thread())
        return np.square(block * 1e200)

    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        each(squares, A)
    with np.errstate(over="ignore"):
        each(squares, A)
    assert seen
