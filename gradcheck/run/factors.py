"""Writing the name of a factor, found over a family, into the findings of its failing checks."""

from collections.abc import Sequence
from dataclasses import replace

from gradcheck.diagnose.factors import Observation, named
from gradcheck.diagnose.finding import Finding
from gradcheck.run.result import CheckResult


def name_factors(results: Sequence[CheckResult], variants: object = None) -> list[CheckResult]:
    """The results, with `expression` and `tied` filled in. variants: further shapes; not used in this version."""
    del variants
    return [replace(r, findings=tuple(_with_name(f, results) for f in r.findings)) for r in results]


def _with_name(finding: Finding, results: Sequence[CheckResult]) -> Finding:
    if finding.cause != "constant-factor" or finding.expression is not None:
        return finding
    seen = [observation for r in results if (observation := _observation(r, finding.leaf)) is not None]
    names = named(seen)
    if not names:
        return finding
    shapes = f"Over {len(seen)} shapes" if len(seen) > 1 else "At this one shape"
    text = f"{finding.message} {shapes} the factor is {names[0]}; look for it in backward."
    if names[1:]:
        text += f" These shapes cannot tell it from {', '.join(names[1:4])}."
    return replace(finding, expression=names[0], tied=names[1:], message=text)


def _observation(result: CheckResult, leaf: str) -> Observation | None:
    judged = result.leaves.get(leaf)
    if judged is None or not result.symbols:
        return None
    found = [f.factor for f in result.findings if f.leaf == leaf and f.factor is not None]
    if not found and judged.verdict != "pass":
        return None
    return (found[0] if found else 1.0, result.symbols)
