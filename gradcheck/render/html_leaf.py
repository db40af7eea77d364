"""One leaf of the HTML report: its row, its worst entries, its pictures with words for those who do not see them."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from gradcheck.render import charts
from gradcheck.render.screened import wrong_entries
from gradcheck.render.tables import entry_cells, leaf_cells
from gradcheck.render.wording import clean, clip, count, index, mark, size
from gradcheck.store.numbers import Json, from_json

_TITLES = {"analytic": "yours", "numeric": "measured", "difference": "difference (yours minus measured)"}
_NAME = 300  # characters of a leaf's name
_LAST_PLACES = 2.0**-48  # of a value: an error as small as that is of no step
_LEAVES, _ROOM = 120, 8_000_000  # leaves that are drawn in one page, and characters of all their pictures together


class Pictures:
    """What may still be drawn in one page: a page of thousands of failing leaves stays one that opens."""

    def __init__(self) -> None:
        self.leaves, self.room = _LEAVES, _ROOM

    @property
    def left(self) -> bool:
        """May one more leaf be drawn?"""
        return self.leaves > 0 and self.room > 0

    def take(self, sources: Sequence[str]) -> None:
        """One leaf has been drawn."""
        self.leaves, self.room = self.leaves - 1, self.room - sum(map(len, sources))


def leaf_row(leaf: Json) -> Json:
    """The cells of the table of leaves."""
    name, shape, wrong, digits, detects, _ = leaf_cells(leaf)
    return {
        "name": clip(name, _NAME), "shape": shape, "wrong": wrong, "digits": digits, "detects": detects,
        "dtype": clean(leaf["dtype"]), "verdict": leaf["verdict"], "note": mark(leaf["note"]), "how": _how(leaf),
    }  # fmt: skip


def failing_leaf(leaf: Json, pictures: Pictures) -> Json:
    """Title, worst entries, maps and curve of a leaf that fails."""
    entries = leaf["wrong_entries"] or [entry for entry in [leaf["worst"]] if entry]
    drawn = pictures.left
    maps, curve = (list(_maps(leaf)), _curve(leaf)) if drawn else ([], None)
    pictures.take([picture["src"] for picture in (*maps, *([curve] if curve else []))])
    return {
        "title": f"{clip(clean(leaf['name']), _NAME)}: {_share(leaf)}",
        "entries": entry_cells(entries),
        "maps": maps,
        "curve": curve,
        "folding": _folding(leaf),
        "unmapped": _unmapped(leaf, maps, drawn=drawn),
    }


def _how(leaf: Json) -> str:
    if leaf["method"] != "screen":
        return "every entry"
    missed = from_json(leaf["miss_probability"])
    return f"{count(leaf['directions'], 'direction')}, chance of a miss {missed:.0e}"


def _share(leaf: Json) -> str:
    if not leaf["wrong"]:
        return "the worst entry" if leaf["worst"] else "not compared entry by entry"
    verb = "is" if leaf["wrong"] == 1 else "are"
    return f"{wrong_entries(leaf)} of {count(leaf['checked'], 'entry', 'entries')} {verb} wrong"


def _maps(leaf: Json) -> Iterator[Json]:
    maps = leaf["maps"]
    both = charts.largest(maps["analytic"], maps["numeric"])
    for name, title in _TITLES.items():
        if maps[name] and maps[name][0]:
            scale = charts.largest(maps["difference"]) if name == "difference" else both
            drawn = charts.heat_map(maps[name], scale, maps.get("wrong") or [], leaf["shape"])
            yield {
                "src": charts.data_uri(drawn), "alt": _said(title, leaf, scale), "title": title, "scale": size(scale),
                "caption": f", up to {size(scale)} in magnitude",
            }  # fmt: skip


def _said(title: str, leaf: Json, scale: float) -> str:
    """A map in words."""
    worst = f" The worst entry is {index(leaf['worst']['index'])}." if leaf["worst"] else ""
    return (
        f"Heat map, {title}: {count(leaf['entries'], 'entry', 'entries')}, values up to {size(scale)} in magnitude; "
        f"crosses mark {leaf['wrong']} wrong.{worst}"
    )


def _folding(leaf: Json) -> str:
    """How the leaf's axes became rows and columns, and what the colours and crosses mean."""
    shape = leaf["shape"]
    last = len(shape) - 1
    rows = "one row" if last < 1 else f"rows: axis {0 if last == 1 else f'0 to {last - 1}'}"
    columns = "" if last < 0 else f", columns: axis {last}"
    cells = leaf["maps"]["analytic"] or leaf["maps"]["numeric"] or [[]]
    many = leaf["entries"] > sum(map(len, cells))
    each = " Each cell shows the largest entry of its block." if many else ""
    return (
        f"{rows.capitalize()}{columns}.{each} Red is positive, blue negative, grey not finite, white zero or not "
        "measured; a cross marks a wrong entry."
    )


def _unmapped(leaf: Json, maps: Sequence[Json], *, drawn: bool) -> str:
    if not drawn:
        return "Not drawn: the page holds pictures enough. Run this case alone to see its own."
    if maps or leaf["method"] != "screen":
        return ""
    return "No map: this leaf was held against random directions, not measured entry by entry."


def _curve(leaf: Json) -> Json | None:
    worst, points = leaf["worst"], leaf["curve"]
    if not worst or not any(from_json(h) > 0 for h, _ in points):
        return None
    yours, measured = from_json(worst["analytic"]), from_json(worst["numeric"])
    gap, least = abs(yours - measured), _LAST_PLACES * max(abs(measured), abs(yours) if math.isfinite(yours) else 0.0)
    distance = leaf.get("distance") or []
    drawn = charts.error_curve(points, distance, gap, least)
    reading = _reading(points, gap, least)
    at = f"entry {index(worst['index'])}"
    alt = f"Error against step at {at}, {count(len(points), 'step')}. {reading}"
    return {"src": charts.data_uri(drawn), "alt": alt, "at": at, "both": bool(distance), "reading": reading}


def _reading(points: Sequence[Sequence[Any]], gap: float, least: float) -> str:
    """What the curve's regions mean here."""
    found = charts.regions(points, gap, least)
    sentences = {
        "rounding": "Small steps: rounding, the error grows as the step shrinks.",
        "truncation": "Large steps: truncation, it grows with the step.",
    }
    told = [sentence for name, sentence in sentences.items() if name in found]
    if not told and "plateau" in found:
        told = ["Every step gives what was measured: forward is a straight line here."]
    if math.isfinite(gap) and gap > 0:
        where = f" from step {size(found['plateau'][0])} to {size(found['plateau'][1])}" if "plateau" in found else ""
        told.append(
            f"Plateau: yours stays {size(gap)} away{where}, whatever the step: a wrong gradient, not a wrong step."
        )
    return " ".join(told)
