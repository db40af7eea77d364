"""All planted faults. NUMBERS: seen by comparing gradients · BEHAVIOUR: seen by exact tests."""

from tests.planted import (
    delicate,
    dense,
    elementwise,
    images,
    normalisation,
    others,
    protocol,
    sequences,
    windows,
)
from tests.planted.catalogue import Planted

_FILES = (dense, images, elementwise, others, windows, normalisation, sequences, delicate)
NUMBERS: list[Planted] = [planted for file in _FILES for planted in file.PLANTED]
BEHAVIOUR: list[Planted] = list(protocol.PLANTED)
CORPUS: list[Planted] = [*NUMBERS, *BEHAVIOUR]
