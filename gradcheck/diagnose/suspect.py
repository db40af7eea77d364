"""A suspect: one failing leaf as the hypotheses see it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.evidence import Evidence
from gradcheck.judge.comparison import Comparison

_SMALL = 8  # leaves up to this size are looked at under further cotangents as well
_TINY = 1e-290


@dataclass(frozen=True, eq=False)
class View:
    """Both gradients of one leaf under one cotangent.

    n is NaN where it is unknown (not measured, on a kink) · slack: what |a - n| may be.
    """

    cotangent: Array
    a: Array
    n: Array
    slack: Array

    @property
    def known(self) -> Array:
        """Where there are two values to compare."""
        return np.isfinite(self.n) & np.isfinite(self.a)

    @property
    def telling(self) -> Array:
        """Where one of the two values stands clearly above the noise."""
        with np.errstate(invalid="ignore"):
            return self.known & (np.maximum(np.abs(self.a), np.abs(self.n)) > 100 * self.slack)


@dataclass(eq=False)
class Suspect:
    """One leaf that failed, with a gradient of the right shape."""

    evidence: Evidence
    comparison: Comparison

    @property
    def name(self) -> str:
        """The leaf's name."""
        return self.comparison.name

    @property
    def symbol(self) -> str:
        """How the message calls the gradient."""
        return gradient_name(self.name)

    @cached_property
    def view(self) -> View:
        """The gradients that the check compared."""
        c = self.comparison
        slack = np.where(np.isfinite(c.tolerance), np.maximum(c.tolerance, _TINY), np.nan)
        unknown = c.kink | c.undecided | np.isnan(slack) | ~np.isfinite(c.numeric)
        n = np.where(unknown, np.nan, c.numeric)
        a = np.full(n.shape, np.nan) if c.analytic is None else np.asarray(c.analytic, dtype=np.float64)
        return View(self.evidence.cotangent, a, n, slack)

    @cached_property
    def further(self) -> tuple[View, ...]:
        """A small leaf under two more cotangents; empty for others and where the output is one number."""
        shape = self.comparison.numeric.shape
        if self.view.n.size > _SMALL or self.evidence.output.size < 2:
            return ()
        columns = self.evidence.columns(self.name)
        if columns is None:
            return ()
        views = []
        for number in (1, 2):
            g = self.evidence.further_cotangent(number)
            a = self.evidence.gradients(g).get(self.name)
            if a is None or a.shape != shape:
                continue
            n = (columns.values @ g.ravel()).reshape(shape)
            bar = (columns.error @ np.abs(g.ravel())).reshape(shape)
            slack = bar + 1e-7 * max(float(np.max(np.abs(n))), float(np.max(np.abs(a)))) + _TINY
            views.append(View(g, np.asarray(a, dtype=np.float64), np.where(np.isnan(self.view.n), np.nan, n), slack))
        return tuple(views)

    @property
    def views(self) -> tuple[View, ...]:
        """All that is known of the leaf."""
        return (self.view, *self.further)

    @property
    def telling(self) -> int:
        """How many comparisons stand above the noise, all views together."""
        return sum(int(np.sum(view.telling)) for view in self.views)


def gradient_name(leaf: str) -> str:
    """dE/dX for the input, dE/dbias for a parameter."""
    return "dE/dX" if leaf == "input" else f"dE/d{leaf}"
