"""forward returns (y, cache), backward takes dY and the cache: functions, or methods that keep nothing themselves."""

from functools import partial
from typing import Any

from gradcheck.base.arrays import is_float_array
from gradcheck.subjects.binding import Kind
from gradcheck.subjects.conventions.calling import caller, known_roles, reader, takes
from gradcheck.subjects.conventions.way import NoFitError, Run, Seen, Way
from gradcheck.subjects.trees import is_number

FAMILY = "(y, cache) returned"


def fit(seen: Seen) -> Way:
    """As many caches as backward has parameters for them, behind the output; the first result is the output."""
    roles = known_roles(seen)
    returned = seen.run.returned
    if seen.outputs_at is not None:
        raise NoFitError("the convention says where the outputs are")
    if not isinstance(returned, tuple) or len(returned) < 2:
        raise NoFitError(f"{seen.who[0]} returns no tuple (y, cache)")
    if not (is_float_array(returned[0]) or is_number(returned[0])):
        raise NoFitError(f"the first that {seen.who[0]} returns is no float array")
    caches = [role for role in roles if role.kind is Kind.CACHE]
    if not caches or not takes(seen, Kind.UPSTREAM):
        raise NoFitError(f"{seen.who[1]} has no parameters for dY and a cache")
    count = sum(role.kind is Kind.UPSTREAM for role in roles)  # as many outputs come first: h, c, cache
    if len(returned) <= count:
        raise NoFitError(f"{seen.who[0]} returns nothing behind its {count} outputs")
    whole = len(caches) == 1 and len(returned) > count + 1
    backward = caller(seen, lambda run: [run.returned[count:]] if whole else run.returned[count:])
    return Way(FAMILY, partial(_first, count), backward, reader(seen), gives_rate=takes(seen, Kind.RATE))


def _first(count: int, run: Run) -> Any:
    return run.returned[0] if count == 1 else run.returned[:count]
