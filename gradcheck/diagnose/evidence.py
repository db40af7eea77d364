"""Evidence: what is known of one failing check. Extra probes are made once, and only on demand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar, cast

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import EPS, power_of_two, scale
from gradcheck.base.randomness import signed, stream
from gradcheck.judge.comparison import Comparison
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.subject import Gradients, Subject

# Of the leaf's scale. The extrapolated value has lost the h**2 term, 1e-8; rounding is about 1e-12.
_STEP = 2.0**-14

T = TypeVar("T")


@dataclass(frozen=True)
class Columns:
    """dy/dleaf, one row an entry of the leaf, and its error bar. Each of shape (entries, outputs)."""

    values: Array
    error: Array

    def under(self, cotangent: Array, shape: Index) -> Array:
        """The measured gradient of the leaf, of this shape, for another cotangent."""
        return np.asarray(self.values @ cotangent.ravel()).reshape(shape)


@dataclass(eq=False)
class Evidence:
    """One failing check.

    comparisons: leaf name -> both gradients for `cotangent` · output: y at the point · point: values of
    the leaves · supplied: the gradients as backward gave them · symbols: named quantities for factors
    where: file and line of backward, or None · mode: "train" or "eval" where the layer has a switch
    contiguous: output and gradients of the same numbers in contiguous arrays, None where they are
    keeps: the arrays that the layer keeps after a forward · handed: those that forward is handed, if it takes several.
    """

    subject: Subject
    comparisons: Mapping[str, Comparison]
    cotangent: Array
    output: Array
    point: Mapping[str, Array]
    supplied: Mapping[str, Array | None]
    symbols: Mapping[str, float]
    where: str | None = None
    mode: str | None = None
    contiguous: Callable[[], tuple[Array, Gradients]] | None = None
    keeps: Callable[[], Mapping[str, Array]] = dict
    handed: Mapping[str, Array] = field(default_factory=dict)
    trials: int = 200  # backward passes that guesses about operands may still take, all leaves together
    _found: dict[str, object] = field(default_factory=dict)
    _gradients: dict[bytes, Gradients] = field(default_factory=dict)
    _columns: dict[tuple[str, int], Columns | None] = field(default_factory=dict)

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What `make` finds, once for all leaves."""
        if key not in self._found:
            self._found[key] = make()
        return cast(T, self._found[key])

    def of_slice(self, axis: int, place: int) -> Array:
        """The cotangent of one sample, step or query alone."""
        return np.where(np.indices(self.cotangent.shape)[axis] == place, self.cotangent, 0.0)

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
        leaf = self.leaf(name)
        if leaf is None:
            return None
        found = [self.column(name, flat) for flat in range(leaf.size)]
        whole = [column for column in found if column is not None]
        if not whole or len(whole) < len(found):
            return None
        return Columns(np.concatenate([c.values for c in whole]), np.concatenate([c.error for c in whole]))

    def column(self, name: str, flat: int) -> Columns | None:
        """The same for one entry of the leaf, counted in C order; four evaluations."""
        key = (name, flat)
        if key not in self._columns:
            self._columns[key] = self.column_here(name, flat)
        return self._columns[key]

    def column_here(self, name: str, flat: int) -> Columns | None:
        """The same wherever the leaves now are."""
        leaf = self.leaf(name)
        return None if leaf is None else self._measure(leaf, flat)

    def covering(self, name: str, flat: int) -> Array:
        """Mask of the outputs, flat, that change when one entry goes far up or down. Two evaluations."""
        leaf, changed = self.leaf(name), np.zeros(self.output.size, dtype=bool)
        if leaf is None:
            return changed
        saved, far = leaf.array.flat[flat].item(), 2 * float(np.max(np.abs(leaf.array), initial=1.0))
        try:
            for value in (saved + far, saved - far):
                leaf.put(flat, value)
                moved = self.subject.forward()
                changed |= (moved != self.output).ravel() if moved.shape == self.output.shape else False
        except LayerError:
            return np.zeros_like(changed)
        finally:
            leaf.put(flat, saved)
        return changed

    def along(self, name: str, direction: Array) -> tuple[float, float]:
        """(<n, direction>, its error bar) under the check's cotangent; NaN where it cannot be had. Four evaluations."""
        leaf = self.leaf(name)
        largest = float(np.max(np.abs(direction), initial=0.0))
        if leaf is None or largest == 0.0:
            return float("nan"), float("nan")
        step = power_of_two(scale(leaf.array) / largest) * _STEP
        try:
            wide, near = (self._difference(leaf, direction, h) for h in (2 * step, step))
        except LayerError:
            return float("nan"), float("nan")
        g = self.cotangent.ravel()
        value = float(g @ (near + (near - wide) / 3))
        rounding = 4 * EPS * float(np.abs(g) @ np.abs(self.output.ravel())) / step
        return value, abs(float(g @ (near - wide))) / 3 + rounding

    def _difference(self, leaf: Leaf, direction: Array, step: float) -> Array:
        saved = leaf.values()
        try:
            leaf.write((saved + step * direction).astype(saved.dtype))
            plus = self.subject.forward()
            leaf.write((saved - step * direction).astype(saved.dtype))
            minus = self.subject.forward()
        finally:
            leaf.write(saved)
        if plus.shape != self.output.shape or minus.shape != self.output.shape:
            return np.full(self.output.size, np.nan)
        return np.asarray((plus - minus).ravel() / (2 * step))

    def leaf(self, name: str) -> Leaf | None:
        """The leaf of that name."""
        return next((leaf for leaf in self.subject.leaves if leaf.name == name), None)

    @cached_property
    def cached(self) -> Mapping[str, Array]:
        """The arrays that the layer keeps."""
        return self.keeps()

    @cached_property
    def elementwise(self) -> bool:
        """Does every output entry hang on the input entry at its own place alone? Two evaluations."""
        leaf = self.leaf("input")
        if leaf is None or leaf.shape != self.output.shape or leaf.size < 2:
            return False
        chosen = stream(0, "elementwise").permutation(leaf.size) < leaf.size // 2
        return all(self._stays(leaf, mask.reshape(leaf.shape)) for mask in (chosen, ~chosen))

    @cached_property
    def time_axis(self) -> int | None:
        """The axis along which an output hangs on the inputs up to its own place; up to four evaluations."""
        leaf = self.leaf("input")
        if leaf is None or leaf.array.ndim < 2 or self.output.ndim < 2:
            return None
        shared = [axis for axis in (1, 0) if leaf.shape[axis] == self.output.shape[axis] >= 3]
        return next((axis for axis in shared if self._causal(leaf, axis)), None)

    def mixes(self, axis: int) -> bool:
        """Does the last slice of the input along this axis move other outputs than those at its own place?"""
        leaf = self.leaf("input")
        last = None if leaf is None else self._moved(leaf, np.indices(leaf.shape)[axis] == leaf.shape[axis] - 1)
        if leaf is None or last is None:
            return False
        own = [a for a, length in enumerate(self.output.shape) if length == leaf.shape[axis]]
        return all(bool(np.any(np.take(last, range(leaf.shape[axis] - 1), axis=a))) for a in own)

    def _causal(self, leaf: Leaf, axis: int) -> bool:
        """Does the last slice of the input move the last of the output alone, and the first the last too?"""
        at, end = np.indices(leaf.shape)[axis], leaf.shape[axis] - 1
        last, first = self._moved(leaf, at == end), self._moved(leaf, at == 0)
        if last is None or first is None:
            return False
        return not np.any(np.take(last, range(end), axis=axis)) and bool(np.any(np.take(first, end, axis=axis)))

    def _stays(self, leaf: Leaf, moved: Array) -> bool:
        """Do the outputs outside `moved` stay as they are when the entries of `moved` move?"""
        changed = self._moved(leaf, moved)
        return changed is not None and not np.any(changed[~moved])

    def _moved(self, leaf: Leaf, moved: Array) -> Array | None:
        """Which outputs change when the entries of `moved` move; None where that cannot be told."""
        saved = leaf.values()
        try:
            leaf.write(np.where(moved, saved + 0.25 * scale(saved), saved).astype(saved.dtype))
            output = self.subject.forward()
        except LayerError:
            return None
        finally:
            leaf.write(saved)
        return None if output.shape != self.output.shape else np.asarray(output != self.output)

    def _measure(self, leaf: Leaf, flat: int) -> Columns | None:
        step = power_of_two(scale(leaf.array)) * _STEP
        try:
            wide, near = self._slope(leaf, flat, 2 * step), self._slope(leaf, flat, step)
        except LayerError:
            return None
        rounding = 4 * EPS * float(np.max(np.abs(self.output), initial=0.0)) / step
        values, error = near + (near - wide) / 3, np.abs(near - wide) / 3 + rounding
        return Columns(values[np.newaxis], error[np.newaxis]) if bool(np.all(np.isfinite(values))) else None

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
