"""Pictures of equal numbers are drawn once: matplotlib takes a minute for a page of hundreds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gradcheck.render import charts


@contextmanager
def drawn_once() -> Iterator[None]:
    """While this is in force."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("heat_map", "error_curve"):
            patch.setattr(charts, name, _kept(getattr(charts, name)))
        yield


def _kept(draw: Callable[..., str]) -> Callable[..., str]:
    known: dict[str, str] = {}

    def drawn(*numbers: Any) -> str:
        key = repr(numbers)
        if key not in known:
            known[key] = draw(*numbers)
        return known[key]

    return drawn
