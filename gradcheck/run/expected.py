"""Faults that the configuration expects: which checks show them, which have vanished."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.gather.config import ExpectedFault
from gradcheck.judge.verdict import Verdict
from gradcheck.run.outcome import TargetCheck
from gradcheck.run.result import CheckResult


def marked(check: TargetCheck, faults: Sequence[ExpectedFault]) -> TargetCheck:
    """The check, expected where faults of the configuration account for all that is wrong with it."""
    matching = [fault for fault in faults if _means(fault, check) and _shows(fault, check.result)]
    if not matching or not _all_accounted(check.result, matching):
        return check
    reasons = dict.fromkeys(fault.reason for fault in matching)
    return replace(check, expected=True, reason="; ".join(reasons))


def vanished(
    faults: Iterable[ExpectedFault], checks: Sequence[TargetCheck], whole: frozenset[str]
) -> list[ExpectedFault]:
    """Faults that no check shows, where all that could show them was checked: their class, or their files.

    whole: the files of which every class was checked. Where a check of the class ended in `error`, nothing can be said.
    """
    return [fault for fault in faults if _is_gone(fault, checks, whole)]


def _is_gone(fault: ExpectedFault, checks: Sequence[TargetCheck], whole: frozenset[str]) -> bool:
    meant = [check for check in checks if _means(fault, check)]
    if any(_shows(fault, check.result) or check.result.verdict is Verdict.ERROR for check in meant):
        return False
    seen = whole if fault.label is None else whole.union(check.file for check in meant)
    return bool(fault.files) and fault.files <= seen


def _means(fault: ExpectedFault, check: TargetCheck) -> bool:
    return check.file in fault.files and fault.label in (None, check.label)


def _shows(fault: ExpectedFault, result: CheckResult) -> bool:
    return any(_is(fault, finding) for finding in result.findings)


def _is(fault: ExpectedFault, finding: Finding) -> bool:
    return (fault.leaf, fault.cause) == (finding.leaf, finding.cause)


def _all_accounted(result: CheckResult, faults: Sequence[ExpectedFault]) -> bool:
    """No failing leaf and no finding but those that are expected."""
    if result.verdict not in (Verdict.FAIL, Verdict.INCONCLUSIVE):
        return False
    findings = [finding for finding in result.findings if finding.severity is not Severity.WARNING]
    leaves = {fault.leaf for fault in faults}
    wrong = [leaf.name for leaf in result.leaves.values() if leaf.verdict is not Verdict.PASS]
    return all(any(_is(f, finding) for f in faults) for finding in findings) and leaves.issuperset(wrong)
