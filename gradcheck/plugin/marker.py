"""The marker `gradcheck`, and the fixture that honours it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from gradcheck.api import assert_gradients
from gradcheck.plugin.settings import settings_for

_KEYS = ("rtol", "method", "seed", "budget", "convention")


def options_of(item: pytest.Item) -> dict[str, Any]:
    """The keywords of a test's markers, the nearest going before; an error where there is another, or an argument."""
    found: dict[str, Any] = {}
    for marker in item.iter_markers("gradcheck"):
        unknown = [key for key in marker.kwargs if key not in _KEYS]
        if marker.args or unknown:
            wrong = (
                f"an unknown keyword {unknown[0]!r}" if unknown else f"an argument without keyword, {marker.args[0]!r}"
            )
            pytest.fail(f"@pytest.mark.gradcheck has {wrong}; expected {', '.join(_KEYS)}", pytrace=False)
        found = {**marker.kwargs, **found}
    return found


def checker(config: pytest.Config, item: Any) -> Callable[..., None]:
    """assert_gradients with what is set for a test: a call's own keywords, the marker, then the session's settings."""
    given = settings_for(config, item.path).given
    options = {**{key: given[key] for key in _KEYS if key in given}, **options_of(item)}
    return partial(assert_gradients, **options) if options else assert_gradients
