"""forward returns nothing and leaves its output in an attribute; backward may leave dx in one: .output, .dinputs."""

from typing import Any

from gradcheck.subjects.binding import Kind
from gradcheck.subjects.conventions.calling import caller, is_output, reader, takes
from gradcheck.subjects.conventions.way import NoFitError, Run, Seen, Way

FAMILY = "output stored"
OUTPUTS = ("output", "outputs", "out", "y", "Y", "activations", "activation", "activated", "a", "A", "_output", "z",
           "Z", "result", "top")  # fmt: skip
INPUTS = ("dinputs", "dinput", "dx", "dX", "d_inputs", "d_input", "grad_input", "gradInput", "input_grad",
          "input_gradient", "_dinputs", "_dx", "dA_prev", "delta_prev", "bottom_diff")  # fmt: skip


def fit(seen: Seen) -> Way:
    """What forward returns is None or the layer; the attribute is one that this very forward has set."""
    returned = seen.run.returned
    if returned is not None and returned is not seen.owner:
        raise NoFitError(f"{seen.who[0]} does return something")
    name = next((n for n in OUTPUTS if n in seen.written and is_output(seen.written[n])), None)
    if name is None:
        raise NoFitError(f"no float array was left in {', '.join(OUTPUTS[:3])} or the like")
    if not takes(seen, Kind.UPSTREAM):
        raise NoFitError(f"{seen.who[1]} has no parameter for dY")
    owner = seen.owner

    def output(run: Run) -> Any:
        del run
        return getattr(owner, name)

    return Way(FAMILY, output, caller(seen), reader(seen), gives_rate=takes(seen, Kind.RATE))
