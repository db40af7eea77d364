"""A normalisation, recognised by its gradient, and what people write in its place.

n = gamma / std * (dY - mean(dY gamma) - xhat * mean(dY gamma xhat)) says which axes forward takes its mean and variance
over, and whether gamma and the mean are in it; then backward may take other axes, leave out gamma, or sum.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.forms import subsets
from gradcheck.diagnose.hypothesis import FEW, Prediction, nothing
from gradcheck.diagnose.rows import Rows, row_sets
from gradcheck.diagnose.suspect import Suspect, View
from gradcheck.diagnose.words import axes

_EPSILONS = (1e-5, 1e-8, 0.0, 1e-6, 1e-7, 1e-3, 1e-4, 1e-12)
_LEAST = 6  # entries
_SHORTEST = 3  # of a row
_MEANS = (  # and which of the two
    ("both means", True, True),
    ("the mean of dY", True, False),
    ("the mean of dY * xhat", False, True),
)
_DIRECTION = 1e-2  # an epsilon that is not among them is no reason yet


@dataclass(frozen=True, eq=False)
class _Norm:
    """(x - mean) / sqrt(mean of squares + epsilon) over `rows`, times gamma. centred: false for a root mean square."""

    rows: Rows
    x: Array
    gamma: Array
    epsilon: float
    centred: bool

    def over(self, values: Array, rows: Rows | None = None, factor: float = 1.0) -> Array:
        """The mean over the rows, at every entry of them."""
        return factor * (rows or self.rows).spread(values)

    def hat(self) -> tuple[Array, Array]:
        """(xhat, 1 / std)."""
        away = self.x - self.over(self.x) if self.centred else self.x
        inverse = 1 / np.sqrt(self.over(away**2) + self.epsilon)
        return away * inverse, inverse

    def gradient(self, dy: Array, fault: "_Fault | None" = None) -> Array:
        """dE/dX, with a fault where one is given."""
        fault = fault or _Fault()
        hat, inverse = self.hat()
        g = dy * (self.gamma if fault.gamma is None else fault.gamma)
        mean = self.over(g, fault.first, fault.factors[0]) if self.centred else 0.0
        return np.asarray(inverse * (g - mean - hat * self.over(g * hat, fault.second, fault.factors[1])))


@dataclass(frozen=True, eq=False)
class _Fault:
    """What backward does in place of forward's own: other rows, factors on the two means, another gamma."""

    first: Rows | None = None
    second: Rows | None = None
    factors: tuple[float, float] = (1.0, 1.0)
    gamma: Array | None = None


def other_normalisation(suspect: Suspect) -> Iterator[Prediction]:
    """Backward of a normalisation with means over other entries than forward's, sums for means, or without gamma."""
    norm = _recognised(suspect)
    if norm is None:
        return
    name, own = suspect.symbol, norm.rows.words
    for rows in _others(norm.rows, suspect.shape):
        for what, fault in (
            ("the means", _Fault(rows, rows)),
            ("the mean of dY", _Fault(rows)),
            ("the mean of dY * xhat", _Fault(None, rows)),
        ):
            sentence = f"{name} takes {what} over {rows.words}, but forward normalises over {own}."
            yield _prediction("wrong-reduction", f"{what} over {rows.words}", sentence, norm, fault)
    for count, over in _counts(norm.rows):
        for what, first, second in _MEANS if norm.centred else _MEANS[-1:]:
            factors = (count if first else 1.0, count if second else 1.0)
            sentence = f"{name} is that of a normalisation over {own}, but {over} stands in place of {what}."
            label = f"{over} for {what}"
            yield _prediction("wrong-reduction", label, sentence, norm, _Fault(factors=factors))
    if np.ptp(norm.gamma) > 0:
        for power, what in ((0, "lacks gamma"), (2, "has gamma twice")):
            sentence = f"{name} {what}: dY must be multiplied by gamma once, before the means are taken."
            yield _prediction("elementwise-factor", what, sentence, norm, _Fault(gamma=norm.gamma**power))


def _recognised(suspect: Suspect) -> _Norm | None:
    """The normalisation whose gradient n is."""
    view = suspect.view
    if suspect.name != "input" or suspect.shape != suspect.evidence.output.shape or suspect.entries < _LEAST:
        return None
    if not np.all(view.known) or suspect.evidence.elementwise:
        return None
    rough = (norm for norm in _norms(suspect) if _close(view, norm, _DIRECTION))
    exact = (replace(norm, epsilon=epsilon) for norm in rough for epsilon in _EPSILONS)
    return next((norm for norm in exact if _close(view, norm, 0.0)), None)


def _norms(suspect: Suspect) -> Iterator[_Norm]:
    gammas = list(_gammas(suspect))
    for rows in row_sets(suspect.shape):
        if rows.length >= _SHORTEST:
            yield from (_Norm(rows, suspect.point, gamma, 0.0, c) for c in (True, False) for gamma in gammas)


def _close(view: View, norm: _Norm, room: float) -> bool:
    n = norm.gradient(view.cotangent)
    return bool(np.all(np.abs(n - view.n) <= FEW * view.slack + room * np.max(np.abs(view.n))))


def _gammas(suspect: Suspect) -> Iterator[Array]:
    """1, and each parameter that can be spread over the input: as it is, or along one axis."""
    yield np.ones(suspect.shape)
    for name, given in suspect.evidence.point.items():
        values = np.asarray(given, dtype=np.float64)
        if name == suspect.name or values.size < 2:
            continue
        for axis, length in enumerate(suspect.shape):
            if values.size == length:
                line = values.reshape([-1 if a == axis else 1 for a in range(len(suspect.shape))])
                yield np.broadcast_to(line, suspect.shape)


def _others(rows: Rows, shape: tuple[int, ...]) -> Iterator[Rows]:
    """Rows along other axes: of the array, or of what it is split into."""
    yield from (other for other in row_sets(shape) if (other.split, other.along) != (rows.split, rows.along))
    if rows.split != shape:
        for along in subsets(len(rows.split)):
            if along != rows.along:
                yield Rows(rows.split, along, f"{axes(along)} of the groups")


def _counts(rows: Rows) -> Iterator[tuple[float, str]]:
    """The sum, and means whose divisor lacks some of the axes."""
    yield float(rows.length), "the sum"
    for kept in subsets(len(rows.along)):
        lengths = float(np.prod([rows.split[rows.along[k]] for k in kept]))
        if 1 < lengths < rows.length:
            yield lengths, "the sum divided by too few entries"


def _prediction(cause: str, label: str, sentence: str, norm: _Norm, fault: _Fault) -> Prediction:
    return Prediction(cause, 4, label, sentence, nothing, lambda view: norm.gradient(view.cotangent, fault))
