"""Analytic against numeric along one direction through a leaf."""

import numpy as np

from gradcheck.base.precision import EPS
from gradcheck.judge.compare import Yardstick, many
from gradcheck.judge.probe import Probe
from gradcheck.numeric.estimate import Estimate

_COMPARISONS = 256  # directions that one leaf may be read along


def probed(
    kind: str,
    analytic: float,
    found: Estimate,
    yardstick: Yardstick,
    *,
    analytic_error: float,
    typical: float,
    natural: float,
) -> Probe:
    """|a - n| <= rtol * (max(|a|, |n|) + typical) + k * (error of n + error of a).

    Entries that are each right to rtol differ along v by the root of the sum of their squares: that is `typical`.
    natural: the leaf's natural scale. At a kink n is the legal value nearest to a.
    """
    n = float(np.clip(analytic, found.low, found.high)) if found.kink else found.value
    base = yardstick.rtol * (max(abs(analytic), abs(n)) + typical)
    total = max(many(_COMPARISONS) * (found.error + analytic_error), yardstick.least)
    wrong = found.known and not abs(analytic - n) <= base + total
    wide = total > base and total > yardstick.limit * natural and natural > yardstick.least / EPS
    undecided = not wrong and (not found.known or bool(wide))
    return Probe(
        kind, analytic, n, found.error, base + total, typical, wrong, undecided, found.kink, analytic_error
    )  # fmt: skip
