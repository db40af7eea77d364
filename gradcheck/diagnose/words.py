"""Small wordings that several causes share."""

from collections.abc import Sequence

import numpy as np

from gradcheck.base.arrays import Array

_FEW = 8


def number(value: float) -> str:
    """A factor: 0.6667, 2, -1.5."""
    return f"{value:.4g}"


def entries(count: int) -> str:
    """`all 2 entries`, `the only entry`."""
    return "the only entry" if count == 1 else f"all {count} entries"


def axes(chosen: Sequence[int]) -> str:
    """`axis 0`, `axes 0 and 1`."""
    return f"axis {chosen[0]}" if len(chosen) == 1 else f"axes {listed([str(axis) for axis in chosen])}"


def listed(parts: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def slice_name(axis: int, index: int, ndim: int) -> str:
    """`row 3`, `column 1` of a matrix; `entry 2` of a vector; `index 2 of axis 3` of anything else."""
    if ndim == 1:
        return f"entry {index}"
    return f"{('row', 'column')[axis]} {index}" if ndim == 2 else f"index {index} of axis {axis}"


def indices(mask: Array) -> str:
    """The places of a mask, at most eight of them."""
    places = [str(tuple(int(i) for i in place)) for place in np.argwhere(mask)[:_FEW]]
    more = int(np.sum(mask)) - len(places)
    return listed(places) if not more else f"{', '.join(places)} and {more} more"
