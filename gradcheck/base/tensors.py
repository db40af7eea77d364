"""PyTorch's tensors and random state as things that are put back. Only where it is loaded; it is not imported here."""

import sys
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array


def tensor_view(value: Any) -> Array | None:
    """The numbers of a tensor as an array of the same memory; None for anything else, and where numpy cannot."""
    torch: Any = sys.modules.get("torch")
    kind: Any = getattr(torch, "Tensor", ())
    if not isinstance(value, kind):
        return None
    try:
        return np.asarray(value.detach().numpy())
    except (TypeError, RuntimeError):
        return None


def torch_random_state() -> Any:
    """The state of PyTorch's generator; None where it is not loaded."""
    torch: Any = sys.modules.get("torch")
    return torch.get_rng_state().numpy() if hasattr(torch, "get_rng_state") else None


def set_torch_random_state(state: Any) -> None:
    """Set it back; nothing for None."""
    if state is not None:
        torch = sys.modules["torch"]
        torch.set_rng_state(torch.from_numpy(state))
