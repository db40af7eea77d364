"""What two results come to, in float32 and in float64, made by hand."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from gradcheck.base.arrays import Array
from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.judge.verdict import Verdict
from gradcheck.run.both import both as both_of
from gradcheck.run.result import CheckResult, LeafResult

N = np.array([1.0, -2.0, 4.0])


def both(one: CheckResult, other: CheckResult, low: str = "float32", shaken: float = 0.0) -> CheckResult:
    return both_of(one, other, np.dtype(low), dict.fromkeys(other.leaves, shaken))


def leaf(off: float, dtype: str, *, natural: float = 4.0, noisy: bool = False) -> LeafResult:
    """off: of the last entry, 0 where the leaf passes."""
    verdict = Verdict.FAIL if off else Verdict.INCONCLUSIVE if noisy else Verdict.PASS
    a = N + np.array([0.0, 0.0, off])
    return LeafResult(
        "W", "parameter", (3,), dtype, verdict, a, N, np.zeros(3), np.full(3, 1e-9),
        wrong=((2,),) if off else (), natural_scale=natural,
    )  # fmt: skip


def result(found: LeafResult, *causes: str) -> CheckResult:
    findings = tuple(Finding(cause, "W", "a sentence") for cause in causes)
    return CheckResult("Layer", found.verdict, MappingProxyType({"W": found}), findings)


def single(off: float, *causes: str, natural: float = 4.0, noisy: bool = False) -> CheckResult:
    return result(leaf(off, "float32", natural=natural, noisy=noisy), *causes)


def double(off: float, *causes: str, natural: float = 4.0) -> CheckResult:
    return result(leaf(off, "float64", natural=natural), *causes)


@pytest.mark.parametrize(
    ("off", "natural", "shaken", "severity"),
    [
        (1e-2, 4.0, 0.0, Severity.ERROR),
        (1e-2, 4e4, 0.0, Severity.WARNING),  # of the size of roundings of what cancels
        (1e-2, 4.0, 1e-2, None),  # the last place of the point makes as much
        (1e-5, 4.0, 0.0, None),  # no more than float32 carries: the measuring was wrong
    ],
)
def test_what_is_right_in_float64_is_lost_precision_where_it_could_be_kept(
    off: float, natural: float, shaken: float, severity: Severity | None
) -> None:
    found = both(single(off, "located"), double(0.0, natural=natural), shaken=shaken)
    assert [(f.cause, f.severity) for f in found.findings] == ([("precision-lost", severity)] if severity else [])
    assert found.passed is (severity is not Severity.ERROR)
    assert found.leaves["W"].wrong == (() if found.passed else ((2,),))
    assert found.leaves["W"].note == {Severity.WARNING: "precision", Severity.ERROR: "", None: "float64"}[severity]


FOUR = np.array([1.0, -2.0, 4.0, 3.0])


@pytest.mark.parametrize(
    ("off", "natural", "cause"),
    [
        (0.05 * FOUR, 4.0, "constant-factor"),  # another formula for float32
        (0.05 * FOUR[::-1], 4.0, "precision-lost"),
        (0.05 * FOUR, 4e4, "precision-lost"),  # one divisor that is rounded makes a factor too
    ],
)
def test_one_factor_is_no_rounding(off: Array, natural: float, cause: str) -> None:
    there = replace(
        double(0.0, natural=natural).leaves["W"], shape=(4,), analytic=FOUR, numeric=FOUR, error=np.zeros(4)
    )
    wrong = tuple((i,) for i in range(4))
    own = replace(there, dtype="float32", verdict=Verdict.FAIL, analytic=FOUR + off, wrong=wrong)
    found = both(result(own, "constant-factor"), result(there))
    assert [f.cause for f in found.findings] == [cause]


def test_float16_that_loses_more_than_it_must_is_an_error() -> None:
    found = both(result(leaf(0.1, "float16"), "located"), double(0.0, natural=1e3), "float16")
    assert [(f.cause, f.severity) for f in found.findings] == [("precision-lost", Severity.ERROR)]
    assert both(result(leaf(0.01, "float16"), "located"), double(0.0), "float16").passed


@pytest.mark.parametrize(("tolerance", "verdict"), [(1e-9, Verdict.INCONCLUSIVE), (1e-2, Verdict.FAIL)])
def test_float64_that_leaves_others_open_settles_what_it_is_sure_of(tolerance: float, verdict: Verdict) -> None:
    there = replace(double(0.0).leaves["W"], verdict=Verdict.INCONCLUSIVE, tolerance=np.array([1.0, 1e-9, tolerance]))
    found = both(single(1e-3, "located"), result(there), shaken=1.0)
    assert found.verdict is verdict
    assert [f.cause for f in found.findings] == (["located"] if verdict is Verdict.FAIL else [])


def test_what_rounds_is_not_linear_in_float16_and_no_fault() -> None:
    one = result(leaf(0.0, "float16", noisy=True), "not-linear-upstream")
    assert both(replace(one, verdict=Verdict.FAIL), double(0.0), "float16").passed


def test_a_leaf_that_float16_does_not_show_is_checked_in_float64() -> None:
    one, other = single(0.0), double(0.0)
    more = {"W": other.leaves["W"], "b": replace(other.leaves["W"], name="b")}
    found = both(one, replace(other, leaves=MappingProxyType(more)))
    assert found.passed
    assert found.leaves["W"] is one.leaves["W"]
    assert (found.leaves["b"].note, found.leaves["b"].dtype) == ("float64", "float32")


@pytest.mark.parametrize("cause", ["non-finite", "shape-mismatch"])
def test_overflow_in_float32_stays_a_fault(cause: str) -> None:
    one = single(1e-5, cause)
    assert both(one, double(0.0)) is one


def test_what_both_pass_is_float32s_and_what_float32_leaves_open_is_float64s() -> None:
    assert both(single(0.0), double(0.0)).leaves["W"].note == ""
    found = both(single(0.0, noisy=True), double(0.0))
    assert found.passed
    assert (found.leaves["W"].note, found.leaves["W"].dtype) == ("float64", "float32")


def test_a_leaf_that_compares_nothing_in_float32_shows_what_float64_compares() -> None:
    nothing = replace(single(0.0).leaves["W"], note="vacuous", detectable=50.0)
    there = replace(double(0.0).leaves["W"], detectable=1e-9)
    found = both(result(nothing), result(there)).leaves["W"]
    assert (found.note, found.dtype) == ("float64", "float32")
    assert 1e-6 < found.detectable < 1e-4  # what a constant in float32 may make is not caught
    assert both(result(nothing), result(replace(there, note="vacuous"))).leaves["W"] is nothing


@pytest.mark.parametrize(
    ("off", "own", "verdict"),
    [
        (1e-3, 1e-3, Verdict.FAIL),  # the same formula in both
        (1e-6, 1e-6, Verdict.PASS),  # a constant that is rounded to float32 may make that
        (1e-3, 0.0, Verdict.PASS),  # float32's gradient is right: one number there, two here
    ],
)
def test_what_fails_in_float64_alone(off: float, own: float, verdict: Verdict) -> None:
    here = single(0.0).leaves["W"]
    one = result(replace(here, analytic=N + np.array([0.0, 0.0, own])))
    found = both(one, double(off, "located"))
    assert found.verdict is verdict
    assert [f.cause for f in found.findings] == (["located"] if verdict is Verdict.FAIL else [])


def test_what_an_exact_test_finds_in_float64_is_a_fault() -> None:
    found = both(single(0.0), replace(double(0.0, "stale-cache"), verdict=Verdict.FAIL))
    assert found.verdict is Verdict.FAIL


def test_a_leaf_without_a_gradient_is_told_in_float64_too() -> None:
    missing = [replace(r.leaves["W"], analytic=None) for r in (single(1.0), double(1.0))]
    found = both(result(missing[0], "unrecognised"), result(missing[1], "zero-gradient"))
    assert [f.cause for f in found.findings] == ["zero-gradient"]


def test_a_leaf_that_rounding_explains_does_not_fail_beside_one_at_fault() -> None:
    def two(one: CheckResult, other: CheckResult) -> CheckResult:
        b = replace(other.leaves["W"], name="b")
        findings = (*one.findings, *(replace(f, leaf="b") for f in other.findings))
        return replace(one, leaves=MappingProxyType({"W": one.leaves["W"], "b": b}), findings=findings)

    wrong = replace(single(0.0).leaves["W"], analytic=N + np.array([0.0, 0.0, 1e-3]))
    found = both(two(result(wrong), single(0.0)), two(double(1e-3, "located"), double(1e-6, "unrecognised")))
    assert {name: leaf.verdict for name, leaf in found.leaves.items()} == {"W": Verdict.FAIL, "b": Verdict.PASS}
    assert [(f.leaf, f.cause) for f in found.findings] == [("W", "located")]
