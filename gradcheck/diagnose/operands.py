"""The gradient would be right if backward took one operand transposed, reversed or unrotated.

dX = dY W for dX = dY W.T, a kernel that is not rotated in dX: a is no permutation of n, but the user's own
backward gives n once W (or dY) itself is permuted. One backward a trial, so these come after the rest.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.base.errors import LayerError
from gradcheck.diagnose.hypothesis import Move, Prediction, Term, instead, same
from gradcheck.diagnose.shuffles import flips, transpositions
from gradcheck.diagnose.suspect import Suspect
from gradcheck.diagnose.words import axes
from gradcheck.subjects.leaf import Leaf

_MOST = 32  # trials a leaf


@dataclass(frozen=True)
class _Mend:
    """What backward does to an operand, in words. taken: how it would be right · what: it is now."""

    cause: str
    what: str
    hint: str
    taken: str = "with {operand} {label}"


_TRANSPOSED = _Mend("transposed", "not transposed, or once too often", "Mind .T.")
_FLIPPED = _Mend(
    "axis-flipped",
    "not reversed, or once too often",
    "dX of a correlation is a convolution: it rotates the kernel.",
)
_RESHAPED = _Mend(
    "permuted-entries",
    "reshaped, which puts its entries elsewhere",
    "Take .T or transpose(...) where axes change places.",
    "if backward did not reshape {operand}",
)
_REGROUPED = _Mend(
    "permuted-entries",
    "split into groups and members in another order than forward joins them",
    "Channel c * M + m is not m * C + c: reshape to (C, M), as forward does.",
    "if {operand} were taken {label}",
)


def turned_parameter(suspect: Suspect) -> Iterator[Prediction]:
    """Backward would give n if another leaf were transposed or reversed."""
    trials = 0
    for leaf in sorted(suspect.evidence.subject.leaves, key=lambda leaf: leaf.name == suspect.name):
        if (leaf.name == suspect.name == "input") or not any(length > 2 for length in leaf.shape):
            continue
        for mend, label, move in _moves(leaf.shape):
            trials += 1
            if trials > _MOST or suspect.evidence.trials <= 0:
                return
            suspect.evidence.trials -= 1
            gap = instead(suspect, _with_leaf(suspect, leaf, move))
            if gap is not None:
                yield _prediction(suspect, mend, label, "x" if leaf.name == "input" else leaf.name, gap)


def turned_cotangent(suspect: Suspect) -> Iterator[Prediction]:
    """Backward would give n if dY were transposed or reversed."""
    g = suspect.evidence.cotangent
    for number, (mend, label, move) in enumerate(_moves(g.shape)):
        if number >= _MOST or suspect.evidence.trials <= 0:
            return
        suspect.evidence.trials -= 1
        gap = instead(suspect, suspect.evidence.gradients(np.ascontiguousarray(move(g))).get(suspect.name))
        if gap is not None:
            yield _prediction(suspect, mend, label, "dY", gap)


def _moves(shape: Index) -> Iterator[tuple[_Mend, str, Move]]:
    for label, _, move in transpositions(shape):
        yield _TRANSPOSED, label, move
    for one, other in itertools.combinations(range(len(shape)), 2):
        if shape[one] != shape[other]:
            yield _RESHAPED, f"with {axes((one, other))} exchanged, not reshaped", _reshaped(one, other)
    if len(shape) > 3 and len(set(shape[1:])) > 1:  # channels first where backward counts them last, or the reverse
        for source, target in ((1, -1), (-1, 1)):
            label = f"with axis {source % len(shape)} moved to axis {target % len(shape)}, not reshaped"
            yield _RESHAPED, label, _moved(source, target)
    for chosen, flip in sorted(flips(shape), key=lambda pair: abs(len(pair[0]) - 2)):
        yield _FLIPPED, f"reversed along {axes(chosen)}", flip
    yield from _regroupings(shape)


def _regroupings(shape: Index) -> Iterator[tuple[_Mend, str, Move]]:
    """Channels counted group by group where backward counts them member by member."""
    for axis in sorted({min(1, len(shape) - 1), len(shape) - 1}) if len(shape) > 1 else ():
        for groups in (g for g in range(2, shape[axis]) if shape[axis] % g == 0):
            order = np.arange(shape[axis]).reshape(groups, -1).T.ravel()
            label = f"with axis {axis} in {groups} groups the other way round"
            yield _REGROUPED, label, partial(np.take, indices=order, axis=axis)


def _reshaped(one: int, other: int) -> Move:
    """What must stand in an operand that backward reshapes, for it to find there what a transpose would give."""
    return lambda values: np.ascontiguousarray(np.swapaxes(values, one, other)).reshape(values.shape)


def _moved(source: int, target: int) -> Move:
    """The same for one axis that goes to another place, and the others with it."""
    return lambda values: np.ascontiguousarray(np.moveaxis(values, source, target)).reshape(values.shape)


def _with_leaf(suspect: Suspect, leaf: Leaf, move: Move) -> Array | None:
    saved = leaf.values()
    try:
        gradient = _between(suspect, leaf, move(saved))
        if gradient is None or np.array_equal(gradient, suspect.view.a):  # backward has a copy from forward
            leaf.write(move(saved))
            gradient = suspect.evidence.subject.vjp(suspect.evidence.cotangent).get(suspect.name)
        return gradient
    except LayerError:
        return None
    finally:
        leaf.write(saved)


def _between(suspect: Suspect, leaf: Leaf, values: Array) -> Array | None:
    """The gradient where the leaf, and forward's copy of it, is changed between forward and backward."""
    with suspect.evidence.subject.session() as session:
        session.forward()
        for handed in session.handed:
            if handed.shape == leaf.shape and np.array_equal(handed, leaf.array) and handed.flags.writeable:
                handed[...] = values
        leaf.write(values)
        return session.backward(suspect.evidence.cotangent).get(suspect.name)


def _prediction(suspect: Suspect, mend: _Mend, label: str, operand: str, gap: Term) -> Prediction:
    taken = mend.taken.format(operand=operand, label=label)
    sentence = f"{suspect.symbol} would be right {taken}: in backward {operand} is {mend.what}. {mend.hint}"
    return Prediction(mend.cause, 1, f"{operand} {label}", sentence, same, gap)
