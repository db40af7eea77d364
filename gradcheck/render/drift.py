"""What became of the baselines, for 80 columns: what went wrong last and in full."""

import math
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import asdict

from tabulate import tabulate

from gradcheck.gather.problem import Problem
from gradcheck.render.check_text import error_text
from gradcheck.render.wording import WIDTH, clean, command, count, size, telling_digits, value, wrap
from gradcheck.store.drift import Drift
from gradcheck.store.ledger import Drifted, Ledger

_HEADS = ("leaf", "what", "baseline", "now", "moved", "allowed")
_ALIGN = ("left", "left", "right", "right", "right", "right")
_LISTED = 8  # rows of one layer
_DIGITS = 11  # that a row of 80 columns has room for
_VALUE = 18  # characters: of so many digits, with a sign and an exponent of three places
_NAMES = {"blas": "BLAS", "gradcheck": "gradcheck", "numpy": "numpy", "python": "Python"}
_LEGEND = (
    "sum 1 to 8: the gradient's entries added up, each time under another fixed pattern of signs. largest: its largest "
    "entry. moved, allowed: relative to the gradient's norm."
)


def drift_text(ledger: Ledger, problems: Sequence[Problem], shown: Callable[[str], str], folder: str) -> str:
    """The whole report; its last line says what was compared.

    shown: spells a target of a baseline for the reader's own folder · folder: of the baselines, as shown.
    """
    parts = [_lines(ledger, shown, folder)]
    parts += [_drifted(one, shown(one.target)) for one in ledger.drifted]
    parts += [wrap(_LEGEND)] if any(d.share is not None for one in ledger.drifted for d in one.drifts) else []
    parts += [_damaged(name, message, folder) for name, message in ledger.damaged.items()]
    parts += [f"problem: {clean(problem.target) or repr('')}\n{error_text(asdict(problem))}" for problem in problems]
    parts += [_commands(ledger, shown), _summary(ledger, problems)]
    return "\n\n".join(part for part in parts if part)


def _lines(ledger: Ledger, shown: Callable[[str], str], folder: str) -> str:
    """One line for each file or layer of which there is little to say."""
    rows = [("written", f"{folder}/{name}") for name in ledger.written]
    rows += [("removed", f"{folder}/{name}") for name in ledger.removed]
    rows += [(f"recorded as {verdict.value}", shown(target)) for target, verdict in ledger.recorded.items()]
    rows += [
        ("better than its baseline", f"{shown(target)}: {count(len(cases), 'case')}")
        for target, cases in ledger.better.items()
    ]
    rows += [("no baseline", shown(target)) for target in ledger.missing]
    rows += [("unused", f"{folder}/{name}, of {shown(target)}") for name, target in ledger.unused.items()]
    return "\n".join(wrap(f"{what}: {clean(which)}", hanging="  ") for what, which in rows)


def _drifted(one: Drifted, title: str) -> str:
    """One layer: its cases with a table each, then with what both were made."""
    ranked = _ranked(one.drifts)
    groups: dict[str, list[Drift]] = {}
    for drift in ranked[:_LISTED]:
        groups.setdefault(drift.case, []).append(drift)
    parts = [f"DRIFT  {clean(title)}"]
    parts += [_case(name, drifts) for name, drifts in groups.items()]
    if len(ranked) > _LISTED:
        parts.append(_more(ranked[_LISTED:], set(groups)))
    parts.append(_environments(one.before, one.now))
    return "\n\n".join(parts)


def _more(hidden: Sequence[Drift], cases: Set[str]) -> str:
    """What the tables have no room for: how much, of which leaves. cases: that have a table."""
    further = len({drift.case for drift in hidden} - cases)
    leaves = list(dict.fromkeys(clean(drift.leaf) for drift in hidden if drift.leaf))
    named = ", ".join([*leaves[:4], *(["..."] if len(leaves) > 4 else [])])
    text = f"and {count(len(hidden), 'drift')} more" + (f", of {named}" if named else "")
    return wrap(text + (f", in {count(further, 'further case')}" if further else ""), indent="  ", hanging="    ")


def _ranked(drifts: Sequence[Drift]) -> list[Drift]:
    """Case by case, the gravest case and in it the gravest drift first."""
    cases: dict[str, list[Drift]] = {}
    for drift in sorted(drifts, key=_gravity):
        cases.setdefault(drift.case, []).append(drift)
    return [drift for case in sorted(cases.values(), key=lambda case: [*map(_gravity, case)]) for drift in case]


def _gravity(drift: Drift) -> tuple[float, float]:
    """What cannot be compared first, then the largest moves."""
    if drift.share is None or math.isnan(drift.share):
        return (0.0, 0.0)
    return (1.0, -drift.share)


def _case(name: str, drifts: Sequence[Drift]) -> str:
    rows = [_row(drift) for drift in drifts]
    whole = [row for row in rows if not row[0]]
    heads = _HEADS if any(drift.share is not None for drift in drifts) else _HEADS[:4]
    rows = [row[: len(heads)] for row in rows]
    table = tabulate(
        rows, heads, disable_numparse=True, maxcolwidths=_limits(heads, rows), colalign=_ALIGN[: len(heads)]
    )
    if len(whole) == len(rows) == 1:
        _, what, before, now, *_ = rows[0]
        return wrap(f"{clean(name) or 'all cases'}: {what}: was {before}, now {now}", indent="  ", hanging="    ")
    text = "\n".join([wrap(clean(name) or "all cases", indent="  ", hanging="    "), "", *_indented(table)])
    notes = [note for drift in drifts if (note := _scaled(drift))]
    return "\n".join([text, *([""] if notes else []), *notes])


def _limits(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int | None]:
    """Where a column is folded: two of words or values at 18, the leaf's where the line would pass 80 columns."""
    limits: list[int | None] = [None, None, _VALUE, _VALUE, None, None]
    others = range(1, len(heads))
    taken = sum(2 + min(max(len(heads[i]) + 2, *(len(row[i]) for row in rows)), limits[i] or WIDTH) for i in others)
    return [max(WIDTH - 2 - taken, 6), *limits[1 : len(heads)]]


def _row(drift: Drift) -> tuple[str, ...]:
    before, now = _value(drift, drift.before), _value(drift, drift.now)
    bars = tuple("" if v is None else "-" if math.isnan(v) else size(v) for v in (drift.share, drift.allowed))
    return (clean(drift.leaf), drift.what, before, now, *bars)


def _value(drift: Drift, number: float | str) -> str:
    if isinstance(number, str):
        return clean(number)
    if not math.isfinite(number) or isinstance(drift.before, str) or isinstance(drift.now, str):
        return str(number)
    return value(number, min(telling_digits([(drift.before, drift.now)]), _DIGITS))


def _scaled(drift: Drift) -> str:
    """What multiplying the whole gradient says of the change."""
    if drift.factor is None:
        return ""
    by = drift.factor - 1
    how = f"{drift.factor:.6g} times" if abs(by) > 1e-3 else f"1 {'+' if by > 0 else '-'} {abs(by):.3g} times"
    return wrap(f"{clean(drift.leaf)}: the whole gradient is {how} what it was.", indent="  ", hanging="    ")


def _environments(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """With what both were made; the file's words are not ours."""
    lines = [f"baseline made with {_environment(before)}"]
    lines.append("now with the same" if dict(before) == dict(now) else f"now with {_environment(now)}")
    return "\n".join(wrap(line, indent="  ", hanging="    ") for line in lines)


def _environment(environment: Mapping[str, str]) -> str:
    known = [f"{name} {clean(environment[key])[:40]}" for key, name in _NAMES.items() if key in environment]
    return ", ".join(known) or "nothing that it tells"


def _damaged(name: str, message: str, folder: str) -> str:
    lines = (f"{message}.", "Nothing was written or removed there.")
    wrapped = (wrap(clean(line), indent="  ", hanging="    ") for line in lines)
    return "\n".join([f"problem: {clean(f'{folder}/{name}')}", *wrapped])


def _commands(ledger: Ledger, shown: Callable[[str], str]) -> str:
    """What to type next."""
    changed = [shown(one.target) for one in ledger.drifted]
    worse = [shown(one.target) for one in ledger.drifted if any(drift.what == "verdict" for drift in one.drifts)]
    parts = []
    if ledger.missing:
        parts.append(f"Write what is missing:\n{_command('baseline update', map(shown, ledger.missing))}")
    if worse:
        parts.append(f"See why a verdict is worse:\n{_command('run', worse)}")
    if changed:
        parts.append(f"If the drift is meant, accept it:\n{_command('baseline update', changed)}")
    if ledger.unused:
        parts.append("Remove what is unused:\n  gradcheck baseline prune")
    return "\n\n".join(parts)


def _command(verb: str, targets: Iterable[str]) -> str:
    """One command for all, shell-quoted; of many targets in one file, the file."""
    named = list(targets)
    files = list(dict.fromkeys(target.rpartition(":")[0] for target in named))
    words = named if len(named) <= 2 else files
    return command(f"gradcheck {verb} {shlex.join(map(clean, words))}", indent="  ")


def _summary(ledger: Ledger, problems: Sequence[Problem]) -> str:
    amounts = (
        (len(ledger.same), "as in its baseline", "as in their baselines"),
        (len(ledger.written), "written", "written"),
        (len(ledger.removed), "removed", "removed"),
        (len(ledger.drifted), "drifted", "drifted"),
        (len(ledger.missing), "without a baseline", "without a baseline"),
        (len(ledger.unused), "unused", "unused"),
        (len(ledger.damaged) + len(problems), "problem", "problems"),
    )
    said = [f"{number} {one if number == 1 else many}" for number, one, many in amounts if number]
    measured = f"{count(ledger.cases, 'case')}, {count(ledger.leaves, 'leaf', 'leaves')} measured"
    return wrap(f"{measured}: {', '.join(said) or 'nothing to do'}.")


def _indented(table: str) -> list[str]:
    return [f"  {line}".rstrip() for line in table.splitlines()]
