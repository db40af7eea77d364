"""The knobs of one check."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """seed: of every random choice · rtol: relative tolerance, None for the default of the precision
    strict: warnings fail too."""

    seed: int = 0
    rtol: float | None = None
    method: str = "auto"
    budget: int | None = None
