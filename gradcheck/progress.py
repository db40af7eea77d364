"""Progress on stderr: only where that is a terminal, and only for what takes longer than a second."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradcheck.base.stage import Doing, ticking
from gradcheck.render.wording import WIDTH, clean, count

_DELAY, _EVERY = 1.0, 0.5  # seconds before anything is shown, and between two looks at a check
_LEAST = 12  # characters of a name that stay readable
Step = Callable[[str, Doing | None], None]


@contextmanager
def cases() -> Iterator[Step | None]:
    """For a run: told the name of each case as it begins, and what it is at; None where nothing is shown."""
    if not sys.stderr.isatty():
        yield None
        return
    with _bar("case {n_fmt}, {elapsed}: {desc}") as bar:

        def step(name: str, doing: Doing | None) -> None:
            bar.set_description_str(said(name, doing, _columns() - 20), refresh=False)
            bar.update(1 if doing is None else 0)

        yield step


@contextmanager
def one(name: str) -> Iterator[None]:
    """For a check from Python."""
    if not sys.stderr.isatty():
        yield
        return
    bars: list[Any] = []

    def tell(doing: Doing) -> None:
        if not bars:  # tqdm is not even loaded for a short check
            bars.append(_bar("{desc}, {elapsed}"))
            bars[0].start_t -= _EVERY
        bars[0].set_description_str(said(name, doing, _columns() - 8), refresh=False)
        bars[0].update(0)

    try:
        with ticking(_EVERY, tell):
            yield
    finally:
        for bar in bars:
            bar.close()


def said(name: str, doing: Doing | None, room: int) -> str:
    """`Dense(100, 80), weights: 120 of 256 entries, 812 forwards`; a long name is cut."""
    parts = [] if doing is None else _parts(doing)
    left = max(room - sum(len(part) + 2 for part in parts), _LEAST)
    shown = clean(name)
    return ", ".join([shown if len(shown) <= left else f"{shown[: left - 3]}...", *parts])


def _parts(doing: Doing) -> list[str]:
    what = clean(doing.what)[:40]
    counted = f"{what}: {doing.done} of {doing.total} {doing.unit}" if doing.total else what
    forwards = count(doing.forward, "forward") if doing.forward else ""
    return [part for part in (counted, forwards) if part]


def _columns() -> int:
    return shutil.get_terminal_size((WIDTH, 24)).columns


def _bar(style: str) -> Any:
    from tqdm import tqdm  # noqa: PLC0415 -- only where it is shown

    return tqdm(leave=False, bar_format=style, file=sys.stderr, delay=_DELAY, miniters=0, mininterval=0.2)
