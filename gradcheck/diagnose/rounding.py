"""An intermediate of a lower precision: a differs from n by what float32 or float16 rounds away, and by chance."""

import numpy as np

from gradcheck.diagnose.finding import Finding, Severity
from gradcheck.diagnose.nearby import BY_CHANCE, gap_moves
from gradcheck.diagnose.suspect import Suspect

_MOST = 64.0  # roundings that a sum may gather
LOST = _MOST * float(np.finfo(np.float32).eps)  # of the largest entry, to float32
_LEAST = 6  # entries from which signs can be called mixed
_SHARE = 0.25  # of the entries differ at least: rounding meets nearly all, a fault may be at one
_GRID = 1e-3  # of the spacing: a number as near to a multiple of it as this was rounded to it


def precision_lost(suspect: Suspect) -> Finding | None:
    """The finding where there is positive evidence of rounding."""
    if not rounded(suspect):
        return None
    half = not _within(suspect, np.finfo(np.float32).eps)
    name, digits = ("float16", 3) if half else ("float32", 7)
    message = (
        f"{suspect.symbol} agrees with the numeric gradient to about {digits} digits, and differs by chance, up and "
        f"down: an intermediate of backward is {name}. Look for astype, dtype= or an array that was made in {name}."
    )
    severity = Severity.ERROR if half else Severity.WARNING
    return Finding("precision-lost", suspect.name, message, severity, where=suspect.evidence.where)


def rounded(suspect: Suspect) -> bool:
    """Does a - n look like rounding: small, of mixed signs, no multiple of n, and another one at a point nearby?"""
    if suspect.entries < _LEAST or not _within(suspect, np.finfo(np.float16).eps) or not _mixed(suspect, both=False):
        return False
    moves = gap_moves(suspect)  # NaN where it is unknown
    if moves <= BY_CHANCE:
        return False
    if moves > BY_CHANCE and _scales(suspect):
        return True
    return _mixed(suspect, both=True) and (_within(suspect, np.finfo(np.float32).eps) or _on_grid(suspect))


def _scales(suspect: Suspect) -> bool:
    """Is backward(2 G) twice backward(G)? So with any binary precision, and not where it rounds to decimal places."""
    view = suspect.view
    a = suspect.evidence.gradients(2 * view.cotangent).get(suspect.name)
    if a is None or a.shape != suspect.shape:
        return False
    gap = float(np.max(np.abs(view.a - view.n)[view.known], initial=0.0))
    return bool(np.all(np.abs(np.asarray(a, dtype=np.float64) - 2 * view.a)[view.known] <= _GRID * gap))


def _within(suspect: Suspect, eps: np.floating) -> bool:
    """Is every difference below 64 roundings of the largest entry?"""
    view = suspect.view
    largest = float(np.max(np.abs(view.n[view.known]), initial=0.0))
    return bool(np.all(np.abs(view.a - view.n)[view.known] <= _MOST * float(eps) * largest))


def _mixed(suspect: Suspect, *, both: bool) -> bool:
    """Do many entries differ, a - n or (a - n) / n (or both) with signs both ways, and no factor removes half?"""
    view = suspect.view
    told = view.telling & (view.n != 0)
    differ = told & (np.abs(view.a - view.n) > view.slack)
    if np.sum(differ) < max(_SHARE * np.sum(told), 2):
        return False
    gap, n = (view.a - view.n)[differ], view.n[differ]
    shares = [float(np.mean(signs > 0)) for signs in (gap, gap * n)]
    if not (all if both else any)(0.15 <= share <= 0.85 for share in shares):
        return False
    left = gap - n * float(gap @ n) / float(n @ n)
    return float(np.linalg.norm(left)) >= 0.5 * float(np.linalg.norm(gap))


def _on_grid(suspect: Suspect) -> bool:
    """Is every entry of a a float16?"""
    a = suspect.view.a[suspect.view.telling]
    nearest = a.astype(np.float16).astype(np.float64)
    return bool(np.all(np.abs(a - nearest) <= _GRID * float(np.finfo(np.float16).eps) * np.abs(a)))
