"""The one pipeline: subject, exact tests, numeric gradients, comparison, diagnosis, result."""

import time
import warnings
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.base.errors import Failure, LayerError, UsageError
from gradcheck.base.randomness import signed, stream
from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.diagnose.simple import diagnose
from gradcheck.diagnose.symbols import blind_spots, symbols
from gradcheck.gather.failures import failure_of
from gradcheck.gather.specimen import Case, FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.judge.compare import compare, default_rtol
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.verdict import Verdict, worst
from gradcheck.numeric.entries import Measure
from gradcheck.numeric.noise import relative_noise
from gradcheck.run.exact import exact_tests
from gradcheck.run.options import Options
from gradcheck.run.points import enter
from gradcheck.run.result import CheckResult, EntryComparison, Evaluations, LeafResult
from gradcheck.subjects.chain import Chain, is_network
from gradcheck.subjects.functions import FunctionSubject
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.layer import LayerSubject


def check_specimen(specimen: Specimen, name: str, options: Options) -> CheckResult:
    """Check one specimen at its point. A fault of the user's code is a result; misuse raises UsageError."""
    start = time.perf_counter()
    root = specimen.layer if isinstance(specimen, LayerSpecimen) else (specimen.forward, specimen.backward)
    before = Snapshot(root)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _checked(specimen, name, options, start)
    except LayerError as error:
        return CheckResult(name, Verdict.ERROR, error=error.failure, seed=options.seed)
    finally:
        before.restore()


def check_case(case: Case, options: Options) -> CheckResult:
    """Check one case, in its mode; like check_specimen, but misuse is an error of the case."""
    try:
        specimen = case.build()
        enter(specimen, case.mode)
        return check_specimen(specimen, case.name, options)
    except (Exception, SystemExit) as error:
        return CheckResult(case.name, Verdict.ERROR, error=failure_of(error), seed=options.seed)


def _checked(specimen: Specimen, name: str, options: Options, start: float) -> CheckResult:
    subject = _subject(specimen, options)
    output = subject.forward()
    if not np.all(np.isfinite(output)):
        raise LayerError(Failure("NonFinite", "forward returned NaN or infinity"))
    cotangent = signed(stream(options.seed, "cotangent"), output.shape)
    findings = list(exact_tests(subject, cotangent, output))
    gradients = subject.vjp(cotangent)
    noise = relative_noise(subject.forward, subject.leaves, cotangent, stream(options.seed, "noise"))
    measure = Measure(subject.forward, cotangent, output, noise)
    unit = float(np.sum(np.abs(cotangent * output)))
    leaves = {}
    for leaf in subject.leaves:
        estimates = [measure.entry(leaf, i) for i in range(leaf.size)]
        rtol = options.rtol if options.rtol is not None else default_rtol(leaf.array.dtype)
        rounding = subject.analytic_error(leaf)
        comparison = compare(leaf, gradients[leaf.name], estimates, analytic_error=rounding, rtol=rtol, unit=unit)
        leaves[leaf.name] = _leaf_result(comparison, leaf.array.dtype)
        if comparison.verdict is Verdict.FAIL:
            findings.append(diagnose(comparison))
    verdict = worst([leaf.verdict for leaf in leaves.values()] + [_verdict(f) for f in findings])
    notes = (*subject.notes, *blind_spots(getattr(specimen, "layer", None)))
    calls = Evaluations(subject.forwards, subject.backwards)
    return CheckResult(
        name, verdict, MappingProxyType(leaves), tuple(findings), notes, calls,
        seed=options.seed, seconds=time.perf_counter() - start,
        symbols=MappingProxyType(symbols(getattr(specimen, "layer", None))),
    )  # fmt: skip


def _subject(specimen: Specimen, options: Options) -> LayerSubject | FunctionSubject:
    if isinstance(specimen, FunctionSpecimen):
        return FunctionSubject(specimen.forward, specimen.backward, specimen.arguments)
    layer = Chain(specimen.layer) if is_network(specimen.layer) else specimen.layer
    return LayerSubject(layer, _input(specimen, options.seed), options.seed)


def _input(specimen: LayerSpecimen, seed: int) -> Array:
    if specimen.x is not None:
        return np.asarray(specimen.x)
    shape: Any = getattr(specimen.layer, "input_shape", None)
    if shape is None:
        raise UsageError(f"x=None: {type(specimen.layer).__name__} has no input_shape, so an input x is needed")
    return stream(seed, "input").normal(size=tuple(shape))


def _verdict(finding: Finding) -> Verdict:
    kinds = {Severity.ERROR: Verdict.FAIL, Severity.UNDECIDED: Verdict.INCONCLUSIVE}
    return kinds.get(finding.severity, Verdict.PASS)


def _leaf_result(c: Comparison, dtype: np.dtype[Any]) -> LeafResult:
    shaped = c.analytic if c.analytic is not None and c.analytic.shape == c.numeric.shape else None
    arrays = [None if a is None else _frozen(a) for a in (shaped, c.numeric, c.error, c.tolerance)]
    order = np.argsort(-_excess(c), kind="stable") if c.numeric.size else np.array([], dtype=int)
    wrong = tuple(_index(int(i), c.numeric.shape) for i in order if c.wrong.flat[i])
    first = _entry(c, _index(int(order[0]), c.numeric.shape)) if order.size else None
    marks = [m for m, mask in (("kink", c.kink), ("noisy", c.undecided)) if mask.any()]
    marks += ["vacuous"] if c.vacuous.size and c.vacuous.all() else []
    analytic, numeric, error, tolerance = arrays
    detectable = float(np.nanmax(c.tolerance)) if np.isfinite(c.tolerance).any() else np.nan
    return LeafResult(
        name=c.name, role=c.role, shape=c.numeric.shape, dtype=str(dtype), verdict=c.verdict,
        analytic=analytic, numeric=numeric, error=error, tolerance=tolerance, wrong=wrong, worst=first,
        checked=c.numeric.size, agreement_digits=_digits(first), detectable=detectable, note=", ".join(marks),
    )  # fmt: skip


def _excess(c: Comparison) -> Array:
    a = c.analytic if c.analytic is not None and c.analytic.shape == c.numeric.shape else np.zeros(c.numeric.shape)
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.abs(a - c.numeric) / c.tolerance, nan=0.0, posinf=np.inf).ravel()


def _entry(c: Comparison, index: Index) -> EntryComparison:
    a = c.analytic if c.analytic is not None and c.analytic.shape == c.numeric.shape else np.zeros(c.numeric.shape)
    return EntryComparison(index, *(float(v[index]) for v in (a, c.numeric, c.error, c.tolerance)))


def _digits(entry: EntryComparison | None) -> float:
    if entry is None:
        return 0.0
    size = max(abs(entry.analytic), abs(entry.numeric))
    gap = max(entry.difference, entry.numeric_error)
    return float(-np.log10(gap / size)) if size > 0 and gap > 0 else 16.0


def _index(flat: int, shape: Index) -> Index:
    return tuple(int(i) for i in np.unravel_index(flat, shape))


def _frozen(array: Array) -> Array:
    copy = array.copy()
    copy.flags.writeable = False
    return copy
