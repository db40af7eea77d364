"""What every step of a recurrence hands to its weighted sums, z = x W + h U + b, found from the gradients alone.

dX = sum of dz W.T, dW = sum of x.T dz, dU = sum of h.T dz and db = sum of dz are linear in dz, and at small sizes they
are more than the unknowns. That they agree says that forward is such a recurrence, h its output; no evaluation.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, permutations

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.joined import Joined, apart, joined_matrices

_MOST = 240  # unknowns
_SPARE = 4  # equations more than unknowns
_SAME = 1e-6
_RANK = 1e-9
_BATCHED = 3  # axes
_PAIRINGS = 24
_COLUMNS = 300  # entries of all leaves; four evaluations each

Name = str | None


@dataclass(frozen=True)
class Gate:
    """The names of W, U and b that make one weighted sum; U or b may be missing."""

    w: str
    u: Name
    b: Name


@dataclass(frozen=True, eq=False)
class Model:
    """What forward is taken to be.

    x, before: (T, N, D or H), the input and h of the step before · y: (T, N, H) · gates: of every sum, each of as many
    columns as `widths` says · point: of the leaves · axis: that of the steps.
    """

    x: Array
    before: Array
    y: Array
    gates: tuple[Gate, ...]
    point: Mapping[str, Array]
    axis: int

    @property
    def widths(self) -> list[int]:
        """Columns of each gate."""
        return [self.point[gate.w].shape[1] for gate in self.gates]

    @property
    def starts(self) -> list[int]:
        """Where the columns of each gate begin."""
        return [sum(self.widths[:k]) for k in range(len(self.gates))]

    def columns(self, name: str) -> tuple[slice, str] | None:
        """(columns of dz, "w", "u" or "b") of a leaf."""
        for gate, start, width in zip(self.gates, self.starts, self.widths, strict=True):
            for role in "wub":
                if getattr(gate, role) == name:
                    return slice(start, start + width), role
        return None

    def z(self, number: int, step: int) -> Array:
        """The weighted sums of a gate at one step, (N, width)."""
        gate = self.gates[number]
        z = self.x[step] @ self.point[gate.w]
        z = z if gate.u is None else z + self.before[step] @ self.point[gate.u]
        return np.asarray(z if gate.b is None else z + self.point[gate.b])

    def until(self, steps: int) -> "Model":
        """Of the first steps alone."""
        return replace(self, x=self.x[:steps], before=self.before[:steps], y=self.y[:steps])

    def solve(self, gradients: Mapping[str, Array]) -> Array | None:
        """The dz by least squares, where it is determined, with equations to spare, and they all hold."""
        shape = (*self.x.shape[:2], sum(self.widths))
        size = int(np.prod(shape))
        if size > _MOST or any(name not in gradients for name in self._names()):
            return None
        matrix, right = self._equations(np.eye(size).reshape(-1, *shape), gradients)
        if len(right) < size + _SPARE or not np.all(np.isfinite(right)):
            return None
        found, _, rank, _ = np.linalg.lstsq(matrix, right, rcond=_RANK)
        if rank < size or np.linalg.norm(matrix @ found - right) > _SAME * np.linalg.norm(right):
            return None
        return np.asarray(found.reshape(shape))

    def _names(self) -> list[str]:
        return ["input", *(n for gate in self.gates for n in (gate.w, gate.u, gate.b) if n is not None)]

    def _equations(self, unknown: Array, gradients: Mapping[str, Array]) -> tuple[Array, Array]:
        """(what each unknown adds to each entry of the gradients, these entries)."""
        paths, lines, wanted = [], [], []
        for gate, start, width in zip(self.gates, self.starts, self.widths, strict=True):
            part = unknown[..., start : start + width]
            paths.append(part @ self.point[gate.w].T)
            for name, operand in ((gate.w, self.x), (gate.u, self.before)):
                if name is not None:
                    lines.append(np.einsum("tnd,utnk->dku", operand, part).reshape(-1, len(unknown)))
                    wanted.append(gradients[name].ravel())
            if gate.b is not None:
                lines.append(part.sum((1, 2)).T)
                wanted.append(gradients[gate.b].ravel())
        lines.append(np.sum(paths, axis=0).reshape(len(unknown), -1).T)
        wanted.append(steps_first(gradients["input"], self.axis)[: len(self.x)].ravel())
        return np.concatenate(lines), np.concatenate(wanted)


@dataclass(frozen=True, eq=False)
class Sums:
    """dz: (T, N, columns of all gates), for the cotangent whose `numeric` gradients these are.

    joined: the matrices that stand in the model and in `numeric` as two.
    """

    model: Model
    cotangent: Array
    numeric: Mapping[str, Array]
    dz: Array
    joined: Joined


def sums_of(evidence: Evidence) -> Sums | None:
    """The recurrence that the measured gradients follow, looked for once."""
    return evidence.once("sums", lambda: _found(evidence))


def _found(evidence: Evidence) -> Sums | None:
    axis, x, y = evidence.time_axis, evidence.point.get("input"), evidence.output
    if axis is None or x is None or x.ndim != y.ndim or x.ndim > _BATCHED or x.shape[:-1] != y.shape[:-1]:
        return None
    point = {name: np.asarray(v, dtype=np.float64) for name, v in evidence.point.items()}
    tried = list(_cotangents(evidence, axis))
    for joined in joined_matrices(point, x.shape[-1], y.shape[-1]):
        found = _solved(apart(point, joined), axis, y, [(n, g, apart(of, joined)) for n, g, of in tried])
        if found is not None:
            return replace(found, joined=joined)
    return None


def _solved(
    point: Mapping[str, Array], axis: int, y: Array, tried: Sequence[tuple[int, Array, Mapping[str, Array]]]
) -> Sums | None:
    """The first way to read the leaves as gates of which every gradient agrees."""
    steps, out = steps_first(point["input"], axis), steps_first(y, axis)
    given = [v for k, v in point.items() if k != "input" and v.shape == out[0].shape]
    start = given[0] if len(given) == 1 else np.zeros_like(out[0])
    before = np.concatenate([np.reshape(start, (1, *out[0].shape)), out[:-1]])
    for gates in _pairings(point, steps.shape[2], out.shape[2]):
        for upto, g, numeric in tried:
            model = Model(steps, before, out, gates, point, axis).until(upto)
            dz = model.solve(numeric)
            if dz is not None:
                return Sums(model, g, numeric, dz, {})
    return None


def _cotangents(evidence: Evidence, axis: int) -> Iterator[tuple[int, Array, Mapping[str, Array]]]:
    """(steps, dY, n) of the check's own; then of dY of the second step alone, of which two steps of dz are all."""
    numeric = {name: np.asarray(c.numeric, dtype=np.float64) for name, c in evidence.comparisons.items()}
    if all(np.all(np.isfinite(n)) for n in numeric.values()):
        yield evidence.output.shape[axis], evidence.cotangent, numeric
    second = of_step(evidence, axis, 1)
    if second is not None:
        yield 2, *second


def of_step(evidence: Evidence, axis: int, step: int) -> tuple[Array, Mapping[str, Array]] | None:
    """(dY of one step alone, n for it), where the leaves are small; four evaluations an entry, made once."""
    leaves = evidence.comparisons
    if sum(np.size(c.numeric) for c in leaves.values()) > _COLUMNS:
        return None
    g = evidence.of_slice(axis, step)
    found = {name: evidence.columns(name) for name in leaves}
    if any(c is None for c in found.values()):
        return None
    return g, {k: c.under(g, leaves[k].numeric.shape) for k, c in found.items() if c is not None}


def _pairings(point: Mapping[str, Array], width: int, hidden: int) -> Iterator[tuple[Gate, ...]]:
    """Which W, U and b belong together: in the order of the leaves, then with the biases in other orders."""
    flat = [k for k, v in point.items() if k != "input" and v.ndim == 2]
    vectors = [k for k, v in point.items() if v.ndim == 1]
    for ws, us in _split(flat, point, width, hidden):
        if not ws or len(us) not in (0, len(ws)):
            continue
        missing: list[Name] = [None] * len(ws)
        orders = islice(permutations([*vectors, *missing], len(ws)), _PAIRINGS)
        for bs in dict.fromkeys(orders):
            gates = tuple(Gate(w, u, b) for w, u, b in zip(ws, us or missing, bs, strict=True))
            if all(_fits(point, gate) for gate in gates):
                yield from _gated(gates)


def _gated(gates: tuple[Gate, ...]) -> Iterator[tuple[Gate, ...]]:
    """As they are; then with one of them whose state passes a gate of its own first, as in a GRU."""
    yield gates
    if len(gates) > 1 and gates[0].u is not None:
        for k in range(len(gates)):
            yield tuple(replace(gate, u=None) if j == k else gate for j, gate in enumerate(gates))


def _split(
    names: Sequence[str], point: Mapping[str, Array], width: int, hidden: int
) -> Iterator[tuple[list[str], list[str]]]:
    if width != hidden:
        yield [k for k in names if len(point[k]) == width], [k for k in names if len(point[k]) == hidden]
        return
    half = len(names) // 2
    for ws in (names[:half], names[half:], names[::2], names[1::2]):
        yield list(ws), [k for k in names if k not in ws]


def _fits(point: Mapping[str, Array], gate: Gate) -> bool:
    width = point[gate.w].shape[1]
    return (gate.u is None or point[gate.u].shape[1] == width) and (gate.b is None or len(point[gate.b]) == width)


def steps_first(values: Array, axis: int) -> Array:
    """(T, N, width); a sequence without a batch has N = 1."""
    return np.moveaxis(values, axis, 0) if values.ndim == _BATCHED else values[:, np.newaxis]
