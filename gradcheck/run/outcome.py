"""What a run over many targets came to, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradcheck.diagnose.finding import Severity
from gradcheck.gather.config import ExpectedFault
from gradcheck.gather.problem import Problem
from gradcheck.judge.verdict import Verdict
from gradcheck.run.result import CheckResult

OK, FAILED, COULD_NOT, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True)
class TargetCheck:
    """One check of a target.

    target: path:Class or module:Class, the path as the user spelled it · index: counts the class's
    cases from 0, added ones included · expected: its fault is listed in the configuration, with `reason`
    replay: the command line that runs this case again · file: the absolute path of the target file.
    """

    target: str
    index: int
    result: CheckResult
    expected: bool = False
    reason: str | None = None
    replay: str | None = None
    file: str = ""

    @property
    def label(self) -> str:
        """The class, or the forward of a function pair."""
        return self.target.rpartition(":")[2]


@dataclass(frozen=True)
class CampaignResult:
    """A whole run. vanished: expected faults that no longer show · notes: of targets, not of checks."""

    checks: tuple[TargetCheck, ...] = ()
    problems: tuple[Problem, ...] = ()
    vanished: tuple[ExpectedFault, ...] = ()
    notes: tuple[str, ...] = ()
    interrupted: bool = False


def exit_code(outcome: CampaignResult, *, strict: bool = False, allow_inconclusive: bool = False) -> int:
    """The highest code that applies (CONTRACT.md); a run that checked nothing is never 0."""
    if outcome.interrupted:
        return INTERRUPTED
    if outcome.problems or not outcome.checks:
        return COULD_NOT
    unexpected = [check.result for check in outcome.checks if not check.expected]
    failed = _failed(unexpected, allow_inconclusive=allow_inconclusive) or (strict and _warned(unexpected))
    return FAILED if failed or outcome.vanished else OK


def _failed(results: Sequence[CheckResult], *, allow_inconclusive: bool) -> bool:
    fine = {Verdict.PASS, Verdict.INCONCLUSIVE} if allow_inconclusive else {Verdict.PASS}
    return any(result.verdict not in fine for result in results)


def _warned(results: Sequence[CheckResult]) -> bool:
    return any(finding.severity is Severity.WARNING for result in results for finding in result.findings)
