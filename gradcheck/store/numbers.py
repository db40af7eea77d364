"""Numbers as JSON can hold them: the non-finite ones are strings."""

import math
from typing import Any

Json = dict[str, Any]


def to_json(value: float | None) -> float | int | str | None:
    """Ints stay ints, floats floats; "NaN", "Infinity", "-Infinity" where JSON has no number."""
    if value is None:
        return None
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, int):
        return int(number)
    if math.isfinite(number):
        return float(number)
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def from_json(value: float | str | None) -> float:
    """The number again; NaN where nothing was measured."""
    return math.nan if value is None else float(value)
