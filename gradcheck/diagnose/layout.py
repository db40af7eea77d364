"""Right for contiguous arrays, wrong for the same numbers in a view or in Fortran order."""

from collections.abc import Iterator

import numpy as np

from gradcheck.diagnose.hypothesis import Prediction, only, same
from gradcheck.diagnose.suspect import Suspect


def memory_layout(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n once its arrays are contiguous; one backward, and only where one of them is not."""
    contiguous = suspect.evidence.contiguous
    if contiguous is None:
        return
    gradient = contiguous().get(suspect.name)
    if gradient is None or gradient.shape != suspect.shape:
        return
    sentence = (
        f"{suspect.symbol} is right for contiguous arrays and wrong for the same numbers in this memory layout (a "
        f"view, or Fortran order): look for order='A' or 'K', ravel, .flat, .data or strides in the layer."
    )
    gap = only(suspect.view, suspect.view.a - np.asarray(gradient, dtype=np.float64))
    yield Prediction("memory-layout", 0, "contiguous arrays", sentence, same, gap)
