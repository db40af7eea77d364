"""A result is plain data: it can be copied and sent elsewhere, and an index means one entry or is refused."""

import copy
import pickle

import numpy as np
import pytest

from gradcheck import check
from gradcheck.cli_values import budget


class Double:
    input_shape = (3, 2)

    def forward(self, x):
        return x * 2.0

    def backward(self, dy):
        return dy * 2.0


class Wrong(Double):
    def backward(self, dy):
        return dy * 3.0


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])  # noqa: S301
@pytest.mark.parametrize(("layer", "method"), [(Wrong(), "entries"), (Wrong(), "screen"), (Double(), "entries")])
def test_a_result_can_be_copied_and_stays_immutable(layer, method, again):
    result = check(layer, method=method)
    other = again(result)
    assert (str(other), other.verdict) == (str(result), result.verdict)
    for mapping in (other.leaves, other.symbols, other.leaves["input"].located):
        with pytest.raises(TypeError, match="item assignment"):
            mapping["x"] = 1


@pytest.mark.parametrize("index", [(1, 0), [1, 0], np.array([1, 0]), (np.int64(1), 0), (-2, -2)])
def test_an_entry_is_found_by_its_index(index):
    leaf = check(Wrong()).leaves["input"]
    entry = leaf.compare(index)
    assert entry.index == (1, 0)
    assert entry.analytic == leaf.analytic[1, 0]
    assert all(type(i) is int for i in entry.index)


@pytest.mark.parametrize("index", [0, (0,), (0, 0, 0), (3, 0), (0, -3), "ab", None, (0.0, 1), slice(None), ()])
def test_what_is_no_entry_is_refused(index):
    with pytest.raises(IndexError, match=r"there is no such entry in a leaf of shape \(3, 2\)"):
        check(Wrong()).leaves["input"].compare(index)


def test_a_leaf_of_one_axis_takes_a_number():
    leaf = check(Wrong(), np.ones(3)).leaves["input"]
    assert leaf.compare(np.int64(2)) == leaf.compare((2,)) == leaf.compare(2)


def test_numbers_may_be_numpys():
    options = {"seed": np.int64(3), "rtol": np.float32(1e-3), "budget": np.int32(budget("100"))}
    result = check(Double(), **options)
    assert result.passed
    assert type(result.seed) is int


@pytest.mark.parametrize("x", [np.ones((0, 2)), (), []])
def test_an_empty_input_promises_nothing_and_says_so(x):
    result = check(Wrong(), x)
    assert result.notes == (
        "nothing was measured: there is no float input or parameter with an entry, so this pass promises nothing",
    )
    assert "1 leaf, 0 entries verified: nothing is promised." in str(result)
    assert "nothing was measured" not in str(check(Double()))
