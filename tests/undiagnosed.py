"""A check that does not ask why: of a faulty layer the same verdict in two fifths of the time."""

from typing import Any

from gradcheck.gather.handed import specimen_of
from gradcheck.run.check import check_specimen
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult


def checked(layer: Any, x: Any, *, seed: int = 0, method: str = "auto") -> CheckResult:
    """As gradcheck.check, without names for what is wrong."""
    options = Options(seed=seed, method=method, diagnose=False)
    return check_specimen(specimen_of(layer, x, None), type(layer).__name__, options)
