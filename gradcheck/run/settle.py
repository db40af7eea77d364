"""From measured to judged, one point: kinks reconsidered, and the negative control of every leaf."""

from dataclasses import dataclass, field

import numpy as np

from gradcheck.base.errors import Failure, LayerError
from gradcheck.diagnose.finding import Finding
from gradcheck.run.control import controlled, controlled_screen
from gradcheck.run.kinks import reconsider
from gradcheck.run.measure import Measured, Point
from gradcheck.run.singular import without_singular


@dataclass(eq=False)
class Settled:
    """What judging a point has found beside its comparisons. beside: of each leaf, what is right beside the point."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)


def settle(point: Point, measured: Measured, *, added: bool) -> Settled:
    """Every comparison as it is reported. added: at a point that `run` has added; LayerError where that is singular."""
    if added and any(np.isnan(found.value).any() and not found.kink.all() for found in measured.found.values()):
        _refuse_singular(measured)
    settled = Settled()
    for leaf in point.subject.leaves:
        excused = without_singular(point, leaf, measured.comparisons[leaf.name])
        if added and excused.note is not None:
            raise _singular(leaf.name)
        measured.comparisons[leaf.name] = excused.comparison
        settled.notes += [excused.note] if excused.note is not None else []
        if leaf.name not in measured.found:
            measured.comparisons[leaf.name] = controlled_screen(measured.comparisons[leaf.name])
            continue
        again = reconsider(point, measured, leaf, added=added)
        measured.comparisons[leaf.name] = controlled(
            again.comparison, leaf, measured.found[leaf.name], point.yardstick(leaf)
        )
        settled.findings += [again.finding] if again.finding is not None else []
        settled.beside |= {leaf.name: again.note} if again.note is not None else {}
    return settled


def _refuse_singular(measured: Measured) -> None:
    """At a point that `run` added: where the slopes are not finite there is nothing to check."""
    for comparison in measured.comparisons.values():
        if comparison.undecided.any() and np.isnan(comparison.numeric[comparison.undecided]).any():
            raise _singular(comparison.name)


def _singular(name: str) -> LayerError:
    return LayerError(Failure("Singular", f"the slopes of forward by {name} are not finite there"))
