"""The same faults in float32: seen and named as in float64, to which their arrays are cast up; their twins pass."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check
from gradcheck.subjects.graph import slots
from gradcheck.subjects.trees import filled, floats
from tests.planted.catalogue import Planted
from tests.planted.corpus import NUMBERS
from tests.thinned import thinned

# What is lost to float32 is no loss where all is float32.
FAULTS = [planted for planted in NUMBERS if planted.cause != "precision-lost"][::12]
EACH = pytest.mark.parametrize("planted", thinned(FAULTS, 3, lambda planted: planted.name))


def cast(made: Any) -> Any:
    """The layer with its arrays in float32; names of one array stay names of one."""
    known: dict[int, Any] = {}
    for slot in [] if isinstance(made, tuple) else list(slots(made)):
        value = slot.get()
        if isinstance(value, np.ndarray) and value.dtype == np.float64:
            slot.set(known.setdefault(id(value), value.astype(np.float32)))
    return made


def judged(made: Any, x: Any) -> Any:
    low = filled(x, iter([v.astype(np.float32) if isinstance(v, np.ndarray) else v for v in floats(x)]))
    return check(made[0], made[1], low) if isinstance(made, tuple) else check(cast(made), low)


@EACH
def test_the_fault_is_named(planted: Planted) -> None:
    result = judged(planted.make_faulty(), planted.x)
    assert {(f.leaf, f.cause) for f in result.findings} == planted.wanted, str(result)


@EACH
def test_the_twin_passes(planted: Planted) -> None:
    result = judged(planted.make_twin(), planted.x)
    assert result.passed, str(result)
    assert not result.findings
