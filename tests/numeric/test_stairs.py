"""What moves by whole last places only: which spacings are asked, and when steps are stairs of float32."""

import numpy as np
import pytest

from gradcheck.base.errors import Failure, LayerError
from gradcheck.numeric import noise as module
from gradcheck.numeric import stairs as stairs_module
from gradcheck.numeric.directions import given
from gradcheck.numeric.lines import DirectionLine, Part
from gradcheck.numeric.noise import Noise
from tests.numeric.stand_ins import leaf
from tests.numeric.test_noise import EPS, SINGLE


def steps(*sizes):
    return np.cumsum([0.0, *sizes])


def test_steps_of_few_sizes_are_stairs():
    assert module._stepped(steps(1, -1, 1, 1, 1, -1), 0.0)
    assert module._stepped(steps(1, 1, 1, 2, 3, 3), 0.0)  # two sizes more
    assert not module._stepped(steps(1, 1, 1, 2, 3, 4), 0.0)
    near = 1 + 2.0**-22 * np.arange(6)  # alike within a millionth of the largest
    assert module._stepped(steps(*near), 0.0)
    assert not module._stepped(steps(*(1 + 2.0**-19 * np.arange(6))), 0.0)
    assert module._stepped(steps(1, 2, 3, 4, 5, 2.0**23), 0.0)
    assert module._stepped(steps(*(2.0**-22 * np.arange(5)), 1), 0.0)
    for apart, stepped in ((4.0, True), (4.5, False), (3.5, True)):
        assert module._stepped(steps(*(1024 + apart * np.arange(6))), 1.0) is stepped


SMOOTH = 2.0**-50 * np.array([[0, 1, 3, 6, 10, 15, 21.0]]).T  # all steps differ
STAIRS = 2.0**-50 * np.arange(7.0)[:, None]
RANDOM = np.array([[0, 3, -1, 2, -3, 1, -2.0]]).T


def over(rows_at, y=1.0):
    """What the spacings give, and how many were asked; rows_at: what each shows, the last for all further ones."""
    asked = []

    def along(spacing):
        asked.append(spacing)
        return rows_at[min(len(asked), len(rows_at)) - 1]

    floor = Noise(EPS, np.array([EPS / 2]))
    return module._over_spacings(along, np.array([y]), np.ones(1), floor), asked


def test_the_first_spacing_that_shows_four_values_is_read():
    three = np.array([[0, 1, 2, 0, 1, 2, 0.0]]).T
    found, asked = over([three, RANDOM % 4, None])
    assert asked == [1e-12, 1e-10]
    assert found.absolute[0] > 0.1


def test_what_no_spacing_moves_has_the_least_noise():
    found, asked = over([np.zeros((7, 1))])
    assert asked == [1e-12, 1e-10, 1e-8, 1e-6, 1e-4]
    assert (found.relative, found.absolute.tolist()) == (EPS, [EPS / 2])
    assert over([None])[0] is None
    assert over([np.zeros((7, 1)), None])[0] is None


def test_what_moves_by_last_places_is_held_against_wider_spacings():
    found, asked = over([SMOOTH, RANDOM], y=0.0)
    assert (len(asked), found.absolute[0] > 0.1) == (2, True)
    smooth_, asked = over([SMOOTH], y=0.0)
    assert (len(asked), smooth_.absolute.tolist()) == (5, [0.0])
    assert over([STAIRS], y=0.0)[0].absolute.tolist() == [EPS / 2]
    assert over([SMOOTH, None], y=0.0)[0].absolute.tolist() == [EPS / 2]
    assert [len(over([SMOOTH], y=part * 2.0**-10)[1]) for part in (0.75, 1.25)] == [5, 1]


def test_seven_points():
    at = leaf(1.0)
    rows = module.outputs_along(
        lambda: 2 * at.array, DirectionLine([Part(at, given(np.ones(1)))], 1.0), 0.25, np.array([2.0])
    )
    assert rows is not None
    assert rows.tolist() == [[0.0], [0.5], [1.0], [1.5], [2.0], [2.5], [3.0]]


@pytest.mark.parametrize("other", [np.ones(0), np.ones(2), np.array([np.nan]), np.array([np.inf])])
def test_no_points_where_outputs_are_of_another_shape_or_not_finite(other):
    line = DirectionLine([Part(leaf(1.0), given(np.ones(1)))], 1.0)
    assert module.outputs_along(lambda: other, line, 0.25, np.array([2.0])) is None


def stairs(monkeypatch, *levels, absolute=0.0, y=1.0, forward=lambda x: x):
    """measure_stairs where the two spacings show these levels."""
    at, shown, spacings = leaf(1.0), iter(levels), []
    kept = module.outputs_along

    def along(forward, line, spacing, y):
        spacings.append(spacing)
        return kept(forward, line, spacing, y)

    monkeypatch.setattr(stairs_module, "outputs_along", along)
    monkeypatch.setattr(stairs_module, "_has_edges", lambda *_: True)
    monkeypatch.setattr(stairs_module, "noise_of_rows", lambda *_: Noise(next(shown), np.array([absolute])))
    known = Noise(EPS, np.array([EPS]))
    found = stairs_module.measure_stairs(
        lambda: forward(at.array), [at], np.ones(1), np.array([y]), np.random.default_rng(0), known=known
    )
    assert at.array.tolist() == [1.0]
    assert spacings == [1e-6, 1e-4][: len(spacings)]
    return found


@pytest.mark.parametrize(
    ("levels", "seen"),
    [
        pytest.param((1001 * EPS, 1001 * EPS), True, id="more than a thousand times what is known"),
        pytest.param((1000 * EPS, 1001 * EPS), False, id="a thousand times"),
        pytest.param((1001 * EPS, 999 * EPS), False, id="less"),
        pytest.param((2.0**-30, 2.0**-27), True, id="eight times apart"),
        pytest.param((2.0**-27, 2.0**-30), True, id="eight times apart, the other way"),
        pytest.param((2.0**-30, 8.25 * 2.0**-30), False, id="farther apart"),
        pytest.param((2.0**-30, 7.75 * 2.0**-30), True, id="less far apart"),
        pytest.param((15.5 * SINGLE, 15.5 * SINGLE), True, id="fifteen epsilons of float32"),
        pytest.param((8 * SINGLE, 16 * SINGLE), False, id="sixteen"),
        pytest.param((8 * SINGLE, 16.5 * SINGLE), False, id="louder"),
    ],
)
def test_stairs_are_as_high_at_either_spacing_and_of_float32(monkeypatch, levels, seen):
    found = stairs(monkeypatch, *levels)
    assert (found is not None) is seen
    if seen:
        assert (found.relative, found.absolute.tolist()) == (max(levels), [EPS])


def test_stairs_of_single_outputs(monkeypatch):
    for y in (0.0, 1.0):
        assert stairs(monkeypatch, EPS, EPS, absolute=1001 * EPS, y=y).absolute.tolist() == [1001 * EPS]
    assert stairs(monkeypatch, EPS, EPS, absolute=1001 * EPS, y=2.0) is None
    assert stairs(monkeypatch, EPS, EPS, absolute=15.5 * SINGLE, y=0.0) is not None


def test_no_stairs_where_a_spacing_leads_out_of_the_domain(monkeypatch):
    def fails(error):
        def forward(x):
            if abs(x[0] - 1) > 1e-5:
                raise error
            return x

        return forward

    assert stairs(monkeypatch, 2.0**-30, 2.0**-30, forward=lambda x: np.where(abs(x - 1) > 1e-5, np.nan, x)) is None
    assert stairs(monkeypatch, 2.0**-30, 2.0**-30, forward=fails(LayerError(Failure("ValueError", "no")))) is None
