"""Parameters that are all zeros or all ones, drawn again: they hide the terms that they multiply."""

from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.randomness import stream
from gradcheck.gather.naming import parameters_of
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.run.points import input_of
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.recognise import layer_driver
from gradcheck.subjects.spelling import is_network, is_parameter_name


def hides_terms(specimen: Specimen, parameters: Collection[str]) -> bool:
    """Is one of the parameters all zeros or all ones? parameters: names of the leaves that a check has found."""
    if isinstance(specimen, FunctionSpecimen):
        return bool(_flat_arguments(specimen, parameters))
    return any(True for _ in _flat(specimen, parameters))


def redrawn(specimen: Specimen, parameters: Collection[str]) -> Specimen:
    """The same with these parameters drawn again: ones around 1, zeros around 0. A layer is changed in place."""
    if isinstance(specimen, FunctionSpecimen):
        places = _flat_arguments(specimen, parameters)
        drawn = {place: _drawn(specimen.arguments[place], name) for place, name in places.items()}
        return replace(specimen, arguments=tuple(drawn.get(i, a) for i, a in enumerate(specimen.arguments)))
    for slot in flat_places(specimen, parameters):
        value = slot.get()
        if isinstance(value, float):
            slot.set(float(_drawn(np.asarray(value), slot.path)))
        elif slot.shared:  # by every object of the class: this one gets its own
            slot.set(_drawn(value, slot.path))
        else:
            value[...] = _drawn(value, slot.path)
    return specimen


def flat_places(specimen: LayerSpecimen, parameters: Collection[str]) -> list[Slot]:
    """Where the parameters of the layer stand that are all zeros or all ones."""
    return list(_flat(specimen, parameters))


def _flat(specimen: LayerSpecimen, parameters: Collection[str]) -> Iterator[Slot]:
    """The parameters of the layer that are all zeros or all ones; those made at the first forward after one."""
    found = {slot.path for slot in slots(specimen.layer)}
    x = specimen.x if specimen.x is not None else input_of(specimen)
    if x is not None and not found.issuperset(parameters) and not is_network(specimen.layer):
        driver = layer_driver(specimen.layer, x, specimen.convention)
        driver.trial(driver.inputs.handed())
    for slot in slots(specimen.layer):
        if slot.path in parameters and _is_flat(slot.get()):
            yield slot


def _flat_arguments(specimen: FunctionSpecimen, parameters: Collection[str]) -> dict[int, str]:
    """Place -> name of the arguments with a parameter's usual name (a mask of ones is meant to be one)."""
    names = [parameter.name for parameter in parameters_of(specimen.forward)][: len(specimen.arguments)]
    wanted = {place: name for place, name in enumerate(names) if name in parameters and is_parameter_name(name)}
    return {place: name for place, name in wanted.items() if _is_flat(specimen.arguments[place])}


def _is_flat(value: object) -> bool:
    if isinstance(value, float):
        return value in (0.0, 1.0)
    if not isinstance(value, np.ndarray) or not np.issubdtype(value.dtype, np.floating) or not value.size:
        return False
    return value.flags.writeable and bool(np.all(value == 0) or np.all(value == 1))


def _drawn(value: Array, name: str) -> Array:
    """Within a half of what was there: a scale stays positive."""
    moved = value + stream(0, "redrawn", name).uniform(-0.5, 0.5, size=np.shape(value))
    return np.asarray(moved, dtype=np.asarray(value).dtype)
