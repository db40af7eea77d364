"""A whole run in text: what stands where, what is said once, what the last line says."""

import dataclasses

from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.render.text import run_text
from gradcheck.store.record import check_record
from tests.render.samples import convolution, leaf, passing, raising, result, run


def reported(*checks: dict[str, object], **more: object) -> str:
    return " ".join(run_text(run(*checks, **more)).split())


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
    assert "layers:FCLayer, from /home/me/project/layers/fully_connected.py" in text


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
    assert "\n\n/home/me/project/layers/article/convolution.py\n" in text
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
