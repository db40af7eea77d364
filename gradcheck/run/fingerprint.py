"""What a baseline keeps of the gradients of one check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arithmetic import projections
from gradcheck.base.arrays import Array, Index
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.probe import Probe

SINGLE, HALF, DOUBLE = "float32", "float16", "float64"


@dataclass(frozen=True)
class GradientPrint:
    """One analytic gradient in a dozen numbers.

    shape: of what backward supplied, None where it supplied nothing · precision: "float64", or the lowest
    that forward computes with · projections: eight, under fixed signs · rounding: norm of the error bar of
    the gradient itself · vacuous: is it rounding alone? Then `rounding` has the numeric bar in it too.
    """

    shape: Index | None
    precision: str
    norm: float = 0.0
    largest: float = 0.0
    projections: tuple[float, ...] = ()
    rounding: float = 0.0
    vacuous: bool = False


@dataclass(frozen=True)
class Fingerprint:
    """Of one check. origin: hash of the point's integers · leaves: by name."""

    origin: str
    leaves: Mapping[str, GradientPrint]


def gradient_print(gradient: Array | None, compared: Comparison, precision: str) -> GradientPrint:
    """The numbers of one gradient, as backward supplied it."""
    if gradient is None:
        return GradientPrint(None, precision)
    rounding, vacuous = _along(compared.probes) if compared.probes else _at_entries(compared)
    return GradientPrint(
        shape=gradient.shape,
        precision=precision,
        norm=_norm(gradient),
        largest=float(np.max(np.abs(gradient), initial=0.0)),
        projections=projections(gradient),
        rounding=rounding,
        vacuous=vacuous,
    )


def _at_entries(compared: Comparison) -> tuple[float, bool]:
    """(rounding, vacuous) of a leaf that was measured entry by entry."""
    vacuous = bool(compared.vacuous.size) and bool(compared.vacuous.all())
    bars = compared.analytic_error + compared.error if vacuous else compared.analytic_error
    return _norm(np.nan_to_num(bars, posinf=0.0)), vacuous


def _along(probes: Sequence[Probe]) -> tuple[float, bool]:
    """The same of a screened one: <g, v> is about as large as the norm of g, whatever g is."""
    vacuous = all(probe.vacuous for probe in probes)
    bars = [probe.tolerance if vacuous else probe.analytic_error for probe in probes]
    return max((bar for bar in bars if np.isfinite(bar)), default=0.0), vacuous


def precision_of(dtype: np.dtype[np.floating], *, single: bool) -> str:
    """Of a leaf of this type in a forward that computes in float32 (or less) somewhere."""
    if dtype.itemsize <= 2:
        return HALF
    return SINGLE if single or dtype.itemsize == 4 else DOUBLE


def _norm(values: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.sum(np.square(values, dtype=np.float64))))
