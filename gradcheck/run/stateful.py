"""A forward that keeps state: the gradient after an earlier forward, against differences from that same state."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import EPS, power_of_two, scale
from gradcheck.base.randomness import signed, stream
from gradcheck.run.breach import Breach, breach
from gradcheck.run.sketch import StandIn
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.subject import Gradients, Session, Subject

NOTE = (
    "forward gives another output after it has seen another input: it keeps state. Backward was judged from that state "
    "too, against differences of forward from the same state"
)
UNSURE = "forward keeps state; from the state that another input leaves, the gradient of {names} could not be judged"
_STEPS = (2.0**-8, 2.0**-9, 2.0**-10)  # of the leaf's scale
_CLEAR = 1e-5  # of the sum of magnitudes: a difference larger than this and than a thousand error bars is none of ours
_BARS = 1000.0


def prepared(session: Session) -> None:
    """Another input goes first; then parameters and random state are as they were, and other state is kept."""
    session.forward(elsewhere=True)
    session.put_back()


def stateful(subject: Subject, leaves: Sequence[Leaf], cotangent: Array) -> Iterator[Breach]:
    """Each leaf along one random direction; what cannot be decided is a note."""
    with subject.session() as session:
        prepared(session)
        output = session.forward()
        if output.shape != cotangent.shape:
            return
        gradients = session.backward(cotangent)
    subject.notes.append(NOTE)
    unsure = []
    for leaf in leaves:
        wrong = _is_wrong(subject, leaf, gradients, cotangent)
        if wrong:
            yield breach("stale-cache", leaf.name, _TEXT)
        elif wrong is None:
            unsure.append(leaf.name)
    if unsure:
        subject.notes[-1] = UNSURE.format(names=", ".join(unsure))


_TEXT = (
    "{symbol} is right from a fresh state and wrong after forward has seen another input: forward starts from what "
    "that has left, and backward does not. Let backward use the state that this very forward started from."
)


def _is_wrong(subject: Subject, leaf: Leaf, gradients: Gradients, cotangent: Array) -> bool | None:
    """None where the differences do not decide."""
    analytic = gradients[leaf.name]
    if (
        isinstance(leaf, StandIn)
        or analytic is None
        or analytic.shape != leaf.shape
        or not np.all(np.isfinite(analytic))
    ):
        return None
    v = signed(stream(0, "stateful", leaf.name), leaf.shape)
    try:
        slopes = [_slope(subject, leaf, v, cotangent, h * power_of_two(scale(leaf.array))) for h in _STEPS]
    except LayerError:
        return None
    first, second = ((4 * b[0] - a[0]) / 3 for a, b in pairwise(slopes))
    size = float(np.sum(np.abs(analytic * v))) + abs(second)
    error = abs(second - first) + slopes[-1][1]
    if not np.isfinite(error) or error > _CLEAR * size / _BARS:
        return None if size > 0 else False
    return abs(float(np.sum(analytic * v)) - second) > _CLEAR * size


def _slope(subject: Subject, leaf: Leaf, v: Array, cotangent: Array, step: float) -> tuple[float, float]:
    """(<G, y(+h v) - y(-h v)> / 2h, its rounding), each forward from the state that the other input has left."""
    high, low = (_moved(subject, leaf, sign * step * v) for sign in (1.0, -1.0))
    rounding = EPS * float(np.sum(np.abs(cotangent * high))) / step
    return float(np.sum(cotangent * (high - low))) / (2 * step), rounding


def _moved(subject: Subject, leaf: Leaf, change: Array) -> Array:
    with subject.session() as session:
        prepared(session)
        leaf.write((leaf.values() + change).astype(leaf.array.dtype))
        return session.forward()
