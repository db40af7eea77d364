"""What the findings of one check say together: one factor everywhere, a loss whose value and gradient disagree."""

from collections.abc import Sequence
from dataclasses import replace

from gradcheck.diagnose.finding import Finding

_SAME = 1e-6
_OBJECTIVE = (
    "Every gradient of this layer has the same factor: look where backward first uses dY, or where forward last "
    "scales its output."
)
_LOSS = "Value and gradient disagree"
_VALUE = ": often the value is the odd one (a mean reported, a sum differentiated)."
_OF_SOME = frozenset({"located", "border-wrong", "duplicate-index-lost", "zero-gradient", "ghost-gradient"})  # entries


def together(findings: Sequence[Finding], leaves: int, *, loss: bool) -> list[Finding]:
    """The findings, each with what it shares with the others. leaves: how many the check compared."""
    added = []
    if leaves > 1 and len(findings) == leaves and _one_factor(findings):
        added.append(_OBJECTIVE)
    return [replace(f, message=" ".join([f.message, *added, *([_of_loss(f)] if loss else [])])) for f in findings]


def _of_loss(finding: Finding) -> str:
    return f"{_LOSS} there." if finding.cause in _OF_SOME else f"{_LOSS}{_VALUE}"


def _one_factor(findings: Sequence[Finding]) -> bool:
    factors = [f.factor for f in findings if f.factor is not None and f.factor != 0]
    return len(factors) == len(findings) and max(factors) - min(factors) <= _SAME * abs(factors[0])
