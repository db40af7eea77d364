"""The analytic side has an error bar too: how backward answers to changes of the point within rounding."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import EPS, eps, scale
from gradcheck.base.randomness import coins, parted
from gradcheck.subjects.leaf import Leaf, kept

_CALLS = 3
_KINK = 1e-3  # an entry that changes by more than this share of itself sits on a kink and is no noise


def moved_gradients(
    vjp: Callable[[], Mapping[str, Array | None]],
    leaves: Sequence[Leaf],
    generator: np.random.Generator,
    *,
    single: bool,
) -> Iterator[Mapping[str, Array | None]]:
    """The gradients of three calls, all leaves moved by eps * scale; fewer where the layer raises there.

    single: the working precision is float32, whose eps is then the move. The leaves are put back in the end.
    """
    with kept(leaves) as saved:
        sizes = [scale(values) for _, values in saved]
        for _ in range(_CALLS):
            for (leaf, values), size in zip(saved, sizes, strict=True):
                unit = max(eps(values.dtype), eps(np.float32) if single else EPS)
                leaf.shift(values, _kick(size, unit, generator))
            try:
                moved = vjp()
            except LayerError:
                return
            yield moved
            del moved  # before the next one is made


def _kick(size: float, unit: float, generator: np.random.Generator) -> Callable[[int, Array], Array]:
    """The change of some entries, see Leaf.shift: the same whatever part is asked for first."""
    drawing = parted(generator)

    def kick(first: int, here: Array) -> Array:
        change = _reach(here, size)
        change *= unit
        change *= coins(drawing(first), here.size)
        return change

    return kick


class AnalyticErrors:
    """The largest change of each entry of some leaves over the moved calls."""

    def __init__(self, leaves: Sequence[Leaf], gradients: Mapping[str, Array | None]) -> None:
        self._gradients = gradients
        self._errors = {leaf.name: np.zeros(leaf.shape) for leaf in leaves}

    def add(self, moved: Mapping[str, Array | None]) -> None:
        """Take one more call into account."""
        for name, error in self._errors.items():
            _widen(error, self._gradients.get(name), moved.get(name))

    def result(self, *, single: bool) -> dict[str, Array]:
        """Leaf name -> error of each entry.

        single: where an entry happens not to change, half the rms over the leaf stands for it in float32, whose
        roundings are coarse.
        """
        if not single:
            return self._errors
        return {name: np.maximum(e, 0.5 * _rms(e)) for name, e in self._errors.items()}


def _reach(values: Array, size: float) -> Array:
    """The scale of the leaf, but no more than 1000 times an entry itself: 1e-8 beside 1e4 is not rounded as 1e4 is."""
    reach = 1024.0 * np.abs(values, dtype=np.float64)
    np.minimum(reach, size, out=reach)
    reach[reach == 0] = size
    return reach


def _widen(error: Array, here: Array | None, moved: Array | None) -> None:
    if here is None or moved is None or here.shape != error.shape or moved.shape != error.shape:
        return
    change = np.abs(rounded_change(here, moved))
    error[...] = np.maximum(error, change)


def rounded_change(here: Array, moved: Array) -> Array:
    """Moved - here where that is rounding: 0 where an entry changes by 1e-3 of itself, which is a kink and no noise."""
    with np.errstate(all="ignore"):
        change = moved - here
        noise = np.isfinite(change) & (np.abs(change) <= _KINK * np.maximum(np.abs(here), np.abs(moved)))
    return np.where(noise, change, 0.0)


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0
