"""What a trial backward shows of a layer's way: dX in an attribute, outputs without a dY, a loss without one."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from gradcheck.base.arrays import is_float_array
from gradcheck.base.errors import LayerError
from gradcheck.subjects.binding import Kind
from gradcheck.subjects.conventions.stored import INPUTS
from gradcheck.subjects.conventions.table import recognised
from gradcheck.subjects.conventions.way import Seen
from gradcheck.subjects.driver import Driver
from gradcheck.subjects.graph import attribute_names
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.spelling import gradient_names, positional
from gradcheck.subjects.trees import floats


def completed(driver: Driver, seen: Seen) -> None:
    """What a trial backward shows: dX is left in an attribute; of several outputs only the first has a dY."""
    layer, base = driver.root, Snapshot(driver.root)
    first = _trial(driver)
    if isinstance(first, LayerError):
        base.restore()
        if driver.switch_on():
            completed(driver, seen)
        else:
            _first_output_only(driver, seen)
        return
    if seen.inputs_at is not None or (first is not None and first is not layer):
        return
    base.restore()
    before = held(layer, INPUTS)
    _trial(driver)
    now = written(layer, before, INPUTS)
    base.restore()
    name = next((n for n in INPUTS if n in now and floats(now[n])), None) or _of_the_inputs_shape(driver)
    if name is not None:
        seen.inputs_at = partial(_attribute, layer, name)
        driver.way = recognised(seen)


def _of_the_inputs_shape(driver: Driver) -> str | None:
    """The one attribute that backward alone writes and that has the input's shape, where it has no usual name.

    What is named as the gradient of another attribute (dW beside W) is that.
    """
    if len(driver.inputs.leaves) != 1:
        return None
    layer, shape = driver.root, driver.inputs.leaves[0].shape
    try:
        output = driver.forward(driver.inputs.handed())
        before = held(layer, attribute_names(layer))
        driver.backward(output * 0 + 1, 1.0)
    except LayerError:
        return None
    now = written(layer, before, attribute_names(layer))
    still = [name for name in before if name not in now and is_float_array(before[name][0])]
    others = {form for name in still for form in gradient_names(name)}
    fitting = [n for n, v in now.items() if is_float_array(v) and v.shape == shape and n not in others]
    if len(fitting) != 1:
        return None
    driver.notes.append(
        f"the gradient of the input is read from {fitting[0]}: what {driver.who[1]} writes and has the input's shape"
    )
    return fitting[0]


def last_layer(driver: Driver, seen: Seen) -> None:
    """A loss with backward(dout=1) that never looks at dout: it is a derivative, which is said."""
    upstream = _optional_upstream(seen)
    if upstream is None or np.size(driver.run.outputs) != 1:
        return
    base, found = Snapshot(driver.root), []
    for size in (1.0, 2.0):
        base.restore()
        try:
            output = driver.forward(driver.inputs.handed())
            found.append(driver.backward(output * 0 + size, 1.0).inputs)
        except LayerError:
            return
    one, two = ([np.asarray(g).tobytes() for g in gradients.values() if g is not None] for gradients in found)
    if one and one == two and not isinstance(seen.roles, str):
        seen.roles = tuple(role for role in seen.roles if role.kind is not Kind.UPSTREAM)
        driver.way = recognised(seen)
        driver.notes.append(
            f"{driver.who[1]} never looks at its {upstream}: right only where that is 1, the last layer"
        )


def _optional_upstream(seen: Seen) -> str | None:
    """The name of dY where its default is 1."""
    if seen.backward is None or isinstance(seen.roles, str):
        return None
    names = {role.name for role in seen.roles if role.kind is Kind.UPSTREAM}
    optional = (
        p.name for p in positional(seen.backward) or [] if p.name in names and isinstance(p.default, int | float)
    )
    return next(optional, None)


def _first_output_only(driver: Driver, seen: Seen) -> None:
    """(y, attention): a backward that takes one array and not a tuple has the gradient of y alone."""
    outputs = driver.run.outputs
    if seen.outputs_at is not None or not isinstance(outputs, tuple | list) or not is_float_array(outputs[0]):
        return
    whole, seen.outputs_at = driver.way, lambda run: run.returned[0]
    driver.way = recognised(seen)
    if isinstance(_trial(driver), LayerError):
        driver.way = whole
    else:
        driver.notes.append(f"of {len(outputs)} outputs only the first is checked: {driver.who[1]} takes one dY")


def _trial(driver: Driver) -> Any:
    """What one backward returns, or the LayerError."""
    way = driver.way
    if way is None:
        return None
    try:
        output = driver.forward(driver.inputs.handed())
        driver.backward(output * 0 + 1, 1.0)
    except LayerError as error:
        return error
    return driver.returned


def held(layer: Any, names: Sequence[str]) -> dict[str, tuple[Any, bytes]]:
    """What attributes of these names hold, and their contents."""
    there = [name for name in attribute_names(layer) if name in names]
    return {n: (v, _bytes(v)) for n in there if (v := getattr(layer, n)) is not None}


def _bytes(value: Any) -> bytes:
    return value.tobytes() if is_float_array(value) else b""


def _attribute(layer: Any, name: str, returned: Any) -> Any:
    del returned
    return getattr(layer, name)


def written(layer: Any, before: dict[str, tuple[Any, bytes]], names: Sequence[str]) -> dict[str, Any]:
    """Attributes of these names that are another object now, or hold other numbers."""
    now = {name: getattr(layer, name) for name in attribute_names(layer) if name in names}
    return {
        name: value
        for name, value in now.items()
        if name not in before or before[name][0] is not value or _bytes(value) != before[name][1]
    }
