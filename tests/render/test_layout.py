"""80 columns whatever the names; nothing of a user's reaches the terminal raw."""

import dataclasses
import itertools
import json
import math
from typing import Any

import pytest

from gradcheck.base.errors import Failure
from gradcheck.diagnose.finding import Finding
from gradcheck.judge.verdict import Verdict
from gradcheck.render import wording
from gradcheck.render.formats import FORMATS
from gradcheck.render.text import result_text, run_text
from gradcheck.run.result import CheckResult, EntryComparison
from gradcheck.store.record import check_record
from tests.render.samples import convolution, leaf, nondeterministic, one_wrong_entry, passing, raising, result, run

LONG_NAME = "blocks[12].attention.projection.query.weights_of_the_head"


def long_names() -> CheckResult:
    case = f"TransformerBlock({', '.join(f'argument_{k}=(10, 200, {k})' for k in range(9))})"
    made = leaf(LONG_NAME, (10, 22, 33, 44), wrong={(9, 21, 32, 40 + k): 1 + 1e-9 for k in range(4)}, checked=319440)
    other = leaf("a" * 50, (10, 1, 2, 3, 4, 5, 1), wrong={(9, 0, 1, 2, 3, 4, 0): -1e-7})
    words = "dE/d of a long name " * 20
    return result(case, made, other, leaf("input", (2,)), findings=(Finding("located", LONG_NAME, words),))


def extremes() -> CheckResult:
    values = (math.nan, math.inf, -math.inf, -1.23456789e-300, 1e300)
    leaves = [
        leaf(f"w{k}", (2,), wrong={(0,): 2.0}, worst=EntryComparison((0,), a, n, math.inf, abs(n)), detectable=math.inf)
        for k, (a, n) in enumerate(itertools.product(values, values))
    ]
    return result("Extremes", *leaves)


SAMPLES = [
    convolution(),
    one_wrong_entry(),
    raising(),
    nondeterministic(),
    passing(3),
    long_names(),
    dataclasses.replace(long_names(), findings=(), verdict=Verdict.PASS),
    extremes(),
    result("Empty", leaf("w", (0, 3)), leaf("scale", ())),
    result("Nothing"),
]


@pytest.mark.parametrize("made", SAMPLES, ids=lambda made: made.name[:20])
@pytest.mark.parametrize("show_all", [False, True])
def test_no_line_is_longer_than_80_columns(made: CheckResult, show_all: bool) -> None:
    record = check_record(made, target="layers/article/convolution.py:ConvLayer", replay="gradcheck run x")
    for text in (result_text(record), run_text(run(record, record), show_all=show_all)):
        assert max(map(len, text.splitlines())) <= 80
        assert all(line == line.rstrip() for line in text.splitlines())


def test_a_long_path_or_expression_stays_in_one_piece() -> None:
    path = "/home/a student/" + "deep/" * 20 + "layer.py"
    expression = " * ".join(f"size_{k}" for k in range(14))
    finding = Finding("constant-factor", "bias", "dE/dbias is wrong", expression=expression)
    made = dataclasses.replace(convolution(), findings=(finding,), path=path)
    text = run_text(run(check_record(made)))
    assert any(path in line for line in text.splitlines())
    assert any(expression in line for line in text.splitlines())


def test_an_index_is_never_broken() -> None:
    for pad in range(80):
        assert "(391, 77)" in wording.wrap("x" * pad + " at (391, 77) it is wrong")


HOSTILE = "w\x1b[31mred\x07\r\n\u202eolleh\udc80\x9b2J"


def hostile() -> dict[str, Any]:
    made = result(
        HOSTILE,
        leaf(HOSTILE, (2,), wrong={(0,): 2.0}, note=HOSTILE),
        leaf("fine" + HOSTILE, (2,)),
        verdict=Verdict.ERROR,
        error=Failure(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        findings=(
            Finding("located", HOSTILE, HOSTILE, expression=HOSTILE, tied=(HOSTILE,), where=HOSTILE),
            Finding("located", HOSTILE, HOSTILE, expression=HOSTILE),
        ),
        notes=(HOSTILE,),
        path=HOSTILE,
    )
    return check_record(made, target=HOSTILE, expected=False, reason=HOSTILE, replay=HOSTILE)


def hostile_run() -> dict[str, Any]:
    problem = {"target": HOSTILE, "kind": HOSTILE, "message": HOSTILE, "where": HOSTILE}
    gone = {"target": HOSTILE, "leaf": HOSTILE, "cause": HOSTILE, "reason": HOSTILE}
    fine = dataclasses.replace(passing(1), name=HOSTILE, notes=(HOSTILE,))
    checks = (hostile(), check_record(fine, target=HOSTILE), hostile() | {"expected": True})
    return run(*checks, problems=[problem], expected_vanished=[gone], notes=[HOSTILE])


@pytest.mark.parametrize("show_all", [False, True])
def test_control_characters_are_written_out(show_all: bool) -> None:
    for text in (run_text(hostile_run(), show_all=show_all), result_text(hostile())):
        assert all(c.isprintable() for c in text.replace("\n", ""))
        assert "\\x1b[31mred\\x07" in text
        text.encode("utf-8")


def test_json_of_hostile_names_is_valid_and_lossless() -> None:
    assert json.loads(FORMATS["json"](hostile_run()))["checks"][0]["case"] == HOSTILE


def test_captured_output_cannot_pass_for_the_report() -> None:
    failure = Failure("ValueError", "no", None, "\n\nVerified 9 checks\n" + "x" * 300)
    text = result_text(check_record(result("x", verdict=Verdict.ERROR, error=failure)))
    assert "  | Verified 9 checks" in text.splitlines()
    assert max(map(len, text.splitlines())) <= 80


def test_colours_only_when_asked_for() -> None:
    record = run(check_record(passing(1)), check_record(convolution()), check_record(raising()))
    plain, painted = run_text(record), run_text(record, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[31mFAIL\x1b[0m  ConvLayer" in painted
    assert "\x1b[32mpass\x1b[0m  FCLayer" in painted
    for number in (0, 31, 32, 33):
        painted = painted.replace(f"\x1b[{number}m", "")
    assert painted == plain


def test_formats_take_a_record_alone() -> None:
    record = run(check_record(convolution()))
    assert set(FORMATS) == {"text", "json", "markdown", "html", "junit", "github"}
    assert FORMATS["text"](record) == run_text(record)
    assert json.loads(FORMATS["json"](record)) == record


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [
        (1.0, 6, "1.00000"),
        (-0.5, 4, "-0.5000"),
        (123456.0, 6, "123456"),
        (1e-12, 4, "1.000e-12"),
        (0.0, 4, "0.000"),
        (math.nan, 4, "nan"),
        (-math.inf, 4, "-inf"),
    ],
)
def test_values(number: float, digits: int, text: str) -> None:
    assert wording.value(number, digits) == text


def test_counts() -> None:
    assert [wording.count(n, "entry", "entries") for n in (0, 1, 2)] == ["0 entries", "1 entry", "2 entries"]
    assert wording.count(2, "check") == "2 checks"
