"""All planted faults, and HARMLESS: none. NUMBERS: seen by comparing gradients · BEHAVIOUR: seen by exact tests."""

import pickle
from collections.abc import Sequence

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
    unseen_seventh,
    unseen_seventh_blind,
    unseen_sixth,
    unseen_third,
    windows,
)
from tests.planted.catalogue import Planted
from tests.planted.innocent import INNOCENT, Innocent

_FILES = (dense, images, elementwise, others, windows, normalisation, sequences, delicate)
_FIFTH = (unseen_norms, unseen_recurrent, unseen_attention, unseen_fifth)
_LATE = (*_FIFTH, unseen_sixth, unseen_seventh, unseen_seventh_blind)
_UNSEEN = (unseen_pointwise, unseen_layers, unseen_second, unseen_third, unseen_fourth, *_LATE)
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
# Written before the diagnosis saw them: in the tests each is checked under one of three seeds, the others under all.
HELD_OUT = frozenset(planted.name for planted in _NEW)
BEHAVIOUR: list[Planted] = [*protocol.PLANTED, *(planted for planted in _NEW if planted.cause in _EXACT)]
CORPUS: list[Planted] = [*NUMBERS, *BEHAVIOUR]
HARMLESS: list[Innocent] = [*INNOCENT, *unseen_odd.ODD]


def distinct_twins(faults: Sequence[Planted]) -> list[Planted]:
    """A fault for each twin: many share one, at the same point, and of the same check the result is the same."""
    found: dict[bytes | str, Planted] = {}
    for planted in faults:
        try:
            key: bytes | str = pickle.dumps((planted.make_twin(), planted.x))
        except (pickle.PicklingError, AttributeError, TypeError):
            key = planted.name
        found.setdefault(key, planted)
    return list(found.values())
