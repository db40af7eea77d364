"""A derivative f' beside f, and a loss with its gradient: backward takes forward's arguments or nothing, and no dY."""

from typing import Any

from gradcheck.subjects.binding import Kind
from gradcheck.subjects.conventions.calling import caller, is_output, known_roles, takes
from gradcheck.subjects.conventions.returned import outputs_of
from gradcheck.subjects.conventions.way import NoFitError, Run, Seen, Supplied, Way
from gradcheck.subjects.results import Results

FAMILY = "derivative or loss gradient, without dY"


def fit(seen: Seen) -> Way:
    """The gradient belongs to the prediction, or the first float argument, unless a tuple says more."""
    known_roles(seen)
    if takes(seen, Kind.UPSTREAM):
        raise NoFitError(f"{seen.who[1]} takes dY")
    if seen.outputs_at is None and not is_output(seen.run.returned):
        raise NoFitError(f"{seen.who[0]} returns no float array or number")
    results = Results(seen.inputs, seen.who[1], seen.result_names, parameters=seen.is_layer, notes=seen.notes)
    own = seen.inputs.of(seen.inputs.predicted) if seen.inputs.predicted is not None else []

    def supplied(returned: Any, run: Run) -> Supplied:
        del run
        value = returned if seen.inputs_at is None else seen.inputs_at(returned)
        if isinstance(value, tuple | list | dict):
            return Supplied(*results.split(value))
        return Supplied({own[0].name: value} if len(own) == 1 else {}, None)

    return Way(
        FAMILY, outputs_of(seen), caller(seen), supplied, takes_cotangent=False, gives_rate=takes(seen, Kind.RATE)
    )
