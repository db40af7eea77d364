"""A torch.nn.Module: its parameters and inputs, through PyTorch's own backward and whatever Functions are inside."""

import inspect
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from gradcheck.base.arrays import Array
from gradcheck.base.looking import look
from gradcheck.gather.cases import draw
from gradcheck.gather.frameworks.torch_tensors import Tree, as_array, as_tensor, gradients, handed, mapped
from gradcheck.gather.specimen import LayerSpecimen
from gradcheck.subjects.calls import theirs
from gradcheck.subjects.convention import Convention

_VIEWS: "WeakKeyDictionary[torch.nn.Module, dict[str, Array]]" = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Tape:
    """One forward. y: the outputs as arrays · outputs, inputs, named: the tensors that PyTorch's graph joins."""

    y: Any
    outputs: Tree
    inputs: list[Any]
    named: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Pulled:
    """One backward. inputs: one an argument, or by name · parameters: by name."""

    inputs: Any
    parameters: dict[str, Any]


def adapted(thing: Any, x: Any) -> LayerSpecimen | None:
    """The module at x, in the float type of its parameters."""
    if not isinstance(thing, torch.nn.Module):
        return None
    shape = look(thing, "input_shape")
    x = mapped(as_array, draw(tuple(shape)) if x is None and isinstance(shape, tuple | list) else x)
    if any(torch.nn.parameter.is_lazy(parameter) for parameter in thing.parameters()):
        _made(thing, x)
    notes: list[str] = []
    types = {p.dtype for p in thing.parameters() if p.is_floating_point()}
    if len(types) == 1:
        dtype = str(next(iter(types))).removeprefix("torch.")
        x = mapped(lambda value: _typed(value, dtype, notes), x)
    frozen = [name for name, p in thing.named_parameters() if not p.requires_grad]
    if frozen:
        notes.append(f"{', '.join(frozen)}: not checked (requires_grad is False)")
    return LayerSpecimen(thing, x, _convention(thing, tuple(dict.fromkeys(notes))))


def parameters(module: torch.nn.Module) -> dict[str, Array]:
    """The trainable parameters by name, as arrays of their own memory: the same arrays each time."""
    known = _VIEWS.setdefault(module, {})
    for name, p in module.named_parameters():
        view = known.get(name)
        if not p.requires_grad:
            known.pop(name, None)
        elif view is None or view.__array_interface__["data"][0] != p.data_ptr() or view.shape != tuple(p.shape):
            known[name] = as_array(p)
    return dict(known)


def backward(module: torch.nn.Module, dy: Any, returned: Tape) -> Pulled:
    """PyTorch's gradients of everything; none is left in .grad."""
    own = {name: p for name, p in module.named_parameters() if p.requires_grad}
    inputs: list[Any] = []
    mapped(lambda t: inputs.append(t) if _asks(t) else None, [returned.inputs, returned.named])
    found = iter(gradients(returned.outputs, dy, [*inputs, *own.values()]))
    given = {id(t): next(found) for t in inputs}
    placed = mapped(lambda t: given.get(id(t)), returned.named or returned.inputs)
    return Pulled(placed, dict(zip(own, found, strict=True)))


def _convention(module: torch.nn.Module, notes: tuple[str, ...]) -> Convention:
    def forward(module: torch.nn.Module, *arrays: Any, **named: Any) -> Tape:
        inputs, keywords = [mapped(as_tensor, a) for a in arrays], mapped(as_tensor, named)
        with torch.enable_grad(), theirs():
            outputs = module(*mapped(handed, inputs), **mapped(handed, keywords))
        return Tape(mapped(as_array, outputs), outputs, inputs, keywords)

    own = inspect.signature(type(module).forward).parameters.values()
    forward.__signature__ = inspect.Signature(list(own))  # type: ignore[attr-defined]  # names for the inputs
    return Convention(
        forward=forward,
        backward=backward,
        parameters=parameters,
        gradients=lambda _, returned: returned.parameters,
        inputs=lambda _, returned: returned.inputs,
        outputs=lambda _, returned: returned.y,
        mode=lambda module, mode: module.train(mode == "train"),
        notes=notes,
    )


def _asks(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def _made(module: torch.nn.Module, x: Any) -> None:
    """Parameters that the first forward makes."""
    arguments = x if isinstance(x, tuple) else (x,)
    dtype = next(p.dtype for p in module.parameters() if p.is_floating_point())
    with torch.no_grad():
        module(*(torch.as_tensor(a).to(dtype) for a in arguments))


def _typed(value: Any, dtype: str, notes: list[str]) -> Any:
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.dtype == dtype:
        return value
    notes.append(f"x is {value.dtype}, the module's parameters are {dtype}: it was checked at x in {dtype}" + _HINT)
    return value.astype(dtype)


_HINT = "; module.double() in float64 is checked to more digits"
