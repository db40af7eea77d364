"""A suspect: one failing leaf as the hypotheses see it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.evidence import Evidence
from gradcheck.judge.comparison import Comparison

_SMALL = 8  # leaves up to this size are looked at under further cotangents as well
_TINY = 1e-290
_CLEAR = 12.0  # a difference of this many tolerances tells something


@dataclass(frozen=True, eq=False)
class View:
    """Both gradients of one leaf under one cotangent.

    n is NaN where it is unknown (not measured, on a kink) · slack: what |a - n| may be
    main: the view that the check was made with, in which the leaf failed.
    """

    cotangent: Array
    a: Array
    n: Array
    slack: Array
    main: bool = True

    @property
    def known(self) -> Array:
        """Where there are two values to compare."""
        return np.isfinite(self.n) & np.isfinite(self.a)

    @property
    def telling(self) -> Array:
        """Where one of the two values stands clearly above the noise."""
        with np.errstate(invalid="ignore"):
            return self.known & (np.maximum(np.abs(self.a), np.abs(self.n)) > 100 * self.slack)

    @property
    def differs(self) -> bool:
        """Does a differ clearly from n in this view?"""
        with np.errstate(invalid="ignore"):
            return bool(np.any(self.known & (np.abs(self.a - self.n) >= _CLEAR * self.slack)))


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

    @property
    def shape(self) -> tuple[int, ...]:
        """The leaf's shape."""
        return self.comparison.numeric.shape

    @cached_property
    def point(self) -> Array:
        """The leaf's own values."""
        return np.asarray(self.evidence.point[self.name], dtype=np.float64)

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
        if self.view.n.size > _SMALL or self.evidence.output.size < 2:
            return ()
        found = (self._further(number) for number in (1, 2))
        return tuple(view for view in found if view is not None)

    @property
    def spatial(self) -> tuple[int, ...]:
        """The axes of an image's height and width: (H, W, D) is the article's order."""
        if self.name != "input" or len(self.shape) not in (3, 4):
            return ()
        return (0, 1) if len(self.shape) == 3 else (1 if self.shape[1] > self.shape[3] else 3, 2)

    @property
    def views(self) -> tuple[View, ...]:
        """All that is known of the leaf."""
        return (self.view, *self.further)

    @property
    def telling(self) -> int:
        """How many comparisons stand above the noise, all views in which the leaf fails together."""
        return sum(int(np.sum(view.telling)) for view in self.views if view.differs)

    @property
    def entries(self) -> int:
        """How many entries stand above the noise under the check's own cotangent."""
        return int(np.sum(self.view.telling))

    @property
    def wrong(self) -> Array:
        """Where a differs from n."""
        return self.comparison.wrong & self.view.known

    @property
    def right(self) -> Array:
        """Where a equals n and either says something."""
        return self.view.telling & ~self.comparison.wrong

    def _further(self, number: int) -> View | None:
        columns = self.evidence.columns(self.name)
        g = self.evidence.further_cotangent(number)
        a = self.evidence.gradients(g).get(self.name)
        if columns is None or a is None or a.shape != self.shape:
            return None
        n = columns.under(g, self.shape)
        bar = (columns.error @ np.abs(g.ravel())).reshape(self.shape)
        slack = bar + 1e-8 * max(float(np.max(np.abs(n))), float(np.max(np.abs(a)))) + _TINY
        n = np.where(np.isnan(self.view.n), np.nan, n)
        return View(g, np.asarray(a, dtype=np.float64), n, slack, main=False)


def gradient_name(leaf: str) -> str:
    """dE/dX for the input, dE/dbias for a parameter."""
    return "dE/dX" if leaf == "input" else f"dE/d{leaf}"
