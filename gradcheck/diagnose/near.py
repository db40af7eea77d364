"""Nearly right everywhere: backward differentiates another formula than forward's, an approximation of it."""

from collections.abc import Iterator

import numpy as np

from gradcheck.diagnose.hypothesis import Prediction, nothing, only
from gradcheck.diagnose.nearby import BY_CHANCE, gap_moves
from gradcheck.diagnose.rounding import rounded
from gradcheck.diagnose.suspect import Suspect

_MOST = 3e-3  # of the largest entry: at most so far off, or it is another thing
_LEAST = 3e-7
_ENTRY = 0.05  # of itself, each entry that is not small beside the largest
_WRONG = 0.7  # share of the entries that are off
_ENOUGH = 6


def approximation(suspect: Suspect) -> Iterator[Prediction]:
    """Backward agrees with n to three digits or more at every entry, is off at most of them, and not by rounding."""
    view = suspect.view
    told = view.telling & (view.n != 0)
    if suspect.entries < _ENOUGH or np.sum(suspect.wrong & told) < _WRONG * np.sum(told) or rounded(suspect):
        return
    gap, largest = np.abs(view.a - view.n)[told], float(np.max(np.abs(view.n[told])))
    share = float(np.max(gap)) / largest
    clear = np.abs(view.n[told]) > 0.05 * largest
    if not _LEAST <= share <= _MOST or np.any(gap[clear] > _ENTRY * np.abs(view.n[told])[clear]):
        return
    if not _linear(suspect, float(np.max(gap))):
        return  # rounded to some places, say
    if gap_moves(suspect) > BY_CHANCE:
        return  # by chance
    sentence = (
        f"{suspect.symbol} agrees with the numeric gradient to about {max(int(-np.log10(share)), 1)} digits at every "
        f"entry and differs smoothly from it: backward is the derivative of another formula than forward's, an "
        f"approximation of it (the exact erf for the tanh form, an epsilon left out of a square root or a logarithm)."
    )
    yield Prediction("approximation", 7, "nearly n", sentence, nothing, only(view, view.a))


def _linear(suspect: Suspect, gap: float) -> bool:
    """Is backward linear in dY, compared with how far it is off? What is rounded is not."""
    g, other = suspect.view.cotangent, suspect.evidence.further_cotangent(1)
    found = [suspect.evidence.gradients(c).get(suspect.name) for c in (other, g + other)]
    if any(a is None or a.shape != suspect.shape for a in found):
        return False
    one, both = (np.asarray(a, dtype=np.float64) for a in found)
    return bool(np.nanmax(np.abs(suspect.view.a + one - both)) <= 0.1 * gap)
