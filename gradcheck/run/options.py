"""The knobs of one check."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How to measure and judge.

    seed: of every random choice · rtol: relative tolerance, None for the default of the precision
    method: "auto" or "entries" · budget: forward evaluations a leaf, None for no limit.
    """

    seed: int = 0
    rtol: float | None = None
    method: str = "auto"
    budget: int | None = None
