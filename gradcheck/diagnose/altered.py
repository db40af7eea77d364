"""Backward with one array changed that forward left for it: what would it give if that were another?"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.hypothesis import Prediction, instead, same
from gradcheck.diagnose.suspect import Suspect
from gradcheck.subjects.subject import Gradients

_MOST = 8  # arrays that are turned


def kept_arrays(evidence: Evidence) -> list[Array]:
    """Copies of what forward left for backward; their places are those that `altered` takes."""
    with evidence.subject.session() as session:
        session.forward()
        return [np.array(array) for array in session.between]


def altered(evidence: Evidence, g: Array, place: int, change: Callable[[Sequence[Array]], Array]) -> Gradients | None:
    """The gradients under dY = g with the array at `place` as `change` makes it of all; None where that fails."""
    return altered_at(evidence, g, lambda kept: {place: change(kept)})


def altered_at(
    evidence: Evidence, g: Array, change: Callable[[Sequence[Array]], Mapping[int, Array]]
) -> Gradients | None:
    """The same with several arrays changed: by their places."""
    with evidence.subject.session() as session:
        session.forward()
        kept = session.between
        saved: list[tuple[Array, Array]] = []
        try:
            for place, values in change(kept).items():
                saved.append((kept[place], kept[place].copy()))
                kept[place][...] = values
            return session.backward(g)
        except (LayerError, ValueError):  # a view that cannot be written to
            return None
        finally:
            for array, values in saved:
                if array.flags.writeable:
                    array[...] = values


def turned_kept(suspect: Suspect) -> Iterator[Prediction]:
    """Backward would give n if an array that forward keeps (the weights of an attention) were transposed."""
    evidence = suspect.evidence
    for shape, gradients in evidence.once("turned", lambda: list(_turned(evidence))):
        gap = instead(suspect, gradients.get(suspect.name))
        if gap is None:
            continue
        sentence = (
            f"{suspect.symbol} would be right if an array of shape {shape} that forward keeps for backward were "
            f"transposed there: it is not, or once too often. Mind .T."
        )
        yield Prediction("transposed", 2, f"a kept array of {shape} turned", sentence, same, gap)


def _turned(evidence: Evidence) -> Iterator[tuple[tuple[int, ...], Gradients]]:
    own, kept = [np.asarray(values) for values in evidence.point.values()], kept_arrays(evidence)
    square = [
        place
        for place, array in enumerate(kept)
        if array.dtype.kind == "f" and array.ndim > 1 and array.shape[-1] == array.shape[-2] > 2
        if not any(array.shape == values.shape and np.array_equal(array, values) for values in own)
    ]
    for place in square[:_MOST]:

        def change(kept: Sequence[Array], place: int = place) -> Array:
            return np.array(np.swapaxes(kept[place], -1, -2))

        gradients = altered(evidence, evidence.cotangent, place, change)
        if gradients is not None:
            yield kept[place].shape, gradients
