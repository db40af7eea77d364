"""Right for contiguous arrays, wrong for the same numbers in a view or in Fortran order."""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import Prediction, instead, nothing, only, same
from gradcheck.diagnose.suspect import Suspect

_SAME = 1e-9


def memory_layout(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n once its arrays are contiguous, or forward another output, which backward does not follow.

    One forward and one backward, and only where an array is not contiguous.
    """
    contiguous = suspect.evidence.contiguous
    if contiguous is None:
        return
    output, gradients = contiguous()
    given = gradients.get(suspect.name)
    if _differs(output, suspect.evidence.output) and given is not None and not _differs(given, suspect.view.a):
        sentence = (
            f"forward gives another output for the same numbers in contiguous memory, and {suspect.symbol} is the same "
            f"for both: it belongs to the contiguous one. Look for order='A' or 'K', ravel or reshape in forward."
        )
        yield Prediction("memory-layout", 0, "contiguous arrays", sentence, nothing, only(suspect.view, suspect.view.a))
    gap = instead(suspect, given)
    if gap is None:
        return
    sentence = (
        f"{suspect.symbol} is right for contiguous arrays and wrong for the same numbers in this memory layout (a "
        f"view, or Fortran order): look for order='A' or 'K', ravel, .flat, .data or strides in the layer."
    )
    yield Prediction("memory-layout", 0, "contiguous arrays", sentence, same, gap)


def _differs(one: Array, other: Array) -> bool:
    if one.shape != other.shape:
        return True
    return bool(np.any(np.abs(one - other) > _SAME * np.max(np.abs(other), initial=0.0)))
