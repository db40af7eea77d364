"""Which layer of a network is at fault, and what is wrong only because of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.diagnose.words import listed
from gradcheck.gather.specimen import Specimen
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.verdict import Verdict
from gradcheck.run.compose import Composition, Judged
from gradcheck.run.curve import step_curves
from gradcheck.run.leaves import leaf_result
from gradcheck.run.measure import Measured, Point
from gradcheck.run.result import LeafResult

Diagnose = Callable[[Point, Measured, Sequence[Finding], Specimen], list[Finding]]


@dataclass(eq=False)
class Blame:
    """What the layers say of a network that fails.

    findings: of the faulty layers, by the network's names · consequences: leaves that need no cause of their own
    leaves: what is wrong in a layer and no leaf of the network: its input, mostly.
    """

    findings: list[Finding] = field(default_factory=list)
    consequences: set[str] = field(default_factory=set)
    leaves: dict[str, LeafResult] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def without_consequences(self, comparisons: Mapping[str, Comparison]) -> dict[str, Comparison]:
        """Those for which a cause is to be looked for in the network as a whole."""
        return {name: c for name, c in comparisons.items() if name not in self.consequences}


def blamed(
    composition: Composition | None, whole: Mapping[str, Comparison], known: Sequence[Finding], diagnose: Diagnose
) -> Blame:
    """whole: the leaves of the network, measured as one layer · known: findings of some, which stand as they are."""
    blame, failing = Blame(), {c.name for c in whole.values() if c.verdict is Verdict.FAIL}
    if composition is None or composition.holds:
        return blame
    explained = {finding.leaf for finding in known if finding.severity is Severity.ERROR}
    last = 0
    for one in composition.faulty:
        blame.findings += [f for found in _findings(one, diagnose) if (f := _renamed(found, one)).leaf not in explained]
        blame.leaves |= {name: result for name, result in _results(one).items() if name not in whole}
        last = one.stage.number if _hands_back_wrong(one) else last
    if last:
        _add_consequences(blame, composition.judged[:last], failing, composition.judged[last])
    if failing and composition.right and not composition.chained:
        blame.notes.append(_BETWEEN)
    return blame


_BETWEEN = (
    "every layer's own backward is right, at the point and for the dE/dY that it gets here: the fault lies between "
    "the layers (their order, what is handed on, one layer used twice)"
)


def _findings(one: Judged, diagnose: Diagnose) -> list[Finding]:
    known = one.settled.findings
    return [*known, *diagnose(one.point, one.measured, known, one.stage.specimen)]


def _renamed(finding: Finding, one: Judged) -> Finding:
    leaf = next((leaf for leaf in one.point.subject.leaves if leaf.name == finding.leaf), None)
    name = finding.leaf if leaf is None else one.stage.full_name(leaf)
    return replace(finding, leaf=name, message=f"in {one.stage.title}, {finding.message}")


def _results(one: Judged) -> dict[str, LeafResult]:
    """The leaves of the layer that fail."""
    found, curves = {}, step_curves(one.point, one.measured)
    for leaf in one.point.subject.leaves:
        c, name = one.measured.comparisons[leaf.name], one.stage.full_name(leaf)
        if c.verdict is Verdict.FAIL:
            found[name] = leaf_result(replace(c, name=name), leaf.array.dtype, curves.get(leaf.name))
    return found


def _hands_back_wrong(one: Judged) -> bool:
    return one.stage.input is not None and any(c.name == one.stage.input.name for c in one.wrong)


def _add_consequences(blame: Blame, before: Sequence[Judged], failing: Collection[str], last: Judged) -> None:
    """Leaves of earlier layers that fail in the network, and are right for the dE/dY that reaches their layer."""
    for one in before:
        wrong = {c.name for c in one.wrong}
        blame.consequences |= {
            name for leaf in one.point.subject.leaves
            if leaf.name not in wrong and (name := one.stage.full_name(leaf)) in failing
        }  # fmt: skip
    if blame.consequences:
        blame.notes.append(
            f"{listed(sorted(blame.consequences))}: wrong only because {last.stage.title} hands back a wrong dE/dX; "
            f"the layers before it are right for what they are given"
        )
