"""Classes of a framework that stand in a module: what they are, and what to do to have them checked."""

import inspect
import textwrap
from typing import Any

from gradcheck.gather.problem import Problem

MODULE = "torch.nn.Module"
_KINDS = (("torch.nn", "Module"), ("torch.autograd", "Function"))


def framework_class(cls: type) -> str:
    """`torch.nn.Module` or `torch.autograd.Function` where that is a base of the class, else ""; imports nothing."""
    for package, name in _KINDS:
        if any(base.__name__ == name and base.__module__.startswith(package) for base in cls.__mro__):
            return f"{package}.{name}"
    return ""


def unbuilt_function(cls: Any, target: str) -> Problem:
    """A Function alone does not say which tensors it takes."""
    names = list(inspect.signature(cls.forward).parameters)
    names = names[1:] if names[:1] == ["ctx"] else names
    lines = [f"{name} = torch.rand(4, 3, dtype=torch.float64)" for name in names]
    body = textwrap.indent("\n".join([*lines, f"yield {cls.__name__}, ({', '.join(names)},)"]), "    ")
    message = (
        f"{cls.__name__} cannot be checked by itself: it is a torch.autograd.Function, and of what shapes its tensors "
        f"are is not known.\nSay at which, for example:\ndef gradcheck_cases():\n{body}"
    )
    return Problem(target, "CannotBuild", message)
