"""Exact, step-free tests: the ones of this version. Each breach is a finding of its own."""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.subjects.functions import FunctionSubject
from gradcheck.subjects.layer import LayerSubject
from gradcheck.subjects.leaf import Role


def exact_tests(subject: LayerSubject | FunctionSubject, cotangent: Array, output: Array) -> Iterator[Finding]:
    """Forward twice gives the same; dE/dX does not depend on the learning rate."""
    if not np.array_equal(subject.forward(), output, equal_nan=True):
        text = "forward gives another output at the same point from the same state; nothing can be decided."
        yield Finding("nondeterministic", "output", text, Severity.UNDECIDED)
    if isinstance(subject, LayerSubject) and any(leaf.role is Role.PARAMETER for leaf in subject.leaves):
        yield from _rate_free(subject, cotangent)


def _rate_free(subject: LayerSubject, cotangent: Array) -> Iterator[Finding]:
    still, moved = subject.input_gradients(cotangent)
    if still is None or moved is None or still.shape != moved.shape:
        return
    slack = 1e-12 * float(np.max(np.abs(still), initial=0.0))
    if not np.all(np.abs(still - moved) <= slack):
        text = (
            "dE/dX depends on the learning rate: the parameters are updated before dE/dX is computed. "
            "Compute dE/dX first, from the parameters that forward used."
        )
        yield Finding("updated-before-use", "input", text)
