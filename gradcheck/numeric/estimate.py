"""A numeric derivative together with its error bar and its status."""

from dataclasses import dataclass, field

import numpy as np

from gradcheck.base.arrays import Array


@dataclass(frozen=True, eq=False)
class Estimate:
    """One derivative of E = <G, y> along one line.

    value: NaN where there is none · error: a bound that holds in at least 99.9 %, NaN where it cannot be told
    low, high: what is legal at a kink, both the value elsewhere · kink: is the point on one (nearer than the
    smallest step that tells)? · jumping: mask of the outputs that have two slopes there, None elsewhere
    slopes: (step, D(step)), the plain central differences of a ladder.
    """

    value: float
    error: float
    low: float
    high: float
    kink: bool = False
    jumping: Array | None = None
    slopes: tuple[tuple[float, float], ...] = ()

    @property
    def known(self) -> bool:
        """Is there a value with a bar?"""
        return bool(np.isfinite(self.value) and np.isfinite(self.error))


UNKNOWN = Estimate(np.nan, np.nan, np.nan, np.nan)


def smooth(value: float, error: float) -> Estimate:
    """A derivative at a point without a kink."""
    return Estimate(value, error, value, value)


@dataclass(eq=False)
class LeafEstimates:
    """The derivatives with respect to every entry of a leaf; each array has the leaf's shape.

    slopes: flat index -> (step, D(step)) pairs, of the entries that a ladder was climbed for
    jumping: flat index -> mask of the outputs that have two slopes there (kinks only)
    step: of the plain differences, in units of the leaf, where a ladder has told it · size: the largest
    sum |G_j| |slope_j| that any step has shown: the scale of the leaf where the output itself is 0.
    """

    value: Array
    error: Array
    low: Array
    high: Array
    kink: Array
    slopes: dict[int, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    jumping: dict[int, Array] = field(default_factory=dict)
    step: float | None = None
    size: float = 0.0

    @classmethod
    def unknown(cls, shape: tuple[int, ...]) -> "LeafEstimates":
        """Nothing measured yet."""
        value, error, low, high = (np.full(shape, np.nan) for _ in range(4))
        return cls(value, error, low, high, np.zeros(shape, dtype=bool))

    def put(self, flat: int, estimate: Estimate) -> None:
        """Keep one entry's estimate."""
        for name in ("value", "error", "low", "high", "kink"):
            getattr(self, name).flat[flat] = getattr(estimate, name)
        self.slopes[flat] = estimate.slopes
        if estimate.jumping is not None:
            self.jumping[flat] = estimate.jumping
