"""`--case` and `--leaf`: what of a finished run is reported."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.gather.problem import Problem
from gradcheck.judge.verdict import Verdict, worst
from gradcheck.run.outcome import TargetCheck
from gradcheck.run.result import CheckResult

_VERDICTS = {Severity.ERROR: Verdict.FAIL, Severity.UNDECIDED: Verdict.INCONCLUSIVE}


def one_case(checks: Sequence[TargetCheck], number: int) -> tuple[list[TargetCheck], list[Problem]]:
    """Case `number` of every class; a problem where no class has it."""
    chosen = [check for check in checks if check.index == number]
    if chosen or not checks:
        return chosen, []
    counts = {check.target: check.index + 1 for check in checks}
    there = ", ".join(f"{target} has {_cases(count)}" for target, count in counts.items())
    return [], [Problem(f"--case {number}", "NoSuchCase", f"no class has a case {number} (counted from 0): {there}")]


def one_leaf(checks: Sequence[TargetCheck], name: str) -> tuple[list[TargetCheck], list[Problem]]:
    """Each check narrowed to one leaf; a problem where no check has it. Errors stay: their leaves are unknown."""
    chosen = [replace(check, result=_narrowed(check.result, name)) for check in checks if _has(check.result, name)]
    if any(name in check.result.leaves for check in chosen) or not checks:
        return chosen, []
    there = sorted({leaf for check in checks for leaf in check.result.leaves})
    problem = Problem(f"--leaf {name}", "NoSuchLeaf", f"no check has a leaf {name!r}; there are: {', '.join(there)}")
    return (chosen, [problem]) if there else (chosen, [])


def _has(result: CheckResult, name: str) -> bool:
    return name in result.leaves or result.verdict is Verdict.ERROR


def _narrowed(result: CheckResult, name: str) -> CheckResult:
    """One leaf, its findings and those of no leaf, and the verdict that these have."""
    if result.verdict is Verdict.ERROR:
        return result
    findings = tuple(f for f in result.findings if f.leaf == name or f.leaf not in result.leaves)
    verdict = worst([result.leaves[name].verdict, *_of_findings(findings)])
    return replace(result, leaves={name: result.leaves[name]}, findings=findings, verdict=verdict)


def _of_findings(findings: Iterable[Finding]) -> list[Verdict]:
    return [_VERDICTS[finding.severity] for finding in findings if finding.severity in _VERDICTS]


def _cases(count: int) -> str:
    return f"{count} case" if count == 1 else f"{count} cases"
