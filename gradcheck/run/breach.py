"""A breach of an exact test, and how far apart two gradients must be to count as different."""

from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.large import largest
from gradcheck.base.precision import EPS, eps, least_normal
from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.diagnose.suspect import gradient_name
from gradcheck.judge.comparison import Comparison
from gradcheck.run.sketch import StandIn
from gradcheck.subjects.leaf import Leaf

_PLAIN = 1e-2  # a breach below this share is evidence for a leaf that fails, no finding by itself


@dataclass(frozen=True)
class Breach:
    """What an exact test found at one leaf. plain: a finding by itself; else only where the leaf fails too.

    gap: how far apart the gradients are where that may be rounding, else infinite.
    """

    finding: Finding
    plain: bool = True
    gap: float = np.inf

    @property
    def rivalled(self) -> bool:
        """May the numbers name it better? A maximum in place of a sum is not linear, and more than that."""
        return self.finding.cause in ("not-linear-upstream", "stale-cache")

    def seen(self, comparison: Comparison | None) -> bool:
        """Is it more than what the leaf was held against? A bias before a batch norm has rounding alone."""
        if comparison is None or comparison.probes:
            return True
        return self.gap > float(np.max(comparison.tolerance, where=np.isfinite(comparison.tolerance), initial=0.0))


@dataclass(frozen=True)
class Slack:
    """unit: sum |G_j y_j| · eps: of the working precision."""

    unit: float
    eps: float = EPS

    @classmethod
    def of(cls, cotangent: Array, output: Array, *dtypes: str) -> "Slack":
        """Of a case whose forward gives these dtypes, the coarsest of which counts."""
        return cls(float(np.sum(np.abs(cotangent * output))), max(map(eps, dtypes)))

    def apart(self, leaf: Leaf, one: Array | None, other: Array | None, factor: float = 1.0) -> float:
        """How far apart two gradients are.

        0 where they agree within 64 eps of the leaf's largest summed magnitude, else their distance relative to
        the larger one; infinite where their shapes differ or one alone is not finite.

        factor: by how much the cotangent was larger than the case's.
        """
        if one is None or other is None:
            return 0.0 if one is other else np.inf
        if one.shape != other.shape:
            return np.inf
        both = np.isfinite(one) & np.isfinite(other)
        if np.any(np.isfinite(one) != np.isfinite(other)):
            return np.inf
        largest = max(float(np.max(np.abs(v[both]), initial=0.0)) for v in (one, other))
        gap = float(np.max(np.abs(one - other)[both], initial=0.0))
        summed = largest + factor * self.unit / _size(leaf)
        slack = max(64 * self.epsilon(leaf) * summed, factor * self.least(leaf))
        return 0.0 if gap <= slack or largest == 0.0 else gap / largest

    def epsilon(self, leaf: Leaf) -> float:
        """Machine epsilon of the coarser of the working precision and the leaf's."""
        return max(self.eps, eps(leaf.array.dtype))

    def least(self, leaf: Leaf) -> float:
        """The smallest distance that there can be."""
        return least_normal(single=self.epsilon(leaf) > EPS)

    def summed(self, leaf: Leaf, *gradients: Array) -> float:
        """The leaf's largest summed magnitude: the largest of its gradients' entries + sum |G_j y_j| / |leaf|."""
        most = max(float(np.max(np.abs(g), initial=0.0)) for g in gradients)
        return most + self.unit / _size(leaf)


def breach(
    cause: str,
    leaf: str,
    text: str,
    share: float = np.inf,
    severity: Severity = Severity.ERROR,
    *,
    gap: float = np.inf,
) -> Breach:
    """A breach with its sentence; {symbol} in the text stands for dE/dleaf."""
    return Breach(Finding(cause, leaf, text.replace("{symbol}", gradient_name(leaf)), severity), share >= _PLAIN, gap)


def up_to(leaf: Leaf, values: Array, lead: str = "up to") -> str:
    """How large values are, in words; nothing where a sketch stands for them."""
    return "" if isinstance(leaf, StandIn) else f" ({lead} {largest(values):.3g})"


def _size(leaf: Leaf) -> float:
    return largest(leaf.array) or 1.0
