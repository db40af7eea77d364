"""The layer is a softmax, or its logarithm, and backward sums over another axis than forward does."""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.forms import subsets
from gradcheck.diagnose.hypothesis import Prediction, Term, nothing
from gradcheck.diagnose.suspect import Suspect
from gradcheck.diagnose.words import axes

_SUM = 1e-5  # of the shares; those of a float32 layer are rounded


def other_axis(suspect: Suspect) -> Iterator[Prediction]:
    """Y * (dY - sum(dY * y)), or dY - exp(y) * sum(dY), with the sum over axes that are not those of the softmax."""
    output = np.asarray(suspect.evidence.output, dtype=np.float64)
    if suspect.name != "input" or output.shape != suspect.shape or output.ndim < 2:
        return
    with np.errstate(over="ignore"):
        forms = (
            ("softmax", "y * (dY - sum(dY * y))", output),
            ("log softmax", "dY - exp(y) * sum(dY)", np.exp(output)),
        )
    for name, formula, shares in forms:
        own = _axis(shares)
        if own is None:
            continue
        for chosen in subsets(output.ndim):
            if chosen != (own,):
                sentence = (
                    f"{suspect.symbol} is {formula} with the sum over {axes(chosen)}, but the {name} of forward runs "
                    f"over axis {own}: its shares sum to 1 there. Sum over axis {own}, keepdims=True."
                )
                label = f"the sum of the {name} over {axes(chosen)}"
                yield Prediction(
                    "wrong-reduction", 2, label, sentence, nothing, _summed(shares, chosen, log=name != "softmax")
                )


def _axis(shares: Array) -> int | None:
    """The one along which the shares sum to 1."""
    if not np.all(np.isfinite(shares)) or np.any(shares < 0):
        return None
    found = [a for a in range(shares.ndim) if shares.shape[a] > 1 and np.all(np.abs(shares.sum(axis=a) - 1) <= _SUM)]
    return found[0] if len(found) == 1 else None


def _summed(shares: Array, chosen: tuple[int, ...], *, log: bool) -> Term:
    if log:
        return lambda view: view.cotangent - shares * view.cotangent.sum(axis=chosen, keepdims=True)
    return lambda view: shares * (view.cotangent - (view.cotangent * shares).sum(axis=chosen, keepdims=True))
