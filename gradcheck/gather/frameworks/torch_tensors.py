"""PyTorch's tensors as numpy arrays of the same memory, and back."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from gradcheck.base.errors import UsageError
from gradcheck.subjects.calls import theirs
from gradcheck.subjects.trees import floats

Tree = Any  # a tensor or an array, or tuples, lists and dicts of them


def mapped(function: Callable[[Any], Any], tree: Tree) -> Tree:
    """The same form, each item replaced."""
    if isinstance(tree, dict):
        return {key: mapped(function, value) for key, value in tree.items()}
    if isinstance(tree, tuple | list):
        items = [mapped(function, value) for value in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    return function(tree)


def as_array(value: Any) -> Any:
    """A tensor's numbers, of its own memory; what is no tensor comes back as it is.

    Raises:
        UsageError: numpy has no such type, or the memory is another device's.
    """
    if not isinstance(value, torch.Tensor):
        return value
    try:
        return value.detach().numpy()
    except (TypeError, RuntimeError) as error:
        raise UsageError(
            f"a tensor of {value.dtype} on {value.device}: numpy cannot hold it ({error}); check a copy on the CPU, "
            f"in float32 or, better, float64 (module.cpu().double())"
        ) from error


def as_tensor(value: Any) -> Any:
    """An array as a tensor of the same memory; a float one asks for its gradient."""
    if not isinstance(value, np.ndarray | np.floating):
        return value
    array = np.asarray(value)
    if not array.flags.writeable or any(stride < 0 for stride in array.strides):
        array = array.copy()
    tensor = torch.from_numpy(array)
    return tensor.requires_grad_() if tensor.is_floating_point() else tensor


def handed(tensor: Any) -> Any:
    """What the user's code gets: a copy, so that it may write into it as into any tensor of a network."""
    return tensor.clone() if isinstance(tensor, torch.Tensor) and tensor.requires_grad else tensor


def gradients(outputs: Tree, cotangents: Any, wanted: Sequence[Any]) -> list[Any]:
    """dE/d(each of `wanted`) as an array, None where PyTorch has none. cotangents: of the float outputs' form."""
    found = [t for t in _tensors(outputs) if t.is_floating_point()]
    pairs = [(t, g) for t, g in zip(found, floats(cotangents), strict=True) if t.requires_grad]
    if not pairs or not wanted:
        return [None] * len(wanted)
    upstream = [torch.from_numpy(np.asarray(g, dtype=as_array(t).dtype)) for t, g in pairs]
    with theirs():
        given = torch.autograd.grad([t for t, _ in pairs], list(wanted), upstream, allow_unused=True)
    return [as_array(g) for g in given]


def _tensors(tree: Tree) -> list[Any]:
    found: list[Any] = []
    mapped(lambda value: found.append(value) if isinstance(value, torch.Tensor) else None, tree)
    return found


def has_own_backward(outputs: Tree) -> bool:
    """Is a backward of a torch.autograd.Function, somebody's own, in the graph of these tensors?"""
    waiting = [t.grad_fn for t in _tensors(outputs) if t.grad_fn is not None]
    seen: set[Any] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            return True
        if node not in seen:
            seen.add(node)
            waiting += [following for following, _ in node.next_functions if following is not None]
    return False
