"""Exit codes, expected faults, --case and --leaf: what a finished run comes to."""

import dataclasses
from typing import Any

import pytest

from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.gather.config import ExpectedFault
from gradcheck.gather.problem import Problem
from gradcheck.judge.verdict import Verdict
from gradcheck.run.expected import marked, vanished
from gradcheck.run.outcome import CampaignResult, TargetCheck, exit_code
from gradcheck.run.result import CheckResult
from gradcheck.run.select import one_case, one_leaf
from tests.render.samples import convolution, nondeterministic, passing, raising

FILE, OTHER = "/home/me/conv.py", "/home/me/other.py"
PROBLEM = Problem("b.py", "Missing", "there is none")


def check(result: CheckResult, index: int = 0, label: str = "ConvLayer", **changes: Any) -> TargetCheck:
    made = TargetCheck(f"conv.py:{label}", index, result, file=FILE)
    return dataclasses.replace(made, **changes)


def warned() -> CheckResult:
    finding = Finding("mutates-input", "input", "forward writes into its input", Severity.WARNING)
    return dataclasses.replace(passing(1), findings=(finding,))


FAULT = ExpectedFault("conv.py:ConvLayer", "bias", "constant-factor", "on purpose", frozenset({FILE}), "ConvLayer")


@pytest.mark.parametrize(
    ("outcome", "options", "code"),
    [
        pytest.param(CampaignResult((check(passing(1)),)), {}, 0, id="passes"),
        pytest.param(CampaignResult(), {}, 2, id="nothing checked"),
        pytest.param(CampaignResult((check(convolution()),)), {}, 1, id="fails"),
        pytest.param(CampaignResult((check(raising()),)), {}, 1, id="error"),
        pytest.param(CampaignResult((check(nondeterministic()),)), {}, 1, id="inconclusive"),
        pytest.param(
            CampaignResult((check(nondeterministic()),)), {"allow_inconclusive": True}, 0, id="inconclusive, allowed"
        ),
        pytest.param(CampaignResult((check(convolution()),)), {"allow_inconclusive": True}, 1, id="fails, allowed"),
        pytest.param(CampaignResult((check(convolution(), expected=True),)), {}, 0, id="expected"),
        pytest.param(CampaignResult((check(passing(1)),), vanished=(FAULT,)), {}, 1, id="vanished"),
        pytest.param(CampaignResult((check(passing(1)),), problems=(PROBLEM,)), {}, 2, id="a problem"),
        pytest.param(CampaignResult((check(convolution()),), problems=(PROBLEM,)), {}, 2, id="a problem and a failure"),
        pytest.param(CampaignResult((check(passing(1)),), notes=("x",)), {}, 0, id="a note"),
        pytest.param(CampaignResult((check(warned()),)), {}, 0, id="a warning"),
        pytest.param(CampaignResult((check(warned()),)), {"strict": True}, 1, id="a warning, strict"),
        pytest.param(CampaignResult((check(passing(1)),)), {"strict": True}, 0, id="passes, strict"),
        pytest.param(CampaignResult((check(passing(1)),), interrupted=True), {}, 130, id="interrupted"),
        pytest.param(CampaignResult(problems=(PROBLEM,), interrupted=True), {}, 130, id="interrupted, a problem"),
    ],
)
def test_exit_codes(outcome: CampaignResult, options: dict[str, bool], code: int) -> None:
    assert exit_code(outcome, **options) == code


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"label": None}, True),
        ({"leaf": "weights"}, False),
        ({"cause": "sign-flipped"}, False),
        ({"label": "Other"}, False),
        ({"files": frozenset({"/elsewhere.py"})}, False),
    ],
    ids=str,
)
def test_a_check_is_expected_where_the_fault_accounts_for_all_that_is_wrong(
    changes: dict[str, Any], expected: bool
) -> None:
    made = marked(check(convolution()), [dataclasses.replace(FAULT, **changes)])
    assert (made.expected, made.reason) == (expected, "on purpose" if expected else None)


def test_another_fault_beside_the_expected_one_fails() -> None:
    more = (*convolution().findings, Finding("located", "weights", "dE/dweights is wrong"))
    assert not marked(check(dataclasses.replace(convolution(), findings=more)), [FAULT]).expected


def test_a_warning_beside_the_expected_fault_does_not_matter() -> None:
    more = (*convolution().findings, *warned().findings)
    assert marked(check(dataclasses.replace(convolution(), findings=more)), [FAULT]).expected


@pytest.mark.parametrize(
    ("checks", "whole", "gone"),
    [
        pytest.param([check(convolution())], [], False, id="still there"),
        pytest.param([check(passing(1))], [], True, id="mended"),
        pytest.param([check(passing(1)), check(convolution())], [], False, id="in one case of two"),
        pytest.param([check(raising())], [], False, id="an error says nothing"),
        pytest.param([check(passing(1), label="Other")], [], False, id="another class"),
        pytest.param([check(passing(1), label="Other")], [FILE], True, id="the class is gone"),
        pytest.param([], [FILE], True, id="the file has no class"),
        pytest.param([check(passing(1), file="/elsewhere.py")], ["/elsewhere.py"], False, id="another file"),
    ],
)
def test_an_expected_fault_vanishes(checks: list[TargetCheck], whole: list[str], gone: bool) -> None:
    assert vanished([FAULT], checks, frozenset(whole)) == ([FAULT] if gone else [])


@pytest.mark.parametrize(("whole", "gone"), [([FILE, OTHER], True), ([FILE], False), ([], False)])
def test_of_a_folder_every_file_must_have_been_checked(whole: list[str], gone: bool) -> None:
    """One that shows no such fault says nothing of the others."""
    folder = dataclasses.replace(FAULT, files=frozenset({FILE, OTHER}), label=None)
    assert vanished([folder], [check(passing(1))], frozenset(whole)) == ([folder] if gone else [])
    assert not vanished([folder], [check(passing(1)), check(convolution(), file=OTHER)], frozenset(whole))


def test_one_case_of_every_class() -> None:
    checks = [check(passing(k), k, label) for label in ("A", "B") for k in range(2 if label == "A" else 3)]
    chosen, problems = one_case(checks, 2)
    assert [(made.target, made.index) for made in chosen] == [("conv.py:B", 2)]
    assert problems == []
    assert one_case(checks, 3) == (
        [],
        [
            Problem(
                "--case 3",
                "NoSuchCase",
                "no class has a case 3 (counted from 0): conv.py:A has 2 cases, conv.py:B has 3 cases",
            )
        ],
    )


def test_one_leaf_has_its_own_verdict_and_findings() -> None:
    (bias,), _ = one_leaf([check(convolution())], "bias")
    (weights,), _ = one_leaf([check(convolution())], "weights")
    assert (bias.result.verdict, list(bias.result.leaves)) == (Verdict.FAIL, ["bias"])
    assert (weights.result.verdict, list(weights.result.leaves)) == (Verdict.PASS, ["weights"])
    assert len(bias.result.findings) == 1
    assert weights.result.findings == ()


def test_a_leaf_that_no_check_has() -> None:
    chosen, (problem,) = one_leaf([check(convolution())], "biases")
    assert chosen == []
    assert problem.message == "no check has a leaf 'biases'; there are: bias, input, weights"


def test_an_error_stays_whatever_the_leaf() -> None:
    chosen, _ = one_leaf([check(raising()), check(convolution(), 1)], "bias")
    assert [made.result.verdict for made in chosen] == [Verdict.ERROR, Verdict.FAIL]
