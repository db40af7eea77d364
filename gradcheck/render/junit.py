"""JUnit XML by junitparser (the extra `report`): a suite a target, a case a check; parsed back before it is given."""

from collections.abc import Iterator

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from gradcheck.base.errors import GradcheckError
from gradcheck.render.check_text import check_block
from gradcheck.render.standing import fails, in_short, outcome
from gradcheck.render.wording import clean, clean_lines, clip, unique
from gradcheck.store.numbers import Json, from_json

_NAME, _TEXT = 1000, 100_000  # characters of an attribute, of a text


def run_junit(record: Json) -> str:
    """The run: mismatches and the undecided are failures, expected faults are skipped, problems are errors.

    Raises:
        GradcheckError: what was written cannot be read back as it was meant.
    """
    made = JUnitXml("gradcheck")
    for suite in _suites(record):
        made.add_testsuite(suite)
    made.update_statistics()  # type: ignore[no-untyped-call]  # junitparser has no types
    text: str = made.tostring().decode("utf-8")  # type: ignore[no-untyped-call]  # junitparser has no types
    _read_back(text, made)
    return text


def _suites(record: Json) -> Iterator[TestSuite]:
    groups: dict[str, list[TestCase]] = {}
    for check in record["checks"]:
        groups.setdefault(_name(check["target"]), []).append(_check(check, record))
    for problem in record["problems"]:
        place = f" at {problem['where']}" if problem["where"] else ""
        result = Error(_name(problem["message"]), _name(problem["kind"]))
        result.text = _text(f"{problem['message']}{place}")
        groups.setdefault(_name(problem["target"]), []).append(_case(_name(problem["kind"]), result))
    for fault in record.get("expected_vanished", ()):
        gone = Failure(f"the expected {_name(fault['cause'])} has vanished", "vanished")
        groups.setdefault(_name(fault["target"]), []).append(_case(f"expected: {_name(fault['leaf'])}", gone))
    for name, cases in groups.items():
        suite = TestSuite(name)
        for case, own in zip(cases, unique([case.name for case in cases]), strict=True):
            case.name, case.classname = own, name
            suite.add_testcase(case)
        yield suite


def _check(check: Json, record: Json) -> TestCase:
    kind = outcome(check)
    result: Error | Failure | Skipped | None = None
    if kind == "error":
        result = Error(_name(in_short(check)), _name(check["error"]["kind"]))
    elif fails(check, record):
        cause = check["findings"][0]["cause"] if check["findings"] else kind
        result = Failure(_name(in_short(check)), _name(cause))
    elif kind == "expected":
        result = Skipped(_name(f"expected: {check.get('reason') or 'no reason given'}"), "expected")
    elif kind == "inconclusive":
        result = Skipped(_name(f"inconclusive: {in_short(check)}"), "inconclusive")
    case = _case(_name(check["case"]), result, from_json(check["seconds"]))
    if result is not None:
        result.text = _text(check_block(check, show_all=True))
    elif check["findings"]:
        case.system_out = _text(check_block(check, show_all=True))
    return case


def _case(name: str, result: "Error | Failure | Skipped | None", seconds: float = 0.0) -> TestCase:
    case = TestCase(name, time=round(seconds, 6))
    case.result = [] if result is None else [result]
    return case


def _name(text: object) -> str:
    return clip(clean(text), _NAME) or "(no name)"


def _text(text: str) -> str:
    return clip("\n".join(clean_lines(text)), _TEXT)


def _read_back(text: str, made: JUnitXml) -> None:
    try:
        again = JUnitXml.fromstring(text.encode("utf-8"))
    except Exception as error:
        raise GradcheckError(f"junit: the report does not parse ({error}); please report this with its JSON") from error
    if _content(again) != _content(made):
        raise GradcheckError("junit: the report does not read back as it was written; please report this with its JSON")


def _content(xml: JUnitXml) -> list[tuple[str, str, list[str]]]:
    return [(suite.name, case.name, [type(r).__name__ for r in case.result]) for suite in xml for case in suite]
