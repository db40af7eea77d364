"""The analytic side has an error bar too: how backward answers to changes of the point within rounding."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import EPS, eps, scale
from gradcheck.base.randomness import signed
from gradcheck.subjects.leaf import Leaf

_CALLS = 3
_KINK = 1e-3  # an entry that changes by more than this share of itself sits on a kink and is no noise


def analytic_errors(
    vjp: Callable[[], Mapping[str, Array | None]],
    leaves: Sequence[Leaf],
    gradients: Mapping[str, Array | None],
    generator: np.random.Generator,
    *,
    single: bool,
) -> dict[str, Array]:
    """Leaf name -> the largest change of each entry over three calls, all leaves moved by eps * scale.

    single: the working precision is float32, whose eps is then the move. Where an entry happens not to
    change, half the rms over the leaf stands for it in float32, whose roundings are coarse.
    """
    errors = {leaf.name: np.zeros(leaf.shape) for leaf in leaves}
    saved = [(leaf, leaf.values()) for leaf in leaves]
    try:
        for _ in range(_CALLS):
            for leaf, values in saved:
                unit = max(eps(values.dtype), eps(np.float32) if single else EPS) * _reach(values)
                leaf.write((values + unit * np.sign(signed(generator, values.shape))).astype(values.dtype))
            moved = vjp()
            for leaf in leaves:
                _widen(errors[leaf.name], gradients.get(leaf.name), moved.get(leaf.name))
    except LayerError:
        pass
    finally:
        for leaf, values in saved:
            leaf.write(values)
    if single:
        errors = {name: np.maximum(e, 0.5 * _rms(e)) for name, e in errors.items()}
    return errors


def _reach(values: Array) -> Array:
    """The scale of the leaf, but no more than 1000 times an entry itself: 1e-8 beside 1e4 is not rounded as 1e4 is."""
    own = 1024 * np.abs(values)
    return np.where(own > 0, np.minimum(own, scale(values)), scale(values))


def _widen(error: Array, here: Array | None, moved: Array | None) -> None:
    if here is None or moved is None or here.shape != error.shape or moved.shape != error.shape:
        return
    with np.errstate(all="ignore"):
        change = np.abs(moved - here)
        noise = np.isfinite(change) & (change <= _KINK * np.maximum(np.abs(here), np.abs(moved)))
    error[noise] = np.maximum(error[noise], change[noise])


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0
