"""Evidence: what is known of one failing check. Extra probes are made once, and only on demand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import EPS, power_of_two, scale
from gradcheck.base.randomness import signed, stream
from gradcheck.judge.comparison import Comparison
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.subject import Gradients, Subject

_STEP = 2.0**-17  # near eps**(1/3): truncation and rounding of a central difference are both about 1e-10


@dataclass(frozen=True)
class Columns:
    """dy/dleaf, one column an entry of the leaf, and its error bar. Each of shape (entries, outputs)."""

    values: Array
    error: Array


@dataclass(eq=False)
class Evidence:
    """One failing check.

    comparisons: leaf name -> both gradients for `cotangent` · output: y at the point · point: values of
    the leaves · supplied: the gradients as backward gave them · symbols: named quantities for factors
    where: file and line of backward, or None.
    """

    subject: Subject
    comparisons: Mapping[str, Comparison]
    cotangent: Array
    output: Array
    point: Mapping[str, Array]
    supplied: Mapping[str, Array | None]
    symbols: Mapping[str, float]
    where: str | None = None
    _gradients: dict[bytes, Gradients] = field(default_factory=dict)
    _columns: dict[str, Columns | None] = field(default_factory=dict)

    def gradients(self, cotangent: Array) -> Gradients:
        """What the user's backward gives for another cotangent; nothing where it raises."""
        key = np.ascontiguousarray(cotangent).tobytes()
        if key not in self._gradients:
            try:
                self._gradients[key] = self.subject.vjp(cotangent)
            except LayerError:
                self._gradients[key] = {}
        return self._gradients[key]

    def further_cotangent(self, number: int) -> Array:
        """Another random signed cotangent, the same in every run."""
        return signed(stream(number, "diagnosis", self.output.shape), self.output.shape)

    def columns(self, name: str) -> Columns | None:
        """dy/dleaf by central differences; None where the forward cannot be moved there."""
        if name not in self._columns:
            leaf = next((leaf for leaf in self.subject.leaves if leaf.name == name), None)
            self._columns[name] = None if leaf is None else self._measure(leaf)
        return self._columns[name]

    def _measure(self, leaf: Leaf) -> Columns | None:
        step = power_of_two(scale(leaf.array)) * _STEP
        try:
            wide = [self._slope(leaf, flat, 2 * step) for flat in range(leaf.size)]
            near = [self._slope(leaf, flat, step) for flat in range(leaf.size)]
        except LayerError:
            return None
        values = np.array(near)
        rounding = 4 * EPS * float(np.max(np.abs(self.output), initial=0.0)) / step
        error = np.abs(values - np.array(wide)) + rounding
        return Columns(values, error) if bool(np.all(np.isfinite(values))) else None

    def _slope(self, leaf: Leaf, flat: int, step: float) -> Array:
        saved = leaf.array.flat[flat].item()
        try:
            leaf.put(flat, saved + step)
            up, plus = leaf.array.flat[flat].item(), self.subject.forward()
            leaf.put(flat, saved - step)
            down, minus = leaf.array.flat[flat].item(), self.subject.forward()
        finally:
            leaf.put(flat, saved)
        if plus.shape != self.output.shape or minus.shape != self.output.shape or up == down:
            return np.full(self.output.size, np.nan)
        return np.asarray((plus - minus).ravel() / (up - down))
