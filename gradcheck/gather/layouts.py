"""How a class may want its input: the ways to lay out sizes, likeliest first."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradcheck.gather.construct import DEPTH_OUT, IMAGES, N_IN, N_OUT, VARIED, WINDOW
from gradcheck.gather.naming import parameters_of
from gradcheck.gather.sizes import Shape, Sizes

_INPUT_SHAPE = ("input_shape", "in_shape", "shape")
_OUTPUT_SHAPE = ("output_shape", "out_shape")
_STRIDES = ("stride", "strides")
_IMAGE_CLASS = re.compile(r"conv(?!ert)|pool|2d", re.IGNORECASE)
_SIZED = frozenset({*N_IN, *N_OUT, "hidden_size", "hidden_dim"})
_ROWS = ("NI", "I1", "NTI", "I", "1I", "IN", "INT")
_ANY_SHAPE = re.compile(r"flatten|reshape", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """One way to lay out the sizes.

    given: values by parameter name, before the table's · x: shape of the input, None where it is the
    input_shape that is passed · integer: the input is indices below this number.
    """

    given: Mapping[str, Any] = field(default_factory=dict)
    x: Shape = ()
    integer: int = 0


Way = Callable[[Sizes], list[Layout]]  # one set of sizes -> its layouts, more than one where each is worth a case


def ways(cls: type) -> list[Way]:
    """The ways to try for a class; the first that works is taken."""
    names = {p.name for p in parameters_of(cls)}
    images = bool(names & IMAGES) or _IMAGE_CLASS.search(cls.__name__) is not None
    if names & {*_INPUT_SHAPE}:
        found = _shaped(cls, names, images=images)
    elif images:
        found = [_one(axes) for axes in ("NCHW", "NHWC", "HWC", "CHW", "HW", "NCW", "NWC")]
        if names & _SIZED and not names & IMAGES:  # the class name alone speaks of images: AttentionPooling(input_dim)
            found += [_one(axes) for axes in _ROWS]
    elif "num_embeddings" in names or "vocab_size" in names:
        found = [_indices]
    elif names & _SIZED:
        found = [_one(axes) for axes in _ROWS]
    else:
        found = [_any_image] if _ANY_SHAPE.search(cls.__name__) else [_any, _one("I1"), _one("I")]
    return _with_windows(found, names)


def _shaped(cls: type, names: set[str], *, images: bool) -> list[Way]:
    """Classes that are told their input_shape."""
    if images:
        return [_given_shape("HWC"), _given_shape("CHW"), _given_shape("NCHW"), _given_shape("NHWC")]
    if not names & {*_OUTPUT_SHAPE}:
        return [_row_and_image, _given_shape("I"), _plain_number]
    rows: list[Way] = [_row_to_row, _vector_to_vector, _number_to_number]
    flat: list[Way] = [_image_to_row, _image_to_column]
    return [*flat, *rows] if _ANY_SHAPE.search(cls.__name__) else [*rows, *flat]


def shape_of(axes: str, s: Sizes) -> Shape:
    """`NCHW` -> (batch, depth, height, width); I: n_in, O: n_out, T: steps."""
    length = {"N": s.batch, "C": s.depth_in, "H": s.height, "W": s.width, "I": s.n_in, "O": s.n_out, "T": 3, "1": 1}
    return tuple(length[axis] for axis in axes)


def _one(axes: str) -> Way:
    def way(s: Sizes) -> list[Layout]:
        return [Layout(_channels(s) if "C" in axes else {}, shape_of(axes, s))]

    return way


def _channels(s: Sizes) -> dict[str, Any]:
    """Where the input is an image, `num_features` and `n_in` count channels."""
    return dict.fromkeys(N_IN, s.depth_in) | dict.fromkeys(N_OUT, s.depth_out) | dict.fromkeys(DEPTH_OUT, s.depth_out)


def _given_shape(axes: str) -> Way:
    def way(s: Sizes) -> list[Layout]:
        return [_shape_layout(shape_of(axes, s))]

    return way


def _shape_layout(shape: Shape, out: Any = None, given_in: Any = None) -> Layout:
    given = dict.fromkeys(_INPUT_SHAPE, shape if given_in is None else given_in)
    return Layout(given | (dict.fromkeys(_OUTPUT_SHAPE, out) if out is not None else {}), shape)


def _row_to_row(s: Sizes) -> list[Layout]:
    return [_shape_layout((1, s.n_in), (1, s.n_out))]


def _vector_to_vector(s: Sizes) -> list[Layout]:
    return [_shape_layout((s.n_in,), (s.n_out,))]


def _number_to_number(s: Sizes) -> list[Layout]:
    return [_shape_layout((1, s.n_in), s.n_out, s.n_in)]


def _plain_number(s: Sizes) -> list[Layout]:
    return [_shape_layout((1, s.n_in), given_in=s.n_in)]


def _image_to_row(s: Sizes) -> list[Layout]:
    return [_shape_layout(s.image, (1, s.height * s.width * s.depth_in))]


def _image_to_column(s: Sizes) -> list[Layout]:
    return [_shape_layout(s.image, (s.height * s.width * s.depth_in, 1))]


def _row_and_image(s: Sizes) -> list[Layout]:
    return [_shape_layout((1, s.n_in)), _shape_layout(s.image)]


def _any(s: Sizes) -> list[Layout]:
    return [Layout({}, (s.batch, s.n_in)), Layout({}, (s.batch, *s.image))]


def _any_image(s: Sizes) -> list[Layout]:
    return [Layout({}, (s.batch, *s.image))]


def _indices(s: Sizes) -> list[Layout]:
    return [Layout({}, (s.batch, 3), integer=s.height + 1)]


def _with_windows(found: list[Way], names: set[str]) -> list[Way]:
    """Each way with the window as two numbers and as one; `kernel_shape` is likelier two, `kernel_size` one.

    Last, with the stride as two numbers too.
    """
    if not names & {*WINDOW}:
        return found
    pair = any(name.endswith("shape") for name in names & {*WINDOW})
    ways = [_window(way, pair=kind, strides=False) for kind in (pair, not pair) for way in found]
    return ways + ([_window(way, pair=True, strides=True) for way in found] if names & {*_STRIDES} else [])


def _window(way: Way, *, pair: bool, strides: bool) -> Way:
    def windowed(s: Sizes) -> list[Layout]:
        window: Any = s.kernel if pair else s.kernel[0]
        more = dict.fromkeys(WINDOW, window)
        if strides:
            more |= dict.fromkeys(_STRIDES, (VARIED["stride"] if s.vary else 1,) * 2)
        return [Layout({**layout.given, **more}, layout.x, layout.integer) for layout in way(s)]

    return windowed
