"""Workflow commands: annotations at the line of the layer's backward, at most ten lines, the gravest first."""

import os
from collections.abc import Iterator
from pathlib import PurePath

from gradcheck.render.standing import (
    by_reason,
    by_target,
    fails,
    gravity,
    in_short,
    outcome,
    run_outcome,
    tally,
    verified,
)
from gradcheck.render.wording import clean, clip, count
from gradcheck.store.numbers import Json

MOST = 10  # GitHub shows no more of a step
_NAME, _MESSAGE = 200, 3000  # characters of a property, of a message
Annotation = tuple[int, str]  # gravity, line


def run_github(record: Json) -> str:
    """One line an annotation, the last the summary of the run; every line is a workflow command."""
    found = [line for _, line in sorted(_annotations(record), key=lambda item: item[0])]
    shown = found if len(found) < MOST else found[: MOST - 1]
    more = f" {count(len(found) - len(shown), 'further annotation')} not shown." if len(found) > len(shown) else ""
    level = "notice" if run_outcome(record) == "pass" else "error"
    last = _command(level, f"{tally(record)}. {verified(record['checks'])}{more}", title="gradcheck")
    return "\n".join([*shown, last]) + "\n"


def _annotations(record: Json) -> Iterator[Annotation]:
    for problem in record["problems"]:
        text = f"{clean(problem['kind'])}: {_lines(problem['message'])}"
        yield 0, _command("error", text, title=f"gradcheck: {clean(problem['target'])}", **_problem_place(problem))
    for fault in record.get("expected_vanished", ()):
        named = f"the expected {clean(fault['cause'])} of {clean(fault['leaf'])} has vanished"
        text = f"{clean(fault['target'])}: {named}; delete its entry"
        yield 1, _command("error", text, title="gradcheck: expected fault")
    wrong = [check for check in record["checks"] if outcome(check) != "pass"]
    for name, checks in by_target(wrong).items():
        for first, *others in by_reason(checks):
            yield 2 + gravity(first), _check(name, first, len(others), record)


def _check(name: str, check: Json, others: int, record: Json) -> str:
    level = "error" if fails(check, record) else "notice" if outcome(check) == "expected" else "warning"
    more = f" (and {count(others, 'more case', 'more cases')})" if others else ""
    parts = [f"{clean(check['case'])}{more}: {in_short(check)}"]
    parts += [f"{clean(f['cause'])}: {clean(' '.join(str(f['message']).split()))}" for f in check["findings"]]
    parts += [f"again: {clean(check['replay'])}"] if check["replay"] else []
    return _command(level, "\n".join(parts), title=f"{outcome(check)}: {clean(name)}", **_place(check, record))


def _place(check: Json, record: Json) -> dict[str, str]:
    """The file, and the line of backward; of the file alone where its line is not known."""
    backward = check.get("backward")
    if backward:
        return {"file": _relative(backward["path"], record), "line": str(int(backward["line"]))}
    path = check.get("path")
    if not path:
        return {}
    places = [finding["where"] for finding in check["findings"]] + [(check["error"] or {}).get("where")]
    for place in filter(None, places):
        file, _, line = str(place).rpartition(":")
        if line.isdecimal() and PurePath(file).name == PurePath(path).name:
            return {"file": _relative(path, record), "line": line}
    return {"file": _relative(path, record)}


def _problem_place(problem: Json) -> dict[str, str]:
    """`broken.py:1`: the place is relative to where the command ran, as the target is."""
    target = str(problem["target"])
    file = target if target.endswith(".py") else target.rpartition(":")[0]
    line = str(problem["where"] or "").rpartition(":")[2]
    if not file.endswith(".py"):
        return {}
    return {"file": clean(file), "line": line} if line.isdecimal() else {"file": clean(file)}


def _relative(path: str, record: Json) -> str:
    """From the root of the checkout, as GitHub takes it."""
    root = os.environ.get("GITHUB_WORKSPACE") or record.get("folder") or ""
    inside = root and PurePath(path).is_relative_to(root)
    return clean(PurePath(path).relative_to(root).as_posix() if inside else path)


def _lines(text: object) -> str:
    return "\n".join(clean(line) for line in str(text).splitlines())


def _command(level: str, message: str, **properties: str) -> str:
    """`::error file=a.py,line=3,title=t::message`; title last, where people look for the message."""
    given = ",".join(f"{key}={_property(value)}" for key, value in sorted(properties.items()))
    return f"::{level} {given}::{_data(clip(message, _MESSAGE))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(clip(text, _NAME)).replace(":", "%3A").replace(",", "%2C")
