# mypy: disable-error-code="misc"
"""The way back: a subject as a torch.autograd.Function, so that PyTorch's own gradcheck can second-guess ours."""

from typing import Any

import numpy as np
import torch

from gradcheck.subjects.layer import layer_subject


def as_function(layer: Any, x: Any) -> tuple[Any, list[Any]]:
    """(a function of tensors, tensors of the leaves' values): every leaf of the layer is an argument."""
    subject = layer_subject(layer, x, 0)
    start = [leaf.values().copy() for leaf in subject.leaves]

    class Layer(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            ctx.save_for_backward(*tensors)
            _put(subject, [t.detach().numpy() for t in tensors])
            return torch.from_numpy(subject.forward())

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            _put(subject, [t.numpy() for t in ctx.saved_tensors])
            given = subject.vjp(dy.numpy())
            found = [given[leaf.name] for leaf in subject.leaves]
            return tuple(None if g is None else torch.from_numpy(np.array(g)) for g in found)

    return Layer.apply, [torch.from_numpy(values).requires_grad_() for values in start]


def _put(subject: Any, values: Any) -> None:
    for leaf, array in zip(subject.leaves, values, strict=True):
        leaf.write(array)
