"""The exact, step-free tests of CONTRACT.md; each breach is a finding of its own. No numeric gradient is needed."""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.randomness import signed, stream
from gradcheck.diagnose.finding import Severity
from gradcheck.run.breach import Breach, Slack, breach
from gradcheck.run.handed_on import by_layout
from gradcheck.run.linear import linear_tests
from gradcheck.run.rates import rate_tests
from gradcheck.run.stateful import stateful
from gradcheck.subjects.layer import LayerSubject
from gradcheck.subjects.leaf import Leaf, kept
from gradcheck.subjects.subject import Gradients, Subject

_NEARBY = 0.01  # of a leaf's scale


def replayable(subject: Subject, output: Array) -> Breach | None:
    """Does forward give the same again, from the same state?"""
    return None if np.array_equal(subject.forward(), output, equal_nan=True) else _unreplayable()


def replayable_nearby(subject: Subject, seed: int) -> Breach | None:
    """And at a point nearby? At zeros, or where a ReLU is shut, noise that multiplies does not show."""
    generator = stream(seed, "nearby")
    with kept([leaf for leaf in subject.leaves if not leaf.vast]) as saved:
        for leaf, values in saved:
            leaf.displace(values, _NEARBY, generator)
        try:
            return replayable(subject, subject.forward())
        except LayerError:
            return None


def _unreplayable() -> Breach:
    text = (
        "forward gives another output at the same point from the same state: its randomness cannot be replayed (the "
        "system's entropy, a clock), so nothing can be decided. Draw from numpy's generators or from one on the layer."
    )
    return breach("nondeterministic", "output", text, severity=Severity.UNDECIDED)


def doubted(subject: LayerSubject) -> Breach | None:
    """Can it be told what backward is handed?"""
    doubt = subject.doubt
    return None if doubt is None else breach(doubt.cause, "input", doubt.text, severity=Severity.UNDECIDED)


def exact_tests(subject: Subject, cotangent: Array, output: Array, gradients: Gradients) -> list[Breach]:
    """Every breach, at most one a leaf and cause. gradients: what vjp gave for this cotangent."""
    slack = Slack.of(cotangent, output, subject.output_dtype)
    found = list(_mutations(subject, cotangent))
    found += rate_tests(subject, cotangent, gradients, slack)
    found += _stale(subject, _sound(subject, found), cotangent, output, slack)
    found += _accumulating(subject, _sound(subject, found), cotangent, slack)
    if subject.takes_cotangent:
        other = signed(stream(0, "other cotangent", output.shape), output.shape)
        found += linear_tests(subject, _sound(subject, found), cotangent, other, slack)
        found += by_layout(subject, _sound(subject, found), cotangent, slack)
    return found


def _sound(subject: Subject, found: list[Breach]) -> list[Leaf]:
    """Leaves without a fault so far: a second name for one fault helps nobody."""
    spoiled = {b.finding.leaf for b in found if b.finding.severity is Severity.ERROR}
    return [leaf for leaf in subject.leaves if leaf.name not in spoiled]


def _mutations(subject: Subject, cotangent: Array) -> Iterator[Breach]:
    with subject.session() as session:
        session.forward()
        if session.input_changed:
            yield breach("mutates-input", "input", _INPUT.format(who="forward"), severity=Severity.WARNING)
        before = session.input_changed
        session.backward(cotangent)
        if session.input_changed and not before:
            yield breach("mutates-input", "input", _INPUT.format(who="backward"), severity=Severity.WARNING)
        if session.cotangent_changed:
            yield breach("mutates-upstream", "input", _UPSTREAM, severity=Severity.WARNING)


_INPUT = (
    "{who} writes into the input array that it was handed: whoever uses that array next (the layer before, the "
    "caller) gets wrong numbers. Work on a copy."
)
_UPSTREAM = (
    "backward writes into dY, the array that it was handed: a layer that shares it (a residual branch) gets wrong "
    "numbers. Work on a copy."
)


def _stale(subject: Subject, leaves: list[Leaf], cotangent: Array, output: Array, slack: Slack) -> Iterator[Breach]:
    """Forward elsewhere, then here, then backward: compared where the output is the same, bit for bit.

    Where it is another, forward keeps state, and the gradient is judged from that state.
    """
    here = _run(subject, cotangent, output, elsewhere=False)
    there = _run(subject, cotangent, output, elsewhere=True)
    if here is not None and there is _STATEFUL:
        yield from stateful(subject, leaves, cotangent)
    if here is None or there is None or there is _STATEFUL:
        return
    for leaf in leaves:
        if slack.apart(leaf, here[leaf.name], there[leaf.name]) > 0.0:
            text = (
                "{symbol} changes when forward has seen another input before this one: backward uses something cached "
                "in an earlier forward. Let every forward renew what backward needs."
            )
            yield breach("stale-cache", leaf.name, text)


_STATEFUL: Gradients = {}  # forward gives another output after it has been elsewhere


def _run(subject: Subject, cotangent: Array, output: Array, *, elsewhere: bool) -> Gradients | None:
    """Gradients here; None where forward cannot be run elsewhere, _STATEFUL where its output is another."""
    try:
        with subject.session() as session:
            if elsewhere:
                session.forward(elsewhere=True)
                session.put_back()
            if not np.array_equal(session.forward(), output, equal_nan=True):
                return _STATEFUL if elsewhere else None
            return session.backward(cotangent)
    except LayerError:
        return None


def _accumulating(subject: Subject, leaves: list[Leaf], cotangent: Array, slack: Slack) -> Iterator[Breach]:
    """Forward and backward twice, parameters and random state put back in between, other state kept."""
    with subject.session() as session:
        output = session.forward()
        first = session.backward(cotangent)
        session.put_back()
        if not np.array_equal(session.forward(), output, equal_nan=True):
            return
        second = session.backward(cotangent)
    for leaf in leaves:
        one, two = first[leaf.name], second[leaf.name]
        if slack.apart(leaf, one, two) == 0.0:
            continue
        if one is not None and two is not None and slack.apart(leaf, 2 * one, two) == 0.0:
            text = (
                "{symbol} is twice as large when backward runs a second time: it adds to what the first call left. "
                "Start from zeros in every backward (or give the layer a zero_grad())."
            )
            yield breach("accumulates-across-calls", leaf.name, text)
        elif subject.updates and leaf.name != "input":
            text = (
                "the second update of {symbol}'s parameter is not the first again: backward keeps a momentum or "
                "another memory of earlier gradients."
            )
            yield breach("update-not-proportional", leaf.name, text)
        else:
            text = (
                "{symbol} is another when backward runs a second time at the same point: it keeps something in between."
            )
            yield breach("accumulates-across-calls", leaf.name, text)
