"""forward returns y, backward takes dY (and what else it names) and returns dx, or (dx, gradients of parameters)."""

from typing import Any

from gradcheck.subjects.binding import Kind
from gradcheck.subjects.conventions.calling import caller, is_output, reader, takes
from gradcheck.subjects.conventions.way import NoFitError, Run, Seen, Way

FAMILY = "y returned, dx returned"


def fit(seen: Seen) -> Way:
    """Several outputs are one tuple, list or dict; dY has their form, or is one argument for each."""
    backward = caller(seen)
    if not takes(seen, Kind.UPSTREAM):
        raise NoFitError(f"{seen.who[1]} has no parameter for dY")
    if seen.outputs_at is None and not is_output(seen.run.returned):
        raise NoFitError(f"{seen.who[0]} returns {_what(seen.run.returned)}")
    return Way(FAMILY, outputs_of(seen), backward, reader(seen), gives_rate=takes(seen, Kind.RATE))


def outputs_of(seen: Seen) -> Any:
    """Where the outputs are: returned, unless a place is declared."""
    return seen.outputs_at if seen.outputs_at is not None else _returned


def _returned(run: Run) -> Any:
    return run.returned


def _what(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__} without a float array"
