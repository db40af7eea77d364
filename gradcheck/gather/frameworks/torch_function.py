"""A torch.autograd.Function, or a function of tensors that has some inside, with explicit arguments."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch

from gradcheck.base.looking import look
from gradcheck.gather.frameworks.torch_tensors import Tree, as_array, as_tensor, gradients, handed, mapped
from gradcheck.gather.specimen import FunctionSpecimen
from gradcheck.subjects.calls import theirs


def adapted(thing: Any, x: Any) -> FunctionSpecimen | None:
    """The class, its `apply`, or a function that is given tensors, at its arguments."""
    owner = look(thing, "__self__")
    if getattr(thing, "__name__", "") == "apply" and _is_function_class(owner):
        thing = owner
    arguments = tuple(x) if isinstance(x, tuple | list) else (x,)
    if _is_function_class(thing):
        return FunctionSpecimen(_of_class(thing), None, mapped(as_array, arguments))
    if not inspect.isroutine(thing) or not any(isinstance(a, torch.Tensor) for a in arguments):
        return None
    return FunctionSpecimen(_numpy(thing, thing, _parameters(thing)), None, mapped(as_array, arguments))


def _is_function_class(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, torch.autograd.Function)


def _of_class(cls: Any) -> Callable[..., Any]:
    own = _parameters(cls.forward)
    apart = cls.setup_context is not torch.autograd.Function.setup_context  # forward has no ctx then
    return _numpy(cls.apply, cls, own if apart else own[1:], cls.backward)


def _parameters(function: Any) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def _numpy(
    function: Callable[..., Any], named: Any, parameters: Sequence[inspect.Parameter], source: Any = None
) -> Callable[..., Any]:
    """(y, callback for dY) of arrays. source: the user's own code that messages are to point to."""

    def forward(*arrays: Any) -> tuple[Tree, Callable[[Any], list[Any]]]:
        inputs = [mapped(as_tensor, a) for a in arrays]
        with torch.enable_grad(), theirs():
            outputs = function(*mapped(handed, inputs))

        def pull(dy: Any) -> list[Any]:
            wanted: list[Any] = []
            mapped(lambda t: wanted.append(t) if isinstance(t, torch.Tensor) and t.requires_grad else None, inputs)
            given = dict(zip(map(id, wanted), gradients(outputs, dy, wanted), strict=True))
            return list(mapped(lambda t: given.get(id(t)), inputs))

        return mapped(as_array, outputs), pull

    forward.__name__, forward.__qualname__ = named.__name__, named.__qualname__
    forward.__signature__ = inspect.Signature(list(parameters))  # type: ignore[attr-defined]  # inspect reads it
    forward.__wrapped__ = source or named  # type: ignore[attr-defined]  # inspect reads it
    return forward
