"""The named quantities of a layer: its own integers, and the lengths in its own shapes."""

from typing import Any

import numpy as np


def symbols(layer: Any) -> dict[str, float]:
    """Attribute name -> value; the elements of a tuple as name[i]. Own integers come first."""
    own = {k: v for k, v in getattr(layer, "__dict__", {}).items() if not k.startswith("_") and k != "seed"}
    found = {k: float(v) for k, v in own.items() if isinstance(v, int | np.integer) and not isinstance(v, bool)}
    for name, value in own.items():
        if isinstance(value, tuple) and all(isinstance(n, int) for n in value):
            found.update({f"{name}[{i}]": float(n) for i, n in enumerate(value)})
    return found


def blind_spots(layer: Any) -> list[str]:
    """What these sizes cannot tell apart: the two depths of a convolution where they are equal."""
    found = symbols(layer)
    depth, other = found.get("input_depth"), found.get("layer_depth")
    if depth is None or depth != other:
        return []
    return [f"input_depth and layer_depth are both {depth:g}: a factor of one over the other would not show here"]
