"""Every kind of message, produced and read."""

import dataclasses

import numpy as np
import pytest

from gradcheck.base.errors import Failure
from gradcheck.diagnose.finding import Finding
from gradcheck.judge.verdict import Verdict
from gradcheck.render.text import result_text, run_text
from gradcheck.run.result import CheckResult
from gradcheck.store.record import check_record
from tests.render.samples import (
    convolution,
    leaf,
    nondeterministic,
    one_wrong_entry,
    passing,
    raising,
    result,
    run,
)


def told(made: CheckResult) -> str:
    """The text with every run of blanks as one, so that wrapping does not matter."""
    return " ".join(result_text(check_record(made)).split())


def reported(*checks: dict[str, object], **more: object) -> str:
    return " ".join(run_text(run(*checks, **more)).split())


def finding_of(**changes: object) -> str:
    finding = dataclasses.replace(Finding("located", "weights", "dE/dweights is wrong"), **changes)  # type: ignore[arg-type]
    return told(result("x", leaf("weights", (2,), wrong={(0,): 2.0}), findings=(finding,)))


def test_a_failing_check_names_the_case_first() -> None:
    text = result_text(check_record(convolution()))
    first = text.splitlines()[0]
    assert first == "FAIL  ConvLayer(input_shape=(5, 6, 3), kernel_shape=(2, 3), layer_depth=2)"


def test_failing_rows_stand_first() -> None:
    rows = [line.split() for line in result_text(check_record(convolution())).splitlines()[4:7]]
    assert [row[0] for row in rows] == ["bias", "input", "weights"]
    assert [row[-1] for row in rows] == ["FAIL", "pass", "pass"]


def test_the_worst_entry_shows_both_values_bar_difference_and_tolerance() -> None:
    text = told(one_wrong_entry())
    assert "entry yours measured +- difference tolerance" in text
    assert "(39, 77) -0.6931624 -0.6924699 1e-13 0.000692 1.5e-09" in text
    assert "weights: 1 of 8000 entries is wrong; the difference at (39, 77) is 4.6e+05 times the tolerance." in text


def test_the_columns_and_the_arithmetic_of_the_tolerance_are_explained_once() -> None:
    wrong = [leaf(name, (2,), wrong={(0,): 2.0}) for name in ("weights", "bias")]
    text = told(result("x", *wrong))
    assert text.count("yours: what backward gave. measured: from forward alone, right to within +-.") == 1
    assert text.count("a small part of the larger value + a floor + the error bars of both") == 1


@pytest.mark.parametrize("many", [1, 2, 8])
def test_up_to_eight_wrong_entries_are_all_shown(many: int) -> None:
    places: dict[tuple[int, ...], float] = {(391, 70 + k): 2.0 for k in range(many)}
    text = told(result("x", leaf("w", (400, 80), wrong=places)))
    assert all(str(place) in text for place in places)
    assert f"{many} of 32000 entries" in text
    assert "shown" not in text


def test_of_more_than_eight_it_says_how_many_are_shown() -> None:
    text = told(result("x", leaf("w", (20,), wrong={(k,): 2.0 for k in range(12)})))
    assert "12 of 20 entries are wrong, worst first, 8 shown" in text
    assert "(7,)" in text
    assert "(8,)" not in text


def test_one_entry_is_not_entries() -> None:
    assert "w: 1 of 1 entry is wrong" in told(result("x", leaf("w", (1,), wrong={(0,): 2.0})))


def test_a_small_difference_gets_the_digits_that_show_it() -> None:
    made = leaf("w", (1,), wrong={(0,): 1 + 1e-7})
    text = told(result("x", made))
    assert made.worst is not None
    assert f"{made.worst.analytic:.10g}" in text
    assert f"{made.worst.numeric:.10g}" in text


def test_located_entries_without_values_are_shown() -> None:
    unmeasured = dict.fromkeys(("analytic", "numeric", "error", "tolerance"))
    made = leaf("w", (100, 80), wrong={(39, 77): 2.0, (1, 2): 2.0}, **unmeasured)
    assert "(1, 2) - - - - -" in told(result("x", made))


def test_entries_of_a_leaf_without_a_gradient_show_what_was_measured() -> None:
    made = leaf("w", (2,), wrong={(0,): 0.0, (1,): 0.0}, numeric=np.array([0.5, 0.25]), analytic=None)
    assert "(1,) - 0.2500 1e-13 - 1.5e-09" in told(result("x", made))


def test_a_leaf_that_was_not_compared_says_so() -> None:
    made = leaf("w", (2,), verdict=Verdict.FAIL, analytic=None, worst=None, checked=0)
    assert "w: not compared entry by entry; the finding below says why." in told(result("x", made))


def test_a_finding_begins_with_its_cause_and_ends_with_the_next_step() -> None:
    text = result_text(check_record(convolution()))
    assert "  constant-factor: dE/dbias is 0.6667 times the numeric gradient" in text
    assert "layer_depth / input_depth" in text
    assert "See convolution.py:41." in text
    assert "    more: gradcheck explain constant-factor" in text.splitlines()


def test_a_finding_adds_what_its_message_leaves_unsaid() -> None:
    text = finding_of(
        message="the factor is 2", leaf="weights", expression="2 * N", tied=("2 * H", "2 * W"), where="a.py:3"
    )
    assert (
        "located: the factor is 2. Leaf: weights. The factor is 2 * N. "
        "These shapes do not tell it from 2 * H or 2 * W. See a.py:3." in text
    )


def test_a_finding_repeats_nothing() -> None:
    text = finding_of(message="dE/dweights is 2 * N times too large (a.py:3).", expression="2 * N", where="a.py:3")
    assert "located: dE/dweights is 2 * N times too large (a.py:3). more:" in text


def test_an_error_shows_text_place_and_output() -> None:
    text = result_text(check_record(raising()))
    assert "  ValueError: operands could not be broadcast together with shapes (1,3) (3,3)\n" in text
    assert "  at dense.py:31\n" in text
    assert "  it had printed:\n  | shape is (1, 3)\n  | now backward" in text


def test_an_error_without_text_place_or_output() -> None:
    made = result("x", verdict=Verdict.ERROR, error=Failure("Killed", "", None))
    assert result_text(check_record(made)) == "ERROR  x\n\n  Killed:"


def test_an_inconclusive_check_gives_its_reason() -> None:
    text = told(nondeterministic())
    assert "nondeterministic: forward gives another output at the same point" in text
    assert "note: the output changed in 4 of 4 entries between two calls" in text
    assert "input: noisy (the error bar is too wide to decide)" in text


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        ("kink", "input: kink (judged by one-sided slopes)"),
        ("vacuous", "input: vacuous (nothing was really compared)"),
        ("kink, vacuous", "input: kink (judged by one-sided slopes), vacuous (nothing was really compared)"),
        ("located in part", "input: located in part (more entries are wrong than are listed)"),
    ],
)
def test_marks_are_explained(note: str, sentence: str) -> None:
    made = result("x", leaf("input", (2,), note=note))
    assert sentence in told(made)
    assert f"note: {sentence}" in reported(check_record(made))


def test_a_pass_is_quantified_and_promises_no_more_than_it_may() -> None:
    text = told(passing(3))
    assert "digits detects verdict" in text
    assert "0 of 20 11.3 2e-09 pass" in text
    assert text.endswith("3 leaves, 29 entries verified: backward is the derivative of this forward at this point.")
