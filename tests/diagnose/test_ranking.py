"""Corruptions of a gradient that is known exactly, and the cause that each is given."""

from collections.abc import Callable

import numpy as np
import pytest

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.ranking import diagnose
from tests.diagnose.stand_in import evidence, findings

Corruption = Callable[[Array], Array]


def entry(g: Array) -> Array:
    g = g.copy()
    g.flat[5] += 0.01
    return g


NAMED: dict[str, tuple[Corruption, Index, str]] = {
    "twice": (lambda g: 2 * g, (4, 3), "constant-factor"),
    "a tenth of a millionth": (lambda g: g * (1 + 1e-7), (4, 3), "constant-factor"),
    "one entry twice": (lambda g: 2 * g, (1,), "constant-factor"),
    "two rows twice": (lambda g: np.concatenate([2 * g[:2], g[2:]]), (7, 3), "constant-factor"),
    "negative": (lambda g: -g, (4, 3), "sign-flipped"),
    "a column negative": (lambda g: g * [1, -1, 1], (4, 3), "sign-flipped"),
    "zero": (lambda g: 0 * g, (4, 3), "zero-gradient"),
    "a row zero": (lambda g: np.concatenate([g[:3], 0 * g[3:]]), (4, 3), "zero-gradient"),
    "transposed": (lambda g: g.T, (3, 3), "transposed"),
    "two axes of four": (lambda g: g.transpose(1, 0, 2, 3), (3, 3, 2, 1), "transposed"),
    "rows reversed": (lambda g: g[::-1], (4, 3), "axis-flipped"),
    "rotated": (lambda g: g[::-1, ::-1], (3, 3, 2), "axis-flipped"),
    "rolled": (lambda g: np.roll(g, 1, axis=0), (4, 3), "permuted-entries"),
    "two rows exchanged": (lambda g: g[[1, 0, 2, 3]], (4, 3), "permuted-entries"),
    "read in the other order": (lambda g: g.T.reshape(g.shape), (4, 3), "permuted-entries"),
    "shuffled": (lambda g: g.ravel()[np.random.default_rng(0).permutation(12)].reshape(g.shape), (4, 3),
                 "permuted-entries"),
    "summed over the rows": (lambda g: np.broadcast_to(g.sum(axis=0), g.shape), (4, 3), "wrong-reduction"),
    "averaged": (lambda g: np.full(g.shape, g.mean()), (4, 3), "wrong-reduction"),
    "of another shape": (lambda g: g.T, (4, 3), "shape-mismatch"),
    "not a number": (lambda g: np.where(g == g.max(), np.nan, g), (4, 3), "non-finite"),
    "one entry": (entry, (4, 3), "located"),
    "the same everywhere": (lambda g: g + 1, (4, 3), "missing-term"),
    "float32": (lambda g: g.astype(np.float32).astype(np.float64), (4, 3), "precision-lost"),
    "float16": (lambda g: g.astype(np.float16).astype(np.float64), (4, 3), "precision-lost"),
    "sine": (np.sin, (4, 3), "unrecognised"),
    "a cube more": (lambda g: g + 0.1 * g**3, (4, 3), "unrecognised"),
    "an odd factor a row": (lambda g: g * np.array([[1.1], [1.3], [0.7], [0.9]]), (4, 3), "constant-factor"),
    "an odd factor of one row": (lambda g: np.concatenate([1.2345 * g[:1], g[1:]]), (4, 3), "constant-factor"),
    "noise": (lambda g: g + np.random.default_rng(9).normal(size=g.shape), (4, 3), "unrecognised"),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_a_corruption_gets_its_name(name: str) -> None:
    corruption, shape, cause = NAMED[name]
    (finding,) = findings(corruption, shape)
    assert finding.cause == cause, finding.message
    assert finding.leaf == "weights"
    assert finding.where == "layer.py:7"


def test_nothing_supplied_is_a_zero_gradient() -> None:
    (finding,) = findings(lambda _: None)
    assert finding.cause == "zero-gradient"
    assert "compute dE/dweights" in finding.message


def test_a_right_leaf_has_no_finding() -> None:
    assert findings(lambda g: g) == []


def test_two_faults_are_two_findings_the_clearer_first() -> None:
    found = diagnose(evidence({"U": (4, 3), "V": (2, 5)}, {"U": entry, "V": lambda g: 3 * g}))
    assert [(f.leaf, f.cause) for f in found] == [("V", "constant-factor"), ("U", "located")]
    assert found[0].factor == pytest.approx(3)


def test_exchanged_leaves_name_each_other() -> None:
    given = evidence({"U": (4, 3), "V": (4, 3)}, {})
    u, v = given.comparisons["U"].numeric, given.comparisons["V"].numeric
    found = diagnose(evidence({"U": (4, 3), "V": (4, 3)}, {"U": lambda _: v, "V": lambda _: u}))
    assert [f.cause for f in found] == ["swapped-leaves"] * 2
    assert "equals the numeric gradient of V" in found[0].message


def test_one_factor_everywhere_is_the_objectives() -> None:
    found = diagnose(evidence({"U": (4, 3), "V": (2, 5)}, {"U": lambda g: g / 2, "V": lambda g: g / 2}))
    assert all("Every gradient of this layer has the same factor" in f.message for f in found)
    found = diagnose(evidence({"U": (4, 3), "V": (2, 5)}, {"U": lambda g: g / 2, "V": lambda g: g / 3}))
    assert not any("Every gradient" in f.message for f in found)


def test_a_short_axis_says_what_it_cannot_tell() -> None:
    (finding,) = findings(lambda g: g[::-1], (2, 3))
    assert finding.cause == "axis-flipped"
    assert "cannot be told from a roll by 1 along axis 0" in finding.message


def test_unrecognised_shows_what_comes_close() -> None:
    (finding,) = findings(lambda g: 1.5 * g + 0.01 * g**3)
    assert "Closest: a factor 1.6" in finding.message
    assert "(leaves 0.1" in finding.message


def test_one_comparison_alone_proves_no_factor() -> None:
    (finding,) = findings(lambda g: 1.3 * g, (1,), output=(1,))
    assert finding.cause == "unrecognised"


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_small_leaf_is_seen_under_further_cotangents(size: int) -> None:
    """|g| is g or -g at each entry of one gradient; under other cotangents it is neither."""
    (finding,) = findings(lambda g: np.abs(g) + 1, (size,))
    assert finding.cause in ("unrecognised", "missing-term")
    (finding,) = findings(lambda g: np.full(g.shape, 0.3), (size,))
    assert finding.cause == "unrecognised"


SHAPES: tuple[Index, ...] = ((), (1,), (1, 1), (1, 4), (4, 1), (2, 3, 4), (1, 3, 1, 2), (2, 1, 2, 1, 2, 2))


@pytest.mark.parametrize("output", [(), (1,), (3, 3), (2, 3, 5, 6)])
@pytest.mark.parametrize("shape", SHAPES)
def test_any_shape_gets_one_finding(shape: Index, output: Index) -> None:
    for corruption in (np.sin, np.negative, lambda g: g * 1e300, lambda g: np.ones(g.shape), lambda g: np.sum(g) + 1):
        for name in ("weights", "input"):
            (finding,) = findings(corruption, shape, name, output)
            assert finding.message.startswith(("dE/dX", "dE/dweights"))
