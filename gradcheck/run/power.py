"""What would this configuration have caught? The user's own gradient, corrupted in the ways that the causes describe.

Every corruption is a whole check of its own: exact tests, measuring, judging and diagnosis see a backward that
is wrong in one leaf. Nothing is assumed of the outcome; a corruption that changes nothing at these shapes passes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.gather.specimen import Case
from gradcheck.judge.verdict import Verdict
from gradcheck.run.check import check_case
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult, LeafResult

_MOST_CASES = 4  # shapes that a corruption is tried at
_MOST_ENTRIES = 400  # of all leaves together: larger cases would take long
_MOST_PAIRS = 6


class Judged(Protocol):
    """A case that was checked."""

    @property
    def case(self) -> Case:
        """How it is built."""
        ...


@dataclass(frozen=True)
class Corruption:
    """One way of being wrong. move: of the leaf's gradient · why: what hides it at a shape, or None."""

    cause: str
    label: str
    move: Callable[[Array], Array]
    why: Callable[[CheckResult], str | None]


class _Corrupted:
    """A subject whose backward is wrong in one leaf; everything else is the subject's own."""

    def __init__(self, inner: Any, leaf: str, move: Callable[[Array], Array]) -> None:
        self._inner, self._leaf, self._move = inner, leaf, move

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def vjp(self, cotangent: Array) -> Any:
        return self._wrong(self._inner.vjp(cotangent))

    @contextmanager
    def session(self) -> Iterator[Any]:
        with self._inner.session() as session:
            yield _CorruptedSession(session, self._wrong)

    def _wrong(self, gradients: dict[str, Array | None]) -> dict[str, Array | None]:
        given = gradients.get(self._leaf)
        return gradients if given is None else {**gradients, self._leaf: self._move(given)}


class _CorruptedSession:
    def __init__(self, inner: Any, wrong: Callable[[Any], Any]) -> None:
        self._inner, self._wrong = inner, wrong

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def backward(self, cotangent: Array, rate: float | None = None, *, itself: bool = False) -> Any:
        return self._wrong(self._inner.backward(cotangent, rate, itself=itself))


def power_notes(results: Sequence[CheckResult], checks: Sequence[Judged], options: Options) -> list[str]:
    """What would have passed over the shapes of this family, and how much would have been caught and named."""
    own = [
        (result, check.case)
        for result, check in zip(results, checks, strict=True)
        if check.case.point is None and check.case.part is None and check.case.mode is None
    ]
    passing = [(r, case) for r, case in own if r.verdict is Verdict.PASS and r.entries <= _MOST_ENTRIES]
    if not passing:
        return ["power: no passing case that is small enough to be corrupted"]
    done = [
        (leaf.name, c, *_tried(leaf.name, c, passing[:_MOST_CASES], options))
        for leaf in passing[0][0].leaves.values()
        for c in corruptions(leaf, passing[0][0])
    ]
    caught = sum(found for _, _, found, _, _ in done)
    named = sum(right for _, _, _, right, _ in done)
    notes = [f"power: of {len(done)} corruptions of this backward {caught} would be caught, {named} rightly named"]
    notes += [f"power: would pass: {leaf}, {c.label}: {why}" for leaf, c, found, _, why in done if not found]
    other = [f"{leaf}, {c.label} ({why})" for leaf, c, found, right, why in done if found and not right]
    return [*notes, *([f"power: caught under another name: {'; '.join(other)}"] if other else [])]


def corruptions(leaf: LeafResult, result: CheckResult) -> Iterator[Corruption]:
    """The ways in which this leaf's gradient could be wrong."""
    yield Corruption("sign-flipped", "the sign", np.negative, _nothing)
    yield Corruption("constant-factor", "a factor 2", lambda a: 2 * a, _nothing)
    yield Corruption("zero-gradient", "zero", lambda a: 0 * a, _nothing)
    long = [axis for axis, length in enumerate(leaf.shape) if length > 2]
    if long:
        yield Corruption("axis-flipped", f"reversed along axis {long[-1]}", lambda a: np.flip(a, long[-1]), _nothing)
        yield Corruption(
            "permuted-entries", f"rolled along axis {long[-1]}", lambda a: np.roll(a, 1, long[-1]), _nothing
        )
    if len(leaf.shape) == 2 and min(leaf.shape) > 1:
        yield Corruption("transposed", "transposed", np.transpose, _nothing)
        yield Corruption("wrong-reduction", "summed over axis 0", _summed, _nothing)
    yield from _quotients(result)


def _quotients(result: CheckResult) -> Iterator[Corruption]:
    """A factor p / q of two of the layer's own sizes, and the mean in place of the sum over the batch."""
    whole = [n for n, v in result.symbols.items() if v == int(v) > 0 and ".shape[" not in n and "[" not in n]
    pairs = [(p, q) for p in whole for q in whole if p < q and {"N"}.isdisjoint((p, q))]
    for p, q in pairs[:_MOST_PAIRS]:
        yield Corruption("constant-factor", f"times {p} / {q}", lambda a: a, _equal(p, q))
    if "N" in result.symbols:
        yield Corruption("constant-factor", "averaged over the batch (1 / N)", lambda a: a, _equal("N", None))


def _tried(
    leaf: str, c: Corruption, cases: Sequence[tuple[CheckResult, Case]], options: Options
) -> tuple[bool, bool, str]:
    """(caught at one of the shapes, under its own name there, what was found or why nothing was)."""
    why = "at no shape does it change the gradient by more than the tolerance"
    for result, case in cases:
        hidden = c.why(result)
        if hidden is not None:
            why = hidden
            continue
        move = _factor(c, result)
        found = check_case(case, replace(options, power=False, corrupt=partial(_Corrupted, leaf=leaf, move=move)))
        mine = [finding.cause for finding in found.findings if finding.leaf == leaf]
        if found.verdict is Verdict.FAIL:
            return True, c.cause in mine, mine[0] if mine else "no name"
    return False, False, why


def _factor(c: Corruption, result: CheckResult) -> Callable[[Array], Array]:
    """The move with this shape's sizes put in."""
    if not isinstance(c.why, _Equal):
        return c.move
    top, bottom = (1.0 if n is None else result.symbols[n] for n in (c.why.one, c.why.other))
    k = 1.0 / top if c.why.other is None else top / bottom
    return lambda a: k * a


@dataclass(frozen=True)
class _Equal:
    """Hidden where two sizes are equal; with other=None where the one is 1."""

    one: str
    other: str | None

    def __call__(self, result: CheckResult) -> str | None:
        top = result.symbols.get(self.one)
        bottom = 1.0 if self.other is None else result.symbols.get(self.other)
        if top is None or bottom is None or top != bottom:
            return None if top is not None and bottom is not None else f"{self.one} is not known at every shape"
        if self.other is None:
            return f"{self.one} is 1 at every shape; add a case with a batch of more"
        return f"{self.one} and {self.other} are both {top:g} at every shape; add a case in which they differ"


def _equal(one: str, other: str | None) -> _Equal:
    return _Equal(one, other)


def _nothing(_: CheckResult) -> str | None:
    return None


def _summed(a: Array) -> Array:
    return np.broadcast_to(a.sum(axis=0, keepdims=True), a.shape).copy()
