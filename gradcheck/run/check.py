"""The one pipeline: subject, exact tests, numeric gradients, comparison, diagnosis, result."""

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import numpy as np

from gradcheck.base.arithmetic import cotangent as fixed_cotangent
from gradcheck.base.arrays import Array, Index
from gradcheck.base.errors import Failure, GradcheckError, LayerError
from gradcheck.base.failures import failure_of
from gradcheck.base.randomness import signed, stream
from gradcheck.base.stage import NOW
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.diagnose.ranking import diagnose
from gradcheck.diagnose.rounding import LOST
from gradcheck.gather.specimen import Case, LayerSpecimen, Specimen
from gradcheck.judge.compare import judged
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.verdict import Verdict, worst
from gradcheck.run.blame import blamed
from gradcheck.run.breach import Breach
from gradcheck.run.coincidence import AGAIN, coincides
from gradcheck.run.compose import Composition, calls_of, compose
from gradcheck.run.curve import step_curves
from gradcheck.run.exact import doubted, exact_tests, replayable, replayable_nearby
from gradcheck.run.fingerprint import Fingerprint, gradient_print, precision_of
from gradcheck.run.fixed import at_fixed_point
from gradcheck.run.kept import handed_arrays, kept_arrays
from gradcheck.run.layouts import contiguous
from gradcheck.run.leaves import leaf_result, unmeasured
from gradcheck.run.measure import ENTRIES, Measured, Point, measure, noise_of, stairs_of
from gradcheck.run.modes import enter, mode_of
from gradcheck.run.opened import blind_of, subject_of, symbols_of
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult, Evaluations
from gradcheck.run.settle import settle
from gradcheck.run.sketch import Lean, sketched
from gradcheck.run.turned import after_the_other
from gradcheck.run.upcast import in_double_too
from gradcheck.run.where import place_of_backward, source_of_backward
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.subject import Gradients, Subject


def check_specimen(specimen: Specimen, name: str, options: Options, *, added: bool = False) -> CheckResult:
    """Check one specimen at its point. A fault of the user's code is a result; misuse raises UsageError.

    added: the point is one that `run` has added, where what cannot be decided is a note.
    """
    start = time.perf_counter()
    root = specimen.layer if isinstance(specimen, LayerSpecimen) else (specimen.forward, specimen.backward)
    before = Snapshot(root)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = _checked(specimen, name, options, added=added)
            result = in_double_too(specimen, result, options, lambda s, o: _checked(s, name, o, added=added))
        result = replace(result, seconds=time.perf_counter() - start)
    except LayerError as error:
        result = CheckResult(name, Verdict.ERROR, error=error.failure)
    except GradcheckError:
        raise
    except Exception as error:  # of a __getattr__ or a property that is only looked at
        result = CheckResult(name, Verdict.ERROR, error=failure_of(error))
    finally:
        before.restore()
    return replace(result, seed=options.seed, backward=source_of_backward(specimen))


def check_case(case: Case, options: Options) -> CheckResult:
    """Check one case, in its mode; like check_specimen, but misuse is an error of the case."""
    try:
        specimen = case.build()
        enter(specimen, case.mode)
        check = partial(check_specimen, specimen, case.name, options, added=case.point is not None)
        return after_the_other(specimen, case.mode, check(), options, check)
    except (Exception, SystemExit) as error:
        return CheckResult(case.name, Verdict.ERROR, error=failure_of(error), seed=options.seed)


def try_case(case: Case, options: Options) -> CheckResult:
    """One forward and one backward: can the case be run at all? A pass has measured nothing."""
    try:
        specimen = case.build()
        enter(specimen, case.mode)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            subject = subject_of(specimen, options)
            output = subject.forward()
            if not np.all(np.isfinite(output)):
                raise LayerError(Failure("NonFinite", "forward returned NaN or infinity"))
            subject.vjp(signed(stream(options.seed, "cotangent"), output.shape))
    except LayerError as error:
        return CheckResult(case.name, Verdict.ERROR, error=error.failure, seed=options.seed)
    except (Exception, SystemExit) as error:
        return CheckResult(case.name, Verdict.ERROR, error=failure_of(error), seed=options.seed)
    return CheckResult(case.name, Verdict.PASS, seed=options.seed)


def _checked(specimen: Specimen, name: str, options: Options, *, added: bool, again: bool = False) -> CheckResult:
    """again: with another cotangent, where a leaf may have passed by chance."""
    NOW.begin("how it is called")
    origin = ""
    if options.fixed:
        specimen, origin = at_fixed_point(specimen, lambda moved: subject_of(moved, options))
    subject = subject_of(specimen, options)
    if options.corrupt is not None:
        subject = options.corrupt(subject)
    NOW.begin("the exact tests", subject.calls)
    output = subject.forward()
    if not np.all(np.isfinite(output)):
        raise LayerError(Failure("NonFinite", "forward returned NaN or infinity"))
    unsure = replayable(subject, output) or doubted(subject)
    if unsure is not None:
        return _undecided(subject, specimen, name, unsure.finding)
    cotangent = _cotangent(options, output.shape, again=again)
    gradients = Lean(subject, cotangent)
    noise = noise_of(subject, cotangent, output, options.seed)
    if options.witness is not None:
        options.witness(subject, cotangent, output, gradients, noise)
    breaches = exact_tests(sketched(subject), cotangent, output, gradients)
    point = Point(subject, cotangent, output, gradients, options, noise)
    point, composition, measured = _measured(point, specimen, added=added)
    if not again and coincides(point, measured):
        return _checked(specimen, name, options, added=added, again=True)
    accused = measured.fails or any(b.finding.severity is Severity.ERROR for b in breaches)
    unsure = replayable_nearby(subject, options.seed) if accused else None
    if unsure is not None:
        return _undecided(subject, specimen, name, unsure.finding)
    prints = _fingerprint(point, measured, origin) if options.fixed else None  # before the diagnosis moves anything
    found = _judged(point, measured, breaches, specimen, composition, name=name, added=added)
    return replace(found, fingerprint=prints)


def _measured(point: Point, specimen: Specimen, *, added: bool) -> tuple[Point, Composition | None, Measured]:
    """As the layers of a network, or as one; once more with the noise of what is rounded inside."""
    composition = compose(point, specimen, added=added)
    measured = composition.measured if composition and composition.holds else measure(point)
    stairs = stairs_of(point, measured)
    if stairs is None:
        return point, composition, measured
    point = replace(point, noise=stairs)
    return point, None, measure(point)


def _cotangent(options: Options, shape: Index, *, again: bool) -> Array:
    if options.fixed:
        return fixed_cotangent(shape)
    return signed(stream(options.seed, AGAIN if again else "cotangent"), shape)


def _fingerprint(point: Point, measured: Measured, origin: str) -> Fingerprint:
    single = point.noise.single
    prints = {
        leaf.name: gradient_print(
            point.gradients[leaf.name], measured.comparisons[leaf.name], precision_of(leaf.array.dtype, single=single)
        )
        for leaf in point.subject.leaves
    }
    return Fingerprint(origin, prints)


def _judged(
    point: Point, measured: Measured, breaches: Sequence[Breach], specimen: Specimen, composition: Composition | None,
    *, name: str, added: bool,
) -> CheckResult:  # fmt: skip
    NOW.at("judging")
    subject = point.subject
    settled = composition.settled if composition and composition.holds else settle(point, measured, added=added)
    calls = calls_of(subject, composition)
    failing = {c.name for c in measured.comparisons.values() if c.verdict is Verdict.FAIL}
    certain = [b for b in breaches if b.plain and not (b.rivalled and b.finding.leaf in failing)]
    certain = [b for b in certain if b.seen(measured.comparisons.get(b.finding.leaf))]
    findings = [b.finding for b in certain] + settled.findings
    rivals = {b.finding.leaf: b for b in breaches if b not in certain and b.finding.leaf in failing}
    blame = blamed(composition, measured.comparisons, findings, _diagnosed)
    others = replace(measured, comparisons=blame.without_consequences(measured.comparisons))
    findings += [_better(finding, rivals) for finding in blame.findings]
    findings += [_better(finding, rivals) for finding in _diagnosed(point, others, findings, specimen)]
    forgiven = {n: c for finding in findings for n, c in _forgiven(finding, measured.comparisons).items()}
    measured.comparisons |= forgiven
    drawn = point.options.diagnose and point.options.corrupt is None
    curves = step_curves(point, measured) if drawn else {}
    calls = calls.with_diagnosis(calls_of(subject, composition))
    findings.sort(key=lambda f: f.severity is Severity.WARNING)
    leaves = {
        leaf.name: leaf_result(measured.comparisons[leaf.name], leaf.array.dtype, curves.get(leaf.name))
        for leaf in subject.leaves
    } | blame.leaves
    verdict = worst([leaf.verdict for leaf in leaves.values()] + [f.verdict for f in findings])
    notes = [*subject.notes, *_screened_note(point, measured), *blind_of(specimen), *settled.notes, *blame.notes]
    notes += [note for name, note in settled.beside.items() if name not in forgiven]
    notes += unmeasured(leaves.values())
    return CheckResult(
        name, verdict, MappingProxyType(leaves), tuple(findings), tuple(notes), calls,
        symbols=MappingProxyType(symbols_of(specimen)),
    )  # fmt: skip


def _better(finding: Finding, rivals: Mapping[str, Breach]) -> Finding:
    """The cause that the numbers show, unless it says less than what an exact test found at the same leaf."""
    rival = rivals.get(finding.leaf)
    if rival is None or _says_more(finding, rival.finding) or not (rival.plain or finding.cause in _VAGUE):
        return finding
    return rival.finding


def _says_more(finding: Finding, rival: Finding) -> bool:
    """A factor for each channel, by a running variance say, also hangs on earlier forwards; it says more than that."""
    if rival.cause == "stale-cache":
        return finding.cause == "constant-factor" and finding.factor is None
    return finding.cause in _MORE_THAN_NONLINEAR


_VAGUE = frozenset({"located", "border-wrong", "unrecognised"})
_MORE_THAN_NONLINEAR = frozenset({"wrong-reduction", "precision-lost"})  # a maximum, a rounding: not linear either


def _diagnosed(point: Point, measured: Measured, known: Sequence[Finding], specimen: Specimen) -> list[Finding]:
    """Causes of the failing leaves that no exact test has explained."""
    explained = {finding.leaf for finding in known if finding.severity is Severity.ERROR}
    comparisons = {name: c for name, c in measured.comparisons.items() if name not in explained}
    if not point.options.diagnose or all(c.verdict is not Verdict.FAIL for c in comparisons.values()):
        return []
    NOW.at("the diagnosis")
    subject = point.subject
    evidence = Evidence(
        subject, comparisons, point.cotangent, point.output, {leaf.name: leaf.values() for leaf in subject.leaves},
        point.gradients, symbols_of(specimen), place_of_backward(specimen), mode_of(specimen),
        _contiguous(point, specimen), partial(kept_arrays, subject, specimen), handed_arrays(specimen),
    )  # fmt: skip
    return diagnose(evidence)


def _contiguous(point: Point, specimen: Specimen) -> Callable[[], tuple[Array, Gradients]] | None:
    """Output and gradients once more with contiguous arrays; None where they are contiguous."""
    moved = contiguous(specimen)
    if moved is None:
        return None

    def again() -> tuple[Array, Gradients]:
        subject = subject_of(moved, point.options)
        return subject.forward(), subject.vjp(point.cotangent)

    return again


def _forgiven(finding: Finding, comparisons: dict[str, Comparison]) -> dict[str, Comparison]:
    """A loss of precision at float32 level is a warning: the leaf passes, with a note."""
    c = comparisons.get(finding.leaf)
    if finding.cause != "precision-lost" or finding.severity is not Severity.WARNING or c is None:
        return {}
    with np.errstate(invalid="ignore"):
        small = np.abs(c.analytic - c.numeric) <= LOST * np.nanmax(np.abs(c.numeric))
    left = c.undecided & ~small  # what is off by little more than the tolerance may be right beside the point
    mended = replace(c, wrong=np.zeros_like(c.wrong), undecided=left, notes=(*c.notes, "precision"))
    return {finding.leaf: judged(mended)}


def _screened_note(point: Point, measured: Measured) -> list[str]:
    """Which leaves were not measured entry by entry, and why."""
    screened = [c for leaf in point.subject.leaves if (c := measured.comparisons[leaf.name]).probes]
    if not screened:
        return []
    why = f"more than {ENTRIES} entries, so " if point.options.method == "auto" else ""
    names, count = ", ".join(c.name for c in screened), len(screened[0].probes)
    note = (
        f"{names}: {why}held against the derivative along {count} random directions (--method entries measures each "
        f"entry)"
    )
    return [note]


def _undecided(subject: Subject, specimen: Specimen, name: str, finding: Finding) -> CheckResult:
    """A forward that cannot be replayed, a backward of two readings: nothing is measured."""
    leaves = {}
    for leaf in subject.leaves:
        mask, nothing = np.zeros(leaf.shape, dtype=bool), np.full(leaf.shape, np.nan)
        comparison = Comparison(
            leaf.name, leaf.role, None, nothing, nothing, nothing, nothing, mask, ~mask, mask, mask, 0.0,
            Verdict.INCONCLUSIVE,
        )  # fmt: skip
        leaves[leaf.name] = replace(leaf_result(comparison, leaf.array.dtype), note="")  # the finding says why
    calls = Evaluations(subject.calls.forward, subject.calls.backward)
    return CheckResult(
        name, Verdict.INCONCLUSIVE, MappingProxyType(leaves), (finding,), tuple(subject.notes), calls,
        symbols=MappingProxyType(symbols_of(specimen)),
    )  # fmt: skip
