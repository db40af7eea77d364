"""The same cotangent as other layers hand it on: in Fortran order, as a view with strides, read-only."""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.diagnose.finding import Severity
from gradcheck.run.breach import Breach, Slack, breach
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.subject import Gradients, Subject

_FORTRAN = "in Fortran order, as after a transpose"
_STRIDED = "in a read-only view with strides, as a part of a larger array is"


def by_layout(subject: Subject, leaves: list[Leaf], cotangent: Array, slack: Slack) -> Iterator[Breach]:
    """The gradients must be the same; where backward raises, that is said once, as a warning."""
    try:
        plain, written = _handed(subject, cotangent.copy())
    except LayerError:
        return
    for how, layout in _layouts(cotangent, written=written):
        try:
            found, _ = _handed(subject, layout)
        except LayerError as error:
            text = f"backward raises where dY holds the same numbers {how}: {error}"
            yield breach("memory-layout", "input", text, severity=Severity.WARNING)
            return
        apart = [leaf for leaf in leaves if slack.apart(leaf, plain[leaf.name], found[leaf.name]) > 0.0]
        for leaf in apart:
            text = (
                f"{{symbol}} is another when dY holds the same numbers {how}: backward goes by their order in "
                "memory. Look for order='A' or 'K', ravel, .flat, .data or strides."
            )
            yield breach("memory-layout", leaf.name, text)
        if apart:
            return


def _handed(subject: Subject, cotangent: Array) -> tuple[Gradients, bool]:
    """The gradients, and whether backward wrote into dY."""
    with subject.session() as session:
        session.forward()
        return session.backward(cotangent, itself=True), session.cotangent_changed


def _layouts(cotangent: Array, *, written: bool) -> Iterator[tuple[str, Array]]:
    """In words, and the array. written: backward writes into dY, which is said elsewhere."""
    if sum(length > 1 for length in cotangent.shape) > 1:
        yield _FORTRAN, np.array(cotangent, order="F")
    if cotangent.size > 1 and not written:
        wide = np.zeros((*cotangent.shape, 2), cotangent.dtype)
        wide[..., 0] = cotangent
        wide.flags.writeable = False
        yield _STRIDED, wide[..., 0]
