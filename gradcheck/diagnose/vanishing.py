"""A gradient that is missing, zero where y moves, or there where y does not move."""

from collections.abc import Iterator

import numpy as np

from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.hypothesis import FEW, Prediction
from gradcheck.diagnose.suspect import Suspect, gradient_name
from gradcheck.diagnose.words import indices
from gradcheck.judge.comparison import Comparison


def zero_gradient(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives 0 everywhere."""
    view = suspect.view
    if not np.any(view.known) or np.any(view.a[view.known] != 0):
        return
    largest = float(np.max(np.abs(view.n[view.known])))
    sentence = (
        f"{suspect.symbol} is exactly 0 at every entry, but the output moves with {_the(suspect.name)} (numeric "
        f"gradient up to {largest:.4g}): backward computes no gradient for it, or does not add it to what it returns."
    )
    yield Prediction("zero-gradient", 0, "zero everywhere", sentence, lambda n: 0.0 * n, factor=0.0)


def ghost_gradient(suspect: Suspect) -> Iterator[Prediction]:
    """Backward does not give 0 at some entries where the output does not move; elsewhere a = n."""
    view, c = suspect.view, suspect.comparison
    with np.errstate(invalid="ignore"):
        still = view.known & (np.abs(view.n) <= FEW * c.error)
        ghosts = still & (np.abs(view.a) > 100 * np.maximum(view.slack, FEW * c.error))
    wrong = c.wrong & view.known
    if not np.any(ghosts) or np.any(wrong & ~ghosts):
        return
    given = float(np.max(np.abs(view.a[ghosts])))
    everywhere = bool(np.all(still))
    place = "any entry" if everywhere else f"{int(np.sum(ghosts))} of {view.n.size} entries, {indices(ghosts)}"
    sentence = (
        f"The output does not move at all with {_the(suspect.name)} at {place}, yet {suspect.symbol} is up to "
        f"{given:.4g} there; it should be 0: look for a mask, a padding or a condition of forward that backward lacks."
    )
    held = np.where(ghosts, view.a, 0.0)
    rank = 0 if everywhere else 5
    yield Prediction("ghost-gradient", rank, "not zero where y stands still", sentence, lambda n: n, lambda _: held)


def nothing_supplied(comparison: Comparison, where: str | None) -> Finding:
    """zero-gradient for a leaf that backward gives nothing for."""
    finite = np.abs(comparison.numeric[np.isfinite(comparison.numeric)])
    message = (
        f"backward supplies no gradient for {_the(comparison.name)}, but the output depends on it (numeric gradient "
        f"up to {float(np.max(finite, initial=0.0)):.4g}): compute {gradient_name(comparison.name)} and return or apply it."
    )
    return Finding("zero-gradient", comparison.name, message, factor=0.0, where=where)


def non_finite(comparison: Comparison, where: str | None) -> Finding | None:
    """NaN or infinity where the measured derivative is finite."""
    a = comparison.analytic
    if a is None or a.shape != comparison.numeric.shape:
        return None
    bad = ~np.isfinite(a) & np.isfinite(comparison.numeric)
    if not np.any(bad):
        return None
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    message = (
        f"{gradient_name(comparison.name)} is {float(a[first])} at {int(np.sum(bad))} of {a.size} entries, "
        f"{indices(bad)}, where forward is smooth and finite (numeric gradient "
        f"{float(comparison.numeric[first]):.4g} at {first}): look for a division by zero, log(0), an overflow of exp, or inf * 0 in backward."
    )
    return Finding("non-finite", comparison.name, message, where=where)


def _the(leaf: str) -> str:
    return "the input" if leaf == "input" else leaf
