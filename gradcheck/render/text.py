"""The text report, for 80 columns: passing checks first and short, what went wrong last and in full."""

import re
from collections import Counter

from tabulate import tabulate

from gradcheck.judge.verdict import Verdict
from gradcheck.render.check_text import Known, check_block, error_text
from gradcheck.render.standing import tally, verified
from gradcheck.render.target_text import target_text, weight
from gradcheck.render.wording import clean, count, wrap
from gradcheck.store.numbers import Json

_COLOURS = {"pass": 32, "FAIL": 31, "ERROR": 31, "problem": 31, "INCONCLUSIVE": 33, "expected": 33}
_VERDICT_WORD = re.compile(rf"(?m)^({'|'.join(_COLOURS)})(?=  |:)|(?<=  )({'|'.join(_COLOURS)})$")
_WORKFLOW_COMMAND = re.compile(r"(?m)^(\s*)(?=::|##\[)")  # GitHub obeys such a line of any step's output
_PASSES = (
    "digits: how many agree at the worst entry. detects: the smallest error that would have been caught. "
    "A pass promises that backward is the derivative of *this* forward at these points, no more: "
    "what is consistent is not thereby correct."
)
_FAILS = (
    "yours: what backward gave. measured: from forward alone, right to within +-. tolerance: a small part of "
    "the larger value + a floor + the error bars of both."
)


def result_text(check: Json) -> str:
    """One check: the table of its leaves, the worst entries, the findings."""
    block = check_block(check, show_all=True)
    if check["verdict"] != Verdict.PASS.value:
        return "\n\n".join(part for part in (block, legend([check])) if part)
    leaves, entries = _amount([check])
    promise = Verdict.PASS.sentence if entries else "nothing is promised"
    sentence = wrap(f"{count(leaves, 'leaf', 'leaves')}, {_entries(entries)} verified: {promise}.")
    return f"{block}\n\n{sentence}"


def run_text(record: Json, *, show_all: bool = False, colour: bool = False) -> str:
    """The whole report; its last line says what was verified."""
    known: Known = set()
    parts = [_header(record), _targets(record, known, show_all=show_all)]
    parts += [_problem(problem) for problem in record["problems"]]
    parts += [vanished_text(fault) for fault in record.get("expected_vanished", ())]
    parts += [wrap(f"note: {clean(note)}", hanging="  ") for note in record.get("notes", ())]
    parts += [_overview(record["checks"]), f"{_summary(record)}\n\n{verified(record['checks'])}"]
    text = _WORKFLOW_COMMAND.sub(r"\1\\", "\n\n".join(part for part in parts if part))
    return _paint(text) if colour else text


def _header(record: Json) -> str:
    """What ran, and where: paths are relative to this folder."""
    folder = clean(record.get("folder") or "")
    first = f"gradcheck {clean(record['gradcheck'])}, seed {record['seed']}"
    return wrap(f"{first}, in {folder}" if folder else first, keep=[folder])


def _targets(record: Json, known: Known, *, show_all: bool) -> str:
    """A section a target, those with something wrong last, nearest to the reader's eye."""
    groups: dict[str, list[Json]] = {}
    for check in record["checks"]:
        groups.setdefault(check["target"], []).append(check)
    ordered = sorted(groups.items(), key=lambda item: max(map(weight, item[1])))
    folder = record.get("folder") or ""
    return "\n\n\n".join(target_text(name, group, known, show_all=show_all, folder=folder) for name, group in ordered)


def _problem(problem: Json) -> str:
    """What could not be checked at all, one paragraph."""
    return f"problem: {clean(problem['target']) or repr('')}\n{error_text(problem)}"


def vanished_text(fault: Json) -> str:
    """An expected fault that no longer shows: good news that must be written down."""
    text = (
        f"FAIL  {clean(fault['target'])}: the expected {clean(fault['cause'])} of {clean(fault['leaf'])} has vanished. "
        "Delete its [[tool.gradcheck.expected]] entry."
    )
    return wrap(text, hanging=" " * 6)


def _overview(checks: list[Json]) -> str:
    """Where more than one check went wrong: one line each target."""
    wrong = [check for check in checks if weight(check) > 1]
    if len(wrong) < 2:
        return ""
    groups = Counter((_word(check), clean(check["target"])) for check in wrong)
    rows = [(word, target, count(times, "check")) for (word, target), times in groups.items()]
    return tabulate(rows, tablefmt="plain", disable_numparse=True)


def _summary(record: Json) -> str:
    """`14 checks: 12 pass, 1 fail, 1 error`, then how to read it."""
    first = wrap(tally(record))
    legends = [legend(record["checks"]), wrap(_PASSES) if record["checks"] else ""]
    return "\n\n".join(part for part in (first, *legends) if part)


def legend(checks: list[Json]) -> str:
    """How to read a table of wrong entries, where there is one."""
    compares = any(leaf["verdict"] == "fail" for check in checks for leaf in check["leaves"])
    return wrap(_FAILS) if compares else ""


def _amount(checks: list[Json]) -> tuple[int, int]:
    """How many leaves, how many entries of them were compared."""
    leaves = [leaf for check in checks for leaf in check["leaves"]]
    return len(leaves), sum(leaf["checked"] for leaf in leaves)


def _word(check: Json) -> str:
    return str(check["verdict"]).upper()


def _entries(number: int) -> str:
    return count(number, "entry", "entries")


def _paint(text: str) -> str:
    return _VERDICT_WORD.sub(lambda match: f"\x1b[{_COLOURS[match[0]]}m{match[0]}\x1b[0m", text)
