"""A gradient that is missing, zero where y moves, or there where y does not move."""

from collections.abc import Callable, Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.hypothesis import FEW, Prediction, nothing, same
from gradcheck.diagnose.slopes import truth
from gradcheck.diagnose.suspect import Suspect, View, gradient_name
from gradcheck.diagnose.words import indices
from gradcheck.judge.comparison import Comparison
from gradcheck.subjects.leaf import Role


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
    yield Prediction("zero-gradient", 0, "zero everywhere", sentence, nothing, factor=0.0)


def ghost_gradient(suspect: Suspect) -> Iterator[Prediction]:
    """Backward does not give 0 at some entries where the output does not move; elsewhere a = n."""
    view = suspect.view
    still, ghosts = _ghosts(suspect)
    everywhere = bool(np.all(still))  # then n is 0 as many formulas are that vanish here
    if not np.any(ghosts) or np.any(suspect.wrong & ~ghosts) or (not everywhere and _follows_formula(suspect)):
        return
    given = float(np.max(np.abs(view.a[ghosts])))
    place = "any entry" if everywhere else f"{int(np.sum(ghosts))} of {view.n.size} entries, {indices(ghosts)}"
    sentence = (
        f"The output does not move at all with {_the(suspect.name)} at {place}, yet {suspect.symbol} is up to "
        f"{given:.4g} there; it should be 0: look for a mask, a padding or a condition of forward that backward lacks."
    )
    offset = _there(ghosts)
    yield Prediction(
        "ghost-gradient", 0 if everywhere else 0.5, "not zero where y stands still", sentence, same, offset
    )


def nothing_supplied(comparison: Comparison, where: str | None) -> Finding:
    """zero-gradient for a leaf that backward gives nothing for."""
    largest = float(np.max(np.abs(comparison.numeric[np.isfinite(comparison.numeric)]), initial=0.0))
    message = (
        f"backward supplies no gradient for {_the(comparison.name)}, but the output depends on it (numeric gradient "
        f"up to {largest:.4g}): compute {gradient_name(comparison.name)} and return or apply it."
    )
    if comparison.role is Role.INPUT:
        message += " If nothing can come before it (a whole model), say so: Convention(inputs=())."
    return Finding("zero-gradient", comparison.name, message, factor=0.0, where=where)


def non_finite(comparison: Comparison, where: str | None) -> Finding | None:
    """NaN or infinity where the measured derivative is finite."""
    a, n = comparison.analytic, comparison.numeric
    if a is None or a.shape != n.shape:
        return None
    bad = ~np.isfinite(a) & np.isfinite(n)
    if not np.any(bad):
        return None
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    right = f"numeric gradient {float(n[first]):.4g} at {first}"
    message = (
        f"{gradient_name(comparison.name)} is {float(a[first])} at {int(np.sum(bad))} of {a.size} entries, "
        f"{indices(bad)}, where forward is smooth and finite ({right}): look for a division by zero, log(0), an "
        f"overflow of exp, or inf * 0 in backward."
    )
    return Finding("non-finite", comparison.name, message, where=where)


def _ghosts(suspect: Suspect) -> tuple[Array, Array]:
    """(where the output does not move, where a is clearly not 0 all the same)."""
    view, error = suspect.view, suspect.comparison.error
    with np.errstate(invalid="ignore"):
        still = view.known & (np.abs(view.n) <= FEW * error)
        return still, still & (np.abs(view.a) > 100 * np.maximum(view.slack, FEW * error))


def _follows_formula(suspect: Suspect) -> bool:
    """Does n follow a known f'(x), so that its zeros are f's (relu) and no mask's?"""
    alike = suspect.name == "input" and suspect.evidence.output.shape == suspect.shape
    return alike and truth(suspect) is not None


def _there(ghosts: Array) -> Callable[[View], Array]:
    """Whatever backward gives at the ghosts, under each cotangent."""
    return lambda view: np.where(ghosts, view.a, 0.0)


def _the(leaf: str) -> str:
    return "the input" if leaf == "input" else leaf
