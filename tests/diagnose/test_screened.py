"""A leaf of which only some entries were measured: factors and orders are seen along directions."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.ranking import diagnose
from tests.diagnose.stand_in import evidence


def screened(corruption: Callable[[Array], Array], shape: Index = (30, 30)) -> Finding:
    """The eight worst entries are known, the rest was not measured."""
    given: Evidence = evidence({"weights": shape}, {"weights": corruption})
    c = given.comparisons["weights"]
    gap = np.abs(np.asarray(c.analytic) - c.numeric)
    known = (gap >= np.sort(gap, axis=None)[-8]) & c.wrong
    c = replace(c, numeric=np.where(known, c.numeric, np.nan), wrong=c.wrong & known)
    (finding,) = diagnose(replace(given, comparisons={"weights": c}))
    return finding


def three_entries(g: Array) -> Array:
    g = g.copy()
    g[[3, 7, 9], [5, 5, 20]] += 1
    return g


CASES: dict[str, tuple[Callable[[Array], Array], str]] = {
    "twice": (lambda g: 2 * g, "constant-factor"),
    "negative": (lambda g: -g, "sign-flipped"),
    "zero": (lambda g: 0 * g, "zero-gradient"),
    "transposed": (lambda g: g.T, "transposed"),
    "reversed": (lambda g: g[:, ::-1], "axis-flipped"),
    "three entries": (three_entries, "located"),
    "sine": (np.sin, "unrecognised"),
    "a row twice, known in part": (lambda g: np.concatenate([2 * g[:1], g[1:]]), "unrecognised"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_screened_leaf_gets_its_name(name: str) -> None:
    corruption, cause = CASES[name]
    assert screened(corruption).cause == cause, screened(corruption).message


def test_a_factor_of_the_located_entries_is_none_of_the_leaf() -> None:
    """All entries that are known are twice n; the others are right."""
    found = screened(lambda g: np.where(np.arange(g.size).reshape(g.shape) % 150 == 0, 2 * g, g))
    assert (found.cause, found.factor) == ("located", None)
