"""Backward is linear in its cotangent: backward(0) = 0, backward(cG) = c backward(G), backward(G1 + G2) = the sum."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.run.breach import Breach, Slack, breach, up_to
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.subject import Gradients, Subject

_LARGE = 2.0**20
_UNEVEN = (1.1, 0.7, 1.3, 0.9, 1.7, 0.6)  # no powers of two: each rounds anew, and a linear backward does no more
_ROUNDINGS = 4.0  # that the residual of a sum may be, in the largest of these
_MOST = 2.0**22  # epsilons of the summed magnitude, 1e-9 in float64, beyond which nothing is called rounding


def linear_tests(
    subject: Subject, leaves: Sequence[Leaf], cotangent: Array, other: Array, slack: Slack
) -> Iterator[Breach]:
    """At most one breach a leaf. other: an unrelated cotangent."""
    given = (cotangent, 0.0 * cotangent, _LARGE * cotangent, other, cotangent + other)
    found = [_gradients(subject, g) for g in given]
    if found[0] is None or found[3] is None:
        return
    uneven = _Uneven(subject, (cotangent, other))
    for leaf in leaves:
        parts = [None if gradients is None else gradients[leaf.name] for gradients in found]
        if all(part is not None and part.shape == leaf.shape for part in parts):
            yield from _of_leaf(leaf, [np.asarray(part) for part in parts], slack, uneven)


class _Uneven:
    """How backward rounds: backward(c G) / c for uneven c, made once where a leaf asks for it.

    What cancels inside backward rounds in units of what cancels (dY v^T - sum(dY v^T p) where a softmax is saturated),
    which the output does not show, nor a point that is moved.
    """

    def __init__(self, subject: Subject, cotangents: Sequence[Array]) -> None:
        self._subject, self._cotangents = subject, cotangents

    @cached_property
    def _calls(self) -> list[list[Gradients | None]]:
        return [[_gradients(self._subject, c * g) for c in _UNEVEN] for g in self._cotangents]

    def rounding(self, leaf: Leaf, gradients: Sequence[Array], offset: Array) -> float:
        """The largest |backward(c G) / c - backward(G)|, offset taken off; 0 where backward cannot be called.

        gradients: backward(G) of each cotangent.
        """
        largest = 0.0
        for plain, calls in zip(gradients, self._calls, strict=True):
            for c, found in zip(_UNEVEN, calls, strict=True):
                scaled = None if found is None else found[leaf.name]
                if scaled is None or scaled.shape != plain.shape:
                    return 0.0
                gap = (scaled - offset) / c - (plain - offset)
                largest = max(largest, float(np.max(np.abs(gap), initial=0.0)))
        return largest


def _gradients(subject: Subject, cotangent: Array) -> Gradients | None:
    try:
        with subject.session() as session:
            session.forward()
            return session.backward(cotangent)
    except LayerError:
        return None


def _identical(one: Array, other: Array, slack: Slack) -> bool:
    """The same, up to rounding of the numbers themselves: what has vanished in saturation is not thereby the same."""
    largest = float(np.max(np.abs(one), initial=0.0))
    return bool(np.all(np.abs(one - other) <= 64 * slack.eps * largest))


def _of_leaf(leaf: Leaf, parts: list[Array], slack: Slack, uneven: _Uneven) -> Iterator[Breach]:
    one, none, large, other, both = parts
    if not np.all(np.isfinite(one)) or np.max(np.abs(one), initial=0.0) <= slack.least(leaf):
        return
    if all(_identical(one, given, slack) for given in (other, both, none)):  # what is clipped is 0 for dY = 0
        text = (
            "{symbol} does not depend on dY at all: it is the same for an unrelated cotangent. backward must multiply "
            "by dE/dY (a softmax that returns y - target is one fused with its loss)."
        )
        yield breach("upstream-ignored", leaf.name, text)
        return
    offset = none if np.all(np.isfinite(none)) else np.zeros_like(none)
    shares = [
        slack.apart(leaf, large - offset, _LARGE * (one - offset), _LARGE),
        slack.apart(leaf, both - offset, (one - offset) + (other - offset)),
    ]
    gap = np.inf
    if shares[0] == 0.0 and shares[1] > 0.0:
        residual = float(np.max(np.abs((both - offset) - (one - offset) - (other - offset)), initial=0.0))
        if residual <= _ROUNDINGS * uneven.rounding(leaf, (one, other), offset):
            gap = residual
        if gap <= _MOST * slack.epsilon(leaf) * slack.summed(leaf, one, both):
            shares[1] = 0.0
    if max(shares) > 0.0:
        text = (
            "{symbol} is not linear in dY: backward(G1 + G2) is not the sum, or backward(c G) is not c backward(G) "
            "(clipping, a sign, a square, a division by a norm). Leave dY as it is; clip in the optimiser."
        )
        yield breach("not-linear-upstream", leaf.name, text, max(shares), gap=gap)
    elif np.any(none):
        share = slack.apart(leaf, one, one - offset)
        text = (
            "{symbol} is not 0 for dY = 0"
            + up_to(leaf, none)
            + ": backward adds a term that forward's value does not have, such as weight decay."
        )
        yield breach("missing-term", leaf.name, text, share)
