"""One random direction through a leaf: both derivatives along it, and what many of them together promise."""

from dataclasses import dataclass, replace

import numpy as np

SMALL = 1e-6  # of the gradient's norm: the error whose chance to be missed is told


@dataclass(frozen=True)
class Probe:
    """<a, v> against the derivative along v.

    kind: "gaussian" or "signs" · error: of the numeric value · tolerance: what |a - n| was held against
    typical: sqrt(sum (a v)**2) · wrong, undecided, kink: how it was judged · analytic_error: rounding of <a, v>.
    """

    kind: str
    analytic: float
    numeric: float
    error: float
    tolerance: float
    typical: float
    wrong: bool
    undecided: bool
    kink: bool
    analytic_error: float = 0.0

    @property
    def excess(self) -> float:
        """|a - n| in tolerances; infinite where nothing could be measured."""
        gap = abs(self.analytic - self.numeric) / self.tolerance if self.tolerance > 0 else np.inf
        return float(gap) if np.isfinite(gap) else np.inf

    @property
    def vacuous(self) -> bool:
        """Are both values within what was allowed of 0?"""
        return max(abs(self.analytic), abs(self.numeric)) <= self.tolerance

    def forgiven(self) -> "Probe":
        """Undecided in place of wrong."""
        return replace(self, wrong=False, undecided=True)


def missed(probes: tuple[Probe, ...]) -> float:
    """Chance that an error vector of 1e-6 of the gradient's norm passes every Gaussian direction: 0.8 t / |d| each."""
    chance = 1.0
    for probe in probes:
        if probe.kind == "gaussian" and not probe.undecided:
            size = SMALL * probe.typical
            chance *= min(1.0, 0.8 * probe.tolerance / size) if size > 0 else 1.0
    return chance


def detectable(probes: tuple[Probe, ...]) -> float:
    """The smallest error of a single entry that some direction of signs shows for certain; NaN where none decides."""
    sure = [2 * probe.tolerance for probe in probes if probe.kind == "signs" and not probe.undecided]
    return min(sure, default=float("nan"))
