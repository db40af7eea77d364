"""The knobs of one check."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradcheck.gather.config import NamedConvention

METHODS = ("auto", "entries", "screen")  # auto: entries of small leaves, a screen of large ones
LEAST_BUDGET = 50  # one direction takes up to that


@dataclass(frozen=True)
class Options:
    """How to measure and judge.

    seed: of every random choice · rtol: relative tolerance, None for the default of the precision
    method: one of METHODS · budget: forward evaluations a leaf, None for no limit but the search's own
    conventions: that the configuration names
    fixed: at the point of a baseline, whose fingerprint the result then has
    search: examples of each class that Hypothesis draws and checks afterwards, 0 for none
    power: afterwards, tell which corruptions of the gradient would have been caught · corrupt: what wraps the subject,
    to plant one · witness: looks at a layer that was cast up before it is checked, and may refuse it (upcast.py)
    diagnose: name what is wrong; without it a faulty layer fails all the same, but for a loss of float32 precision,
    which only the diagnosis tells from a fault.
    """

    seed: int = 0
    rtol: float | None = None
    method: str = "auto"
    budget: int | None = None
    conventions: tuple[NamedConvention, ...] = ()
    fixed: bool = False
    search: int = 0
    power: bool = False
    corrupt: Callable[[Any], Any] | None = None
    witness: Callable[[Any, Any, Any, Any, Any], None] | None = None
    diagnose: bool = True
