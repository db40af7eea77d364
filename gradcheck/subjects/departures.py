"""Departures from the true gradient that a Convention declares: a factor, clipping. What is declared is undone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError, UsageError
from gradcheck.base.precision import power_of_two
from gradcheck.subjects.convention import Convention
from gradcheck.subjects.driver import Driver
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.subject import Gradients

Once = Callable[[Array], Gradients]
_ROOM = 2.0**-24  # how far below the bound gradients are kept: the exact tests enlarge dY by 2**20
_TINY = 2.0**-60
_OVER = 8.0  # times the bound: where clipping itself is looked at


@dataclass(frozen=True)
class Departures:
    """factors: by leaf name, what the expected gradient is multiplied by · size: a power of two for every dY."""

    factors: Mapping[str, float] = field(default_factory=dict)
    size: float = 1.0
    notes: tuple[str, ...] = ()

    def handed(self, cotangent: Array, *, itself: bool) -> Array:
        """What backward is given in place of the cotangent: a copy, or `itself` where nothing is declared."""
        if self.size != 1.0:
            return np.asarray(cotangent * self.size)
        return cotangent if itself else cotangent.copy(order="K")

    def undone(self, gradients: Gradients) -> Gradients:
        """The gradients without the departures."""
        if self.size == 1.0 and not self.factors:
            return gradients
        return {n: None if g is None else g / (self.size * self.factors.get(n, 1.0)) for n, g in gradients.items()}


def departures_of(
    declared: Convention, leaves: Sequence[Leaf], once: Once, driver: Driver, cotangent: Array
) -> Departures:
    """Those declared, held against a few calls where that can be done.

    once: one forward and backward from the base state, with no departure undone.
    """
    factors = _factors(declared, leaves, driver)
    notes = []
    if factors:
        told = ", ".join(f"{name}: {factor:.6g}" for name, factor in factors.items())
        notes.append(f"gradients are divided by the declared scale before they are compared ({told})")
    size = 1.0
    if declared.clipped is not None:
        size, note = _clipping(once, cotangent, float(declared.clipped))
        notes.append(note)
    if declared.truncated is not None:
        notes.append(f"checked over the first {declared.truncated} steps, as far as backward goes back (truncated)")
    return Departures(factors, size, tuple(notes))


def _factors(declared: Convention, leaves: Sequence[Leaf], driver: Driver) -> dict[str, float]:
    scale = declared.scale
    if scale is None:
        return {}
    if callable(scale):
        scale = scale(driver.root, *driver.inputs.arguments)
    if not isinstance(scale, Mapping):
        parameters = [leaf.name for leaf in leaves if leaf.role is Role.PARAMETER]
        scale = dict.fromkeys(parameters or [leaf.name for leaf in leaves], scale)
    known = {leaf.name for leaf in leaves}
    for name, factor in scale.items():
        if name not in known:
            raise UsageError(f"Convention(scale=...): {name} is no leaf; the leaves are {', '.join(sorted(known))}")
        if not _is_factor(factor):
            raise UsageError(f"Convention(scale=...): gives {factor!r} for {name}; a number other than 0 is needed")
    return {name: float(factor) for name, factor in scale.items()}


def _is_factor(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and bool(np.isfinite(value)) and value != 0


def _clipping(once: Once, cotangent: Array, bound: float) -> tuple[float, str]:
    """The size of dY at which nothing is clipped; or one at which it is, where clipping is not as declared."""
    plain = {n: g / _TINY for n, g in once(cotangent * _TINY).items() if g is not None}
    largest = max((float(np.max(np.abs(g), initial=0.0)) for g in plain.values()), default=0.0)
    if largest == 0.0 or not np.isfinite(largest):
        return 1.0, "clipping is declared, but no gradient is there to be clipped"
    over = power_of_two(_OVER * bound / largest)
    try:
        found = once(cotangent * over)
    except LayerError:
        found = {}
    clipped = [_is_clipped(plain[n] * over, g, bound) for n, g in found.items() if g is not None and n in plain]
    if None in clipped or True not in clipped:
        return over, f"gradients are not clipped to [-{bound:g}, {bound:g}] as the convention declares"
    return power_of_two(bound / largest) * _ROOM, f"gradients are clipped to [-{bound:g}, {bound:g}], as declared"


def _is_clipped(plain: Array, found: Array, bound: float) -> bool | None:
    """Is it clipped as declared (True), left alone (False), or something else (None)?"""
    slack = 1e-9 * bound
    if plain.shape == found.shape and np.all(np.abs(found - np.clip(plain, -bound, bound)) <= slack):
        return bool(np.any(np.abs(plain) > bound))
    return False if plain.shape == found.shape and np.all(np.abs(found - plain) <= 1e-9 * np.abs(plain)) else None
