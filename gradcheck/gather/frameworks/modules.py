"""A torch.nn.Module built like any other class where it runs at a shape of ours. Imports no torch by itself."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from gradcheck.base.errors import LayerError
from gradcheck.base.failures import failure_of
from gradcheck.gather.family import CannotBuildError, Family, Reading


def module_family(cls: type, readings: Callable[[], list[Reading]]) -> Family | str:
    """The family of the first of its readings that runs, or why there is none, to stand after the class's name.

    That a module raises is no error of its own here: its sizes are often written into it, and ours are a guess. One
    in whose graph there is no backward but PyTorch's own is not built unasked.
    """
    try:
        found = readings()
    except CannotBuildError as error:
        return _note(error.problem.message.splitlines()[0])
    raised = ""
    for reading in found:
        for case in reading.cases[: reading.distinct]:
            try:
                own = _has_own_backward(case.build())
            except (Exception, SystemExit) as error:
                failure = error.failure if isinstance(error, LayerError) else failure_of(error)
                raised = raised or f"{case.name} raises {failure.kind}: {failure.message.splitlines()[0]}"
                continue
            return Family(cls.__name__, False, partial(_only, reading)) if own else _note("all of it is PyTorch's own")
    return _note(raised)


def _only(reading: Reading) -> list[Reading]:
    return [reading]


def _note(reason: str) -> str:
    return f"is a torch.nn.Module: yield one and its input from gradcheck_cases() to have it checked ({reason})"


def _has_own_backward(specimen: Any) -> bool:
    """Is there a torch.autograd.Function of somebody's in the graph of its forward?"""
    forward = specimen.convention.bound("forward", specimen.layer)
    return bool(import_module(f"{__package__}.torch_tensors").has_own_backward(forward(specimen.x).outputs))
