"""The training switch of a layer: found by its usual names, read, and turned."""

import inspect
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from gradcheck.gather.naming import parameters_of
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.spelling import paired_method_names

TRAIN, EVAL = "train", "eval"
_ON = frozenset({
    "training", "is_training", "in_training", "train", "is_train", "train_mode", "training_mode", "train_flag",
    "train_flg",
})  # fmt: skip
_OFF = frozenset({"testing", "is_testing", "test", "is_test", "test_mode", "eval", "is_eval", "eval_mode", "inference"})
_WORDS = {"train": TRAIN, "training": TRAIN, "test": EVAL, "eval": EVAL, "evaluation": EVAL}
_SPELLED = {TRAIN: "train", EVAL: "test"}  # in a dict of settings: {"mode": "train"}


def modes_for(specimen: Specimen) -> list[str]:
    """The mode that the layer is not in, where it has a switch."""
    now = _mode(specimen)
    return [] if now is None else [EVAL if now == TRAIN else TRAIN]


def enter(specimen: Specimen, mode: str | None) -> None:
    """Turn the layer's switches, those of the layers inside it too; nothing for mode=None and for functions."""
    if mode is None or not isinstance(specimen, LayerSpecimen):
        return
    layer = specimen.layer
    if _has_methods(layer):
        getattr(layer, mode)()
    for slot in list(_switches(layer)):
        slot.set(_says(slot.key, mode))
    argument = _argument(layer)
    if argument is not None:
        method, parameter = argument
        given = {parameter.name: _says(parameter.name, mode)}
        setattr(layer, method, partial(getattr(layer, method), **given))


def in_mode(specimen: Specimen, mode: str) -> Specimen:
    """Functions with their settings' `mode` changed, in copies; a layer as it is (enter() turns it)."""
    if not isinstance(specimen, FunctionSpecimen):
        return specimen
    changed = (a | {"mode": _SPELLED[mode]} if _setting(a) else a for a in specimen.arguments)
    return replace(specimen, arguments=tuple(changed))


def _mode(specimen: Specimen) -> str | None:
    """The mode that the first switch shows; None where there is no switch."""
    if isinstance(specimen, FunctionSpecimen):
        return next((mode for a in specimen.arguments if (mode := _setting(a))), None)
    layer = specimen.layer
    for slot in _switches(layer):
        return TRAIN if bool(slot.get()) == _says(slot.key, TRAIN) else EVAL
    argument = _argument(layer)
    if argument is not None:
        return TRAIN if argument[1].default == _says(argument[1].name, TRAIN) else EVAL
    return TRAIN if _has_methods(layer) else None


def _says(name: str, mode: str) -> bool:
    """What a switch of this name holds in this mode: training=True, testing=False in training."""
    return (mode == TRAIN) == (name in _ON)


def _switches(layer: Any) -> Iterator[Slot]:
    """Boolean attributes with a switch's name, on the layer and on what it holds."""
    for slot in slots(layer):
        if slot.attribute and slot.key in _ON | _OFF and isinstance(slot.get(), bool | np.bool_):
            yield slot


def _has_methods(layer: Any) -> bool:
    """Methods train() and eval() that need no argument: a train(x, y) is something else."""
    return all(_is_plain_call(getattr(layer, name, None)) for name in (TRAIN, EVAL))


def _is_plain_call(method: Any) -> bool:
    return inspect.ismethod(method) and all(p.default is not inspect.Parameter.empty for p in parameters_of(method))


def _argument(layer: Any) -> tuple[str, inspect.Parameter] | None:
    """Forward's name, and a boolean parameter of it with a switch's name: forward(x, training=True)."""
    names = paired_method_names(layer)
    if names is None:
        return None
    method = getattr(layer, names[0])
    own = method.func if isinstance(method, partial) else method
    found = (p for p in parameters_of(own) if p.name in _ON | _OFF and isinstance(p.default, bool))
    return next(((names[0], parameter) for parameter in found), None)


def _setting(argument: object) -> str | None:
    """The mode that a dict of settings names."""
    return _WORDS.get(str(argument.get("mode"))) if isinstance(argument, dict) else None
