"""A network by composition: each layer's own backward where the network visits it, then the whole along two directions.

The cost grows with the number of layers, not with its square, and a faulty layer is named.

By the chain rule the network's gradient is right where (1) it is that of its layers' own backwards, one after the
other, and (2) each of these is the derivative of its layer, for the dE/dY that reaches it: that of the parameters,
and that of the layer's input, which is the dE/dY of the layer before. (1) is exact, (2) is measured; a layer's
input is judged as any leaf, though no table shows it while it is right. Where anything is not as it should be the
network is measured as one layer, which decides; the layers then say where the fault lies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.randomness import signed, stream
from gradcheck.gather.specimen import Specimen
from gradcheck.judge.compare import compare
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.verdict import Verdict
from gradcheck.run.breach import Slack
from gradcheck.run.measure import Measured, Point, measure, noise_of
from gradcheck.run.result import Evaluations
from gradcheck.run.settle import Settled, settle
from gradcheck.run.sketch import Lean
from gradcheck.run.stages import Stage, Stages, stages_of
from gradcheck.run.whole import agrees_along
from gradcheck.subjects.layer import LayerSubject
from gradcheck.subjects.subject import Subject


@dataclass(eq=False)
class Judged:
    """One layer, measured and judged by itself."""

    stage: Stage
    point: Point
    measured: Measured
    settled: Settled

    @property
    def wrong(self) -> list[Comparison]:
        """Of the leaves that fail, the layer's input included."""
        return [c for c in self.measured.comparisons.values() if c.verdict is Verdict.FAIL]


@dataclass(eq=False)
class Composition:
    """What the layers have shown.

    right: is every layer, by itself · chained: are the network's gradients made of its layers'
    holds: all of it is right, along directions through the whole too, so that the whole need not be measured.
    """

    stages: Stages
    judged: list[Judged]
    right: bool
    chained: bool
    holds: bool

    @property
    def faulty(self) -> list[Judged]:
        """The layers whose own backward is wrong, in order."""
        return [one for one in self.judged if one.wrong]

    @property
    def measured(self) -> Measured:
        """By the network's names, the inputs between layers too, which are no leaves of it."""
        found, comparisons = {}, {}
        for one in self.judged:
            for leaf in one.point.subject.leaves:
                name = one.stage.full_name(leaf)
                comparisons[name] = replace(one.measured.comparisons[leaf.name], name=name)
                if leaf.name in one.measured.found:
                    found[name] = one.measured.found[leaf.name]
        return Measured(found, comparisons, any(one.measured.overturned for one in self.judged))

    @property
    def settled(self) -> Settled:
        """What judging has said, with the layer that it is said of."""
        notes = [
            f"{one.stage.title}: {note}"
            for one in self.judged
            for note in (*one.settled.notes, *one.settled.beside.values())
        ]
        return Settled([], notes)


def compose(point: Point, specimen: Specimen, *, added: bool) -> Composition | None:
    """The layers of a network judged one by one; None for what is none, or where they tell nothing of the whole."""
    if not isinstance(point.subject, LayerSubject):  # a corrupted one, say, is measured as it is
        return None
    stages = stages_of(point.subject, specimen, point.output, point.options.seed)
    if stages is None:
        return None
    try:
        handed = _handed(point, stages)
        if handed is None:
            return None
        judged = _judged(point, stages, handed, added=added)
        right = all(c.verdict is Verdict.PASS for one in judged for c in one.measured.comparisons.values())
        chained = _chained(point, stages, handed)
        # On a kink of some layer the whole need not agree: what is legal there is judged in that layer.
        holds = right and chained and (_kinked(judged) or agrees_along(point))
    except LayerError:
        return None
    return Composition(stages, judged, right, chained, holds)


def calls_of(subject: Subject, composition: Composition | None) -> Evaluations:
    """So far; calls of single layers count as the share of the network that they are."""
    forward, backward = subject.calls.forward, subject.calls.backward
    if composition is not None:
        forward += composition.stages.forward_calls
        backward += composition.stages.backward_calls
    return Evaluations(forward, backward)


@dataclass(eq=False)
class _Handed:
    """The dE/dY that reaches a layer, and the gradients that it makes of it."""

    cotangent: Array
    gradients: Lean


def _handed(point: Point, stages: Stages) -> list[_Handed] | None:
    """Of every layer, in order; None where a layer hands on no dE/dX that fits."""
    found: list[_Handed] = []
    cotangent: Array | None = point.cotangent
    for stage in reversed(stages.stages):
        if cotangent is None or cotangent.shape != stage.output.shape or not np.all(np.isfinite(cotangent)):
            return None
        found.append(_Handed(cotangent, Lean(stage.subject, cotangent)))
        cotangent = None if stage.input is None else found[-1].gradients[stage.input.name]
    return found[::-1]


def _chained(point: Point, stages: Stages, handed: list[_Handed]) -> bool:
    """Are the network's gradients those of its layers, up to rounding?"""
    for stage, own in zip(stages.stages, handed, strict=True):
        slack = Slack.of(own.cotangent, stage.output, point.subject.output_dtype, stage.subject.output_dtype)
        for leaf in stage.subject.leaves:
            name = stage.full_name(leaf)
            if name in point.gradients and slack.apart(leaf, point.gradients[name], own.gradients[leaf.name]) > 0:
                return False
    return True


def _judged(point: Point, stages: Stages, handed: list[_Handed], *, added: bool) -> list[Judged]:
    """From the last layer to the first: what is not known of a dE/dY widens the error of what is made of it."""
    found: list[Judged] = []
    unsure = np.zeros(point.cotangent.shape)
    for stage, own in zip(reversed(stages.stages), reversed(handed), strict=True):
        noise = noise_of(stage.subject, own.cotangent, stage.output, point.options.seed)
        here = Point(stage.subject, own.cotangent, stage.output, own.gradients, point.options, noise)
        measured = measure(here)
        spread = _spread(here, unsure)
        measured = _widened(here, measured, spread)
        found.append(Judged(stage, here, measured, settle(here, measured, added=added)))
        if stage.input is not None:
            c = measured.comparisons[stage.input.name]
            unsure = _bar(c) + (spread.get(c.name, 0.0) if c.probes else 0.0)  # the other bars have it already
    return found[::-1]


def _spread(here: Point, unsure: Array) -> Mapping[str, Array]:
    """What an error of dE/dY of this size makes of each gradient: backward is linear in it."""
    if not np.any(unsure):
        return {}
    error = unsure * np.sign(signed(stream(here.options.seed, "unsure"), unsure.shape))
    return {name: np.abs(g) for name, g in here.subject.vjp(error).items() if g is not None}


def _widened(here: Point, measured: Measured, spread: Mapping[str, Array]) -> Measured:
    """The error bars of what was measured entry by entry, that much wider."""
    found, comparisons = dict(measured.found), dict(measured.comparisons)
    for leaf in here.subject.leaves:
        more = spread.get(leaf.name)
        if leaf.name in found and more is not None and more.shape == leaf.shape:
            found[leaf.name] = replace(found[leaf.name], error=found[leaf.name].error + more)
            c = comparisons[leaf.name]
            comparisons[leaf.name] = compare(
                leaf, c.analytic, found[leaf.name], here.yardstick(leaf), c.analytic_error
            )  # fmt: skip
    return replace(measured, found=found, comparisons=comparisons)


def _bar(c: Comparison) -> Array:
    """How far a judged gradient may be from the derivative."""
    if c.probes:
        along = max(abs(p.analytic - p.numeric) + p.error for p in c.probes)
        return np.full(c.numeric.shape, np.nan_to_num(along) / np.sqrt(max(1, c.numeric.size)))
    given = np.zeros(c.numeric.shape) if c.analytic is None or c.analytic.shape != c.numeric.shape else c.analytic
    return np.asarray(np.nan_to_num(np.abs(given - c.numeric) + c.error, posinf=0.0))


def _kinked(judged: list[Judged]) -> bool:
    comparisons = [c for one in judged for c in one.measured.comparisons.values()]
    return any(c.kink.any() or any(p.kink for p in c.probes) for c in comparisons)
