"""The text report, for 80 columns: passing checks first and short, what went wrong last and in full."""

import re
from collections import Counter
from collections.abc import Iterator

from tabulate import tabulate

from gradcheck.judge.verdict import Verdict
from gradcheck.render.check_text import Known, check_block, error_text
from gradcheck.render.tables import pass_table
from gradcheck.render.wording import clean, count, mark, wrap
from gradcheck.store.numbers import Json

_COLOURS = {"pass": 32, "FAIL": 31, "ERROR": 31, "problem": 31, "INCONCLUSIVE": 33, "expected": 33}
_VERDICT_WORD = re.compile(rf"(?m)^({'|'.join(_COLOURS)})(?=  |:)|(?<=  )({'|'.join(_COLOURS)})$")
_LEGEND = (
    "digits: how many agree at the worst entry. detects: the smallest error that would have been caught. "
    "A pass promises that backward is the derivative of *this* forward at these points, no more: "
    "what is consistent is not thereby correct."
)


def result_text(check: Json) -> str:
    """One check: the table of its leaves, the worst entries, the findings."""
    block = check_block(check, show_all=True)
    if check["verdict"] != Verdict.PASS.value:
        return block
    leaves, entries = _amount([check])
    sentence = wrap(f"{count(leaves, 'leaf', 'leaves')}, {_entries(entries)} verified: {Verdict.PASS.sentence}.")
    return f"{block}\n\n{sentence}"


def run_text(record: Json, *, show_all: bool = False, colour: bool = False) -> str:
    """The whole report; its last line says what was verified."""
    known: Known = set()
    parts = [_targets(record["checks"], known, show_all=show_all)]
    parts += [_problem(problem) for problem in record["problems"]]
    parts += [_vanished(fault) for fault in record.get("expected_vanished", ())]
    parts += [wrap(f"note: {clean(note)}", hanging="  ") for note in record.get("notes", ())]
    parts += [_overview(record["checks"]), f"{_summary(record)}\n\n{_promise(record['checks'])}"]
    text = "\n\n".join(part for part in parts if part)
    return _paint(text) if colour else text


def _targets(checks: list[Json], known: Known, *, show_all: bool) -> str:
    """A section a target, those with something wrong last, nearest to the reader's eye."""
    groups: dict[str, list[Json]] = {}
    for check in checks:
        groups.setdefault(check["target"], []).append(check)
    ordered = sorted(groups.items(), key=lambda item: max(map(_weight, item[1])))
    return "\n\n\n".join(_target(name, group, known, show_all=show_all) for name, group in ordered)


def _target(name: str, checks: list[Json], known: Known, *, show_all: bool) -> str:
    """The path really checked, the passing checks a line each, then the others in full."""
    short = [] if show_all else [check for check in checks if _weight(check) == 0]
    blocks = sorted((check for check in checks if check not in short), key=_weight)
    parts = [_heading(name, checks)]
    parts += ["\n".join([pass_table(short), *_remarks(short)])] if short else []
    blocks_text = (check_block(check, show_all=show_all, known=known) for check in blocks)
    return "\n\n".join(["\n".join(parts), *blocks_text])


def _heading(name: str, checks: list[Json]) -> str:
    """The target as the user spelled it and the file that was really checked."""
    paths = list(dict.fromkeys(clean(check["path"]) for check in checks if check.get("path")))
    return wrap(", from ".join(part for part in (clean(name), ", ".join(paths)) if part), hanging="  ", keep=paths)


def _remarks(checks: list[Json]) -> Iterator[str]:
    """Notes and marks of the passing checks, each said once."""
    said = Counter(note for check in checks for note in dict.fromkeys(_said(check)))
    for note, times in said.items():
        of = f" ({times} of {count(len(checks), 'check')})" if len(checks) > 1 else ""
        yield wrap(f"note: {note}{of}", indent="  ", hanging="    ")


def _said(check: Json) -> Iterator[str]:
    yield from (clean(note) for note in check["notes"])
    yield from (f"{clean(leaf['name'])}: {mark(leaf['note'])}" for leaf in check["leaves"] if leaf["note"])


def _problem(problem: Json) -> str:
    """What could not be checked at all, one paragraph."""
    return f"problem: {clean(problem['target'])}\n{error_text(problem)}"


def _vanished(fault: Json) -> str:
    """An expected fault that no longer shows: good news that must be written down."""
    text = (
        f"FAIL  {clean(fault['target'])}: the expected {clean(fault['cause'])} of {clean(fault['leaf'])} has vanished. "
        "Delete its [[tool.gradcheck.expected]] entry."
    )
    return wrap(text, hanging=" " * 6)


def _overview(checks: list[Json]) -> str:
    """Where more than one check went wrong: one line each target."""
    wrong = [check for check in checks if _weight(check) > 1]
    if len(wrong) < 2:
        return ""
    groups = Counter((_word(check), clean(check["target"])) for check in wrong)
    rows = [(word, target, count(times, "check")) for (word, target), times in groups.items()]
    return tabulate(rows, tablefmt="plain", disable_numparse=True)


def _summary(record: Json) -> str:
    """`14 checks: 12 pass, 1 fail, 1 error`, then how to read it."""
    numbers = record["summary"]
    kinds = [f"{numbers[v.value]} {v.value}" for v in Verdict if numbers[v.value] or v is Verdict.PASS]
    extra = [f"{numbers['expected']} of these expected"] if numbers["expected"] else []
    extra += [count(len(record["problems"]), "problem")] if record["problems"] else []
    first = wrap("; ".join([f"{count(len(record['checks']), 'check')}: {', '.join(kinds)}", *extra]))
    return f"{first}\n\n{wrap(_LEGEND)}" if record["checks"] else first


def _promise(checks: list[Json]) -> str:
    """The last line. The legend above it says the same in full; this must fit in one line."""
    passing = [check for check in checks if check["verdict"] == Verdict.PASS.value]
    leaves, entries = _amount(passing)
    amount = f"{count(len(passing), 'check')}, {count(leaves, 'leaf', 'leaves')}, {_entries(entries)}"
    return f"Verified {amount}: {'the derivative of this forward' if passing else 'nothing is promised'}."


def _amount(checks: list[Json]) -> tuple[int, int]:
    """How many leaves, how many entries of them were compared."""
    leaves = [leaf for check in checks for leaf in check["leaves"]]
    return len(leaves), sum(leaf["checked"] for leaf in leaves)


def _weight(check: Json) -> int:
    """Order in the report: plain passes, warnings, expected faults, then the unexpected by gravity."""
    if check["expected"]:
        return 1
    if check["verdict"] == Verdict.PASS.value:
        return 1 if check["findings"] else 0
    return 1 + Verdict(check["verdict"]).rank


def _word(check: Json) -> str:
    return str(check["verdict"]).upper()


def _entries(number: int) -> str:
    return count(number, "entry", "entries")


def _paint(text: str) -> str:
    return _VERDICT_WORD.sub(lambda match: f"\x1b[{_COLOURS[match[0]]}m{match[0]}\x1b[0m", text)
