"""Backward is linear in its cotangent: backward(0) = 0, backward(cG) = c backward(G), backward(G1 + G2) = the sum."""

from collections.abc import Iterator, Sequence

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.run.breach import Breach, Slack, breach, up_to
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.subject import Gradients, Subject

_LARGE = 2.0**20


def linear_tests(
    subject: Subject, leaves: Sequence[Leaf], cotangent: Array, other: Array, slack: Slack
) -> Iterator[Breach]:
    """At most one breach a leaf. other: an unrelated cotangent."""
    given = (cotangent, 0.0 * cotangent, _LARGE * cotangent, other, cotangent + other)
    found = [_gradients(subject, g) for g in given]
    if found[0] is None or found[3] is None:
        return
    for leaf in leaves:
        parts = [None if gradients is None else gradients[leaf.name] for gradients in found]
        if all(part is not None and part.shape == leaf.shape for part in parts):
            yield from _of_leaf(leaf, [np.asarray(part) for part in parts], slack)


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


def _of_leaf(leaf: Leaf, parts: list[Array], slack: Slack) -> Iterator[Breach]:
    one, none, large, other, both = parts
    if not np.all(np.isfinite(one)) or not np.any(one):
        return
    if _identical(one, other, slack) and _identical(one, both, slack):
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
    if max(shares) > 0.0:
        text = (
            "{symbol} is not linear in dY: backward(G1 + G2) is not the sum, or backward(c G) is not c backward(G) "
            "(clipping, a sign, a square, a division by a norm). Leave dY as it is; clip in the optimiser."
        )
        yield breach("not-linear-upstream", leaf.name, text, max(shares))
    elif np.any(none):
        share = slack.apart(leaf, one, one - offset)
        text = (
            "{symbol} is not 0 for dY = 0"
            + up_to(leaf, none)
            + ": backward adds a term that forward's value does not have, such as weight decay."
        )
        yield breach("missing-term", leaf.name, text, share)
