"""Of many cases alike `make test` takes some, to last less than ten minutes, and `make test-exhaustive` the others."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest


def thinned(cases: Sequence[Any], each: int, name: Callable[[Any], str] = str) -> list[Any]:
    """For pytest's parametrize: all of them, of which only every so many-th is not marked as exhaustive."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=[pytest.mark.exhaustive] if place % each else [],
            id=name(case),
        )
        for place, case in enumerate(cases)
    ]
