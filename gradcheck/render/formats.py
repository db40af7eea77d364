"""Format name -> renderer of a run's record. Adding a format is one file and one line here."""

from collections.abc import Callable
from typing import Any

from gradcheck.render.json import run_json
from gradcheck.render.text import run_text

FORMATS: dict[str, Callable[[dict[str, Any]], str]] = {
    "text": run_text,
    "json": run_json,
}
