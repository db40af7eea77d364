"""What pytest shows: the text of an item that fails, and the section at the end, a row a layer, failing rows first."""

import textwrap
from collections.abc import Iterable, Sequence

from tabulate import tabulate

from gradcheck.render.check_text import error_line
from gradcheck.render.standing import by_target, gravest, gravity, in_short, outcome, tally, verified
from gradcheck.render.tables import quantified
from gradcheck.render.target_text import target_text
from gradcheck.render.text import legend, vanished_text
from gradcheck.render.wording import WIDTH, clean, clip, count, wrap
from gradcheck.store.numbers import Json

_SHOUTED = frozenset({"error", "fail", "inconclusive"})
_HEADS = ("", "layer", "checks", "digits", "detects")
_ALIGN = ("left", "left", "right", "right", "right")


def item_text(checks: Sequence[Json], vanished: Iterable[Json], folder: str) -> str:
    """One case and those added to it: in a line what is wrong, then the table and the findings.

    checks: of one target · vanished: expected faults that no longer show · folder: what targets are relative to.
    """
    gone = [vanished_text(fault) for fault in vanished]
    parts = [reason(checks)] if any(check["verdict"] != "pass" for check in checks) else []
    parts += [target_text(checks[0]["target"], list(checks), set(), show_all=False, folder=folder)] if checks else []
    return "\n\n".join(part for part in (*parts, *gone, legend(list(checks))) if part)


def reason(checks: Iterable[Json]) -> str:
    """Of the gravest check, what is wrong in one line: `bias: 2 of 2 wrong (constant-factor)`."""
    first = min(checks, key=gravity)
    undecided = outcome(first) == "inconclusive"
    return clip(f"inconclusive: {_why(first)}" if undecided else _why(first), WIDTH * 2)


def section(record: Json, *, verbose: bool) -> str:
    """The whole session: a row a layer, the gravest first; problems; notes; what was verified.

    record: as a run's, with `items`, how many of pytest's there were · verbose: with the notes of checks.
    """
    parts = [_table(record), "\n".join(_notes(record, verbose=verbose)), _summary(record)]
    return "\n\n".join(part for part in parts if part)


def _table(record: Json) -> str:
    rows = [_problem_row(problem) for problem in record["problems"]]
    rows += [("FAIL", vanished_text(fault).removeprefix("FAIL  ")) for fault in record["expected_vanished"]]
    wide = "\n".join(wrap(f"{word}  {text}", hanging=" " * (len(word) + 2)) for word, text in rows)
    groups = by_target(record["checks"])
    layers = _layers([_row(name, checks) for name, checks in groups.items()]) if groups else ""
    return "\n\n".join(part for part in (wide, layers) if part)


def _problem_row(problem: Json) -> tuple[str, str]:
    return "problem", f"{clean(problem['target'])}: {error_line(problem)}"


def _row(name: str, checks: list[Json]) -> tuple[str, ...]:
    kind = gravest(checks)
    alike = [check for check in checks if outcome(check) == kind]
    word = kind.upper() if kind in _SHOUTED else kind
    amount = str(len(checks)) if len(alike) == len(checks) else f"{len(alike)} of {len(checks)}"
    why = "" if kind == "pass" else f"\n{_why(alike[0])}"
    return word, f"{clean(name)}{why}", amount, *quantified(alike)


def _why(check: Json) -> str:
    """Of the undecided, what keeps it from being decided."""
    if outcome(check) != "inconclusive":
        return in_short(check)
    marks = [
        f"{leaf['name']}: {leaf['note']}" for leaf in check["leaves"] if leaf["verdict"] != "pass" and leaf["note"]
    ]
    causes = [finding["cause"] for finding in check["findings"]]
    return clean([*causes, *marks, *check["notes"], "no reason given"][0])


def _layers(rows: list[tuple[str, ...]]) -> str:
    """The layer's column is folded where a line would pass 80 columns."""
    others = [max(len(row[at]) for row in [_HEADS, *rows]) + 2 for at in (0, 2, 3, 4)]
    room = max(WIDTH - sum(others), 16)
    cells = [_HEADS, *((word, _folded(layer, room), *rest) for word, layer, *rest in rows)]
    limits = [None, room, None, None, None]
    table = tabulate(cells, (), tablefmt="plain", colalign=_ALIGN, disable_numparse=True, maxcolwidths=limits)
    return "\n".join(line.rstrip() for line in table.splitlines())


def _folded(layer: str, room: int) -> str:
    """`path:Class`, in two lines where it is too long for one; the reason below it, as much as one line holds."""
    name, newline, why = layer.partition("\n")
    if len(name) > room:
        path, _, label = name.rpartition(":")
        name = f"{path}:\n  {label}"
    return f"{name}{newline}  {textwrap.shorten(why, room - 2, placeholder=' ...')}".rstrip()


def _notes(record: Json, *, verbose: bool) -> list[str]:
    """Those of files, and those of checks, each once; the latter only counted unless they are asked for."""
    of_checks = {(check["target"], note) for check in record["checks"] for note in check["notes"]}
    notes = [*dict.fromkeys(record["notes"])]
    notes += [f"{target}: {note}" for target, note in sorted(of_checks)] if verbose else []
    lines = [wrap(f"note: {clean(note)}", hanging="  ") for note in notes]
    return lines if verbose or not of_checks else [*lines, f"{count(len(of_checks), 'note')} on checks: -v shows them"]


def _summary(record: Json) -> str:
    if not record["checks"] and not record["problems"]:
        return ""
    return "\n".join([wrap(f"{count(record['items'], 'item')}, {tally(record)}"), wrap(verified(record["checks"]))])
