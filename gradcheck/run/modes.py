"""The training switch of a layer: found by its usual names, read, and turned."""

import inspect
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from gradcheck.gather.naming import parameters_of
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.subjects.calls import call
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.spelling import MODE_NAMES, SWITCHES_OFF, SWITCHES_ON, paired_method_names

TRAIN, EVAL = "train", "eval"
_SWITCHES = SWITCHES_ON | SWITCHES_OFF
_WORDS = {"train": TRAIN, "training": TRAIN, "test": EVAL, "eval": EVAL, "evaluation": EVAL}
_SPELLED = {TRAIN: "train", EVAL: "test"}  # in a dict of settings: {"mode": "train"}


def modes_for(specimen: Specimen) -> list[str]:
    """The mode that the layer is not in, where it has a switch."""
    now = mode_of(specimen)
    return [] if now is None else [EVAL if now == TRAIN else TRAIN]


def enter(specimen: Specimen, mode: str | None) -> None:
    """Turn the layer's switches, those of the layers inside it too; nothing for mode=None and for functions."""
    if mode is None or not isinstance(specimen, LayerSpecimen):
        return
    layer = specimen.layer
    declared = None if specimen.convention is None else specimen.convention.bound("mode", layer)
    if declared is not None:
        call(declared, mode)
        return
    if _has_methods(layer):
        getattr(layer, mode)()
    for slot in list(_switches(layer)):
        slot.set(_says(slot.key, mode, slot.get()))
    argument = _argument(layer)
    if argument is not None:
        method, parameter = argument
        given = {parameter.name: _says(parameter.name, mode, _default(parameter))}
        setattr(layer, method, partial(getattr(layer, method), **given))


def in_mode(specimen: Specimen, mode: str) -> Specimen:
    """Functions with their settings' `mode` changed, in copies; a layer as it is (enter() turns it)."""
    if not isinstance(specimen, FunctionSpecimen):
        return specimen
    changed = (a | {"mode": _SPELLED[mode]} if _setting(a) else a for a in specimen.arguments)
    return replace(specimen, arguments=tuple(changed))


def mode_of(specimen: Specimen) -> str | None:
    """The mode that the first switch shows; None where there is no switch."""
    if isinstance(specimen, FunctionSpecimen):
        return next((mode for a in specimen.arguments if (mode := _setting(a))), None)
    layer = specimen.layer
    if specimen.convention is not None and specimen.convention.mode is not None:
        return TRAIN
    for slot in _switches(layer):
        return _shown(slot.key, slot.get())
    argument = _argument(layer)
    if argument is not None:
        return _shown(argument[1].name, _default(argument[1]))
    return TRAIN if _has_methods(layer) else None


def _shown(name: str, value: Any) -> str:
    """The mode that a switch of this name shows by this value."""
    if isinstance(value, str):
        return _WORDS[value.lower()]
    return TRAIN if bool(value) == _says(name, TRAIN) else EVAL


def _default(parameter: inspect.Parameter) -> Any:
    """Of a switch that forward cannot do without, what we give it: it is on."""
    if parameter.default is not parameter.empty:
        return parameter.default
    return "train" if parameter.name in MODE_NAMES else _says(parameter.name, TRAIN)


def _says(name: str, mode: str, now: Any = True) -> Any:
    """What a switch of this name holds in this mode: training=True, testing=False in training; mode="train".

    now: what it holds at present, for the kind and the word.
    """
    if isinstance(now, str):
        return mode if mode == TRAIN or now.lower() in ("eval", "evaluation") else _SPELLED[mode]
    return (mode == TRAIN) == (name in SWITCHES_ON)


def _switches(layer: Any) -> Iterator[Slot]:
    """Boolean attributes with a switch's name, on the layer and on what it holds."""
    for slot in slots(layer):
        if slot.attribute and _is_switch(slot.key, slot.get()):
            yield slot


def _is_switch(name: str, value: Any) -> bool:
    """A boolean with a switch's name, or a mode in words."""
    if name in MODE_NAMES:
        return isinstance(value, str) and value.lower() in _WORDS
    return name in _SWITCHES and isinstance(value, bool | np.bool_)


def _has_methods(layer: Any) -> bool:
    """Methods train() and eval() that need no argument: a train(x, y) is something else."""
    return all(_is_plain_call(getattr(layer, name, None)) for name in (TRAIN, EVAL))


def _is_plain_call(method: Any) -> bool:
    return inspect.ismethod(method) and all(p.default is not inspect.Parameter.empty for p in parameters_of(method))


def _argument(layer: Any) -> tuple[str, inspect.Parameter] | None:
    """Forward's name, and the parameter of it that is a switch: forward(x, training=True), forward(x, mode)."""
    names = paired_method_names(layer)
    if names is None:
        return None
    method = getattr(layer, names[0])
    own = method.func if isinstance(method, partial) else method
    found = (p for p in parameters_of(own) if _is_switch(p.name, _default(p)))
    return next(((names[0], parameter) for parameter in found), None)


def _setting(argument: object) -> str | None:
    """The mode that a dict of settings names."""
    return _WORDS.get(str(argument.get("mode"))) if isinstance(argument, dict) else None
