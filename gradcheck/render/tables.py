"""The tables of the text report."""

import math
import re
from collections.abc import Sequence
from typing import Any

from tabulate import tabulate

from gradcheck.render import wording
from gradcheck.render.wording import WIDTH, clean
from gradcheck.store.numbers import Json, from_json

_LEAF_HEADS = ("leaf", "shape", "wrong", "digits", "detects", "verdict")
_ENTRY_HEADS = ("entry", "yours", "measured", "+-", "difference", "tolerance")
_PASS_HEADS = ("", "case", "digits", "detects")
_SIDES = ("analytic", "numeric")
_FIRST = {"error": 0, "fail": 1, "inconclusive": 2, "pass": 3}


def gravity(item: Json) -> int:
    """Sort key: what went wrong comes first."""
    return _FIRST[item["verdict"]]


def leaf_table(leaves: Sequence[Json], *, indent: str = "") -> str:
    """One row a leaf, failing rows first; long names and shapes are folded."""
    rows = [leaf_cells(leaf) for leaf in sorted(leaves, key=gravity)]
    width = [_width(head, [row[at] for row in rows]) for at, head in enumerate(_LEAF_HEADS)]
    shape, wrong = min(width[1], 18), min(width[2], 16)
    room = WIDTH - len(indent) - shape - wrong - sum(width[3:]) - 2 * (len(width) - 1)
    limits = [max(room, 8), shape, wrong, None, None, None]
    align = ("left", "left", "right", "right", "right", "left")
    return _table(rows, _LEAF_HEADS, align=align, indent=indent, limits=limits)


def entry_table(entries: Sequence[Json], *, indent: str = "") -> str:
    """One row a wrong entry: both values, the error bar, the difference, what was allowed."""
    pairs = [(from_json(e["analytic"]), from_json(e["numeric"])) for e in entries]
    align = ("left", *["right"] * 5)
    for digits in range(wording.telling_digits(pairs), 3, -1):
        table = _table([_entry_row(e, digits) for e in entries], _ENTRY_HEADS, align=align, indent=indent)
        if widest(table) <= WIDTH:
            return table
    limits = [16, *[None] * 5]  # an index of many axes: folded
    return _table([_entry_row(e, 4) for e in entries], _ENTRY_HEADS, align=align, indent=indent, limits=limits)


def entry_cells(entries: Sequence[Json]) -> list[tuple[str, ...]]:
    """The rows of the table of entries, with the digits that tell both values apart."""
    pairs = [(from_json(e["analytic"]), from_json(e["numeric"])) for e in entries]
    digits = wording.telling_digits(pairs)
    return [_entry_row(e, digits) for e in entries]


def pass_table(rows: Sequence[tuple[str, Sequence[Json]]]) -> str:
    """One row for each (name, checks); where a name is too long its class, said above, is left out."""
    cells: list[Sequence[str]] = [(name, *quantified(checks)) for name, checks in rows]
    table = _pass_rows(cells)
    if widest(table) > WIDTH:
        cells = [(_arguments(name), *rest) for name, *rest in cells]
        table = _pass_rows(cells)
    longest = max((widest(name) for name, *_ in cells), default=0)
    return table if widest(table) <= WIDTH else _pass_rows(cells, limit=WIDTH - widest(table) + longest)


def quantified(checks: Sequence[Json]) -> tuple[str, str]:
    """Of the weakest leaf: digits of agreement, smallest error that would have been caught."""
    leaves = [leaf for check in checks for leaf in check["leaves"] if leaf["entries"]]
    if not leaves:
        return "-", "-"
    digits = min(from_json(leaf["agreement_digits"]) for leaf in leaves)
    return wording.agreement(digits), _detects(max(from_json(leaf["detectable"]) for leaf in leaves))


def widest(text: str) -> int:
    """The length of the longest line."""
    return max(map(len, text.splitlines()), default=0)


def leaf_cells(leaf: Json) -> tuple[str, ...]:
    """Name, shape, wrong, digits, detects, verdict."""
    digits = wording.agreement(from_json(leaf["agreement_digits"])) if leaf["checked"] else "-"
    detects = _detects(from_json(leaf["detectable"]))
    wrong = f"{leaf['wrong']}{'+' if wording.PART in leaf['note'] else ''} of {leaf['checked']}"
    verdict = leaf["verdict"] if leaf["verdict"] == "pass" else leaf["verdict"].upper()
    return clean(leaf["name"]), wording.index(leaf["shape"]), wrong, digits, detects, verdict


def _detects(smallest: float) -> str:
    return "-" if math.isnan(smallest) else wording.size(smallest)


def _entry_row(entry: Json, digits: int) -> tuple[str, ...]:
    at = wording.index(entry["index"])
    analytic, numeric = from_json(entry["analytic"]), from_json(entry["numeric"])
    both = ("-" if entry[side] is None else wording.value(from_json(entry[side]), digits) for side in _SIDES)
    known = entry["analytic"] is not None and entry["numeric"] is not None
    difference = wording.size(abs(analytic - numeric)) if known else "-"
    bar, allowed = (
        "-" if entry[key] is None else wording.size(from_json(entry[key])) for key in ("numeric_error", "tolerance")
    )
    return (at, *both, bar, difference, allowed)


def _arguments(name: str) -> str:
    """`FCLayer(input_shape=(1, 3)) [eval]` -> `input_shape=(1, 3) [eval]`."""
    match = re.match(r"\w+\(((?:[^()]|\([^()]*\))+)\)", name)
    return f"{match[1]}{name[match.end() :]}" if match else name


def _pass_rows(rows: Sequence[Sequence[str]], limit: int | None = None) -> str:
    """The head is a row like the others: tabulate pads true heads by two, and the width is needed."""
    limits, align = [None, limit, None, None], ("left", "left", "right", "right")
    full = [_PASS_HEADS, *(("pass", *row) for row in rows)]
    return _table(full, (), align=align, limits=limits, style="plain")


def _width(head: str, cells: Sequence[str]) -> int:
    """Of a column: tabulate pads its head by two."""
    return max(len(head) + 2, *map(len, cells))


def _table(
    rows: Sequence[Sequence[str]],
    heads: Sequence[str],
    *,
    align: Sequence[str],
    indent: str = "",
    limits: Sequence[int | None] | None = None,
    style: str = "simple",
) -> str:
    widths: Any = None if limits is None else list(limits)
    table = tabulate(rows, heads, tablefmt=style, colalign=align, disable_numparse=True, maxcolwidths=widths)
    return "\n".join(f"{indent}{line}".rstrip() for line in table.splitlines())
