"""What each format says of the same runs."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from junitparser.cli import main as junitparser

from gradcheck.base.errors import UsageError
from gradcheck.diagnose.finding import Finding
from gradcheck.render import formats
from gradcheck.render.formats import FORMATS
from gradcheck.render.markdown import LIMIT
from gradcheck.run.result import CheckResult
from gradcheck.store.record import check_record
from tests.render.samples import convolution, leaf, nondeterministic, one_wrong_entry, passing, raising, result, run

PATH = "/home/me/project/layers/article/convolution.py"


def mixed(**more: Any) -> dict[str, Any]:
    """A pass, a mismatch, an expected one, an error, an undecided one."""
    checks = [
        check_record(passing(1), target="fc.py:FCLayer"),
        check_record(convolution(), target="convolution.py:ConvLayer", replay="gradcheck run c --case 0"),
        check_record(one_wrong_entry(), target="dense.py:Dense", expected=True, reason="kept on purpose"),
        check_record(raising(), target="fc.py:FCLayer"),
        check_record(nondeterministic(), target="noise.py:Noise"),
    ]
    return run(*checks, **more)


def junit(record: dict[str, Any]) -> ET.Element:
    return ET.fromstring(FORMATS["junit"](record))  # noqa: S314 -- our own


def test_junit_counts_are_those_of_the_run() -> None:
    root = junit(mixed())
    assert {key: root.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "2",
        "errors": "1",
        "skipped": "1",
    }
    failure = next(root.iter("failure"))
    assert failure.get("type") == "constant-factor"
    assert "bias: 2 of 2 entries are wrong" in str(failure.text)
    assert next(root.iter("skipped")).get("message") == "expected: kept on purpose"


def test_junit_of_a_run_that_allows_the_undecided_skips_it() -> None:
    assert junit(mixed(options={"allow_inconclusive": True})).get("skipped") == "2"


def test_junit_is_read_back_by_junitparser() -> None:
    read = JUnitXml.fromstring(FORMATS["junit"](mixed()).encode())
    assert sorted(suite.name for suite in read) == [
        "convolution.py:ConvLayer", "dense.py:Dense", "fc.py:FCLayer", "noise.py:Noise",
    ]  # fmt: skip


@pytest.mark.parametrize(("checks", "code"), [((passing(1),), 0), ((passing(1), convolution()), 1)], ids=["0", "1"])
def test_the_commands_of_junitparser_take_it(tmp_path: Path, checks: tuple[CheckResult, ...], code: int) -> None:
    """As a CI job would: verify the file, and merge it with another into a third."""
    file, merged = tmp_path / "a.xml", tmp_path / "b.xml"
    file.write_text(FORMATS["junit"](run(*(check_record(made, target="a.py:A") for made in checks))), encoding="utf-8")
    assert junitparser(["verify", str(file)]) == code  # type: ignore[no-untyped-call]
    assert junitparser(["merge", str(file), str(file), str(merged)]) == 0  # type: ignore[no-untyped-call]
    assert JUnitXml.fromfile(str(merged)).tests == 2 * len(checks)


def test_equal_names_become_unique() -> None:
    checks = [check_record(result(name), target="a") for name in ("x", "x (2)", "x", "x")]
    names = [case.get("name") for case in junit(run(*checks)).iter("testcase")]
    assert len(set(names)) == 4


def github(record: dict[str, Any]) -> list[str]:
    return FORMATS["github"](record).splitlines()


def test_github_annotates_the_line_of_backward(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", "/home/me/project")
    error = next(line for line in github(mixed()) if "constant-factor" in line)
    assert error.startswith(
        "::error file=layers/article/convolution.py,line=41,title=fail%3A convolution.py%3AConvLayer::"
    )
    assert "%0Aconstant-factor: dE/dbias is 0.6667 times" in error


def test_github_takes_the_line_of_backward_where_no_finding_has_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", "/home/me/project")
    finding = Finding("located", "w", "wrong at (0,)")
    backward = ("/home/me/project/base/dense.py", 17)
    made = result("x", leaf("w", (2,), wrong={(0,): 2.0}), findings=(finding,), backward=backward)
    record = check_record(made, target="layers/dense.py:Dense")
    assert record["backward"] == {"path": "/home/me/project/base/dense.py", "line": 17}
    assert github(run(record))[0].startswith("::error file=base/dense.py,line=17,title=")


def test_github_says_what_fails_first_and_an_expected_fault_as_a_notice() -> None:
    lines = github(mixed())
    assert [line.split(" ", 1)[0] for line in lines] == ["::error", "::error", "::error", "::notice", "::error"]
    assert lines[-1].startswith("::error title=gradcheck::5 checks: 1 pass")
    allowed = github(mixed(options={"allow_inconclusive": True}))
    assert [line.split(" ", 1)[0] for line in allowed] == ["::error", "::error", "::warning", "::notice", "::error"]


def test_github_of_a_passing_run_is_one_notice() -> None:
    (line,) = github(run(check_record(passing(1), target="a.py:A")))
    assert line.startswith("::notice title=gradcheck::1 check: 1 pass. Verified 1 check, 3 leaves")


def test_github_has_at_most_ten_lines_and_counts_the_others() -> None:
    lines = github(run(*(check_record(convolution(), target=f"{k}.py:C") for k in range(40))))
    assert len(lines) == 10
    assert lines[-1].endswith(" 31 further annotations not shown.")


def test_markdown_stands_worst_first() -> None:
    text = FORMATS["markdown"](mixed())
    heads = [line for line in text.splitlines() if line.startswith("### ")]
    assert [head.split(":")[0] for head in heads] == ["### error", "### fail", "### inconclusive", "### expected"]
    assert "| `bias` | (2,) | 2 of 2 | 0.5 | 2e-09 | FAIL |" in text


def test_markdown_is_cut_and_says_so() -> None:
    message = "a long story " * 100
    wrong = [
        check_record(result(f"{message}{k}", leaf("w", (2,), wrong={(0,): 2.0})), target=f"{k}.py:{message}")
        for k in range(3000)
    ]
    text = FORMATS["markdown"](run(*wrong))
    assert LIMIT - 5000 < len(text.encode()) <= LIMIT
    assert "Cut here: " in text.splitlines()[-1]


def test_markdown_of_many_failures_fits_a_comment() -> None:
    text = FORMATS["markdown"](run(*(check_record(convolution(), target=f"{k}.py:C") for k in range(60))))
    assert len(text) < 65_536


@pytest.mark.parametrize("name", ["html", "junit"])
def test_without_the_extra_it_names_the_command(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda package: None)
    with pytest.raises(UsageError, match=r"this format needs .*: pip install 'gradcheck\[report\]'"):
        FORMATS[name](mixed())
    assert FORMATS["github"](mixed())


def test_a_passing_check_with_a_warning_is_no_plain_pass() -> None:
    finding = convolution().findings[0]
    warned = check_record(result("x", leaf("w", (2,)), findings=(finding,)), target="a.py:A")
    assert FORMATS["github"](run(warned)).startswith("::warning ")
    assert FORMATS["github"](run(warned, options={"strict": True})).startswith("::error ")
