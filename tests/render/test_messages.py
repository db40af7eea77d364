"""Every kind of message, produced and read."""

import dataclasses

import numpy as np
import pytest

from gradcheck.base.errors import Failure
from gradcheck.diagnose.finding import Finding, Severity
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
        ("located in part", "input: located in part"),
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


def test_a_warning_does_not_hide_in_a_pass() -> None:
    warning = Finding("mutates-input", "input", "forward writes into its input", Severity.WARNING)
    made = result("x", leaf("input", (2,)), findings=(warning,))
    assert "mutates-input: forward writes into its input" in reported(check_record(made))


def test_a_run_shows_a_passing_check_in_one_line() -> None:
    text = run_text(run(check_record(passing(3), target="fc.py:FCLayer")))
    assert "pass  FCLayer(input_shape=(1, 4), output_shape=(1, 5))    11.3    2e-09" in text.splitlines()
    assert "weights" not in text


def test_passing_cases_that_were_added_stand_below_their_own_case() -> None:
    added = [dataclasses.replace(passing(3), name=f"{passing(3).name} [{point}]") for point in ("zeros", "eval")]
    text = run_text(run(*[check_record(made, target="fc.py:FCLayer") for made in (passing(3), *added)]))
    assert text.count("FCLayer(input_shape=(1, 4)") == 1
    assert "        also [zeros] [eval]" in text.splitlines()
    assert "Verified 3 checks" in text


def test_an_added_case_whose_own_case_fails_keeps_its_name() -> None:
    added = dataclasses.replace(passing(3), name=f"{convolution().name} [zeros]")
    text = run_text(run(*[check_record(made, target="c.py:ConvLayer") for made in (convolution(), added)]))
    row = next(number for number, line in enumerate(text.splitlines()) if line.startswith("pass  "))
    assert text.splitlines()[row + 1] == "      [zeros]"


def test_a_name_that_is_too_long_for_its_row_leaves_its_class_out_but_not_its_input() -> None:
    arguments = ", ".join(f"argument_{k}=(1, 2)" for k in range(4))
    made = dataclasses.replace(passing(3), name=f"Dense({arguments}) at array((4, 5), float64) [zeros]")
    rows = run_text(run(check_record(made))).splitlines()
    assert rows[4].startswith("pass  argument_0=(1, 2), argument_1=(1, 2)")
    assert rows[5] == "      argument_3=(1, 2) at array((4, 5), float64) [zeros]"
    bare = dataclasses.replace(passing(3), name=f"{'D' * 70}() at array((4, 5), float64)")
    assert "DDD" in run_text(run(check_record(bare)))


def test_a_run_with_all_shows_passing_leaves() -> None:
    text = run_text(run(check_record(passing(3), target="fc.py:FCLayer")), show_all=True)
    assert any(line.split()[:1] == ["weights"] for line in text.splitlines())


def test_a_failing_check_in_a_run_names_its_passing_leaves_in_a_line() -> None:
    assert "pass: input (90 entries), weights (36 entries)" in reported(check_record(convolution()))


def test_the_path_really_checked_is_printed() -> None:
    text = run_text(run(check_record(passing(1), target="layers:FCLayer")))
    assert "layers:FCLayer, from /work/main/layers/fully_connected.py" in text


def test_the_path_is_printed_once_where_the_target_says_it() -> None:
    made = dataclasses.replace(passing(1), path="/home/me/project/layers/fully_connected.py")
    text = run_text(run(check_record(made, target="layers/fully_connected.py:FCLayer"), folder="/home/me/project"))
    assert text.splitlines()[0] == "gradcheck 0.1.0, seed 0, in /home/me/project"
    assert text.count("layers/fully_connected.py") == 1


def test_failures_stand_after_passes_and_before_the_summary() -> None:
    fail, fine = check_record(convolution(), target="a.py:A"), check_record(passing(1), target="b.py:B")
    text = run_text(run(fail, fine))
    assert text.index("b.py:B") < text.index("a.py:A") < text.index("2 checks: 1 pass, 1 fail")


def conv(depths: tuple[int, int], index: int, added: str = "") -> dict[str, object]:
    made = convolution(*depths)
    made = dataclasses.replace(made, name=f"{made.name}{added}")
    return check_record(made, target="c.py:ConvLayer", index=index)


def test_further_cases_of_one_reason_are_told_in_short() -> None:
    text = reported(conv((3, 2), 0), conv((3, 2), 1, " [zeros]"), conv((2, 3), 2), conv((2, 3), 3, " [borders]"))
    assert text.count("forward adds bias once per input channel") == 1
    assert text.count("entry yours measured") == 1
    assert "The same at [zeros] (--case 1). The same at 2 more cases: FAIL --case 2: ConvLayer(" in text
    assert "bias: 3 of 3 wrong; at (0,) yours -0.9777, measured -0.6518, factor 1.5 = layer_depth / input_depth" in text
    assert "also at [borders] (--case 3)" in text


def test_another_reason_is_told_in_full() -> None:
    other = dataclasses.replace(convolution(2, 3), findings=(Finding("located", "bias", "dE/dbias is odd"),))
    text = reported(conv((3, 2), 0), check_record(other, target="c.py:ConvLayer", index=1))
    assert text.count("entry yours measured") == 2
    assert "The same" not in text


def test_all_tells_every_case_in_full() -> None:
    text = run_text(run(conv((3, 2), 0), conv((2, 3), 1)), show_all=True)
    assert text.count("yours    measured") == 2
    assert "constant-factor: leaf bias, factor 1.5 = layer_depth / input_depth, as explained above" in " ".join(
        text.split()
    )


def test_of_many_cases_of_one_reason_the_last_are_numbers() -> None:
    text = reported(*[conv((3, 2 + k), k) for k in range(9) if k != 1])
    assert "and 1 further case: --case 8 (--all shows them)." in text


def test_errors_of_one_place_are_told_once() -> None:
    again = dataclasses.replace(raising(), name="FCLayer(input_shape=(1, 9), output_shape=(1, 2))")
    text = reported(check_record(raising(), index=0), check_record(again, index=1))
    assert text.count("now backward") == 1
    assert "ERROR --case 1: FCLayer(input_shape=(1, 9), output_shape=(1, 2)) ValueError: operands" in text


def test_an_interrupted_run_says_so() -> None:
    assert "1 check: 1 pass; interrupted: more was to come" in reported(check_record(passing(1)), interrupted=True)


def test_the_command_that_repeats_a_failure_is_printed() -> None:
    replay = "gradcheck run c.py:ConvLayer --seed 0 --case 3"
    assert f"  again: {replay}" in run_text(run(check_record(convolution(), replay=replay))).splitlines()
    assert "again:" not in run_text(run(check_record(passing(1), replay=replay)))


def test_a_long_command_goes_on_as_a_shell_takes_it() -> None:
    replay = f"gradcheck run {'x' * 60}.py:Conv --seed 0 --case 3 --no-config"
    lines = run_text(run(check_record(convolution(), replay=replay))).splitlines()
    first = next(number for number, line in enumerate(lines) if "again:" in line)
    assert lines[first].endswith(" \\")
    assert " ".join(line.strip(" \\") for line in lines[first : first + 3]).startswith(f"again: {replay}")


def test_an_expected_fault_is_shown_with_its_reason() -> None:
    text = run_text(run(check_record(convolution(), expected=True, reason="the article's own fault")))
    assert "\n\n/work/main/layers/article/convolution.py\n" in text
    assert "expected  ConvLayer(input_shape=(5, 6, 3)" in text
    assert "expected: the article's own fault" in text
    assert "1 check: 0 pass, 1 fail; 1 of these expected" in text


def test_an_expected_fault_that_vanished_says_what_to_delete() -> None:
    gone = {"target": "a.py:A", "leaf": "bias", "cause": "constant-factor", "reason": "old"}
    text = reported(expected_vanished=[gone])
    assert (
        "FAIL a.py:A: the expected constant-factor of bias has vanished. "
        "Delete its [[tool.gradcheck.expected]] entry." in text
    )


def test_a_problem_takes_one_paragraph() -> None:
    problem = {"target": "broken.py", "kind": "SyntaxError", "message": "invalid syntax", "where": "broken.py:1"}
    text = run_text(run(problems=[problem]))
    assert "problem: broken.py\n  SyntaxError: invalid syntax\n  at broken.py:1\n" in text
    assert "0 checks: 0 pass; 1 problem" in text


def test_a_problem_shows_what_was_printed_and_a_snippet_as_it_is_to_be_pasted() -> None:
    message = "A cannot be built.\nSay how:\ndef gradcheck_cases():\n    yield A(1), x"
    text = run_text(
        run(problems=[{"target": "", "kind": "CannotBuild", "message": message, "where": None, "output": "hi"}])
    )
    assert "problem: ''\n  CannotBuild: A cannot be built.\n" in text
    assert "    def gradcheck_cases():\n        yield A(1), x\n  it had printed:\n  | hi\n" in text


def test_a_run_that_checked_nothing_promises_nothing() -> None:
    text = run_text(run())
    assert text.splitlines()[-1] == "Verified 0 checks, 0 leaves, 0 entries: nothing is promised."


def test_notes_of_passing_checks_are_said_once_with_their_number() -> None:
    noted = [check_record(dataclasses.replace(passing(k), notes=("no bias",)), target="t") for k in (1, 2)]
    text = reported(*noted, check_record(passing(3), target="t"))
    assert "note: no bias (2 of 3 checks)" in text


def test_notes_of_the_run_are_shown() -> None:
    assert "note: Base is abstract: not checked" in reported(notes=["Base is abstract: not checked"])


def test_the_last_line_counts_what_was_verified() -> None:
    records = [check_record(passing(3)), check_record(passing(4)), check_record(convolution())]
    text = run_text(run(*records))
    assert text.splitlines()[-1] == "Verified 2 checks, 6 leaves, 70 entries: the derivative of this forward."
    promise = "A pass promises that backward is the derivative of *this* forward at these points, no more"
    assert promise in " ".join(text.split())


def test_several_targets_in_trouble_are_listed_at_the_end() -> None:
    records = [check_record(convolution(), target="a.py:A"), check_record(raising(), target="b.py:B")]
    text = run_text(run(*records))
    assert "FAIL   a.py:A  1 check\nERROR  b.py:B  1 check\n" in text
