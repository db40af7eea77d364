"""Group testing: which entries of a large leaf are wrong, in a number of readings that grows with log n.

A reading is the residual <a - n, v> along a direction v. The same v weighted by a ramp along an axis tells the
coordinate of a single wrong entry (or row, or block) as the quotient of two readings. Where no coordinate explains
the reading, the entries are dealt out at random and every part is read, until few enough are left to be measured.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from gradcheck.base.arrays import Index
from gradcheck.numeric.directions import Direction, Ramp
from gradcheck.numeric.estimate import Estimate

_FEW = 4  # entries that are measured one by one
_PARTS = 4  # that a group is dealt out into
_SAMPLE = 16  # entries that tell whether the error is dense
_DENSE = 0.25  # share of the sample that is wrong where it is
_REGION = 64  # a dense region of no more entries is measured as a whole
_CROWDED = 0.75  # share of the parts with a residual, above which most of them hold more than one wrong entry
_WITHIN = 0.25  # a coordinate is a whole number within this


@dataclass(frozen=True)
class Reading:
    """<a - n, v> and how far off it may be; NaN where it could not be measured."""

    value: float
    slack: float

    @property
    def telling(self) -> bool:
        """Is there a residual?"""
        return abs(self.value) > self.slack

    @property
    def known(self) -> bool:
        """Was it measured?"""
        return bool(np.isfinite(self.value) and np.isfinite(self.slack))


class Gauge(Protocol):
    """What a leaf is read with."""

    def along(self, v: Direction) -> Reading:
        """The residual along v."""
        ...

    def entry(self, flat: int) -> tuple[Estimate, Reading]:
        """The derivative by one entry, and its residual."""
        ...


Box = list[tuple[int, int]]


@dataclass(eq=False)
class Located:
    """What a search has found.

    measured: flat index -> estimate, of every entry that was measured · wrong: those that are wrong, with a - n
    complete: do they account for the whole residual? · box: (first, past the last) coordinate of each axis of the
    region that holds all of it, where the search has told a region and not the entries.
    """

    measured: dict[int, Estimate] = field(default_factory=dict)
    wrong: dict[int, Reading] = field(default_factory=dict)
    complete: bool = False
    box: Box | None = None


@dataclass(eq=False)
class _Group:
    v: Direction
    box: Box
    reading: Reading


def localise(
    gauge: Gauge,
    v: Direction,
    reading: Reading,
    others: Sequence[tuple[Direction, Reading]],
    *,
    generator: np.random.Generator,
    spent: Callable[[], bool],
) -> Located:
    """The wrong entries of a leaf.

    v, reading: a Gaussian direction through the whole leaf and its residual · others: further ones, which the
    entries that were found must account for · spent: is the budget used up?
    """
    search = _Search(gauge, v.shape, generator, spent)
    search.run(_Group(v, [(0, n) for n in v.shape], reading))
    search.found.complete = not search.broken and all(search.explains(*pair) for pair in [(v, reading), *others])
    return search.found


class _Search:
    def __init__(self, gauge: Gauge, shape: Index, generator: np.random.Generator, spent: Callable[[], bool]) -> None:
        self._gauge, self._shape, self._generator, self._spent = gauge, shape, generator, spent
        self.found = Located()
        self.broken = False  # given up before every group was looked into

    def run(self, whole: _Group) -> None:
        """Level by level, so that errors that are everywhere are noticed before the budget is gone."""
        level, crowded, first = [whole], False, True
        while level and not self._stop():
            left = [self._followed(group, narrow=not crowded) for group in level]
            rest = [group for group in left if group is not None]
            if first and rest and self._dense(rest[0]):
                return
            parts = [part for group in rest for part in self._dealt(group)]
            crowded = bool(rest) and len(parts) > _CROWDED * _PARTS * len(rest)
            level, first = parts, False

    def explains(self, v: Direction, reading: Reading) -> bool:
        """Do the wrong entries account for this residual?"""
        parts = [(v.entry(flat) * r.value, abs(v.entry(flat)) * r.slack) for flat, r in self.found.wrong.items()]
        left = reading.value - sum(value for value, _ in parts)
        return abs(left) <= reading.slack + sum(slack for _, slack in parts)

    def _stop(self) -> bool:
        self.broken |= self._spent()
        return self.broken

    def _followed(self, group: _Group, *, narrow: bool) -> _Group | None:
        """A group's residual, followed as far as coordinates tell; None where that has led to single entries."""
        while not self._stop():
            if group.v.count <= _FEW:
                self._measure(group.v.members())
                return None
            closer = self._narrowed(group) if narrow else None
            if closer is None:
                return group
            group = closer
        return group

    def _narrowed(self, group: _Group) -> _Group | None:
        """The part of a box that holds the whole residual; None where no coordinate tells one."""
        spans = [self._span(group, axis) for axis in range(len(self._shape))]
        whole = [span if span is not None else side for span, side in zip(spans, group.box, strict=True)]
        tried = [whole]
        if len(spans) > 1:
            tried += [[*group.box[:a], s, *group.box[a + 1 :]] for a, s in enumerate(spans) if s is not None]
        for box in tried:
            if 2 * _volume(box) > _volume(group.box) or self._stop():
                continue
            v = group.v.within(box)
            reading = self._gauge.along(v)
            same = abs(reading.value - group.reading.value) <= reading.slack + group.reading.slack
            if reading.known and reading.telling and same:
                return _Group(v, box, reading)
        return None

    def _span(self, group: _Group, axis: int) -> tuple[int, int] | None:
        """Coordinates along an axis that a single wrong place could have; None where that is none."""
        low, high = group.box[axis]
        length = high - low
        if length == 1 or self._stop():
            return group.box[axis] if length == 1 else None
        ramped = self._gauge.along(group.v.ramped(Ramp(axis, low, length)))
        if not ramped.known:
            return None
        quotient = ramped.value / group.reading.value
        off = (ramped.slack + abs(quotient) * group.reading.slack) / abs(group.reading.value)
        first = int(np.ceil((quotient - off) * length - _WITHIN)) - 1 + low
        last = int(np.floor((quotient + off) * length + _WITHIN)) - 1 + low
        if last < first or last < low or first >= high:
            return None
        return max(first, low), min(last, high - 1) + 1

    def _dealt(self, group: _Group) -> list[_Group]:
        """The parts of a group that have a residual of their own."""
        parts = []
        for v in group.v.split(_PARTS, self._generator):
            if self._stop():
                break
            reading = self._gauge.along(v)
            if not reading.known:
                self.broken = True
            elif reading.telling:
                parts.append(_Group(v, group.box, reading))
        return parts

    def _dense(self, group: _Group) -> bool:
        """Is much of the region wrong? Then some of it is measured, all of a small one, and the search is over."""
        members = group.v.members()
        drawn = self._generator.choice(members, size=min(_REGION, members.size), replace=False)
        self._measure(drawn[:_SAMPLE])
        if len(self.found.wrong) < _DENSE * min(_SAMPLE, drawn.size):
            return False
        self._measure(drawn[_SAMPLE:] if members.size <= _REGION else drawn[_SAMPLE : 2 * _SAMPLE])
        self.broken |= members.size > drawn.size
        self.found.box = group.box if _volume(group.box) < group.v.codes.size else None
        return True

    def _measure(self, members: Sequence[int] | np.ndarray) -> None:
        for flat in members:
            if int(flat) in self.found.measured:
                continue
            estimate, reading = self._gauge.entry(int(flat))
            self.found.measured[int(flat)] = estimate
            if not reading.known:
                self.broken = True
            elif reading.telling:
                self.found.wrong[int(flat)] = reading


def _volume(box: Box) -> int:
    return int(np.prod([high - low for low, high in box], dtype=np.int64))
