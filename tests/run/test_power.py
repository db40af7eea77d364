"""--power: corruptions of the user's own backward, each a whole check."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck.gather.specimen import Case, LayerSpecimen
from gradcheck.run.check import check_case
from gradcheck.run.family import Checked
from gradcheck.run.options import Options
from gradcheck.run.power import power_notes
from layers.convolution import ConvLayer
from layers.fully_connected import FCLayer
from tests.planted.catalogue import draw
from tests.planted.dense import Dense as Untyped

Dense: Callable[[int, int], Any] = Untyped


def notes(make: Callable[[], Any], x: Any = None) -> list[str]:
    case = Case("a case", 0, lambda: LayerSpecimen(make(), x))
    result = check_case(case, Options())
    return power_notes([result], [Checked(case, result)], Options())


def test_equal_depths_hide_a_quotient_of_them() -> None:
    told = notes(lambda: ConvLayer((4, 5, 2), (2, 3), 2))
    hidden = [note for note in told if "would pass" in note]
    assert any("bias, times input_depth / layer_depth" in note and "both 2" in note for note in hidden)


def test_distinct_depths_hide_nothing() -> None:
    told = notes(lambda: ConvLayer((4, 5, 3), (2, 4), 2))
    assert not [note for note in told if "would pass" in note]
    assert "of 16 corruptions of this backward 16 would be caught" in told[0]


def test_one_sample_hides_the_mean_over_the_batch() -> None:
    told = notes(lambda: Dense(4, 3), draw(1, 4))
    assert any("averaged over the batch" in note and "N is 1" in note for note in told)
    assert not any("N is 1" in note for note in notes(lambda: Dense(4, 3), draw(5, 4)))


def test_a_corruption_leaves_the_layer_alone() -> None:
    layer = FCLayer((1, 3), (1, 2))
    before = layer.weights.copy()
    notes(lambda: layer)
    assert np.array_equal(before, layer.weights)


@pytest.mark.parametrize("size", [30, 5])
def test_only_what_is_small_is_corrupted(size: int) -> None:
    told = notes(lambda: Dense(size, size), draw(2, size))
    assert ("no passing case that is small enough" in told[0]) == (size == 30)
