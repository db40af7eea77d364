"""What each parameter of a backward is to be given, told by its name."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from gradcheck.subjects.inputs import Inputs
from gradcheck.subjects.spelling import (
    is_cache_name,
    is_output_name,
    is_predicted_name,
    is_rate_name,
    is_surely_upstream_name,
    is_switch_name,
    is_truth_name,
    is_upstream_name,
    positional,
)

_TARGETS = frozenset({"y_true", "target", "targets", "label", "labels", "ground_truth", "y_batch"})
_PERHAPS = frozenset({"y", "Y", "t"})  # dY, the output or the target: not alone, nor beside a dY


class Kind(StrEnum):
    """What a parameter of backward can be given."""

    UPSTREAM = "dY"
    RATE = "learning rate"
    CACHE = "cache"
    RETURNED = "what forward returned"
    OUTPUT = "output"
    INPUT = "argument of forward"


@dataclass(frozen=True)
class Role:
    """One parameter of backward. number: of the input, where it is one · name: by which it must be handed, or None."""

    kind: Kind
    name: str
    number: int = 0
    by_name: bool = False


def roles_of(
    backward: Callable[..., Any], inputs: Inputs, *, derivative: bool, declared: bool = False
) -> tuple[Role, ...] | str:
    """The roles in order, or the reason why they are not known.

    declared: a function of a Convention, whose parameters are named on purpose: only one that nobody knows is dY.
    derivative: backward belongs to the arguments of forward, as a function `f_prime` does, and takes no dY.
    """
    parameters = positional(backward)
    if parameters is None:
        return (_input(inputs, 0, "x"),) if derivative else (Role(Kind.UPSTREAM, "dY"),)
    wanted = parameters if derivative else _given(parameters)
    wanted = [p for p in wanted if p.default is p.empty or not derivative]
    told = any(_is_mine(p.name, inputs) or is_surely_upstream_name(p.name) for p in wanted)
    if derivative and len(wanted) <= len(inputs.names) and not told:
        return tuple(_input(inputs, i, p.name) for i, p in enumerate(wanted))
    target = _foreign_target([p.name for p in wanted], inputs)
    if target is not None and not derivative and not declared:
        return (
            f"its parameter {target} is a target, which forward does not take: it belongs to the layer and its loss "
            f"together; declare them with Convention(fused=(loss, loss_prime), backward=...)"
        )
    found = [_role(p.name, inputs) for p in wanted]
    if not derivative and (not declared or None in found):
        found = _with_upstream(found, wanted, inputs)
    unknown = [p.name for p, role in zip(wanted, found, strict=True) if role is None]
    if unknown:
        return (
            f"what to give for its parameter {', '.join(unknown)} cannot be told (known are dY, a learning rate, a "
            f"cache, the output, and forward's own arguments by their names)"
        )
    skipped = next((i for i, p in enumerate(parameters) if p not in wanted), len(parameters))
    late = {p.name for p in parameters[skipped:]}  # behind one that keeps its default: handed by name
    roles = [replace(role, by_name=role.name in late) for role in found if role is not None]
    return (*roles, *_starred(backward, roles), *_keyword_only(backward))


def roles_beside_ufunc(backward: Callable[..., Any], inputs: Inputs) -> tuple[Role, ...] | str:
    """By place: numpy calls its arguments x1, x2, which says nothing. dY is told by its name, wherever it stands."""
    names = [p.name for p in positional(backward) or [] if p.default is p.empty]
    count = len(inputs.arguments)
    upstream = [name for name in names if is_upstream_name(name) or name == "d"]
    if names == upstream and len(names) == 1:
        return (Role(Kind.UPSTREAM, names[0]),)
    if len(names) == count and not upstream:
        return tuple(_input(inputs, i, name) for i, name in enumerate(names))
    if len(names) != count + 1:
        return (
            f"its {len(names)} parameters ({', '.join(names)}) do not fit the {count} arguments: expected are dY and "
            f"these, or these alone, in their order"
        )
    if len(upstream) != 1:
        return f"which of its parameters {', '.join(names)} is dY cannot be told: call it dy, and no other so"
    places = iter(range(count))
    return tuple(
        Role(Kind.UPSTREAM, name) if name in upstream else _input(inputs, next(places), name) for name in names
    )


def _foreign_target(names: Sequence[str], inputs: Inputs) -> str | None:
    """What backward compares with, where forward does not have it."""
    if any(map(is_truth_name, inputs.names)):
        return None
    sure = [name for name in names if name in _TARGETS]
    perhaps = [name for name in names if name in _PERHAPS and name not in inputs.names]
    told = any(is_upstream_name(name) for name in names)
    return next(iter(sure or ([] if told or len(names) == 1 else perhaps)), None)


def _given(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Those without a default; a learning rate; and dY, as in backward(dout=1), where no other is there."""
    told = any(p.default is p.empty and is_upstream_name(p.name) for p in parameters)
    return [p for p in parameters if p.default is p.empty or _has_a_use(p, told=told)]


def _has_a_use(p: inspect.Parameter, *, told: bool) -> bool:
    if isinstance(p.default, bool | str) or is_switch_name(p.name):
        return False
    return is_rate_name(p.name) or (not told and is_upstream_name(p.name))


def _is_mine(name: str, inputs: Inputs) -> bool:
    return name in inputs.names or is_truth_name(name) or is_cache_name(name)


def _role(name: str, inputs: Inputs) -> Role | None:
    if name in inputs.names:
        return _input(inputs, inputs.names.index(name), name)
    if name == "returned":
        return Role(Kind.RETURNED, name)
    plain = ((is_rate_name, Kind.RATE), (is_cache_name, Kind.CACHE))
    kind = next((kind for fits, kind in plain if fits(name)), None)
    if kind is None:
        number = _of_loss(name, inputs)
        if number is not None:
            return _input(inputs, number, name)
        plain = ((is_upstream_name, Kind.UPSTREAM), (is_output_name, Kind.OUTPUT))
        kind = next((kind for fits, kind in plain if fits(name)), None)
    return None if kind is None else Role(kind, name)


def _of_loss(name: str, inputs: Inputs) -> int | None:
    """Where forward compares two things: which of them a name stands for."""
    truth = next((i for i, own in enumerate(inputs.names) if is_truth_name(own)), None)
    if truth is None or len(inputs.names) == 1:
        return None
    if is_truth_name(name):
        return truth
    return inputs.predicted if is_predicted_name(name) or name == "dvalues" else None


def _with_upstream(found: list[Role | None], wanted: list[inspect.Parameter], inputs: Inputs) -> list[Role | None]:
    """Where no name speaks of dY: the first that nobody knows, or the only one that could be it, whatever its name."""
    if any(role is not None and role.kind is Kind.UPSTREAM for role in found):
        return found
    free = [i for i, role in enumerate(found) if role is None]
    required = [i for i, p in enumerate(wanted) if p.default is p.empty]
    loss = len(inputs.names) > 1 and any(map(is_truth_name, inputs.names))
    if loss or not required:
        return found
    others = [i for i in required if len(required) == 1 or _could_be_upstream(found[i])]
    if not free and len(others) != 1:
        return found
    place = (free or others)[0]
    return [Role(Kind.UPSTREAM, wanted[i].name) if i == place else role for i, role in enumerate(found)]


def _could_be_upstream(role: Role | None) -> bool:
    return role is None or role.kind not in (Kind.RATE, Kind.CACHE, Kind.RETURNED)


def _input(inputs: Inputs, number: int, name: str) -> Role:
    return Role(Kind.INPUT, name, min(number, max(len(inputs.names) - 1, 0)))


def _starred(backward: Callable[..., Any], roles: list[Role]) -> tuple[Role, ...]:
    """backward(*dYs) takes one for each output; backward(*_) says that it looks at none."""
    kinds = {p.kind: p.name for p in inspect.signature(backward).parameters.values()}
    starred = not kinds.get(inspect.Parameter.VAR_POSITIONAL, "_").startswith("_")
    upstream = any(role.kind is Kind.UPSTREAM for role in roles)
    return (Role(Kind.UPSTREAM, "*"),) if starred and not upstream else ()


def _keyword_only(backward: Callable[..., Any]) -> tuple[Role, ...]:
    own = inspect.signature(backward).parameters.values()
    rates = [p.name for p in own if p.kind is inspect.Parameter.KEYWORD_ONLY and is_rate_name(p.name)]
    return tuple(Role(Kind.RATE, name, by_name=True) for name in rates)
