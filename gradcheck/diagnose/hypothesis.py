"""A hypothesis: a known corruption, applied to the measured gradient and held against the user's."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.suspect import Suspect, View

FEW = 4.0  # a residual of this many tolerances is still noise
TIMES = 10.0  # the uncorrupted residual must be at least this much larger

Move = Callable[[Array], Array]
Term = Callable[[View], Array]


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a would be if the cause were this one: linear(n) + offset.

    rank: how simple, exact identities (0) before fits · label: names the corruption in ties and partial
    matches · sentence: what stands in the message · linear: also carries the error bars of n
    offset: what does not come from n (None: nothing; a NaN entry is not compared) · factor: a / n where
    it is one number · like: other corruptions that are the same one on this shape · form, counts: see Finding.
    least: the share of the known entries that must be compared.
    """

    cause: str
    rank: float
    label: str
    sentence: str
    linear: Move
    offset: Term | None = None
    factor: float | None = None
    like: tuple[str, ...] = ()
    form: str | None = None
    counts: float | None = None
    least: float = 0.5

    def values(self, view: View) -> Array:
        """The predicted analytic gradient."""
        linear = self.linear(view.n)
        return linear if self.offset is None else linear + self.offset(view)


Hypothesis = Callable[[Suspect], Iterable[Prediction]]


@dataclass(frozen=True, eq=False)
class Match:
    """How well a prediction fits. accepted: named unless a simpler one is · residual: |a - H(n)| / |n|."""

    prediction: Prediction
    accepted: bool
    residual: float


def match(prediction: Prediction, suspect: Suspect) -> Match:
    """Judge one prediction by every view of the leaf."""
    with np.errstate(all="ignore"):
        fits = [_fit(prediction, view) for view in suspect.views]
        residual = _residual(prediction, suspect.view)
    return Match(prediction, all(fits), residual)


def same(n: Array) -> Array:
    """The part of a prediction that is n itself."""
    return n


def nothing(n: Array) -> Array:
    """A prediction in which n does not occur."""
    return 0.0 * n


def times(factor: Array | float) -> Move:
    """Entry by entry; 0 times an unknown entry is 0."""

    def move(n: Array) -> Array:
        return np.asarray(np.where(np.asarray(factor) == 0, 0.0, factor * n))

    return move


def held(values: Array) -> Term:
    """The same values under every cotangent."""
    return lambda _: values


def only(main: View, values: Array) -> Term:
    """These values for the view that they were made for; other views have nothing to compare."""
    unknown = np.full(values.shape, np.nan)
    return lambda view: values if view is main else unknown


def instead(suspect: Suspect, gradient: Array | None) -> Term | None:
    """The offset a - gradient: n + it is a where backward would give n if what is guessed were so.

    gradient: what backward then gives. None where that has another shape than the leaf.
    """
    if gradient is None or gradient.shape != suspect.shape:
        return None
    return only(suspect.view, suspect.view.a - np.asarray(gradient, dtype=np.float64))


def _fit(prediction: Prediction, view: View) -> bool:
    """Is the residual at the noise everywhere, and was it ten times larger before?"""
    predicted = prediction.values(view)
    if not view.main and np.all(np.isnan(predicted)):
        return True
    slack = FEW * (view.slack + np.abs(prediction.linear(view.slack)))
    compared = view.known & np.isfinite(predicted) & np.isfinite(slack)
    if np.sum(compared) < prediction.least * np.sum(view.known) or not np.any(compared):
        return False
    after = float(np.max((np.abs(view.a - predicted) / slack)[compared]))
    if not view.main:
        return after <= 1.0
    before = float(np.max((np.abs(view.a - view.n) / slack)[compared]))
    return after <= 1.0 and before >= 3.0 and before >= TIMES * after


def _residual(prediction: Prediction, view: View) -> float:
    """|a - H(n)| / |n|, over what can be compared."""
    predicted = prediction.values(view)
    compared = view.known & np.isfinite(predicted)
    if not np.any(compared):
        return float("inf")
    size = float(np.linalg.norm(view.n[compared])) or 1.0
    return float(np.linalg.norm((view.a - predicted)[compared])) / size
