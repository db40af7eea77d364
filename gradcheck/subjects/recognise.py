"""From a layer or a pair of functions to a driver: its callables, its inputs, its way, its learning rate."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from gradcheck.base.arrays import is_float_array
from gradcheck.base.errors import UsageError
from gradcheck.base.looking import look
from gradcheck.subjects.binding import Kind, Role, roles_beside_ufunc, roles_of
from gradcheck.subjects.building import first_forward
from gradcheck.subjects.calls import call
from gradcheck.subjects.completing import completed, held, last_layer, written
from gradcheck.subjects.convention import Convention
from gradcheck.subjects.conventions.stored import OUTPUTS
from gradcheck.subjects.conventions.table import recognised
from gradcheck.subjects.conventions.way import Run, Seen, Way
from gradcheck.subjects.driver import Driver, zeroing
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.inputs import function_inputs, layer_inputs
from gradcheck.subjects.keywords import by_place
from gradcheck.subjects.rates import kept_rates, rates_of_module
from gradcheck.subjects.reading import settle_reading
from gradcheck.subjects.results import result_names
from gradcheck.subjects.spelling import (
    BACKWARD_NAMES,
    DERIVATIVE_NAMES,
    FORWARD_NAMES,
    is_flush_name,
    is_mode_name,
    is_switch_name,
    is_truth_name,
    paired_method_names,
    positional,
    says_training,
)


def layer_driver(layer: Any, x: Any, convention: Convention | None = None) -> Driver:
    """The driver of a layer object, which is left as it was, but for what `build` or `initialize` had to make.

    Raises:
        UsageError: no forward and backward are known of it, or x does not fit · LayerError: it raises, or no
        family fits.
    """
    declared = convention or Convention()
    forward, backward, names = _callables(layer, declared)
    inputs = layer_inputs(forward, _cut(x, declared.truncated))
    title = type(layer).__name__
    who = (f"{title}.{names[0]}", f"{title}.{names[1]}")
    driver = Driver(layer, title, who, _switched_on(forward), inputs)
    driver.notes.extend(declared.notes)
    derivative = names[1] in DERIVATIVE_NAMES and not _is_function(declared.backward)
    seen = Seen(
        layer, who, backward, inputs, Run([]),
        roles_of(backward, inputs, derivative=derivative, declared=_is_function(declared.backward)),
        is_layer=True, notes=driver.notes,
        result_names=result_names(backward), outputs_at=_outputs_at(declared, layer),
        inputs_at=declared.place("inputs", layer),
    )  # fmt: skip
    first_forward(driver)
    _recognise(driver, seen, declared)
    if declared.inputs == ():
        driver.without_inputs()
    return driver


def function_driver(
    forward: Callable[..., Any],
    backward: Callable[..., Any] | None,
    arguments: Sequence[Any],
    convention: Convention | None = None,
) -> Driver:
    """The driver of a pair of functions, or of one that gives value and gradient (backward None)."""
    declared = convention or Convention()
    inputs = function_inputs(by_place(forward), arguments)
    title = getattr(forward, "__qualname__", type(forward).__name__)
    who = (title, title if backward is None else getattr(backward, "__name__", type(backward).__name__))
    pair = (forward, backward)
    forward, backward = by_place(forward), None if backward is None else by_place(backward)
    driver = Driver(pair, title, who, forward, inputs)
    driver.notes.extend(declared.notes)
    seen = Seen(
        pair, who, backward, inputs, Run([]), (), is_layer=False, notes=driver.notes,
        result_names=None if backward is None else result_names(backward),
    )  # fmt: skip
    base = Snapshot(pair)
    try:
        seen.run = driver.trial(inputs.handed())
    finally:
        base.restore()
    if backward is not None:
        seen.roles = _function_roles(backward, seen)
    if not inputs.leaves:
        raise UsageError(f"arguments of {title}: none is a float array, so there is nothing to check")
    driver.way = _fused(recognised(seen), declared)
    return driver


def _function_roles(backward: Callable[..., Any], seen: Seen) -> tuple[Role, ...] | str:
    """(dout, cache) beside (y, cache), whatever they are called; forward's own arguments make it a derivative."""
    returned, (forward, _) = seen.run.returned, seen.owner
    if isinstance(forward, np.ufunc) and forward.nout == 1 and positional(backward) is not None:
        return roles_beside_ufunc(backward, seen.inputs)
    parameters = [p.name for p in positional(backward) or [] if p.default is p.empty]
    cached = isinstance(returned, tuple) and len(returned) > 1
    roles = roles_of(backward, seen.inputs, derivative=not cached and len(parameters) <= len(seen.inputs.names))
    if cached and len(parameters) == len(returned) and not _has_both(roles):
        return (Role(Kind.UPSTREAM, parameters[0]), *(Role(Kind.CACHE, name) for name in parameters[1:]))
    return roles


def _has_both(roles: tuple[Role, ...] | str) -> bool:
    return not isinstance(roles, str) and {Kind.UPSTREAM, Kind.CACHE} <= {role.kind for role in roles}


def _callables(layer: Any, declared: Convention) -> tuple[Callable[..., Any], Callable[..., Any], tuple[str, str]]:
    """forward, backward, and their names in messages."""
    names = _names(layer, declared)
    forward = declared.bound("forward", layer) or look(layer, names[0] or " ")
    backward = declared.bound("backward", layer) or look(layer, names[1] or " ")
    names = (_spelled(declared.forward, names[0]), _spelled(declared.backward, names[1]))
    if forward is None or backward is None:
        raise UsageError(
            f"layer={type(layer).__name__}: has no forward and backward of a known name; expected a layer with "
            f"{', '.join(f'{f} and {b}' for f, b in zip(FORWARD_NAMES, BACKWARD_NAMES, strict=True))} or the like; "
            f"or say what they are called: Convention(forward=..., backward=...)"
        )
    if declared.forward is None and names[0] == "forward" and callable(look(layer, "calculate")):
        wanted = [p.name for p in positional(by_place(forward)) or []]
        if len(wanted) > 1 and any(map(is_truth_name, wanted)):  # a loss whose forward gives one value a sample
            return by_place(layer.calculate), by_place(backward), ("calculate", names[1])
    return by_place(forward), by_place(backward), names


def _names(layer: Any, declared: Convention) -> tuple[str, str]:
    """Of the pair, or of the one half that the convention leaves out."""
    pair = paired_method_names(layer)
    if pair is not None or (declared.forward is None and declared.backward is None):
        return pair or ("", "")
    usual = (_first(layer, (*FORWARD_NAMES, "__call__")), _first(layer, BACKWARD_NAMES))
    return (usual[0] if declared.forward is None else "", usual[1] if declared.backward is None else "")


def _first(layer: Any, names: Sequence[str]) -> str:
    return next((name for name in names if callable(look(layer, name))), "")


def _is_function(field: Any) -> bool:
    return field is not None and not isinstance(field, str)


def _spelled(field: Any, name: str) -> str:
    if field is None:
        return name
    return field if isinstance(field, str) else getattr(field, "__name__", type(field).__name__)


def _outputs_at(declared: Convention, layer: Any) -> Callable[[Run], Any] | None:
    place = declared.place("outputs", layer)
    return None if place is None else lambda run: place(run.returned)


def _switched_on(forward: Callable[..., Any]) -> Callable[..., Any]:
    """A switch that forward cannot do without is on: forward(x, training), forward(x, mode)."""
    required = [p.name for p in positional(forward) or [] if p.default is p.empty and is_switch_name(p.name)]
    return partial(forward, **{name: "train" if is_mode_name(name) else says_training(name) for name in required})


def _cut(x: Any, steps: int | None) -> Any:
    """The first steps of a sequence: where backward goes back no further, they are all that can be compared."""
    if steps is None:
        return x
    if isinstance(x, tuple):
        return (_cut(x[0], steps), *x[1:])
    return x[:steps] if is_float_array(x) else x


def _recognise(driver: Driver, seen: Seen, declared: Convention) -> None:
    """The way of a layer, from a trial forward and a trial backward; all is put back."""
    layer, base = driver.root, Snapshot(driver.root)
    try:
        before = held(layer, OUTPUTS)
        seen.run = driver.trial(driver.inputs.handed())
        seen.written = written(layer, before, OUTPUTS)
        driver.way = recognised(seen)
        if not driver.way.gives_rate:
            driver.kept_rates = [*kept_rates(layer), *rates_of_module(layer)]
        driver.reset = declared.bound("reset", layer) or zeroing(layer)
        driver.flushes = declared.reset is None and is_flush_name(getattr(driver.reset, "__name__", ""))
        base.restore()
        completed(driver, seen)
        base.restore()
        last_layer(driver, seen)
        if not _is_function(declared.backward) and declared.fused is None:
            base.restore()
            settle_reading(driver, seen)
        driver.way = _fused(driver.way, declared)
    finally:
        base.restore()


def _fused(way: Way, declared: Convention) -> Way:
    """A layer together with the loss that its backward belongs to: a number, whose gradient starts at the loss."""
    if declared.fused is None:
        return way
    loss, loss_prime = declared.fused

    def inner(run: Run) -> Run:
        return Run(run.handed, run.returned, way.outputs(run))

    return Way(
        f"{way.family}, with its loss",
        lambda run: call(loss, inner(run).outputs),
        lambda run, _, rate: way.backward(inner(run), call(loss_prime, inner(run).outputs), rate),
        way.supplied, takes_cotangent=False, gives_rate=way.gives_rate,
    )  # fmt: skip
