"""Markdown for a pull request's comment or a job's summary: the gravest first, cut at what GitHub takes."""

import re
from collections.abc import Iterator, Sequence

from gradcheck.render.screened import chance_of_a_miss
from gradcheck.render.standing import (
    by_reason,
    by_target,
    gravest,
    gravity,
    in_short,
    outcome,
    run_outcome,
    tally,
    verified,
)
from gradcheck.render.tables import entry_cells, leaf_cells, quantified
from gradcheck.render.wording import clean, clip, count, mark, pastes
from gradcheck.store.numbers import Json

LIMIT = 2**20  # bytes that GitHub takes for a job's summary
_COMMENT = 50_000  # characters after which checks get one line each: a comment holds 65,536
_ROWS = 100  # of a table
_NAME, _MESSAGE, _CODE = 300, 2000, 20_000  # characters of one name, one message, lines to paste
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!$])")
_LEAF_HEADS = ("leaf", "shape", "wrong", "digits", "detects", "verdict")
_ENTRY_HEADS = ("entry", "yours", "measured", "±", "difference", "tolerance")


def run_markdown(record: Json) -> str:
    """The whole run; where it is too long the end is left out, which says so."""
    head = [f"## gradcheck: {run_outcome(record)}", f"{prose(tally(record))}. {verified(record['checks'])}"]
    parts = [*head, *_problems(record), _targets(record), *_reasons(record), *_notes(record), _foot(record)]
    return _cut([part for part in parts if part])


def prose(text: object, limit: int = _MESSAGE) -> str:
    """Someone else's text in a sentence: nothing in it is markup, a mention or a link."""
    escaped = _SPECIAL.sub(r"\\\1", clip(clean(text), limit))
    return re.sub(r"@|://|(?i:www\.)", lambda match: f"{match[0]}\N{WORD JOINER}", escaped)


def code(text: object, *, cell: bool = False) -> str:
    """The same between backticks, more of them than it holds; cell: inside a table, where a bar ends it."""
    shown = clip(clean(text), _NAME) or "(no name)"
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") or shown != shown.strip() else ""
    return f"{fence}{pad}{shown.replace('|', BAR) if cell else shown}{pad}{fence}"


BAR = "\\|"


def _cut(parts: Sequence[str]) -> str:
    kept: list[str] = []
    left = LIMIT - 200
    for part in parts:
        left -= len(part.encode("utf-8", errors="backslashreplace")) + 2
        if left < 0:
            kept.append(
                f"Cut here: {count(len(parts) - len(kept), 'further part')} left out; the other formats have all."
            )
            break
        kept.append(part)
    return "\n\n".join(kept) + "\n"


def _problems(record: Json) -> Iterator[str]:
    for problem in record["problems"]:
        where = f" at {code(problem['where'])}" if problem["where"] else ""
        yield f"**problem** {code(problem['target'])}{where}: {prose(problem['kind'])}: {prose(problem['message'])}"
    for fault in record.get("expected_vanished", ()):
        named = f"the expected {prose(fault['cause'])} of {code(fault['leaf'])} has vanished"
        yield f"**fail** {code(fault['target'])}: {named}. Delete its {code('[[tool.gradcheck.expected]]')} entry."


def _targets(record: Json) -> str:
    rows = []
    for name, checks in by_target(record["checks"]).items():
        passing = [check for check in checks if check["verdict"] == "pass"]
        causes = dict.fromkeys(finding["cause"] for check in checks for finding in check["findings"])
        told = ", ".join(prose(cause, _NAME) for cause in causes)
        amount = (f"{len(passing)} of {len(checks)}", quantified(passing)[0])
        rows.append((gravest(checks), code(name, cell=True), *amount, told))
    return _table(("outcome", "layer", "passing", "digits", "causes"), rows) if rows else ""


def _reasons(record: Json) -> Iterator[str]:
    """The first check of each reason in full while there is room, the others in a line."""
    wrong = sorted((check for check in record["checks"] if outcome(check) != "pass"), key=gravity)
    room = _COMMENT
    for name, checks in by_target(wrong).items():
        for first, *others in by_reason(checks):
            text = _whole(name, first, others) if room > 0 else _line(name, first, others)
            room -= len(text)
            yield text


def _line(name: str, check: Json, others: Sequence[Json]) -> str:
    more = f" and {count(len(others), 'more case', 'more cases')}" if others else ""
    return f"**{outcome(check)}** {code(name)}, {code(check['case'])}{more}: {prose(in_short(check))}"


def _whole(name: str, check: Json, others: Sequence[Json]) -> str:
    parts = [f"### {outcome(check)}: {code(check['case'])}", f"in {code(name)}"]
    if check["expected"]:
        parts.append(f"Expected: {prose(check.get('reason') or 'no reason given')}")
    if check["error"]:
        where = f" at {code(check['error']['where'])}" if check["error"]["where"] else ""
        parts.append(f"**{prose(check['error']['kind'])}**{where}: {prose(check['error']['message'])}")
    parts += [_finding(finding) for finding in check["findings"]]
    parts += list(_leaves(check["leaves"]))
    parts += [f"Note: {prose(note)}" for note in [*check["notes"], chance_of_a_miss([check])] if note]
    parts += [f"The same at {_cases(others)}."] if others else []
    parts += [f"Again: {code(check['replay'])}"] if check["replay"] and not check["expected"] else []
    parts += [f"{title}\n\n{_block(text)}" for title, text in pastes(check)]
    return "\n\n".join(parts)


def _block(text: str) -> str:
    """Lines of Python between fences that are longer than any in them."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}python\n{clip(text, _CODE)}\n{fence}"


def _finding(finding: Json) -> str:
    message = prose(" ".join(str(finding["message"]).split()))
    where = f" See {code(finding['where'])}." if finding["where"] else ""
    formula = f" Factor: {code(finding['expression'])}." if finding["expression"] else ""
    return f"**{prose(finding['cause'])}** ({code(finding['leaf'])}): {message}{formula}{where}"


def _leaves(leaves: Sequence[Json]) -> Iterator[str]:
    """The leaves that do not pass, and the worst entries of each."""
    wrong = [leaf for leaf in leaves if leaf["verdict"] != "pass"]
    if wrong:
        yield _table(_LEAF_HEADS, [(code(leaf["name"], cell=True), *leaf_cells(leaf)[1:]) for leaf in wrong])
    for leaf in wrong:
        if leaf["note"]:
            yield f"{code(leaf['name'])}: {prose(mark(leaf['note']))}"
        entries = leaf.get("wrong_entries") or [entry for entry in [leaf["worst"]] if entry]
        if entries:
            yield f"Worst entries of {code(leaf['name'])}:"
            yield _table(_ENTRY_HEADS, entry_cells(entries))


def _cases(others: Sequence[Json]) -> str:
    shown = ", ".join(code(check["case"]) for check in others[:6])
    return f"{shown} and {count(len(others) - 6, 'further case')}" if len(others) > 6 else shown


def _notes(record: Json) -> Iterator[str]:
    for note in record.get("notes", ()):
        yield f"Note: {prose(note)}"


def _foot(record: Json) -> str:
    promise = "A pass promises that backward is the derivative of *this* forward at these points, no more."
    return f"gradcheck {prose(record['gradcheck'])}, seed {record['seed']}. {promise}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose cells are Markdown already; of very many rows the first."""
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows[:_ROWS]]
    more = f"\n\nand {count(len(rows) - _ROWS, 'further row')}" if len(rows) > _ROWS else ""
    return "\n".join(lines) + more
