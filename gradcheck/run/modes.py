"""The training switch of a layer: found by its usual names, read, and turned."""

import inspect
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial, wraps
from typing import Any

import numpy as np

from gradcheck.base.looking import look
from gradcheck.gather.conventions import NAME as CONVENTION
from gradcheck.gather.naming import parameters_of
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.subjects.calls import call
from gradcheck.subjects.graph import Slot, slots
from gradcheck.subjects.spelling import is_flag_name, is_mode_name, paired_method_names, positional, says_training

TRAIN, EVAL = "train", "eval"
_WORDS = {
    "train": TRAIN, "training": TRAIN, "test": EVAL, "testing": EVAL, "eval": EVAL, "evaluation": EVAL,
    "evaluate": EVAL, "inference": EVAL, "infer": EVAL, "predict": EVAL, "prediction": EVAL, "valid": EVAL,
    "validation": EVAL, "val": EVAL,
}  # fmt: skip
_SPELLED = {TRAIN: "train", EVAL: "test"}  # where the code itself quotes no word for it
_QUOTED = re.compile(r"[\"'](\w+)[\"']")
# Methods that turn a layer: two without an argument, or one with a boolean or a word.
_PAIRS = (
    ("train", "eval"), ("train_mode", "eval_mode"), ("training_mode", "inference_mode"), ("train_mode", "test_mode"),
    ("training_mode", "evaluation_mode"), ("set_train", "set_eval"), ("set_training_mode", "set_inference_mode"),
    ("set_train_mode", "set_eval_mode"), ("set_train_mode", "set_test_mode"),
)  # fmt: skip
_SETTERS = (
    "set_training",
    "set_train",
    "set_is_training",
    "set_mode",
    "set_train_mode",
    "set_training_mode",
    "set_phase",
)


def modes_for(specimen: Specimen) -> list[str]:
    """The mode that the layer is not in, where it has a switch."""
    now = mode_of(specimen)
    return [] if now is None else [EVAL if now == TRAIN else TRAIN]


def enter(specimen: Specimen, mode: str | None) -> list[str]:
    """Turn the layer's switches, those of the layers inside it too; nothing for mode=None and for functions.

    Returns what was done, as statements about `layer`.
    """
    if mode is None or not isinstance(specimen, LayerSpecimen):
        return []
    layer = specimen.layer
    declared = None if specimen.convention is None else specimen.convention.bound("mode", layer)
    if declared is not None and specimen.convention is not None:
        call(declared, mode)
        name = specimen.convention.mode
        return [f"layer.{name}({mode!r})" if isinstance(name, str) else f"{CONVENTION}.mode(layer, {mode!r})"]
    words = _words_of(type(layer))
    done = _turn(layer, mode, words)
    for slot in list(_switches(layer)):
        value = _says(slot.key, mode, slot.get(), words)
        done += [f"layer.{slot.path} = {value!r}"] if value != slot.get() else []
        slot.set(value)
    argument = _argument(layer)
    if argument is not None:
        method, parameter = argument
        value = _says(parameter.name, mode, _default(parameter), words)
        setattr(layer, method, partial(getattr(layer, method), **{parameter.name: value}))
        done += ["from functools import partial", ""]
        done += [f"layer.{method} = partial(layer.{method}, {parameter.name}={value!r})"]
    return done


def in_mode(specimen: Specimen, mode: str) -> Specimen:
    """Functions with their switches, or their settings' `mode`, changed in copies; a layer as it is: see enter()."""
    if not isinstance(specimen, FunctionSpecimen):
        return specimen
    words = _words_of(specimen.forward)
    names = _names(specimen)
    changed = (
        a | {"mode": words[mode]} if _setting(a) else _says(n, mode, a, words) if _is_switch(n, a) else a
        for n, a in zip(names, specimen.arguments, strict=True)
    )
    forward = _turned(specimen.forward, mode, words, given=names)
    backward = None if specimen.backward is None else _turned(specimen.backward, mode, words)
    return replace(specimen, forward=forward, backward=backward, arguments=tuple(changed))


def mode_of(specimen: Specimen) -> str | None:
    """The mode that the first switch shows; None where there is no switch."""
    if isinstance(specimen, FunctionSpecimen):
        pairs = list(zip(_names(specimen), specimen.arguments, strict=True))
        found = (_setting(a) or (_shown(n, a) if _is_switch(n, a) else None) for n, a in pairs)
        left = (_shown(p.name, p.default) for p in _left_at_default(specimen.forward, _names(specimen)))
        return next((mode for mode in (*found, *left) if mode), None)
    layer = specimen.layer
    if specimen.convention is not None and specimen.convention.mode is not None:
        return TRAIN
    for slot in _switches(layer):
        return _shown(slot.key, slot.get())
    argument = _argument(layer)
    if argument is not None:
        return _shown(argument[1].name, _default(argument[1]))
    return TRAIN if _pair(layer) or _setter(layer) else None


def _shown(name: str, value: Any) -> str:
    """The mode that a switch of this name shows by this value."""
    if isinstance(value, str):
        return _WORDS[value.lower()]
    return TRAIN if bool(value) == _says(name, TRAIN) else EVAL


def _default(parameter: inspect.Parameter) -> Any:
    """Of a switch that forward cannot do without, what we give it: it is on."""
    if parameter.default is not parameter.empty:
        return parameter.default
    return "train" if is_mode_name(parameter.name) else _says(parameter.name, TRAIN)


def _says(name: str, mode: str, now: Any = True, words: Mapping[str, str] = _SPELLED) -> Any:
    """What a switch of this name holds in this mode: training=True, testing=False in training; mode="train".

    now: what it holds at present, for the kind · words: as the code itself spells the modes.
    """
    if isinstance(now, str):
        return now if _WORDS[now.lower()] == mode else words[mode]
    return (mode == TRAIN) == says_training(name)


def _words_of(code: Any) -> dict[str, str]:
    """The words for the modes that the code quotes: `if mode == "inference"`; else the usual ones."""
    try:
        quoted = _QUOTED.findall(inspect.getsource(code))
    except (OSError, TypeError):
        quoted = []
    return {mode: next((w for w in quoted if _WORDS.get(w.lower()) == mode), _SPELLED[mode]) for mode in (TRAIN, EVAL)}


def _switches(layer: Any) -> Iterator[Slot]:
    """Boolean attributes with a switch's name, on the layer and on what it holds."""
    for slot in slots(layer):
        if slot.attribute and _is_switch(slot.key, slot.get()):
            yield slot


def _is_switch(name: str, value: Any) -> bool:
    """A boolean with a switch's name, or a mode in words."""
    if is_mode_name(name):
        return isinstance(value, str) and value.lower() in _WORDS
    return is_flag_name(name) and isinstance(value, bool | np.bool_)


def _turn(layer: Any, mode: str, words: Mapping[str, str]) -> list[str]:
    """By the layer's own methods, where it has some: they turn what it holds, too. What was called."""
    pair, setter = _pair(layer), _setter(layer)
    if pair is not None:
        call(getattr(layer, pair[mode == EVAL]))
        return [f"layer.{pair[mode == EVAL]}()"]
    if setter is not None:
        word = setter.endswith(("mode", "phase")) and not setter.endswith(("train_mode", "training_mode"))
        value = words[mode] if word else mode == TRAIN
        call(getattr(layer, setter), value)
        return [f"layer.{setter}({value!r})"]
    return []


def _pair(layer: Any) -> tuple[str, str] | None:
    """Methods train() and eval(), say, that need no argument: a train(x, y) is something else."""
    found = (pair for pair in _PAIRS if all(_is_plain_call(look(layer, name)) for name in pair))
    return next(found, None)


def _setter(layer: Any) -> str | None:
    """A method that takes the mode: set_training(True), set_mode("train")."""
    methods = ((name, look(layer, name)) for name in _SETTERS)
    return next((name for name, m in methods if inspect.ismethod(m) and len(parameters_of(m)) == 1), None)


def _names(specimen: FunctionSpecimen) -> list[str]:
    """The names of forward's arguments, as far as they are known."""
    known = [p.name for p in positional(specimen.forward) or []]
    return [known[i] if i < len(known) else "" for i in range(len(specimen.arguments))]


def _left_at_default(function: Callable[..., Any], given: Collection[str] = ()) -> list[inspect.Parameter]:
    """The switches of a function that it is not given: f(x, train=True), f(x, *, mode="train")."""
    return [p for p in parameters_of(function) if p.name not in given and _is_switch(p.name, p.default)]


def _turned(
    function: Callable[..., Any], mode: str, words: Mapping[str, str], given: Collection[str] = ()
) -> Callable[..., Any]:
    """The function with other defaults of its switches; itself where it has none."""
    values = {p.name: _says(p.name, mode, p.default, words) for p in _left_at_default(function, given)}
    if not values:
        return function

    @wraps(function)
    def turned(*arguments: Any, **named: Any) -> Any:
        return function(*arguments, **{**values, **named})

    signature = inspect.signature(function)
    own = [p.replace(default=values.get(p.name, p.default)) for p in signature.parameters.values()]
    turned.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]  # inspect reads it
    return turned


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
    return _WORDS.get(str(argument.get("mode")).lower()) if isinstance(argument, dict) else None
