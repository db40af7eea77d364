"""The knobs of one check."""

from dataclasses import dataclass

METHODS = ("auto", "entries", "screen")  # auto: entries of small leaves, a screen of large ones
LEAST_BUDGET = 50  # one direction takes up to that


@dataclass(frozen=True)
class Options:
    """How to measure and judge.

    seed: of every random choice · rtol: relative tolerance, None for the default of the precision
    method: one of METHODS · budget: forward evaluations a leaf, None for no limit but the search's own
    fixed: at the point of a baseline, whose fingerprint the result then has.
    """

    seed: int = 0
    rtol: float | None = None
    method: str = "auto"
    budget: int | None = None
    fixed: bool = False
