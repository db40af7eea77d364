"""The section of one target: what passes in a line each; what does not, once in full, then in short."""

import os
import re
from collections import Counter
from collections.abc import Iterator

from gradcheck.judge.verdict import Verdict
from gradcheck.render.check_text import BODY, Known, check_block, error_line, factor_of, names_in
from gradcheck.render.screened import chance_of_a_miss, wrong_entries
from gradcheck.render.standing import by_reason
from gradcheck.render.tables import pass_table
from gradcheck.render.wording import clean, count, index, mark, value, wrap
from gradcheck.store.numbers import Json, from_json

_LISTED = 6  # cases in short, of those that fail for one reason
_OF_CLASS = ("search:", "power:")  # notes of a whole class, which stand at its first check
_ADDED = re.compile(r"(?P<own>.+) \[(?P<added>[^\[\]()=]+)\]")  # `FCLayer(input_shape=(1, 3)) [zeros]`


def target_text(name: str, checks: list[Json], known: Known, *, show_all: bool, folder: str) -> str:
    """The path really checked, the passing checks, then the others, the gravest last.

    folder: what the target, where it is a path, is relative to.
    """
    plain = [] if show_all else [check for check in checks if weight(check) == 0]
    parts = [_heading(name, checks, folder)]
    if plain:
        parts[0] += "\n" + "\n".join([pass_table(_passing(plain)), *_remarks(plain)])
    told = sorted((check for check in checks if check not in plain), key=weight)
    groups = [[check] for check in told] if show_all else by_reason(told)
    parts += [_group(group, known, show_all=show_all) for group in groups]
    return "\n\n".join(parts)


def weight(check: Json) -> int:
    """Order in the report: plain passes, warnings, expected faults, then the unexpected by gravity."""
    if check["expected"]:
        return 1
    if check["verdict"] == Verdict.PASS.value:
        return 1 if check["findings"] else 0
    return 1 + Verdict(check["verdict"]).rank


def _heading(name: str, checks: list[Json], folder: str) -> str:
    """The target as the user spelled it, and the file that was really checked where that says more."""
    spelled = os.path.normpath(os.path.join(folder, name.rpartition(":")[0]))  # noqa: PTH118 -- Path keeps ".."
    paths = list(dict.fromkeys(check["path"] for check in checks if check.get("path") not in (None, spelled)))
    shown = [clean(path) for path in paths]
    return wrap(", from ".join(part for part in (clean(name), ", ".join(shown)) if part), hanging=BODY, keep=shown)


def _passing(checks: list[Json]) -> list[tuple[str, list[Json]]]:
    """(name, checks): a case, and the passing cases added to it, which stand below its name."""
    rows = []
    for own, added in _with_added(checks):
        below = f"\n  also {' '.join(map(_suffix, added))}" if added else ""
        rows.append((f"{clean(own['case'])}{below}", [own, *added]))
    return rows


def _with_added(checks: list[Json]) -> list[tuple[Json, list[Json]]]:
    """Each case with those of the list that were added to it; an added one whose own case is not there stands alone."""
    found: dict[str, tuple[Json, list[Json]]] = {}
    for check in checks:
        match = _ADDED.fullmatch(check["case"])
        if match is not None and match["own"] in found:
            found[match["own"]][1].append(check)
        else:
            found.setdefault(check["case"], (check, []))
    return list(found.values())


def _suffix(check: Json) -> str:
    """`[zeros]`."""
    match = _ADDED.fullmatch(check["case"])
    return f"[{clean(match['added'])}]" if match else clean(check["case"])


def _remarks(checks: list[Json]) -> Iterator[str]:
    """Notes and marks of the passing checks, each said once."""
    said = Counter(note for check in checks for note in dict.fromkeys(_said(check)))
    for note, times in said.items():
        counts = len(checks) > 1 and not note.endswith("no check") and not note.startswith(_OF_CLASS)
        of = f" ({times} of {count(len(checks), 'check')})" if counts else ""
        yield wrap(f"note: {note}{of}", indent=BODY, hanging=BODY * 2)
    if told := chance_of_a_miss(checks):
        yield wrap(told, indent=BODY, hanging=BODY * 2)


def _said(check: Json) -> Iterator[str]:
    yield from (clean(note) for note in check["notes"])
    yield from (f"{clean(leaf['name'])}: {mark(leaf['note'])}" for leaf in check["leaves"] if leaf["note"])


def _group(group: list[Json], known: Known, *, show_all: bool) -> str:
    """The first in full, the others in short."""
    (first, added), *others = _with_added(group)
    parts = [check_block(first, show_all=show_all, known=known)]
    parts += [wrap(f"The same {_also(added)}.", indent=BODY)] if added else []
    if others:
        number = sum(1 + len(more) for _, more in others)
        parts.append(wrap(f"The same at {count(number, 'more case', 'more cases')}:", indent=BODY))
        parts += [_short(own, more) for own, more in others[:_LISTED]]
        parts += [_unlisted(others[_LISTED:])] if others[_LISTED:] else []
    return "\n\n".join(parts)


def _short(check: Json, added: list[Json]) -> str:
    """`FAIL  --case 1: ConvLayer(...)`, then a line for each leaf that does not pass."""
    word = "expected" if check["expected"] else check["verdict"].upper()
    number = "" if check.get("index") is None else f"--case {check['index']}: "
    indent = BODY + " " * (len(word) + 2)
    lines = [wrap(f"{word}  {number}{clean(check['case'])}", indent=BODY, hanging=f"{indent}  ")]
    facts = [*_facts(check), *([f"also {_also(added)}"] if added else [])]
    kept = [name for finding in check["findings"] for name in names_in(finding)]
    return "\n".join([*lines, *(wrap(fact, indent=indent, hanging=f"{indent}  ", keep=kept) for fact in facts)])


def _also(added: list[Json]) -> str:
    """`at [zeros] (--case 1), [borders] (--case 2)`."""
    numbers = ["" if check.get("index") is None else f" (--case {check['index']})" for check in added]
    return f"at {', '.join(f'{_suffix(check)}{n}' for check, n in zip(added, numbers, strict=True))}"


def _facts(check: Json) -> Iterator[str]:
    if check["error"]:
        yield error_line(check["error"])
    for leaf in check["leaves"]:
        if leaf["verdict"] != "pass":
            factors = [finding for finding in check["findings"] if finding["leaf"] == leaf["name"]]
            yield f"{clean(leaf['name'])}: {_worst(leaf)}{''.join(map(factor_of, factors))}"


def _worst(leaf: Json) -> str:
    """`5 of 5 wrong; at (0,) yours 7.402, measured 2.961`."""
    if not leaf["wrong"] or not leaf["worst"]:
        return mark(leaf["note"]) or str(leaf["verdict"])
    worst = leaf["worst"]
    yours, measured = (value(from_json(worst[side]), 4) for side in ("analytic", "numeric"))
    share = f"{wrong_entries(leaf)} of {leaf['checked']} wrong"
    return f"{share}; at {index(worst['index'])} yours {yours}, measured {measured}"


def _unlisted(others: list[tuple[Json, list[Json]]]) -> str:
    checks = [check for own, added in others for check in (own, *added)]
    numbers = [str(check["index"]) for check in checks if check.get("index") is not None]
    those = f": --case {', '.join(numbers)}" if numbers else ""
    return wrap(f"and {count(len(checks), 'further case')}{those} (--all shows them).", indent=BODY, hanging=BODY * 2)
