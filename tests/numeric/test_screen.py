"""Large leaves: held against random directions, and searched where one disagrees."""

import numpy as np
import pytest

import layers
from gradcheck import check
from gradcheck.numeric.directions import Ramp, gaussian, given, signs
from gradcheck.numeric.lines import DirectionLine, Part
from gradcheck.numeric.noise import Noise
from gradcheck.numeric.peel import Peel
from gradcheck.numeric.rungs import Sampler
from gradcheck.subjects.leaf import Leaf, Role

SHAPE = (60, 50)


class Dense:
    """f(x W + b); spoil changes dW before it is used."""

    def __init__(self, f="tanh", shape=SHAPE, seed=0, spoil=None):
        rng = np.random.default_rng(seed)
        self.W, self.b = rng.normal(size=shape) / 8, rng.normal(size=(1, shape[1])) / 8
        self.f, self.spoil = f, spoil

    def forward(self, x):
        self.x, z = x, x @ self.W + self.b
        self.y = np.tanh(z) if self.f == "tanh" else np.maximum(z, 0)
        return self.y

    def backward(self, dy):
        dz = dy * (1 - self.y**2) if self.f == "tanh" else dy * (self.y > 0)
        self.dW, self.db = self.x.T @ dz, dz.sum(0, keepdims=True)
        if self.spoil is not None:
            self.spoil(self.dW, dz)
        return dz @ self.W.T


def screened(layer, rows=3, **options):
    x = np.random.default_rng(1).normal(size=(rows, layer.W.shape[0]))
    return check(layer, x, **options)


@pytest.mark.parametrize("f", ["tanh", "relu"])
@pytest.mark.parametrize("seed", range(5))
def test_a_correct_leaf_passes_along_directions(f, seed):
    result = screened(Dense(f, seed=seed), seed=seed, method="screen")
    leaf = result.leaves["W"]
    assert result.passed
    assert (leaf.method, leaf.directions, leaf.wrong, leaf.checked) == ("screen", 3, (), 3000)
    assert leaf.analytic is None
    assert leaf.numeric is None
    assert 0 < leaf.miss_probability < 1e-4
    assert leaf.detectable < 1e-6 * 60
    assert result.evaluations.forward <= 130


def test_the_size_of_a_leaf_decides_and_a_note_says_so():
    result = screened(Dense())
    assert [leaf.method for leaf in result.leaves.values()] == ["entries", "screen", "entries"]
    assert any(note.startswith("W: more than 256 entries") for note in result.notes)


def one(dw, dz):
    dw[39, 7] += 1e-3 * dz.sum()


def eight(dw, dz):
    for k in range(8):
        dw[7 * k, 5 * k + 3] *= 1.5


def opposite(dw, dz):
    dw[3, 7] *= 1.25
    dw[51, 40] *= 0.75


@pytest.mark.parametrize("f", ["tanh", "relu"])
@pytest.mark.parametrize(
    ("spoil", "places"),
    [
        (one, {(39, 7)}),
        (eight, {(7 * k, 5 * k + 3) for k in range(8)}),
        (opposite, {(3, 7), (51, 40)}),
    ],
)
def test_wrong_entries_are_located(f, spoil, places):
    result = screened(Dense(f, spoil=spoil), method="screen")
    leaf = result.leaves["W"]
    nonzero = {at for at in places if result.leaves["W"].wrong.count(at)}
    truth = {at for at in places if _truly_wrong(f, spoil, at)}
    assert leaf.verdict == "fail"
    assert set(leaf.wrong) == truth == nonzero
    assert "located in part" not in leaf.note
    assert result.evaluations.forward < 1000
    at = leaf.wrong[0]
    assert leaf.compare(at).difference > leaf.compare(at).tolerance


def _truly_wrong(f, spoil, at):
    layer = Dense(f)
    x = np.random.default_rng(1).normal(size=(3, SHAPE[0]))
    layer.forward(x)
    dy = np.linspace(0.5, 1.5, 3 * SHAPE[1]).reshape(3, SHAPE[1])
    layer.backward(dy)
    right = layer.dW.copy()
    layer.spoil = spoil
    layer.backward(dy)
    return bool(layer.dW[at] != right[at])


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda dw, dz: np.multiply(dw, 1 + 1e-7, out=dw), id="dense and small"),
        pytest.param(lambda dw, dz: np.multiply(dw[17], 1.1, out=dw[17]), id="a row"),
        pytest.param(lambda dw, dz: np.multiply(dw[:, 9], 1.1, out=dw[:, 9]), id="a column"),
        pytest.param(lambda dw, dz: np.multiply(dw[10:15, 20:28], 1.1, out=dw[10:15, 20:28]), id="a block"),
        pytest.param(lambda dw, dz: np.multiply(dw, -1, out=dw), id="the sign"),
    ],
)
def test_errors_of_many_entries_fail(spoil):
    leaf = screened(Dense(spoil=spoil), method="screen").leaves["W"]
    assert leaf.verdict == "fail"
    assert leaf.wrong


def test_a_leaf_of_middling_size_is_measured_by_entries_where_its_screen_does_not_explain_it():
    result = screened(Dense(spoil=lambda dw, dz: np.multiply(dw, 2, out=dw)))
    assert result.leaves["W"].method == "entries"
    assert len(result.leaves["W"].wrong) == 3000
    assert result.findings[0].cause == "constant-factor"


def test_a_row_is_located_as_such():
    layer = Dense(shape=(200, 300), spoil=lambda dw, dz: np.multiply(dw[17], 1.1, out=dw[17]))
    leaf = screened(layer).leaves["W"]
    assert {row for row, _ in leaf.wrong} == {17}
    assert "located in part, all of them within [17, :]" in leaf.note


def test_a_budget_is_kept():
    def hundred(dw, dz):
        dw.flat[np.random.default_rng(5).choice(dw.size, 100, replace=False)] *= 1.5

    free = screened(Dense(shape=(100, 100), spoil=hundred), method="screen")
    tight = screened(Dense(shape=(100, 100), spoil=hundred), method="screen", budget=100)
    assert tight.leaves["W"].verdict == free.leaves["W"].verdict == "fail"
    assert tight.evaluations.forward < 33 + 3 * 100 + 60 < free.evaluations.forward


def test_small_leaves_are_screened_where_that_is_asked_for():
    result = screened(Dense(shape=(4, 3)), method="screen")
    assert result.passed
    assert {leaf.method for leaf in result.leaves.values()} == {"screen"}


def test_entries_that_are_not_finite_are_listed():
    def spoil(dw, dz):
        dw[5, 6] = np.nan

    result = screened(Dense(spoil=spoil), method="screen")
    assert result.leaves["W"].wrong == ((5, 6),)
    assert result.findings[0].cause == "non-finite"


def test_nothing_given_for_a_large_leaf_fails():
    class Silent(Dense):
        def backward(self, dy):
            dx = super().backward(dy)
            self.dW = np.zeros_like(self.dW)
            return dx

    result = screened(Silent(shape=(100, 100)))
    assert result.leaves["W"].verdict == "fail"
    assert result.findings[0].cause == "zero-gradient"


def test_directions_have_no_entry_of_zero_and_their_parts_add_up():
    rng = np.random.default_rng(0)
    for v in (gaussian((30, 40), rng), signs((30, 40), rng)):
        whole = v.part(0, v.codes.size)
        assert whole.min() < 0 < whole.max()
        assert np.all(whole != 0)
        x = rng.normal(size=(30, 40))
        assert v.dot(x) == pytest.approx(float(whole @ x.ravel()))
        parts = v.split(4, rng)
        assert sum(part.dot(x) for part in parts) == pytest.approx(v.dot(x))
        assert sum(part.count for part in parts) == v.count == 1200
        assert v.within([(2, 5), (1, 40)]).dot(x) == pytest.approx(float((whole.reshape(30, 40) * x)[2:5, 1:40].sum()))
        ramp = v.ramped(Ramp(0, 0, 30)).dot(x)
        weights = (np.arange(30) + 1)[:, None] / 30
        assert ramp == pytest.approx(float((whole.reshape(30, 40) * weights * x).sum()))
    assert gaussian((200, 200), rng).part(0, 40_000).std() == pytest.approx(1.0, rel=0.02)


def test_straight_outputs_are_taken_at_wide_steps_though_others_bend():
    rng = np.random.default_rng(0)
    x = rng.normal(size=3000)
    leaf = Leaf("input", Role.INPUT, x)
    g = np.sign(rng.normal(size=3000))
    sampler = Sampler(lambda: np.maximum(leaf.array, 0), g, np.maximum(x, 0), Noise(2.0**-52, np.zeros(3000)))
    v = rng.normal(size=3000)
    line = DirectionLine([Part(leaf, given(v))], 0.25)
    found = Peel(sampler, line).estimate()
    truth = float(np.sum(g * v * (x > 0)))
    assert abs(found.value - truth) <= found.error < 1e-9
    assert not found.kink
    assert np.array_equal(leaf.array, x)


def test_kinks_at_the_point_leave_every_value_between_the_sides():
    x = np.zeros(400)
    leaf = Leaf("input", Role.INPUT, x)
    sampler = Sampler(lambda: np.maximum(leaf.array, 0), np.ones(400), x.copy(), Noise(2.0**-52, np.zeros(400)))
    v = np.where(np.arange(400) % 2, 1.0, -1.0)
    found = Peel(sampler, DirectionLine([Part(leaf, given(v))], 1.0)).estimate()
    assert found.kink
    assert (found.low, found.high) == pytest.approx((-200.0, 200.0))


def test_jumps_of_many_outputs_that_cancel_are_still_kinks():
    rng = np.random.default_rng(0)
    leaf = Leaf("input", Role.INPUT, np.zeros(40))
    g = np.where(np.arange(40) % 2, 1.0, -1.0)
    sampler = Sampler(lambda: np.abs(leaf.array), g, np.zeros(40), Noise(2.0**-52, np.zeros(40)))
    found = Peel(sampler, DirectionLine([Part(leaf, given(np.sign(rng.normal(size=40))))], 1.0)).estimate()
    assert found.kink
    assert (found.low, found.high) == pytest.approx((-40.0, 40.0))


@pytest.mark.parametrize("seed", range(12))
def test_tied_pools_pass_along_directions(seed):
    x = np.round(np.random.default_rng(seed).normal(size=(14, 16, 2)) * 2) / 2
    assert check(layers.MaxPoolLayer((14, 16, 2)), x, seed=seed, method="screen").passed


class CrossEntropy:
    """Softmax and cross entropy in one; near 0 it is log(1 - 1e-17), whose rounding is that of 1."""

    factor = 1.0

    def forward(self, x):
        e = np.exp(x - x.max(1, keepdims=True))
        self.p = e / e.sum(1, keepdims=True)
        return float(-np.log(self.p[np.arange(3), [0, 2, 1]]).mean())

    def backward(self, g):
        d = self.p.copy()
        d[np.arange(3), [0, 2, 1]] -= 1
        return self.factor * g * d / 3


def saturated(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 4)) * 100
    for row, target in enumerate([0, 2, 1]):
        x[row, target] = x[row].max() + rng.uniform(0, 40)
    return x


@pytest.mark.parametrize("method", ["entries", "screen"])
@pytest.mark.parametrize("seed", [0, 13, 21, 45, 89, 122, 185, 279, 326, 555])
def test_a_saturated_loss_passes(seed, method):
    assert check(CrossEntropy(), saturated(seed), seed=seed, method=method).passed


def test_a_loss_that_is_not_saturated_shows_a_small_factor():
    layer, x = CrossEntropy(), np.random.default_rng(0).normal(size=(3, 4))
    layer.factor = 1 + 1e-7
    assert check(layer, x).verdict == "fail"


def test_a_direction_near_the_edge_of_a_logarithm_takes_finer_steps():
    x = np.array([1e-6, 0.5, 0.03])
    leaf = Leaf("input", Role.INPUT, x.copy())
    with np.errstate(invalid="ignore"):
        sampler = Sampler(lambda: np.log(leaf.array), np.ones(3), np.log(x), Noise(2.0**-52, np.zeros(3)))
        found = Peel(sampler, DirectionLine([Part(leaf, given(np.array([1.0, -0.5, 2.0])))], 0.25)).estimate()
    truth = 1e6 - 1.0 + 2 / 0.03
    assert abs(found.value - truth) <= found.error < 1e-6 * truth
