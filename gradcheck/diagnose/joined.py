"""A recurrence with one matrix for the input and the state, [x, h] W: its rows taken apart, as if they were two."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from gradcheck.base.arrays import Array

Joined = Mapping[str, tuple[slice, slice]]  # of each such matrix the rows of x, and those of h
_Given = TypeVar("_Given", Array, Array | None)


def joined_matrices(point: Mapping[str, Array], width: int, hidden: int) -> Iterator[Joined]:
    """None; or, where no matrix is the input's alone, those of width + hidden rows, x first and then h first."""
    flat = {name: len(v) for name, v in point.items() if name != "input" and v.ndim == 2}
    both = [name for name, rows in flat.items() if rows == width + hidden]
    yield {}
    if both and width not in flat.values():
        x_first = slice(0, width), slice(width, None)
        h_first = slice(hidden, None), slice(0, hidden)
        yield dict.fromkeys(both, x_first)
        yield dict.fromkeys(both, h_first)


def apart(arrays: Mapping[str, _Given], joined: Joined) -> dict[str, _Given]:
    """The same arrays, those of joined matrices as `W of x` and `W of h`."""
    found = {name: values for name, values in arrays.items() if name not in joined}
    for name, (of_x, of_h) in joined.items():
        values = arrays.get(name)
        if values is not None and values.ndim == 2:
            found[f"{name} of x"], found[f"{name} of h"] = values[of_x], values[of_h]
    return found
