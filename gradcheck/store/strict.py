"""JSON from a file that anybody may have written: bounded, and every value of the kind that it should be."""

import json
import math
from collections import Counter
from typing import Any

from gradcheck.store.numbers import Json

_NAMED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_SHOWN = 60  # characters of a value
_DIGITS = 1000  # of an integer


class MalformedError(ValueError):
    """What is wrong, and where."""


def parsed(data: bytes) -> Json:
    """The object that stands in `data`.

    Raises:
        MalformedError: no JSON, nested too deeply, a key twice, a bare NaN, no object.
    """
    try:
        value = json.loads(
            data.decode("utf-8"), parse_constant=_no_constant, parse_int=_integer, object_pairs_hook=_once
        )
    except RecursionError:
        raise MalformedError("is nested too deeply") from None
    except MalformedError:
        raise
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError
        raise MalformedError(f"is not valid JSON: {error}") from None
    return table(value, "the file")


def table(value: object, place: str) -> Json:
    """A JSON object."""
    if not isinstance(value, dict):
        raise _wrong(place, "an object", value)
    return value


def item(holder: Json, key: str, place: str) -> Any:
    """One of its values."""
    if key not in holder:
        raise MalformedError(f"{place} has no {key!r}")
    return holder[key]


def text(value: object, place: str) -> str:
    """A string."""
    if not isinstance(value, str):
        raise _wrong(place, "a string", value)
    return value


def truth(value: object, place: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise _wrong(place, "true or false", value)
    return value


def one_of(value: object, allowed: tuple[str, ...], place: str) -> str:
    """One of a few words."""
    if not isinstance(value, str) or value not in allowed:
        raise _wrong(place, f"one of {', '.join(allowed)}", value)
    return value


def whole(value: object, place: str) -> int:
    """An integer of at least 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(place, "a whole number of at least 0", value)
    return value


def number(value: object, place: str) -> float:
    """A finite number, or "NaN", "Infinity", "-Infinity"."""
    if isinstance(value, str) and value in _NAMED:
        return _NAMED[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(place, "a number", value)
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise _wrong(place, "a number that float64 holds", value)
    return found


def sequence(value: object, place: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise _wrong(place, "a list", value)
    return value


def shape(value: object, place: str) -> tuple[int, ...]:
    """The lengths of the axes."""
    return tuple(whole(length, place) for length in sequence(value, place))


def _wrong(place: str, expected: str, value: object) -> MalformedError:
    shown = f"{type(value).__name__} of {len(value)}" if isinstance(value, dict | list) else short(value)
    return MalformedError(f"{place}: expected {expected}, got {shown}")


def short(value: object) -> str:
    """A value of the file as Python spells it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise MalformedError(f"has the key {short(twice)} twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise MalformedError(f"holds an integer of {len(digits)} digits")
    return int(digits)


def _no_constant(name: str) -> Any:
    raise MalformedError(f"holds a bare {name}, which JSON does not have")
