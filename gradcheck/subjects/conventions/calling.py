"""Calling backward with what its parameters ask for, and reading what it returns: common to the families."""

from collections.abc import Callable, Sequence
from typing import Any

from gradcheck.base.arrays import is_float_array
from gradcheck.base.errors import Failure, LayerError
from gradcheck.base.looking import look
from gradcheck.subjects.binding import Kind, Role
from gradcheck.subjects.calls import call
from gradcheck.subjects.conventions.way import NoFitError, Run, Seen, Supplied
from gradcheck.subjects.results import Results
from gradcheck.subjects.trees import floats, is_number


def known_roles(seen: Seen) -> tuple[Role, ...]:
    """What backward's parameters are given.

    Raises:
        NoFitError: one of them is not known, or there is no backward.
    """
    if seen.backward is None:
        raise NoFitError("there is no backward")
    if isinstance(seen.roles, str):
        raise NoFitError(f"of {seen.who[1]} {seen.roles}")
    return seen.roles


def takes(seen: Seen, kind: Kind) -> bool:
    """Has backward a parameter of this kind?"""
    return not isinstance(seen.roles, str) and any(role.kind is kind for role in seen.roles)


def caller(
    seen: Seen, caches: Callable[[Run], Sequence[Any]] = lambda run: [run.returned]
) -> Callable[[Run, Any, float], Any]:
    """Backward with its arguments: dY (one for each output where it takes several), rate, cache, inputs, output."""
    roles, backward = known_roles(seen), seen.backward
    assert backward is not None  # noqa: S101 -- else its roles are not known
    upstreams = [role for role in roles if role.kind is Kind.UPSTREAM]

    def run_backward(run: Run, cotangents: Any, rate: float) -> Any:
        starred = any(role.name == "*" for role in upstreams)
        several = _apart(cotangents, len(upstreams), starred=starred)
        if upstreams and not starred and len(several) != len(upstreams):
            message = f"{seen.who[1]} takes {len(upstreams)} gradients for {len(several)} outputs of {seen.who[0]}"
            raise LayerError(Failure("TypeError", message))
        given = {Kind.RATE: rate, Kind.OUTPUT: run.outputs, Kind.RETURNED: run.returned}
        kept = list(caches(run))
        arguments: list[Any] = []
        named: dict[str, Any] = {}
        for role in roles:
            if role.name == "*":
                arguments += several
                continue
            if role.kind is Kind.UPSTREAM:
                value = several.pop(0)
            elif role.kind is Kind.CACHE:
                value = kept.pop(0) if kept else None
            else:
                value = _handed(seen, role, run) if role.kind is Kind.INPUT else given[role.kind]
            if role.by_name:
                named[role.name] = value
            else:
                arguments.append(value)
        return call(backward, *arguments, **named)

    return run_backward


def _handed(seen: Seen, role: Role, run: Run) -> Any:
    """An argument of forward again; where a loss keeps what it made of it (a softmax), `dvalues` is that output."""
    value = run.handed[role.number]
    if role.name != "dvalues" or not seen.is_layer or "output" not in seen.written:
        return value
    kept: Any = look(seen.owner, "output")
    return kept if is_float_array(kept) and is_float_array(value) and kept.shape == value.shape else value


def _apart(cotangents: Any, wanted: int, *, starred: bool) -> list[Any]:
    """One dY for each parameter that takes one."""
    if isinstance(cotangents, tuple | list) and (starred or wanted > 1):
        return list(cotangents)
    if isinstance(cotangents, dict) and (starred or wanted > 1):
        return list(cotangents.values())
    return [cotangents]


def reader(seen: Seen, *, parameters: bool | None = None) -> Callable[[Any, Run], Supplied]:
    """The gradients out of what backward returned, and out of the place where it stores that of the input."""
    may = seen.is_layer if parameters is None else parameters
    results = Results(seen.inputs, seen.who[1], seen.result_names, parameters=may, notes=seen.notes, owner=seen.owner)

    def supplied(returned: Any, run: Run) -> Supplied:
        del run
        if seen.inputs_at is not None:
            return Supplied(results.split(seen.inputs_at(returned))[0], returned)
        return Supplied(*results.split(returned))

    return supplied


def is_output(value: Any) -> bool:
    """A float array or number, or several of them together with whatever else."""
    return is_float_array(value) or is_number(value) or bool(isinstance(value, tuple | list | dict) and floats(value))
