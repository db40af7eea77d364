"""A plain recurrence, recognised by its output alone: h[t] = f(x[t] W + h[t-1] U + b), and y made of the states.

sums.py needs the states as the output. Here y may be the last state, or the sum or the mean of all, perhaps through an
output layer: the roles of the leaves are guessed from their shapes and forward is run again. Equal numbers decide.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.hypothesis import FEW
from gradcheck.diagnose.suspect import Suspect

_SAME = {True: 1e-9, False: 2e-6}  # in double precision, and in single
_LEAVES = range(3, 9)
_MOST = 600  # ways to read the leaves
_FLAT = 2  # axes of a sequence without a batch
_BATCHED = 3
_SQUASHES: Mapping[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "sigmoid": lambda z: np.asarray(0.5 + 0.5 * np.tanh(z / 2)),
    "relu": lambda z: np.maximum(z, 0.0),
    "identity": lambda z: z,
}
_SLOPES: Mapping[str, Callable[[Array], Array]] = {  # by the state
    "tanh": lambda h: 1 - h**2,
    "sigmoid": lambda h: h * (1 - h),
    "relu": lambda h: np.asarray(h > 0, dtype=np.float64),
    "identity": np.ones_like,
}


@dataclass(frozen=True)
class Roles:
    """Which leaf is what.

    w, u, v: the matrices of x, of the state and of the output · turned: those in W @ x for x @ W
    b, c: the biases of the state and of the output · start: the first state, where it is a leaf.
    """

    w: str
    u: str
    v: str | None
    turned: tuple[str, ...]
    b: tuple[str, ...]
    c: tuple[str, ...]
    start: str | None

    def role(self, name: str) -> str:
        """One of x, w, u, v, b, c and start."""
        flat = {self.w: "w", self.u: "u", self.v: "v", self.start: "start", "input": "x"}
        return flat.get(name) or ("b" if name in self.b else "c")


@dataclass(frozen=True, eq=False)
class Walk:
    """The way back; None is as forward asks for.

    slope: of f, (T, N, H) · hand: (step, dh, dz) -> what the step before gets
    out: (T, N, H) -> the same, what y hands to each state.
    """

    slope: Array | None = None
    hand: Callable[[int, Array, Array], Array] | None = None
    out: Callable[[Array], Array] | None = None


@dataclass(frozen=True, eq=False)
class Unrolled:
    """A recognised recurrence of T steps and N samples.

    leaves: the values · of_x, of_y: (T, N, D) and (S, N, O), the flat places in the input and in the output
    read: (S, T), which states an output is the sum of · z, h, before: (T, N, H), before and after f, and of before.
    """

    roles: Roles
    leaves: Mapping[str, Array]
    squash: str
    of_x: Array
    of_y: Array
    read: Array
    z: Array
    h: Array
    before: Array

    @property
    def x(self) -> Array:
        """(T, N, D)."""
        return np.asarray(self.leaves["input"].ravel()[self.of_x])

    @property
    def seen(self) -> Array:
        """What the output layer is applied to, (S, N, H)."""
        return np.asarray(np.einsum("st,tnh->snh", self.read, self.h))

    @property
    def slope(self) -> Array:
        """The derivative of f at every step."""
        return self.slope_at(self.h)

    def slope_at(self, states: Array) -> Array:
        """The derivative of f where f has these values."""
        return np.asarray(_SLOPES[self.squash](states))

    def matrix(self, name: str) -> Array:
        """As in x @ W."""
        return self.leaves[name].T if name in self.roles.turned else self.leaves[name]

    def given(self, cotangent: Array) -> Array:
        """dY, (S, N, O)."""
        return np.asarray(cotangent.ravel()[self.of_y])

    def walk(self, dy: Array, way: Walk) -> tuple[Array, Array]:
        """(dh, dz) of all steps."""
        seen = dy if self.roles.v is None else dy @ self.matrix(self.roles.v).T
        out = np.einsum("st,snh->tnh", self.read, seen)
        out = out if way.out is None else way.out(out)
        slope, back = self.slope if way.slope is None else way.slope, self.matrix(self.roles.u).T
        dh, dz, carry = np.zeros_like(out), np.zeros_like(out), np.zeros_like(out[0])
        for t in reversed(range(len(out))):
            dh[t] = out[t] + carry
            dz[t] = dh[t] * slope[t]
            carry = dz[t] @ back if way.hand is None else way.hand(t, dh[t], dz[t])
        return dh, dz

    def gradient(self, name: str, cotangent: Array, way: Walk) -> Array:
        """dE/dname."""
        dy = self.given(cotangent)
        dz, role = self.walk(dy, way)[1], self.roles.role(name)
        if role == "x":
            return self.to_input(dz)
        if role == "start":
            return self.to_start(dz[0] @ self.matrix(self.roles.u).T)
        return self.summed(name, self.operand(role), dy if role in "vc" else dz)

    def operand(self, role: str) -> Array:
        """What forward multiplies the parameter by, at every step or output."""
        if role in "bc":
            return np.ones((*(self.h if role == "b" else self.of_y).shape[:2], 1))
        return {"w": self.x, "u": self.before, "v": self.seen}[role]

    def summed(self, name: str, operand: Array, d: Array) -> Array:
        """Sum of operand.T d over steps and samples, in the leaf's shape."""
        whole = np.asarray(np.einsum("tnd,tnk->dk", operand, d))
        return np.reshape(whole.T if name in self.roles.turned else whole, self.leaves[name].shape)

    def to_input(self, dz: Array) -> Array:
        """The input's gradient, from dz."""
        flat = np.zeros(self.leaves["input"].size)
        flat[self.of_x] = dz @ self.matrix(self.roles.w).T
        return flat.reshape(self.leaves["input"].shape)

    def to_start(self, dh: Array) -> Array:
        """The gradient of the first state from that of every sample's, (N, H)."""
        values = self.leaves[self.roles.start or ""]
        return (dh if values.size == dh.size else dh.sum(0)).reshape(values.shape)


def unrolled(evidence: Evidence) -> Unrolled | None:
    """The recurrence that forward is, looked for once."""
    return evidence.once("unrolled", lambda: _found(evidence))


def _found(evidence: Evidence) -> Unrolled | None:
    moving = [k for k, c in evidence.comparisons.items() if np.any(c.numeric)]  # the others are not in forward
    leaves = {k: np.asarray(v, dtype=np.float64) for k, v in evidence.point.items() if k in moving}
    if "input" not in leaves or len(leaves) not in _LEAVES:
        return None
    found = (model for of_x, axis in _readings(leaves["input"]) for model in _models(evidence, leaves, of_x, axis))
    return next((model for model in found if _proven(evidence, model)), None)


def _proven(evidence: Evidence, model: Unrolled) -> bool:
    """Is every measured gradient that of the model?"""
    for name in model.leaves:
        view = Suspect(evidence, evidence.comparisons[name]).view
        gap = np.abs(model.gradient(name, evidence.cotangent, Walk()) - view.n)
        if np.any(gap > FEW * view.slack):  # a NaN is not measured
            return False
    return True


def _readings(x: Array) -> Iterator[tuple[Array, int]]:
    """(places of the entries as (T, N, D), the axis of the steps)."""
    places = np.arange(x.size).reshape(x.shape)
    if x.ndim == _FLAT:
        yield places[:, np.newaxis], 0
    if x.ndim == _BATCHED:
        yield from ((np.moveaxis(places, axis, 0), axis) for axis in (0, 1))
        if x.shape[2] == 1:
            yield np.moveaxis(places, 2, 1), 0  # a column each step


def _models(evidence: Evidence, leaves: Mapping[str, Array], of_x: Array, axis: int) -> Iterator[Unrolled]:
    output, x = evidence.output, leaves["input"].ravel()[of_x]
    double = output.dtype == np.float64 and all(v.dtype != np.float32 for v in evidence.point.values())
    room = _SAME[double] * float(np.max(np.abs(output), initial=0.0))
    for roles in islice(_assignments(leaves, *of_x.shape[1:]), _MOST):
        for squash in _SQUASHES:
            z, before, h = _forward(roles, leaves, x, squash)
            for read, of_y in _outputs(output, len(x), of_x.shape[1], axis):
                model = Unrolled(roles, leaves, squash, of_x, of_y, read, z, h, before)
                y = _output(model)
                if y.shape == of_y.shape and np.all(np.abs(y - output.ravel()[of_y]) <= room):
                    yield model


def _assignments(leaves: Mapping[str, Array], samples: int, depth: int) -> Iterator[Roles]:
    """Every way to read the leaves that the shapes allow; none is left over."""
    names = [k for k in leaves if k != "input"]
    flat = [k for k in names if leaves[k].ndim == _FLAT]
    for u, w, v in product(flat, flat, (None, *flat)):
        rows, columns = leaves[u].shape
        if u == w or v in (u, w) or rows != columns or rows == 1:
            continue
        rest = [k for k in names if k not in (u, w, v)]
        sizes = {"b": (rows,), "start": (rows, samples * rows), "c": () if v is None else (leaves[v].size // rows,)}
        options = [[role for role, fits in sizes.items() if leaves[k].size in fits] for k in rest]
        for turned in product(*(_ways(leaves[k], d) for k, d in ((w, depth), (u, rows), (v, rows)) if k is not None)):
            for chosen in product(*options):
                if chosen.count("start") <= 1 and chosen.count("c") <= 1:
                    by = {role: tuple(k for k, c in zip(rest, chosen, strict=True) if c == role) for role in sizes}
                    which = tuple(k for k, t in zip((w, u, v), turned, strict=False) if t and k is not None)
                    yield Roles(w, u, v, which, by["b"], by["c"], next(iter(by["start"]), None))


def _ways(matrix: Array, depth: int) -> list[bool]:
    """Turned or not, so that a row of this length can be multiplied by it."""
    return [turned for turned in (False, True) if matrix.shape[int(turned)] == depth]


def _forward(roles: Roles, leaves: Mapping[str, Array], x: Array, squash: str) -> tuple[Array, Array, Array]:
    """(z, the states before, the states); of another width where the roles do not fit: then nothing is equal."""
    w, u = (leaves[k].T if k in roles.turned else leaves[k] for k in (roles.w, roles.u))
    if w.shape[1] != len(u):
        return (np.zeros((*x.shape[:2], 0)),) * 3
    start = np.zeros(len(u)) if roles.start is None else leaves[roles.start].reshape(-1, len(u))
    h, driven = np.broadcast_to(start, (x.shape[1], len(u))), x @ w
    driven = driven + sum(leaves[k].ravel() for k in roles.b)
    sums, states = [], [h]
    for step in driven:
        sums.append(step + states[-1] @ u)
        states.append(_SQUASHES[squash](sums[-1]))
    return np.stack(sums), np.stack(states[:-1]), np.stack(states[1:])


def _output(model: Unrolled) -> Array:
    y, roles = model.seen, model.roles
    if roles.v is None or model.matrix(roles.v).shape[0] != y.shape[2]:
        return y
    return np.asarray(y @ model.matrix(roles.v) + sum(model.leaves[k].ravel() for k in roles.c))


def _outputs(output: Array, steps: int, samples: int, axis: int) -> Iterator[tuple[Array, Array]]:
    """(which states y is the sum of, the places of its entries as (S, N, O))."""
    places = np.arange(output.size).reshape(output.shape)
    if output.size % samples == 0:
        for line in (np.eye(steps)[-1], np.ones(steps), np.full(steps, 1 / steps)):
            yield line[np.newaxis], places.reshape(1, samples, -1)
    if output.ndim > axis and output.shape[axis] == steps and output.size % (steps * samples) == 0:
        yield np.eye(steps), np.moveaxis(places, axis, 0).reshape(steps, samples, -1)
