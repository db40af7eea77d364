"""A way to call one layer, and what is known of a layer when its way is sought."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradcheck.subjects.binding import Role
from gradcheck.subjects.inputs import Inputs


@dataclass(eq=False)
class Run:
    """One forward: what it was handed, what it returned, its outputs (a float array or number, or several)."""

    handed: list[Any]
    returned: Any = None
    outputs: Any = None


@dataclass(frozen=True, eq=False)
class Supplied:
    """What one backward gave. inputs: by leaf name · parameters: by name, or in some order, or None."""

    inputs: Mapping[str, Any]
    parameters: Any = None


@dataclass(frozen=True, eq=False)
class Way:
    """How a layer is called.

    family: in words · takes_cotangent: False for a derivative, which the driver multiplies by the cotangent
    outputs: of a run · backward: (run, cotangents in the outputs' form, learning rate) -> what the user's backward
    returned · supplied: reads the gradients out of that · gives_rate: is the learning rate an argument of backward?
    """

    family: str
    outputs: Callable[[Run], Any]
    backward: Callable[[Run, Any, float], Any]
    supplied: Callable[[Any, Run], Supplied]
    takes_cotangent: bool = True
    gives_rate: bool = False


@dataclass(eq=False)
class Seen:
    """What is known of a layer: its two callables, the arguments, one trial forward.

    who: forward and backward as messages name them · backward: None where one function gives value and gradient
    roles: what each of backward's parameters is given, or why that is not known · written: the layer's own
    attributes that the forward has set
    result_names: what backward's return statement calls its results, None where there is no telling
    outputs_at, inputs_at: where the outputs and the gradient of the input are, if not returned.
    """

    owner: Any
    who: tuple[str, str]
    backward: Callable[..., Any] | None
    inputs: Inputs
    run: Run
    roles: tuple[Role, ...] | str
    is_layer: bool
    written: Mapping[str, Any] = field(default_factory=dict)
    result_names: tuple[str, ...] | None = None
    notes: list[str] = field(default_factory=list)
    outputs_at: Callable[[Run], Any] | None = None
    inputs_at: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Doubt:
    """Why it cannot be told what backward is handed. cause: what it would be if backward were handed dE/dY."""

    cause: str
    text: str


class NoFitError(Exception):
    """Why a family does not fit, in a few words."""
