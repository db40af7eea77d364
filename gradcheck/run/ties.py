"""Entries that are equal and may change places: what an output that picks one of them may get its slope from.

Of three equal entries a sort's middle output moves with none of them alone, and may still be any of them. Which
entries an output may be is seen where they are moved apart by a little: it equals one of them then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import scale
from gradcheck.base.randomness import signed, stream
from gradcheck.run.measure import Point
from gradcheck.subjects.leaf import Leaf, kept

SEVERAL = 3  # tied entries, of which one in the middle may be any
_NEAR = 2.0**-20  # in scales of the leaf
_FIRST = 6  # draws; where each output has been one entry alone by then, it is always that one
_RANDOM = 10  # so many tell which entries change places with each other
_MOST = 32
_NEXT = {2.0: -2.0, -2.0: 0.0, 0.0: 2.0}  # of the unseen entries, or the others away from them


@dataclass(frozen=True, eq=False)
class Tie:
    """entries: mask, in the leaf's shape · outputs: mask, flat, of those that are one of these entries."""

    entries: Array
    outputs: Array

    def legal(self, g: Array, weights: Array) -> tuple[float, float]:
        """The least and the largest that these outputs may add along a direction, of which `weights` are the entries'.

        Each may be any of the entries: g_j times a weight between the smallest and the largest.
        """
        ends = np.outer(g[self.outputs], (np.min(weights), np.max(weights)))
        return float(ends.min(axis=1).sum()), float(ends.max(axis=1).sum())

    def range(self, g: Array) -> tuple[float, float]:
        """What one entry may get: anything from none of the outputs to all of one sign."""
        return self.legal(g, np.array([0.0, 1.0]))


def ties_of(point: Point, leaf: Leaf) -> list[Tie]:
    """The groups of two entries and more that some outputs may be."""
    values, y = leaf.array.ravel(), point.output.ravel()
    outputs, entries = _pairs(point, leaf).T
    if not len(outputs):
        return []
    from scipy.sparse import coo_array  # noqa: PLC0415 -- scipy takes long to load, and ties are seldom
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 -- as above

    nodes = leaf.size + y.size
    graph = coo_array((np.ones(len(outputs)), (entries, leaf.size + outputs)), shape=(nodes, nodes))
    labels = connected_components(graph, directed=False)[1]
    own, theirs = labels[: leaf.size], labels[leaf.size :]
    seen = np.isin(own, theirs)
    for value in np.unique(values[~seen & np.isin(values, y)]):  # whose it is was not found: any may be
        label = labels.max() + 1
        theirs[np.isin(theirs, own[seen & (values == value)])] = label
        own[values == value] = label
        labels = np.concatenate((own, theirs))
    counts = np.bincount(own)
    ties = (label for label in np.flatnonzero(counts > 1) if np.any(theirs == label))
    return [Tie((own == label).reshape(leaf.shape), theirs == label) for label in ties]


def _pairs(point: Point, leaf: Leaf) -> Array:
    """Rows of an output's number and that of an entry of its own value that it was when all were apart.

    Entries that no output has been yet are moved to the top, the bottom or the middle, whichever shows some of them.
    """
    generator = stream(point.options.seed, "apart", leaf.name)
    y, values = point.output.ravel(), leaf.values().ravel()
    pairs = np.empty((0, 2), dtype=int)
    lift, known = 2.0, 0
    try:
        with kept([leaf]) as ((_, saved),):
            for number in range(_MOST):
                unseen = ~np.isin(np.arange(values.size), pairs[:, 1]).reshape(saved.shape)
                offsets = generator.uniform(-1.0, 1.0, size=saved.shape)
                if number >= _RANDOM:
                    offsets += lift * unseen if lift else 2.0 * ~unseen * signed(generator, saved.shape)
                leaf.write((saved + _NEAR * scale(saved) * offsets).astype(saved.dtype))
                moved = point.subject.forward().ravel()
                if moved.shape != y.shape:
                    return pairs[:0]
                found = np.stack(_equal(moved, leaf.array.ravel()), axis=1)
                pairs = np.unique(np.concatenate((pairs, found[y[found[:, 0]] == values[found[:, 1]]])), axis=0)
                seen = len(np.unique(pairs[:, 1]))
                lift, known = (_NEXT[lift] if seen == known else lift), seen
                alone = number + 1 >= _FIRST and len(pairs) == len(np.unique(pairs[:, 0]))
                if alone or (number + 1 >= _RANDOM and seen == values.size):
                    break
    except LayerError:
        return pairs[:0]
    return pairs


def _equal(outputs: Array, entries: Array) -> tuple[Array, Array]:
    """Numbers of the outputs that are an entry, and of that entry."""
    order = np.argsort(entries, kind="stable")
    place = np.minimum(np.searchsorted(entries[order], outputs), entries.size - 1)
    hit = np.flatnonzero(entries[order][place] == outputs)
    return hit, order[place[hit]]


def along_ties(ties: Sequence[Tie], g: Array, v: Array) -> tuple[float, float, Array]:
    """(least, largest) that the outputs of all ties may add along v, and the mask of these outputs."""
    low, high, outputs = 0.0, 0.0, np.zeros(g.size, dtype=bool)
    for tie in ties:
        least, largest = tie.legal(g, v[tie.entries])
        low, high, outputs = low + least, high + largest, outputs | tie.outputs
    return low, high, outputs
