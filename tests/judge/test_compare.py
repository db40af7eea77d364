"""The arithmetic of the tolerance and of the masks, against numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck.judge.along import probed
from gradcheck.judge.compare import Yardstick, compare, default_rtol, judged, many
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.probe import Probe
from gradcheck.judge.verdict import Verdict
from gradcheck.numeric.estimate import UNKNOWN, Estimate, LeafEstimates, smooth
from gradcheck.subjects.leaf import Leaf, Role

K1, K2, K256 = 1.5928854, 1.6323552, 1.8856516  # sqrt(2 ln(n / 1e-6)) / 3.3
STRICT = Yardstick(0.0, 0.0)


def estimates(values: list[float], error: float = 0.0) -> LeafEstimates:
    found = LeafEstimates.unknown((len(values),))
    for flat, value in enumerate(values):
        found.put(flat, smooth(value, error))
    return found


def compared(
    analytic: list[float] | None, found: LeafEstimates, yardstick: Yardstick = STRICT, error: float = 0.0,
    point: float = 1.0,
) -> Comparison:  # fmt: skip
    leaf = Leaf("x", Role.INPUT, np.full(found.value.shape, point))
    return compare(leaf, None if analytic is None else np.array(analytic), found, yardstick, np.full(leaf.shape, error))


def test_k_grows_with_the_number_of_comparisons() -> None:
    assert many(0) == many(1) == pytest.approx(K1, abs=1e-6)
    assert many(2) == pytest.approx(K2, abs=1e-6)
    assert many(256) == pytest.approx(K256, abs=1e-6)


def test_the_default_rtol_is_that_of_the_precision() -> None:
    kinds: list[np.dtype[np.floating]] = [np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)]
    assert [default_rtol(kind) for kind in kinds] == [1e-2, 1e-5, 1e-9]
    assert [default_rtol(kind, single=True) for kind in kinds] == [1e-2, 1e-5, 1e-5]
    assert (Yardstick(0, 1).limit, Yardstick(0, 1, single=True).limit) == (1e-6, 1e-2)


def test_the_tolerance_is_the_sum_of_its_parts() -> None:
    c = compared([2.0, 5.0], estimates([3.0, 4.0], 0.01), Yardstick(1e-3, 1e9), 0.02)
    rms = np.sqrt(12.5)
    assert c.tolerance == pytest.approx(1e-3 * np.array([3.0, 5.0]) + 1e-9 * rms + K2 * 0.03, rel=1e-7)
    assert c.wrong.tolist() == [True, True]
    assert (c.natural_scale, c.verdict) == (1e9, "fail")


def test_the_floor_is_a_billionth_of_the_rms() -> None:
    within, beyond = (compared([gap, 1.0], estimates([0.0, 1.0])) for gap in (0.70e-9, 0.72e-9))
    assert (within.verdict, beyond.verdict) == ("pass", "fail")
    within, beyond = (compared([gap, 2.0], estimates([0.0, 2.0])) for gap in (1.41e-9, 1.42e-9))
    assert (within.verdict, beyond.verdict) == ("pass", "fail")


def test_at_the_tolerance_itself_it_passes() -> None:
    found = estimates([0.0])
    assert compared([1.0], found, Yardstick(1.0, 0.0)).verdict == "pass"
    assert compared([1.0], found, Yardstick(0.99, 0.0)).verdict == "fail"


def test_the_natural_scale_is_in_units_of_the_leaf_and_no_smaller_than_the_slopes() -> None:
    assert compared([3.0], estimates([3.0]), Yardstick(0.0, 8.0), point=2.0).natural_scale == 4
    assert compared([3.0], estimates([3.0]), Yardstick(0.0, 8.0), point=4.0).natural_scale == 3
    assert compared([3.0], estimates([-3.0]), Yardstick(0.0, 1.0)).natural_scale == 3
    found = estimates([3.0])
    found.size = 7.0
    assert compared([3.0], found, Yardstick(0.0, 1.0)).natural_scale == 7


@pytest.mark.parametrize(("error", "verdict"), [(0.62e-6, "pass"), (0.64e-6, "inconclusive")])
def test_an_error_above_a_millionth_of_the_scale_decides_nothing(error: float, verdict: str) -> None:
    assert compared([1.0], estimates([1.0], error), Yardstick(1e-9, 1.0)).verdict == verdict
    assert compared([1.0], estimates([1.0], error), Yardstick(1e-9, 1.0, single=True)).verdict == "pass"
    assert compared([1.0], estimates([1.0], error), Yardstick(1e-3, 1.0)).verdict == "pass"  # not above the tolerance


def test_where_nothing_moves_the_output_agreement_is_all_there_is() -> None:
    c = compared([0.0], estimates([0.0], 1e-3))
    assert (c.verdict, c.vacuous.tolist(), c.natural_scale) == ("pass", [True], 0)


def test_vacuous_is_what_lies_beneath_the_errors() -> None:
    c = compared([1.0, 3e-8, 0.0], estimates([1.0, 3e-8, 0.0], 1e-8), Yardstick(1e-9, 1e9))
    assert c.vacuous.tolist() == [False, False, True]
    assert not compared([1.0], estimates([0.0], 1e-8)).vacuous.any()
    assert compared([0.0], estimates([0.0])).vacuous.all()


def test_what_is_not_finite_or_not_known() -> None:
    assert compared([np.nan], estimates([1.0]), Yardstick(1.0, 1.0)).verdict == "fail"
    assert compared([np.inf], estimates([1.0]), Yardstick(1.0, 1.0)).verdict == "fail"
    for found in (estimates([np.nan]), estimates([1.0], np.nan)):
        c = compared([1.0], found)
        assert (c.wrong.tolist(), c.undecided.tolist()) == ([False], [True])
        assert c.verdict is Verdict.INCONCLUSIVE


def test_nothing_supplied_is_a_gradient_of_zero_and_another_shape_fails() -> None:
    assert compared(None, estimates([0.0])).verdict == "pass"
    assert compared(None, estimates([1.0])).verdict == "fail"
    for wrong in (compared([0.0, 0.0], estimates([0.0])), compared([0.0], estimates([0.0, 0.0]))):
        assert wrong.verdict == "fail"
        assert not wrong.comparable
    assert not compared([1.0], estimates([0.0, 0.0])).wrong.any()  # no entry can be told from another
    assert compared([0.0], estimates([0.0])).comparable
    assert not compared([np.nan], estimates([0.0])).comparable
    assert not compared(None, estimates([0.0])).comparable


@pytest.mark.parametrize(("analytic", "numeric", "verdict"),
                         [(0.0, 0.0, "pass"), (0.3, 0.3, "pass"), (1.0, 1.0, "pass"), (1.1, 1.0, "fail"),
                          (-0.1, 0.0, "fail")])  # fmt: skip
def test_at_a_kink_every_value_between_is_legal(analytic: float, numeric: float, verdict: str) -> None:
    found = LeafEstimates.unknown((1,))
    found.put(0, Estimate(0.5, 0.0, 0.0, 1.0, kink=True))
    c = compared([analytic], found)
    assert (c.numeric.tolist(), c.verdict) == ([numeric], verdict)


def probe(kind: str, *, wrong: bool = False, undecided: bool = False) -> Probe:
    return Probe(kind, 0.0, 0.0, 0.0, 1.0, 1.0, wrong, undecided, kink=False)


OPEN = probe("gaussian", undecided=True)
DECIDED = probe("gaussian")


@pytest.mark.parametrize(
    ("probes", "verdict"),
    [
        ((), "pass"),
        ((DECIDED,), "pass"),
        ((probe("signs"),), "pass"),
        ((OPEN, DECIDED), "inconclusive"),
        ((OPEN, DECIDED, DECIDED), "pass"),
        ((OPEN, probe("signs"), probe("signs")), "inconclusive"),
        ((probe("signs", undecided=True), DECIDED, DECIDED), "pass"),
        ((DECIDED, probe("signs", wrong=True)), "fail"),
    ],
)
def test_directions_decide_as_entries_do(probes: tuple[Probe, ...], verdict: str) -> None:
    assert judged(replace(compared([0.0], estimates([0.0])), probes=probes)).verdict is Verdict(verdict)


def along(
    analytic: float, found: Estimate, rtol: float = 0.0, *, error: float = 0.0, typical: float = 0.0,
    natural: float = 0.0,
) -> Probe:  # fmt: skip
    return probed(
        "signs", analytic, found, Yardstick(rtol, 1.0), analytic_error=error, typical=typical, natural=natural
    )


def test_the_tolerance_along_a_direction() -> None:
    p = along(-2.0, smooth(1.0, 0.01), 1e-3, error=0.02, typical=5.0)
    assert p.tolerance == pytest.approx(1e-3 * 7 + K256 * 0.03)
    assert (p.wrong, p.undecided, p.typical, p.error) == (True, False, 5.0, 0.01)
    assert along(1.0, smooth(-3.0, 0.0), 1e-3).tolerance == pytest.approx(3e-3)
    assert not along(1.0, smooth(0.0, 0.0), 1.0).wrong
    assert along(1.0, smooth(0.0, 0.0), 0.99).wrong
    assert along(np.nan, smooth(0.0, 0.0)).wrong


def test_a_direction_decides_where_its_error_is_small() -> None:
    assert not along(1.0, smooth(1.0, 0.52e-6), natural=1.0).undecided
    assert along(1.0, smooth(1.0, 0.54e-6), natural=1.0).undecided
    assert not along(1.0, smooth(1.0, 0.54e-6), 1e-3, natural=1.0).undecided
    assert not along(1.0, smooth(1.0, 0.54e-6), natural=0.0).undecided
    unknown = along(1.0, UNKNOWN)
    assert (unknown.wrong, unknown.undecided) == (False, True)


def test_a_direction_at_a_kink() -> None:
    kink = Estimate(0.5, 0.0, 0.0, 1.0, kink=True)
    assert [along(a, kink).numeric for a in (-1.0, 0.3, 2.0)] == [0.0, 0.3, 1.0]
    assert [along(a, kink).wrong for a in (-1.0, 0.3, 2.0)] == [True, False, True]


TINY = 2.0**-1022


@pytest.mark.parametrize("least", [2.0**-1022, 2.0**-126])
def test_no_error_is_below_the_smallest_normal_number(least: float) -> None:
    yardstick = Yardstick(0.0, 0.0, single=least > TINY)
    assert yardstick.least == least
    for a, verdict in ((least, "pass"), (2 * least, "fail")):
        assert compared([a], estimates([0.0]), yardstick).verdict == verdict
        p = probed("signs", a, smooth(0.0, 0.0), yardstick, analytic_error=0.0, typical=0.0, natural=0.0)
        assert (p.tolerance, p.wrong) == (least, verdict == "fail")
    assert compared([least], estimates([0.0]), yardstick).vacuous.all()


@pytest.mark.parametrize(("natural", "open_"), [(2.0**-971, False), (2.0**-970, False), (2.0**-969, True)])
def test_where_a_whole_scale_is_rounding_of_such_numbers_agreement_is_all_there_is(natural: float, open_: bool) -> None:
    """That many epsilons of it are the smallest normal number."""
    assert along(0.0, smooth(0.0, natural), natural=natural).undecided is open_
    c = compared([0.0], estimates([0.0], natural), Yardstick(0.0, natural))
    assert c.verdict is (Verdict.INCONCLUSIVE if open_ else Verdict.PASS)
