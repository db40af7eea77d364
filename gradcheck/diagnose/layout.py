"""Right for contiguous arrays, wrong for the same numbers in a view or in Fortran order."""

from collections.abc import Iterator

from gradcheck.diagnose.hypothesis import Prediction, instead, same
from gradcheck.diagnose.suspect import Suspect


def memory_layout(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n once its arrays are contiguous; one backward, and only where one of them is not."""
    contiguous = suspect.evidence.contiguous
    if contiguous is None:
        return
    gap = instead(suspect, contiguous().get(suspect.name))
    if gap is None:
        return
    sentence = (
        f"{suspect.symbol} is right for contiguous arrays and wrong for the same numbers in this memory layout (a "
        f"view, or Fortran order): look for order='A' or 'K', ravel, .flat, .data or strides in the layer."
    )
    yield Prediction("memory-layout", 0, "contiguous arrays", sentence, same, gap)
