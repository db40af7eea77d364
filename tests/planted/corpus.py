"""All planted faults, and HARMLESS: none. NUMBERS: seen by comparing gradients · BEHAVIOUR: seen by exact tests."""

from tests.planted import (
    delicate,
    dense,
    elementwise,
    images,
    normalisation,
    others,
    protocol,
    sequences,
    unseen_attention,
    unseen_fifth,
    unseen_fourth,
    unseen_layers,
    unseen_norms,
    unseen_odd,
    unseen_pointwise,
    unseen_recurrent,
    unseen_second,
    unseen_sixth,
    unseen_third,
    windows,
)
from tests.planted.catalogue import Planted
from tests.planted.innocent import INNOCENT, Innocent

_FILES = (dense, images, elementwise, others, windows, normalisation, sequences, delicate)
_FIFTH = (unseen_norms, unseen_recurrent, unseen_attention, unseen_fifth)
_UNSEEN = (unseen_pointwise, unseen_layers, unseen_second, unseen_third, unseen_fourth, *_FIFTH, unseen_sixth)
# Seen by exact tests, which go by behaviour and take no numeric gradient.
_EXACT = frozenset({
    "accumulates-across-calls", "mutates-input", "mutates-upstream", "not-linear-upstream", "stale-cache",
    "update-not-proportional", "updated-before-use", "upstream-ignored",
})  # fmt: skip
_NEW = [planted for file in _UNSEEN for planted in file.PLANTED]
NUMBERS: list[Planted] = [
    *(planted for file in _FILES for planted in file.PLANTED),
    *(planted for planted in _NEW if planted.cause not in _EXACT),
]
BEHAVIOUR: list[Planted] = [*protocol.PLANTED, *(planted for planted in _NEW if planted.cause in _EXACT)]
CORPUS: list[Planted] = [*NUMBERS, *BEHAVIOUR]
HARMLESS: list[Innocent] = [*INNOCENT, *unseen_odd.ODD]
