"""The pictures of a failing leaf as SVG, by matplotlib (the extra `report`). No text of a user's is drawn."""

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from gradcheck.base.arrays import Array
from gradcheck.store.numbers import from_json

_STYLE: Any = {
    "svg.fonttype": "none",  # text as text: small, and readable at any size
    "svg.hashsalt": "gradcheck",  # the same record gives the same bytes
    "font.size": 10,
    "font.family": ["DejaVu Sans"],
    "axes.linewidth": 0.6,
}
_SAFE = " =:/;,.()+-_!*@$'"  # what may stand in a data: address as it is
_COLOURS = 17  # few enough that a map of noise stays small as a PNG
_CROSSES = 16  # wrong cells that are marked one by one
_COARSE, _CELL = 24, 9  # cells a side that are large enough for a cross of so many pixels
_LARGEST = 1e300
_LEAST = 1e-30  # where an error of exactly 0 is drawn, at the lowest
_INK, _YOURS, _MEASURED = "#1f2430", "#b3261e", "#1d4ed8"
_SHADES = {"rounding": "#fde8c8", "truncation": "#d8e8fb", "plateau": "#f8d7d4"}


def data_uri(svg: str) -> str:
    """For the src of an img: nothing in it can run, and its ids are its own."""
    return f"data:image/svg+xml,{quote(svg, safe=_SAFE)}"


def largest(*maps: Sequence[Sequence[Any]] | None) -> float:
    """The largest finite magnitude in these maps: one scale for both gradients."""
    values = [abs(v) for picture in maps if picture is not None for v in np.ravel(_numbers(picture)) if np.isfinite(v)]
    return min(max(values, default=0.0), _LARGEST)


def heat_map(cells: Sequence[Sequence[Any]], scale: float, wrong: Sequence[Sequence[int]], shape: Sequence[int]) -> str:
    """Red above zero, blue below, grey not finite, white not measured; a cross in every cell with wrong entries.

    cells, wrong: (rows, columns), as store/maps.py makes them of a leaf of this shape · scale: the largest magnitude.
    """
    values = _numbers(cells)
    rows, columns = values.shape
    with mpl.rc_context(_STYLE):
        tall = min(max(2.6 * rows / max(columns, 1), 0.6), 2.6)
        figure = Figure(figsize=(3.2, tall + 0.4))
        axes = figure.add_axes((0.17, 0.3 / (tall + 0.4), 0.80, tall / (tall + 0.4)))
        _paint(axes, cells, values, scale)
        if wrong:
            _mark(axes, np.array(wrong).reshape(values.shape) > 0)
        axes.set_aspect("equal" if 1 / 6 < rows / columns < 6 else "auto")
        high, wide = _picture(shape)
        axes.set_yticks(*_ticks(rows, high))
        axes.set_xticks(*_ticks(columns, wide))
        axes.tick_params(length=2, width=0.6)
        return _svg(figure)


def error_curve(
    curve: Sequence[Sequence[Any]], distance: Sequence[Sequence[Any]], gap: float, least: float = 0.0
) -> str:
    """Error against step, both logarithmic: truncation, rounding and the plateau are shaded and named.

    curve: (step, |D(step) - measured|) · distance: (step, |D(step) - yours|) · gap: |yours - measured| · least: see
    regions.
    """
    points = _points(curve)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(5.2, 3.4))
        axes = figure.add_axes((0.14, 0.15, 0.83, 0.76))
        x, y = np.log10(points[:, 0]), np.log10(_floored(points[:, 1]))
        _regions(axes, x, y, regions(curve, gap, least), math.log10(gap) if _drawable(gap) else math.nan)
        axes.plot(x, y, "o-", color=_MEASURED, markersize=3.5, linewidth=1.2)
        for step, off in zip(x, points[:, 1], strict=True):
            if off == 0:
                axes.plot([step], [y.min()], "v", color=_MEASURED, markersize=6, markerfacecolor="white")
        apart = _points(distance)
        if apart.size:
            axes.plot(np.log10(apart[:, 0]), np.log10(_floored(apart[:, 1])), "s-", color=_YOURS, markersize=3)
        _decades(axes)
        return _svg(figure)


def regions(curve: Sequence[Sequence[Any]], gap: float, least: float = 0.0) -> dict[str, tuple[float, float]]:
    """Name -> (smallest, largest) step at which truncation or rounding rules, or neither hides the gap (plateau).

    least: errors below it are last places of the values themselves, whatever the step.
    """
    points = _points(curve)
    if len(points) < 3:  # fewer points have no sides
        return {}
    steps, off = points[:, 0], np.maximum(_floored(points[:, 1]), least)
    best = int(np.argmin(off))
    found = {}
    if best > 0 and off[:best].max() > 3 * off[best]:
        found["rounding"] = (float(steps[0]), float(steps[best]))
    if best < len(steps) - 1 and off[best + 1 :].max() > 3 * off[best]:
        found["truncation"] = (float(steps[best]), float(steps[-1]))
    flat = steps[off < gap / 3]
    if flat.size > 1 and math.isfinite(gap):
        found["plateau"] = (float(flat[0]), float(flat[-1]))
    return found


def _regions(axes: Axes, x: Array, y: Array, found: Mapping[str, tuple[float, float]], level: float) -> None:
    """Bands at the bottom for both errors of a difference quotient; the plateau's line at the height of the gap."""
    low, high = float(y.min()), float(max(y.max(), level) if math.isfinite(level) else y.max())
    room = max(high - low, 1.0)
    axes.set_ylim(low - 0.16 * room, high + 0.16 * room)
    axes.set_xlim(float(x.min()) - 0.4, float(x.max()) + 0.4)
    for name in ("rounding", "truncation"):
        if name in found:
            left, right = (math.log10(h) for h in found[name])
            axes.axvspan(left, right, color=_SHADES[name], linewidth=0)
            axes.text((left + right) / 2, low - 0.12 * room, name, ha="center", color=_INK, fontsize=9)
    if "plateau" in found:
        left, right = (math.log10(h) for h in found["plateau"])
        axes.plot([left, right], [level, level], color=_SHADES["plateau"], linewidth=9, solid_capstyle="butt", zorder=1)
        axes.text((left + right) / 2, level + 0.05 * room, "plateau", ha="center", color=_YOURS, fontsize=9)


def _paint(axes: Axes, cells: Sequence[Sequence[Any]], values: Array, scale: float) -> None:
    missing = np.array([[v is None for v in row] for row in cells]).reshape(values.shape)
    shown = np.ma.masked_invalid(np.clip(values, -_LARGEST, _LARGEST) if values.size else values)
    axes.set_facecolor("#b9bec9")  # not finite
    axes.imshow(shown, interpolation="none", cmap=_colours(), vmin=-(scale or 1.0), vmax=scale or 1.0)
    if missing.any():
        axes.imshow(np.where(missing[..., None], [1.0, 1.0, 1.0, 1.0], 0.0), interpolation="none")


def _colours() -> Colormap:
    return mpl.colormaps["RdBu_r"].resampled(_COLOURS)


def _numbers(cells: Sequence[Sequence[Any]]) -> Array:
    """(rows, columns), NaN for what is not measured or not finite."""
    rows = [[from_json(v) if isinstance(v, int | float) else math.nan for v in row] for row in cells]
    return np.array(rows, dtype=np.float64).reshape(len(rows), -1)


def _mark(axes: Axes, wrong: Array) -> None:
    """A cross in each wrong cell, black with a white rim; as pixels where they are many, a shade if tiny."""
    rows, columns = wrong.shape
    down, across = np.nonzero(wrong)
    if not down.size:
        return
    if down.size <= _CROSSES:
        size = (150 / max(rows, columns, 6)) ** 2
        for colour, width in (("white", 3.0), ("black", 1.4)):
            axes.scatter(across, down, s=max(size, 16), c=colour, marker="x", linewidths=width)
        return
    tile = _cross() if max(rows, columns) <= _COARSE else np.array([[[0.0, 0.0, 0.0, 0.6]]])
    over = np.tile(tile, (rows, columns, 1)) * np.kron(wrong, np.ones(tile.shape[:2]))[..., None]
    axes.imshow(over, interpolation="none", extent=(-0.5, columns - 0.5, rows - 0.5, -0.5))


def _cross() -> Array:
    """RGBA of the pixels of one cell."""
    at = np.arange(_CELL) - _CELL // 2
    off = np.minimum(np.abs(at[:, None] - at), np.abs(at[:, None] + at))
    off[np.maximum(np.abs(at[:, None]), np.abs(at)) > _CELL // 3] = _CELL
    tile = np.zeros((_CELL, _CELL, 4))
    tile[off == 1] = 1.0
    tile[off == 0] = (0, 0, 0, 1)
    return tile


def _picture(shape: Sequence[int]) -> tuple[int, int]:
    """Rows and columns of the leaf itself, as the map folds it."""
    if len(shape) < 2 or 0 in shape:
        return 1, math.prod(shape)
    return math.prod(shape[:-1]), shape[-1]


def _ticks(cells: int, entries: int) -> tuple[list[float], list[str]]:
    """At most five places, named by the first entry of their cell."""
    block = -(-entries // cells) if cells else 1
    every = max(-(-cells // 5), 1)
    places = list(range(0, cells, every))
    return [float(place) for place in places], [str(place * block) for place in places]


def _points(curve: Sequence[Sequence[Any]]) -> Array:
    """(step, error), by step, of those that can be drawn; an error of 0 stays 0."""
    pairs = sorted((from_json(h), from_json(e)) for h, e in curve)
    return np.array([(h, e) for h, e in pairs if _drawable(h) and (e == 0 or _drawable(e))]).reshape(-1, 2)


def _floored(errors: Array) -> Array:
    """Errors of exactly 0 half a decade below the least other."""
    positive = errors[errors > 0]
    floor = max(float(positive.min()) / 3, _LEAST) if positive.size else 1e-17
    return np.asarray(np.where(errors > 0, errors, floor))


def _drawable(number: float) -> bool:
    return 0 < number < math.inf


def _decades(axes: Axes) -> None:
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        places = list(_whole(low, high))
        axis.set_ticks(places, [f"1e{place}" for place in places])
    axes.tick_params(length=3, width=0.6)
    axes.set_xlabel("step of the difference quotient", labelpad=2)
    axes.set_title("error", loc="left", fontsize=10, pad=4)
    axes.spines[["top", "right"]].set_visible(False)


def _whole(low: float, high: float) -> Iterator[int]:
    first, last = math.ceil(low), math.floor(high)
    every = max((last - first) // 6, 1)
    yield from range(first, last + 1, every)


def _svg(figure: Figure) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = out.getvalue()
    return re.sub(r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
