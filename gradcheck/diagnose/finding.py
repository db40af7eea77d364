"""A finding: a named cause with its leaf, its evidence and a sentence that teaches."""

from dataclasses import dataclass
from enum import StrEnum

from gradcheck.judge.verdict import Verdict


class Severity(StrEnum):
    """`error` makes the verdict fail; `warning` leaves it pass (and fails under --strict)."""

    ERROR = "error"
    WARNING = "warning"
    UNDECIDED = "undecided"  # the verdict is inconclusive


@dataclass(frozen=True)
class Finding:
    """One cause (CAUSES slug) found at one leaf.

    factor: analytic / numeric where the cause is one · expression: the factor in the layer's own
    symbols · tied: other expressions that no available shape separates · where: "file.py:41"
    form: what forward asks for, where it is a sum of dY: "sum(dY[:, :, k])" · counts: how many times.
    """

    cause: str
    leaf: str
    message: str
    severity: Severity = Severity.ERROR
    factor: float | None = None
    expression: str | None = None
    tied: tuple[str, ...] = ()
    where: str | None = None
    form: str | None = None
    counts: float | None = None

    @property
    def verdict(self) -> Verdict:
        """What the finding makes of a check."""
        kinds = {Severity.ERROR: Verdict.FAIL, Severity.UNDECIDED: Verdict.INCONCLUSIVE}
        return kinds.get(self.severity, Verdict.PASS)
