"""Analytic against numeric, one leaf."""

from dataclasses import dataclass, field

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.judge.probe import Probe
from gradcheck.judge.verdict import Verdict


@dataclass(frozen=True)
class Comparison:
    """One leaf compared, entry by entry; every array but `analytic` has the leaf's shape.

    analytic: as the user supplied it (its shape may be wrong; None where nothing was supplied)
    numeric, error: measured derivative and its bar (NaN where it could not be estimated)
    analytic_error: rounding of the analytic side · tolerance: what |a - n| was held against
    wrong, undecided, kink, vacuous: masks · natural_scale: sum |G_j y_j| / scale(leaf)
    """

    name: str
    role: str
    analytic: Array | None
    numeric: Array
    error: Array
    analytic_error: Array
    tolerance: Array
    wrong: Array
    undecided: Array
    kink: Array
    vacuous: Array
    natural_scale: float
    verdict: Verdict
    notes: tuple[str, ...] = field(default=())
    probes: tuple[Probe, ...] = ()  # of a screened leaf, whose arrays are NaN where no entry was measured

    @property
    def comparable(self) -> bool:
        """Is there an analytic gradient of the right shape, all finite?"""
        a = self.analytic
        return a is not None and a.shape == self.numeric.shape and bool(np.all(np.isfinite(a)))
