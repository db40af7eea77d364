"""Central and one-sided differences at one step, with the rounding that they carry.

D(h) = <G, y(+h) - y(-h)> / 2h: the difference of outputs first, contracted afterwards, so that large equal parts
cancel exactly; divided by the step really taken.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.numeric.lines import Line
from gradcheck.numeric.noise import Noise

_LOST = 16.0  # blurs of the line; smaller steps are mostly rounding of the point


@dataclass(frozen=True, eq=False)
class Rung:
    """One step h.

    central: D(h) · jump: <G, right - left> · rounding: r = 3 noise / h · right, left: slopes of each output
    size: sum |G_j| max(|right_j|, |left_j|).
    """

    h: float
    central: float
    jump: float
    rounding: float
    right: Array
    left: Array
    size: float


@dataclass(eq=False)
class Sampler:
    """Forward and all that is needed to weigh its differences: cotangent g and output y, raveled."""

    forward: Callable[[], Array]
    g: Array
    y: Array
    noise: Noise
    weight: Array = field(init=False)
    evaluations: int = field(default=0, init=False)  # of ladders
    overturned: bool = field(default=False, init=False)  # has a small step contradicted an estimate?

    def __post_init__(self) -> None:
        self.weight = np.abs(self.g)

    def rung(self, line: Line, h: float, moved: Array) -> Rung | None:
        """One pair of evaluations; None where one raises, is not finite or takes no step.

        moved: mask of the outputs that some step of this line has changed; updated in place. An output that a
        larger step changed is rounded flat at a smaller one, not constant.
        """
        if h < _LOST * line.blur:
            return None
        self.evaluations += 2
        try:
            up = line.move(h)
            plus = self.forward().ravel()
            down = -line.move(-h)
            minus = self.forward().ravel()
        except LayerError:
            return None
        finally:
            line.back()
        if up <= 0 or down <= 0 or plus.shape != self.y.shape or minus.shape != self.y.shape:
            return None
        rise, fall = plus - self.y, self.y - minus
        if not (np.all(np.isfinite(rise)) and np.all(np.isfinite(fall))):
            return None
        moved |= (rise != 0) | (fall != 0)
        right, left = rise / up, fall / down
        largest = np.maximum(np.abs(self.y), np.maximum(np.abs(plus), np.abs(minus)))
        noise = float((self.weight * moved) @ self.noise.of(largest))
        central = float(self.g @ (plus - minus)) / (up + down)
        size = float(self.weight @ np.maximum(np.abs(right), np.abs(left)))
        blurred = (
            float(np.linalg.norm(self.g * np.maximum(np.abs(right), np.abs(left)))) * line.blur if line.blur else 0.0
        )
        rounding = 3 * (noise + blurred) / h
        return Rung(h, central, float(self.g @ (right - left)), rounding, right, left, size)

    def glance(self, line: Line, h: float, moved: Array) -> float:
        """One evaluation at h, of either sign, for `moved` alone; the step taken, 0 where it fails or is not finite."""
        self.evaluations += 1
        try:
            step = abs(line.move(h))
            values = self.forward().ravel()
        except LayerError:
            return 0.0
        finally:
            line.back()
        if values.shape != self.y.shape or not np.all(np.isfinite(values)):
            return 0.0
        moved |= values != self.y
        return step

    def of(self, mask: Array) -> "Sampler":
        """The same for some of the outputs."""
        return Sampler(self.forward, np.where(mask, self.g, 0.0), self.y, self.noise)

    def hidden(self, moved: Array) -> float:
        """Sum |G_j| times the rounding of the outputs that no step has changed: rounded flat, they are not constant."""
        least = np.maximum(self.noise.relative / 2 * np.abs(self.y), self.noise.absolute)
        return float((self.weight * ~moved) @ least)

    def nothing_moved(self) -> Array:
        """The mask to begin a line with."""
        return np.zeros(self.y.shape, dtype=bool)
