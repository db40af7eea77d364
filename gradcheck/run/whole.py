"""All gradients of a point at once, held against the derivative along two directions through every leaf."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.precision import scale
from gradcheck.base.randomness import signed, stream
from gradcheck.judge.along import probed
from gradcheck.judge.compare import Yardstick
from gradcheck.judge.probe import Probe
from gradcheck.numeric.analytic import moved_gradients, rounded_change
from gradcheck.numeric.directions import given
from gradcheck.numeric.ladder import Climb
from gradcheck.numeric.lines import DirectionLine, Part
from gradcheck.run.measure import Point
from gradcheck.subjects.calls import StateChangedError
from gradcheck.subjects.subject import Gradients

_UNIT = 0.25  # of a step: Gaussian entries reach four times the scale of their leaf


@dataclass(eq=False)
class _Through:
    """A direction through every leaf, in the scale of each. a, typical, error: as in Probe."""

    kind: str
    parts: list[Part]
    a: float
    typical: float
    error: float = 0.0

    def widen(self, here: Gradients, moved: Gradients) -> None:
        """Take into account what backward makes of a point moved by rounding."""
        change = sum(v.v.dot(rounded_change(a, b)) for v, a, b in self._pairs(here, moved))
        self.error = max(self.error, abs(float(change)))

    def _pairs(self, here: Gradients, moved: Gradients) -> list[tuple[Part, Array, Array]]:
        found = [(part, here[part.leaf.name], moved.get(part.leaf.name)) for part in self.parts]
        return [(part, a, b) for part, a, b in found if a is not None and b is not None and a.shape == b.shape]


def agrees_along(point: Point) -> bool:
    """Is no direction wrong? What a direction cannot decide is no disagreement."""
    throughs = _throughs(point)
    try:
        with point.subject.measuring(point.output) as forward:
            return not any(_probe(point, through, forward).wrong for through in throughs)
    except StateChangedError:
        return not any(_probe(point, through, None).wrong for through in throughs)


def _throughs(point: Point) -> list[_Through]:
    gradients: Mapping[str, Array | None] = {leaf.name: point.gradients[leaf.name] for leaf in point.subject.leaves}
    throughs = [_through(point, kind, gradients) for kind in ("gaussian", "signs")]
    generator = stream(point.options.seed, "whole", "moved")

    def vjp() -> Gradients:
        return point.subject.vjp(point.cotangent)

    for moved in moved_gradients(vjp, point.subject.leaves, generator, single=point.noise.single):
        for through in throughs:
            through.widen(gradients, moved)
    return throughs


def _through(point: Point, kind: str, gradients: Mapping[str, Array | None]) -> _Through:
    generator = stream(point.options.seed, "whole", kind)
    parts, a, squares = [], 0.0, 0.0
    for leaf in point.subject.leaves:
        drawn = generator.normal(size=leaf.shape) if kind == "gaussian" else signed(generator, leaf.shape)
        v = given((drawn if kind == "gaussian" else np.sign(drawn)) * scale(leaf.array))
        parts.append(Part(leaf, v))
        gradient = gradients[leaf.name]
        if gradient is not None:
            a, squares = a + v.dot(gradient), squares + v.norm(gradient) ** 2
    return _Through(kind, parts, a, float(np.sqrt(squares)))


def _probe(point: Point, through: _Through, forward: Callable[[], Array] | None) -> Probe:
    found = Climb(point.sampler(forward), DirectionLine(through.parts, _UNIT)).estimate()
    yardsticks = [point.yardstick(leaf) for leaf in point.subject.leaves]
    loosest: Yardstick = max(yardsticks, key=lambda y: y.rtol)
    reading = sum(point.subject.reading_error(part.leaf) * scale(part.leaf.array) * np.sqrt(part.leaf.size)
                  for part in through.parts)  # fmt: skip
    return probed(
        through.kind, through.a, found, loosest,
        analytic_error=2 * through.error + float(reading), typical=through.typical, natural=loosest.unit,
    )  # fmt: skip
