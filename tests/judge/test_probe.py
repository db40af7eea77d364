"""What directions promise, against numbers worked out by hand."""

import math
from dataclasses import replace

import pytest

from gradcheck.judge.probe import SMALL, Probe, detectable, missed


def probe(kind: str, tolerance: float, *, typical: float = 1.0, undecided: bool = False) -> Probe:
    return Probe(kind, 3.0, 1.0, 0.0, tolerance, typical, wrong=True, undecided=undecided, kink=False)


@pytest.mark.parametrize(("tolerance", "excess"), [(0.5, 4.0), (4.0, 0.5), (0.0, math.inf), (math.nan, math.inf)])
def test_the_excess_is_the_gap_in_tolerances(tolerance: float, excess: float) -> None:
    assert probe("signs", tolerance).excess == excess


@pytest.mark.parametrize(("tolerance", "vacuous"), [(2.9, False), (3.0, True), (3.1, True)])
def test_both_values_within_what_was_allowed_tell_nothing(tolerance: float, vacuous: bool) -> None:
    assert probe("signs", tolerance).vacuous is vacuous
    swapped = replace(probe("signs", tolerance), analytic=-1.0, numeric=-3.0)
    assert swapped.vacuous is vacuous
    assert swapped.analytic_error == 0


def test_forgiven_is_undecided() -> None:
    forgiven = probe("signs", 1.0).forgiven()
    assert (forgiven.wrong, forgiven.undecided) == (False, True)


def test_the_chance_to_miss_is_the_product_over_gaussian_directions() -> None:
    assert SMALL == 1e-6
    one = missed((probe("gaussian", 1e-9),))
    assert one == pytest.approx(0.8e-3)
    assert missed((probe("gaussian", 1e-9), probe("gaussian", 1e-8))) == pytest.approx(0.8e-3 * 0.8e-2)
    assert missed((probe("gaussian", 1e-9, typical=2.0),)) == pytest.approx(0.4e-3)


def test_what_decides_nothing_promises_nothing() -> None:
    assert missed(()) == 1
    assert missed((probe("gaussian", 1e-9, undecided=True), probe("signs", 1e-9))) == 1
    assert missed((probe("gaussian", 1.0),)) == 1
    assert missed((probe("gaussian", 1e-9, typical=0.0),)) == 1


def test_one_entry_is_seen_by_the_sharpest_direction_of_signs() -> None:
    probes = (
        probe("signs", 3e-9),
        probe("signs", 2e-9),
        probe("signs", 1e-9, undecided=True),
        probe("gaussian", 1e-12),
    )
    assert detectable(probes) == 4e-9
    assert math.isnan(detectable(probes[2:]))
