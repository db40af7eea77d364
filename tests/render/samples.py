"""Results such as a check makes them: the article's convolution, one wrong entry, an error, ..."""

from types import MappingProxyType
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.base.errors import Failure
from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.judge.verdict import Verdict
from gradcheck.run.result import CheckResult, EntryComparison, Evaluations, LeafResult


def leaf(name: str, shape: Index, *, wrong: dict[Index, float] | None = None, **changes: Any) -> LeafResult:
    """A leaf whose entries are right but for `wrong`: index -> analytic / numeric."""
    numeric = np.random.default_rng(len(name)).normal(size=shape)
    analytic = np.array(numeric * (1 + 1e-12))
    for index, factor in (wrong or {}).items():
        analytic[index] *= factor
    error, tolerance = np.full(shape, 1e-13), np.full(shape, 1.5e-9)
    worst = next(iter(wrong)) if wrong else tuple(0 for _ in shape)
    given: dict[str, Any] = {
        "name": name,
        "role": "input" if name == "input" else "parameter",
        "shape": shape,
        "dtype": "float64",
        "verdict": Verdict.FAIL if wrong else Verdict.PASS,
        "analytic": analytic,
        "numeric": numeric,
        "error": error,
        "tolerance": tolerance,
        "wrong": tuple(wrong or ()),
        "worst": _at(worst, analytic, numeric) if numeric.size else None,
        "checked": numeric.size,
        "agreement_digits": 0.48 if wrong else 11.3,
        "detectable": 2e-9,
    }
    return LeafResult(**(given | changes))


def _at(index: Index, analytic: Array, numeric: Array) -> EntryComparison:
    return EntryComparison(index, float(analytic[index]), float(numeric[index]), 1e-13, 1.5e-9)


def result(name: str, *leaves: LeafResult, **changes: Any) -> CheckResult:
    """A check of these leaves; the worst leaf's verdict unless told otherwise."""
    verdict = max((leaf.verdict for leaf in leaves), key=lambda v: v.rank, default=Verdict.PASS)
    given: dict[str, Any] = {
        "name": name,
        "verdict": verdict,
        "leaves": MappingProxyType({leaf.name: leaf for leaf in leaves}),
        "evaluations": Evaluations(812, 9, 0, 12),
        "seconds": 0.04,
        "path": "/home/me/project/layers/article/convolution.py",
    }
    return CheckResult(**(given | changes))


def convolution(input_depth: int = 3, layer_depth: int = 2) -> CheckResult:
    """The article's convolution: bias layer_depth / input_depth times the measured gradient."""
    factor = layer_depth / input_depth
    message = (
        f"dE/dbias is {factor:.4f} times the numeric gradient at all {layer_depth} entries (spread 1e-12). Over 3 "
        "shapes the factor is layer_depth / input_depth. forward adds bias once per input channel, so its gradient "
        "is input_depth * sum(dY[:,:,k]); look for a factor layer_depth in backward."
    )
    finding = Finding(
        "constant-factor",
        "bias",
        message,
        factor=factor,
        expression="layer_depth / input_depth",
        where="convolution.py:41",
    )
    return result(
        f"ConvLayer(input_shape=(5, 6, {input_depth}), kernel_shape=(2, 3), layer_depth={layer_depth})",
        leaf("input", (5, 6, input_depth)),
        leaf("weights", (2, 3, input_depth, layer_depth)),
        leaf("bias", (layer_depth,), wrong={(k,): factor for k in range(layer_depth)}),
        findings=(finding,),
    )


def one_wrong_entry() -> CheckResult:
    """A matrix of 100 x 80 with one entry wrong by 1e-3."""
    message = "dE/dweights is right but for 1 of 8000 entries: (39, 77), where it is 1.001 times the numeric gradient."
    return result(
        "Dense(100, 80)",
        leaf("input", (1, 100)),
        leaf("weights", (100, 80), wrong={(39, 77): 1.001}),
        findings=(Finding("located", "weights", message, where="dense.py:12"),),
        path="/home/student/dense.py",
    )


def raising() -> CheckResult:
    """A layer that raises in backward after printing."""
    message = "operands could not be broadcast together with shapes (1,3) (3,3) \nin backward_propagation of layer 2"
    failure = Failure("ValueError", message, "dense.py:31", "shape is (1, 3)\nnow backward\n")
    return result("FCLayer(input_shape=(1, 3), output_shape=(1, 2))", verdict=Verdict.ERROR, error=failure)


def nondeterministic() -> CheckResult:
    """A forward that cannot be replayed."""
    message = (
        "forward gives another output at the same point from the same state: it draws from os.urandom or the like."
    )
    return result(
        "Noise(input_shape=(1, 4))",
        leaf("input", (1, 4), verdict=Verdict.INCONCLUSIVE, checked=0, worst=None, note="noisy"),
        findings=(Finding("nondeterministic", "input", message, Severity.UNDECIDED),),
        notes=("the output changed in 4 of 4 entries between two calls",),
    )


def passing(number: int) -> CheckResult:
    """One of many correct cases."""
    i, j = number + 1, number + 2
    name = f"FCLayer(input_shape=(1, {i}), output_shape=(1, {j}))"
    leaves = leaf("input", (1, i)), leaf("weights", (i, j)), leaf("bias", (1, j))
    return result(name, *leaves, path="/home/me/project/layers/fully_connected.py")


def run(*checks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The record of a run of these checks."""
    summary = {v.value: sum(check["verdict"] == v.value for check in checks) for v in Verdict}
    summary["expected"] = sum(check["expected"] for check in checks)
    record = {"schema": 1, "gradcheck": "0.1.0", "seed": 0, "summary": summary, "problems": [], "checks": [*checks]}
    return record | more
