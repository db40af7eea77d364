"""A leaf of which most entries were not measured one by one: hypotheses held against a along random directions.

<H(n), v> = <n, H'(v)> for a linear H with transpose H', so that one derivative along H'(v) tests one hypothesis,
however large the leaf is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.randomness import stream
from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.places import located, there
from gradcheck.diagnose.shuffles import flips, transpositions
from gradcheck.diagnose.suspect import Suspect
from gradcheck.diagnose.words import axes, indices, number

_DIRECTIONS = 5
_LEAST = 3
_MOST = 12  # permutations that are tried
_CLOSE = 1e-6  # relative; what is measured less well than that tells nothing
_CLEAR = 1e-5

Move = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Probe:
    """Both derivatives along one direction, and what they may differ by."""

    direction: Array
    a: float
    n: float
    slack: float


def is_screened(suspect: Suspect) -> bool:
    """Were most entries not measured?"""
    return suspect.view.n.size > 2 * int(np.sum(np.isfinite(suspect.comparison.numeric)))


def diagnose_screened(suspect: Suspect) -> Finding:
    """A factor, a sign or a permutation of the whole leaf; else where the entries lie that were found wrong."""
    probes = [probe for probe in _probes(suspect) if probe.slack <= _CLEAR * max(abs(probe.a), abs(probe.n))]
    if _explained(suspect, probes):
        return _located(suspect)
    telling = [probe for probe in probes if abs(probe.a - probe.n) > 100 * probe.slack]
    found = _factor(suspect, telling) or _moved(suspect, telling)
    if found is not None:
        return found
    some = f" ({indices(suspect.wrong)} among them)" if np.any(suspect.wrong) else ""
    message = (
        f"{suspect.symbol} is wrong at more entries than were located one by one{some}, and no factor or order of its "
        f"entries reproduces it."
    )
    return Finding("unrecognised", suspect.name, message, where=suspect.evidence.where)


def _explained(suspect: Suspect, probes: list[Probe]) -> bool:
    """Do the entries that were found wrong account for the whole difference, along every direction?"""
    wrong = suspect.wrong
    if not np.any(wrong):
        return False
    gap = (suspect.view.a - suspect.view.n)[wrong]
    return all(abs(p.a - p.n - float(gap @ p.direction[wrong])) <= p.slack for p in probes)


def _located(suspect: Suspect) -> Finding:
    """What was not measured is right, since what was explains the difference."""
    wrong = suspect.wrong
    cause, message = located(suspect, ~wrong & np.isfinite(suspect.view.a)) or ("located", _listed(suspect, wrong))
    return Finding(cause, suspect.name, message, where=suspect.evidence.where)


def _listed(suspect: Suspect, wrong: Array) -> str:
    share = f"{int(np.sum(wrong))} of {wrong.size} entries, {indices(wrong)}"
    return f"{suspect.symbol} is wrong at {share}, and right elsewhere{there(suspect, wrong)}."


def _probes(suspect: Suspect) -> Iterator[Probe]:
    for count in range(_DIRECTIONS):
        direction = stream(count, "screened", suspect.shape).normal(size=suspect.shape)
        a = float(np.vdot(suspect.view.a, direction))
        n, bar = suspect.evidence.along(suspect.name, direction)
        yield Probe(direction, a, n, 4 * bar + _CLOSE * max(abs(a), abs(n)))


def _factor(suspect: Suspect, probes: list[Probe]) -> Finding | None:
    """Every direction shows the same a / n."""
    if len(probes) < _LEAST:
        return None
    k = float(np.median([probe.a / probe.n for probe in probes]))
    if any(abs(probe.a - k * probe.n) > (1 + abs(k)) * probe.slack for probe in probes):
        return None
    along = f"along {len(probes)} random directions"
    if not np.any(suspect.view.a):
        text, cause, k = f"{suspect.symbol} is exactly 0, but the output moves {along}", "zero-gradient", 0.0
    elif abs(k + 1) <= _CLOSE:
        text, cause, k = f"{suspect.symbol} has the wrong sign {along}", "sign-flipped", -1.0
    else:
        text, cause = f"{suspect.symbol} is {number(k)} times the measured derivative {along}", "constant-factor"
    return Finding(cause, suspect.name, f"{text}.", factor=k, where=suspect.evidence.where)


def _moved(suspect: Suspect, probes: list[Probe]) -> Finding | None:
    """The whole leaf transposed or reversed."""
    if len(probes) < _LEAST:
        return None
    for count, (cause, label, transpose) in enumerate(_moves(suspect)):
        if count >= _MOST:
            return None
        if all(_agrees(suspect, probe, transpose) for probe in probes):
            text = f"{suspect.symbol} is the measured gradient {label}, along {len(probes)} random directions."
            return Finding(cause, suspect.name, text, where=suspect.evidence.where)
    return None


def _moves(suspect: Suspect) -> Iterator[tuple[str, str, Move]]:
    """Permutations that are their own transpose."""
    for label, rank, move in transpositions(suspect.shape):
        if rank == 0:
            yield "transposed", label, move
    for chosen, flip in flips(suspect.shape):
        yield "axis-flipped", f"reversed along {axes(chosen)}", flip


def _agrees(suspect: Suspect, probe: Probe, transpose: Move) -> bool:
    n, bar = suspect.evidence.along(suspect.name, np.ascontiguousarray(transpose(probe.direction)))
    return abs(probe.a - n) <= 4 * bar + _CLOSE * max(abs(probe.a), abs(n))
