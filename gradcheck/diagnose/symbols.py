"""The named quantities of a layer: its own numbers, the lengths in its shapes, the batch."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck.gather.construct import DEPTH_OUT, N_IN, N_OUT
from gradcheck.gather.naming import parameters_of

_SEEDS = frozenset({"seed", "random_state", "random_seed"})
_DEPTH_IN = ("input_depth", "in_channels", "input_channels", "in_depth", "channels", "n_channels", "num_channels")
_LETTERS = "HWD"  # of an image, as the article orders it
_MOST_ARRAYS = 6


def symbols(
    layer: Any, x: Any = None, arguments: Mapping[str, Any] | None = None, noted: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Name -> value, in the order in which names are preferred.

    The layer's own integers and floats, those in its tuples as name[i], constructor arguments that it does not
    keep, what forward has noted; then input_shape[i] of x where the layer declares none, N, H, W, D; last the lengths
    of its arrays.
    """
    own = {k: v for k, v in getattr(layer, "__dict__", {}).items() if _is_own(k)}
    found = dict(_numbers(own))
    found.update({k: v for k, v in _numbers(dict(arguments or {})) if k not in found and _is_own(k)})
    found.update({k: v for k, v in (noted or {}).items() if k not in found})
    declared = own.get("input_shape")
    shape = np.shape(x) if x is not None else ()
    for name, length in _of_input(shape, declared if isinstance(declared, tuple | list) else None):
        found.setdefault(name, float(length))
    found.update(_lengths({k: v for k, v in own.items() if isinstance(v, np.ndarray)}))
    return found


def lengths_noted(before: Mapping[str, Any], after: Mapping[str, Any], *shapes: Sequence[int]) -> dict[str, float]:
    """The integers among a layer's attributes that forward has set, where each is a length of these shapes."""
    lengths = {length for shape in shapes for length in shape}
    new = {k: v for k, v in after.items() if _is_own(k) and k not in before and _is_length(v)}
    return {k: float(v) for k, v in new.items() if v in lengths}


def function_symbols(forward: Callable[..., Any], arguments: Sequence[Any]) -> dict[str, float]:
    """The same for a pair of functions: the first float array is the input."""
    names = [p.name for p in parameters_of(forward)] + [f"arg{i}" for i in range(len(arguments))]
    given = dict(zip(names, arguments, strict=False))
    arrays = {k: v for k, v in given.items() if isinstance(v, np.ndarray)}
    first = next((v for v in arrays.values() if v.dtype.kind == "f"), None)
    found = dict(_numbers(given))
    found.update(
        {name: float(length) for name, length in _of_input(np.shape(first) if first is not None else (), None)}
    )
    found.update(_lengths({k: v for k, v in arrays.items() if first is None or v.shape != first.shape}))
    return found


def blind_spots(layer: Any) -> list[str]:
    """What these sizes cannot tell apart: depth or features that come in and go out in equal numbers."""
    found = symbols(layer)
    for ins, outs in ((_DEPTH_IN, DEPTH_OUT), (N_IN, N_OUT)):
        for name, other in ((i, o) for i in ins for o in outs):
            if name in found and found[name] == found.get(other):
                return [_blind(name, other, found[name])]
    return []


def _blind(name: str, other: str, value: float) -> str:
    return f"{name} and {other} are both {value:g}: a factor of one over the other would not show here"


def _is_own(name: str) -> bool:
    return not name.startswith("_") and name not in _SEEDS


def _numbers(values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The integers and floats, and then the integers in tuples and lists."""
    for name, value in values.items():
        if (
            isinstance(value, int | float | np.integer | np.floating)
            and not isinstance(value, bool)
            and np.isfinite(value)
        ):
            yield name, float(value)
    for name, value in values.items():
        if isinstance(value, tuple | list) and 0 < len(value) <= 4 and all(_is_length(n) for n in value):
            yield from ((f"{name}[{i}]", float(n)) for i, n in enumerate(value))


def _is_length(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _of_input(shape: Sequence[int], declared: Sequence[int] | None) -> Iterator[tuple[str, int]]:
    """N where there is a batch, then input_shape[i], then H, W, D."""
    batch = _has_batch(shape, declared)
    if batch:
        yield "N", shape[0]
    if declared is None:
        yield from ((f"input_shape[{i}]", n) for i, n in enumerate(shape) if i > 0 or not batch)
    if len(shape) == 3 and not batch:
        yield from zip(_LETTERS, shape, strict=True)


def _has_batch(shape: Sequence[int], declared: Sequence[int] | None) -> bool:
    """Is the first axis the samples? Of three axes it may as well be the height."""
    if declared is None:
        return len(shape) in (1, 2, 4)
    if len(shape) == len(declared) + 1:
        return True
    return len(shape) == len(declared) == 2 and (declared[0] == 1 or shape[0] != declared[0])


def _lengths(arrays: Mapping[str, Any]) -> dict[str, float]:
    """weights.shape[0] and its like, of the first few arrays."""
    first = list(arrays.items())[:_MOST_ARRAYS]
    return {f"{name}.shape[{i}]": float(n) for name, array in first for i, n in enumerate(array.shape) if n > 1}
