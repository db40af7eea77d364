"""A layer again at other sizes: evidence to tell two names of a factor apart, never a check."""

from collections.abc import Iterator, Mapping
from typing import Any

from gradcheck.gather.construct import IMAGES, N_IN, N_OUT, SHAPE_LIKE
from gradcheck.gather.sizes import FURTHER, Shape, Sizes

_INPUTS = ("input_shape", "in_shape", "shape")
_OUTPUTS = ("output_shape", "out_shape")


def variants(cls: type, arguments: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """(arguments, layer) for further sets of sizes, all distinct; what cannot be built is left out.

    arguments: as the class was built with, or as read back from an instance; the shape-like ones are
    replaced by others of the same form, the rest stays. Nothing is yielded where none is shape-like.
    """
    for sizes in FURTHER:
        changed = {name: _changed(name, value, sizes, arguments) for name, value in arguments.items()}
        if changed == dict(arguments):
            continue
        try:
            layer = cls(**changed)
        except Exception:  # noqa: S112 -- a constructor of the user's, at sizes it need not take
            continue
        yield changed, layer


def varied_shape(shape: Shape, before: Mapping[str, Any], after: Mapping[str, Any]) -> Shape:
    """An input's shape, carried from one set of arguments to another: lengths that arguments name follow them.

    The first length that no argument names (the batch) becomes one more.
    """
    follow = {old: new for name, value in before.items() for old, new in _lengths(value, after[name])}
    changed = [follow.get(length, length) for length in shape]
    loose = [number for number, length in enumerate(shape) if length not in follow]
    if loose and shape[loose[0]] > 1:
        changed[loose[0]] += 1
    return tuple(changed)


def _changed(name: str, value: Any, sizes: Sizes, arguments: Mapping[str, Any]) -> Any:
    """The value of a shape-like argument at other sizes, in the same form."""
    if name not in SHAPE_LIKE or isinstance(value, bool):
        return value
    if name in _INPUTS + _OUTPUTS:
        return _shape(value, sizes, output=name in _OUTPUTS)
    return _size(name, value, sizes, images=bool(IMAGES & set(arguments)))


def _size(name: str, value: Any, sizes: Sizes, *, images: bool) -> Any:
    if images and name in N_IN:
        return sizes.depth_in
    if images and name in N_OUT:
        return sizes.depth_out
    ours = SHAPE_LIKE[name](sizes)
    if isinstance(value, int):
        return ours[0] if isinstance(ours, tuple) else ours
    same_form = isinstance(value, tuple) and isinstance(ours, tuple) and len(value) == len(ours)
    return ours if same_form else value


def _shape(value: Any, sizes: Sizes, *, output: bool) -> Any:
    """(1, i), (i,), i, (H, W, D): other sizes; a leading 1 stays."""
    number = sizes.n_out if output else sizes.n_in
    if isinstance(value, int):
        return number
    if not isinstance(value, tuple) or not 1 <= len(value) <= 3:
        return value
    if len(value) == 3:
        return sizes.image
    return (number,) if len(value) == 1 else (value[0] if value[0] == 1 else sizes.batch, number)


def _lengths(old: Any, new: Any) -> Iterator[tuple[int, int]]:
    if isinstance(old, int) and not isinstance(old, bool):
        yield old, new
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        yield from zip(old, new, strict=True)
