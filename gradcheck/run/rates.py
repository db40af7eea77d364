"""Layers that update themselves: what the learning rate may and may not change."""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.large import largest
from gradcheck.run.breach import Breach, Slack, breach, up_to
from gradcheck.run.sketch import StandIn, sketch
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.subject import Gradients, Subject

_HIGH, _LOW = 2.0**40, 2.0**-20


def rate_tests(subject: Subject, cotangent: Array, gradients: Gradients, slack: Slack) -> Iterator[Breach]:
    """Rate 0 leaves the parameters alone, updates are proportional to the rate, dE/dX does not depend on it."""
    if not subject.updates:
        return
    still, unit = _at(subject, cotangent, 0.0), _at(subject, cotangent, 1.0)
    low, high = _at(subject, cotangent, _LOW), _at(subject, cotangent, _HIGH)
    if still is None or unit is None:
        return
    inputs = [leaf for leaf in subject.leaves if leaf.role is Role.INPUT]
    early = [leaf for leaf in inputs if slack.apart(leaf, _given(leaf, gradients), unit[leaf.name]) > 0.0]
    for leaf in early:
        yield breach("updated-before-use", leaf.name, _EARLY)
    for leaf in subject.leaves:
        if leaf.role is Role.PARAMETER:
            yield from _proportional(leaf, still, unit, low, high, slack=slack, early=bool(early))


_EARLY = (
    "{symbol} depends on the learning rate: the parameters are updated before dE/dX is computed from them. "
    "Compute dE/dX first, with the parameters that forward used; update last."
)

_EARLY_TOO = (
    "{symbol}, read off the update, is another one at another learning rate: what it is computed from (the weights of "
    "the layer behind) is updated before. Compute all gradients first, with the parameters that forward used; update "
    "last."
)


def _given(leaf: Leaf, gradients: Gradients) -> Array | None:
    gradient = gradients[leaf.name]
    return sketch(gradient) if isinstance(leaf, StandIn) and gradient is not None else gradient


def _at(subject: Subject, cotangent: Array, rate: float) -> Gradients | None:
    """Gradients read at a rate; None where the layer does not take it."""
    try:
        with subject.session() as session:
            session.forward()
            return session.backward(cotangent, rate)
    except LayerError:
        return None


def _proportional(
    leaf: Leaf,
    still: Gradients,
    unit: Gradients,
    low: Gradients | None,
    high: Gradients | None,
    *,
    slack: Slack,
    early: bool,
) -> Iterator[Breach]:
    moved, one = still[leaf.name], unit[leaf.name]
    if moved is not None and one is not None and moved.shape == one.shape:
        moved = np.where(np.isfinite(one), moved, 0.0)  # 0 * inf is NaN: `non-finite` says what that is
    if moved is not None and np.any(moved):
        text = (
            "{symbol}: at learning rate 0 backward still changes the parameter"
            + up_to(leaf, moved, "by up to")
            + ": a decay, a momentum or an update that leaves the rate out."
        )
        yield breach("update-not-proportional", leaf.name, text)
        return
    if one is None:
        return
    if early:
        if low is not None and not _same(leaf, one, low[leaf.name], _LOW, slack):
            yield breach("updated-before-use", leaf.name, _EARLY_TOO)
        return
    for rate, other in ((_LOW, low), (_HIGH, high)):
        if other is not None and not _same(leaf, one, other[leaf.name], rate, slack):
            text = (
                f"the update of {leaf.name} is not proportional to the learning rate: at rate {rate:.3g} it is not "
                f"{rate:.3g} times that at rate 1 (a clipped or squared rate, a bound on the parameter)."
            )
            yield breach("update-not-proportional", leaf.name, text)
            return


def _same(leaf: Leaf, one: Array, other: Array | None, rate: float, slack: Slack) -> bool:
    """Equal up to rounding; reading before - after loses eps |W| / rate."""
    if other is None or other.shape != one.shape:
        return other is None
    size = largest(leaf.array)
    precision = max(slack.eps, float(np.finfo(leaf.array.dtype).eps))
    finite = np.isfinite(one) & np.isfinite(other)
    most = float(np.max(np.abs(one), initial=0.0, where=finite))
    allowed = 64 * precision * (most + size + size / min(rate, 1.0)) + 1e-2 * precision * slack.unit
    with np.errstate(all="ignore"):
        return bool(np.all((np.abs(one - other) <= allowed) | ~finite))
