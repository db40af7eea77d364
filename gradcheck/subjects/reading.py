"""backward(x) beside forward(x): is x dE/dY under another name, or is backward the derivative f' of an activation?

Both are written. Which it is, is told by what backward makes of arguments of our own, not by the name alone:

    linear in its argument, as every right dE/dX is in dE/dY          dE/dY
    not linear, and the same whatever forward has seen before         f'(x)

Why no wrong layer passes by the choice. As dE/dY it could pass only where it is linear, and there it is read as that.
Where it is not, it fails as dE/dY for certain; read as f' it is held against the measured derivative like any other,
entry by entry, for a random dE/dY, so what passes is the code of f'(x) to the last place. A backward for dE/dY is not
that by a slip: it would need what forward has kept, and of that nothing is allowed (mask * sign(dy) gives f'(x) for
dy = x). Where a slip does give f', the verdict is open: `return 1` beside y = x is f', and a forgotten dE/dY; so is
`return x` beside y = x * x / 2. And where f' is right at the output alone (x * (1 - x) of a sigmoid, whose parameter
is called as forward's is), it hangs on the caller, whom we do not see. Then nothing is decided, and it is said why.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, another, is_float_array
from gradcheck.base.errors import LayerError
from gradcheck.base.precision import eps, scale
from gradcheck.base.randomness import signed, stream
from gradcheck.subjects.binding import Kind, Role
from gradcheck.subjects.calls import call
from gradcheck.subjects.conventions import returned
from gradcheck.subjects.conventions.table import recognised
from gradcheck.subjects.conventions.way import Doubt, Seen
from gradcheck.subjects.driver import Driver
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.spelling import is_output_name, is_upstream_name

_SHARE = 0.95  # of the entries must fit: at a kink a difference across it does not


def settle_reading(driver: Driver, seen: Seen) -> None:
    """Reads backward as f', or doubts; nothing where it takes dE/dY. The layer is left as it was."""
    role = _candidate(driver, seen)
    if role is None:
        return
    trial = _Trial(driver, seen, Snapshot(driver.root))
    try:
        reading = _chosen(trial, role)
    except LayerError:  # it raises at an argument of ours
        return
    finally:
        trial.base.restore()
    if isinstance(reading, Doubt):
        driver.doubt = reading
    elif reading is not None:
        seen.roles = (reading,)
        driver.way = recognised(seen)
        driver.notes.append(
            f"{seen.who[1]}({role.name}) is taken as the derivative at the {_place(reading)}, which its caller "
            f"multiplies by dE/dY: it is not linear in {role.name}, as dE/dX is in dE/dY"
        )


def _candidate(driver: Driver, seen: Seen) -> Role | None:
    """What backward's only parameter is if not dE/dY; None where its name or the layer's shapes rule that out."""
    way, roles = driver.way, seen.roles
    if way is None or way.family != returned.FAMILY or isinstance(roles, str) or len(roles) != 1:
        return None
    name, x, y = roles[0].name, driver.inputs.arguments[0], driver.run.outputs
    if name == "*" or is_upstream_name(name) or len(driver.inputs.arguments) != 1:
        return None
    if not (is_float_array(x) and is_float_array(y) and x.shape == y.shape and x.size):
        return None
    output = name not in seen.inputs.names and is_output_name(name)
    return Role(Kind.OUTPUT if output else Kind.INPUT, name)


def _place(role: Role) -> str:
    return str(role.kind) if role.kind is Kind.OUTPUT else "input"


@dataclass(eq=False)
class _Trial:
    """Forward and backward at points of our own, each time from the base state, random state included."""

    driver: Driver
    seen: Seen
    base: Snapshot

    def forward(self, x: Array) -> Array:
        """In x's own type."""
        self.base.restore()
        return self.driver.forward([x.copy()]).astype(x.dtype)

    def after(self, x: Array, argument: Array) -> Array | None:
        """backward(argument) after forward(x), in x's shape; None where it is no such array and no number."""
        self.forward(x)
        assert self.seen.backward is not None  # noqa: S101 -- it has a role
        self.driver.calls.backward += 1
        found = call(self.seen.backward, argument.copy())
        if not isinstance(found, np.ndarray | np.generic | float | int) or np.asarray(found).dtype.kind not in "fiub":
            return None
        array = np.asarray(found, dtype=np.float64)
        return np.broadcast_to(array, x.shape) if array.size == 1 or array.shape == x.shape else None

    def measured(self, x: Array, v: Array) -> Array:
        """The derivative along v, roughly."""
        step = scale(x) * eps(x.dtype) ** 0.25
        high, low = (x + step * v).astype(x.dtype), (x - step * v).astype(x.dtype)
        with np.errstate(all="ignore"):
            return np.asarray((self.forward(high).astype(np.float64) - self.forward(low)) / (high - low) * v)


def _chosen(trial: _Trial, role: Role) -> Role | Doubt | None:
    """The role if backward is f'; None where it takes dE/dY."""
    x, generator = trial.driver.inputs.arguments[0], stream(0, "reading")
    points = [_near(x, generator) for _ in range(2)]
    probes = [(size * generator.normal(size=x.shape)).astype(x.dtype) for size in (scale(x), 1.0, 4.0, 16.0)]
    if _needs_what_forward_keeps(trial, points, probes[0]):
        return None
    other = replace(role, kind=Kind.INPUT if role.kind is Kind.OUTPUT else Kind.OUTPUT)
    said, meant = _fits(trial, points, role), _fits(trial, points, other)
    if _is_linear(trial, points[0], probes):
        return _doubt_of_linear(trial, points, role if said else other, probes) if said or meant else None
    if meant and not said:
        return _doubt_of_place(trial, role, other)
    return role if said or not _is_homogeneous(trial, points[0], probes[0]) else None


def _needs_what_forward_keeps(trial: _Trial, points: Sequence[Array], argument: Array) -> bool:
    """Is backward another, or no array of x's shape, after a forward beside, of moved entries, of the other signs?"""
    first = trial.after(points[0], argument)
    if first is None or not _same(first, trial.after(points[1], argument)):
        return True
    for elsewhere in (another(points[0]), -points[0]):
        try:
            if not _same(first, trial.after(elsewhere, argument)):
                return True
        except LayerError:  # a logarithm is not made for these
            continue
    return False


def _near(x: Array, generator: np.random.Generator) -> Array:
    """A point beside x: each entry up to a quarter of itself away, which leaves its sign; zeros anywhere."""
    moves = generator.uniform(-1.0, 1.0, size=x.shape)
    return np.asarray(np.where(x == 0, moves * scale(x), x * (1.0 + moves / 4)).astype(x.dtype))


def _same(one: Array | None, other: Array | None) -> bool:
    return one is not None and other is not None and np.array_equal(one, other, equal_nan=True)


def _is_linear(trial: _Trial, x: Array, probes: Sequence[Array]) -> bool:
    """Is backward of a mean the mean of the backwards, on both sides of 0? Of a constant it is, too."""
    pairs = [(p, -1.75 * p) for p in probes] + [(probes[1], -probes[1])]
    return all(
        _alike(trial.after(x, (one + two) / 2), trial.after(x, one), trial.after(x, two), x.dtype) for one, two in pairs
    )


def _is_homogeneous(trial: _Trial, x: Array, probe: Array) -> bool:
    """Twice as large for twice the argument: dE/dY cut by its own sign, say, and no f'."""
    twice = trial.after(x, probe)
    return _alike(twice, trial.after(x, probe * 2), trial.after(x, probe * 0), x.dtype)


def _alike(mean: Array | None, one: Array | None, two: Array | None, dtype: Any) -> bool:
    """Is it the mean of the two, up to rounding?"""
    if mean is None or one is None or two is None:
        return False
    gap, size = np.abs((one + two) / 2 - mean), np.abs(one) + np.abs(two)
    whole = np.isfinite(gap)
    largest = float(np.max(size, where=whole, initial=0.0))
    return bool(whole.any()) and bool(np.all(gap[whole] <= max(1e-9, 64 * eps(dtype)) * largest))


def _fits(trial: _Trial, points: Sequence[Array], role: Role) -> bool:
    """Is it the measured derivative, roughly, at almost every entry of the points?

    Forward is taken to treat each entry by itself; where it does not, nothing fits.
    """
    for x, v in zip(points, _directions(points), strict=True):
        argument = x if role.kind is Kind.INPUT else trial.forward(x)
        slope = trial.after(x, argument)
        if slope is None or not _agree(slope * v, trial.measured(x, v), x.dtype):
            return False
    return True


def _directions(points: Sequence[Array]) -> list[Array]:
    """One for each point, of no entries +-1: of these `return 1` would be a right dE/dX, where y = x."""
    generator = stream(0, "reading", "directions")
    return [(0.75 * signed(generator, x.shape)).astype(x.dtype) for x in points]


def _agree(given: Array | None, measured: Array, dtype: Any) -> bool:
    if given is None:
        return False
    with np.errstate(all="ignore"):
        gap, room = np.abs(given - measured), eps(dtype) ** 0.375 * np.maximum(np.abs(measured), scale(measured))
    whole = np.isfinite(gap)
    return bool(whole.any()) and float(np.mean(gap[whole] <= room[whole])) >= _SHARE


def _doubt_of_linear(trial: _Trial, points: Sequence[Array], role: Role, probes: Sequence[Array]) -> Doubt | None:
    """It may be f' and it may take dE/dY, as which it is wrong; None where it is right as that."""
    pairs = zip(points, _directions(points), strict=True)
    if all(_agree(trial.after(x, v), trial.measured(x, v), x.dtype) for x, v in pairs):
        return None
    who, name = trial.seen.who[1], role.name
    constant = _same(trial.after(points[0], probes[0]), trial.after(points[0], probes[2]))
    does = f"does not look at {name}" if constant else f"is {name} times a constant"
    text = (
        f"{who}({name}) {does}: right as the derivative, which its caller multiplies by dE/dY; wrong where {name} is "
        f"dE/dY. Nothing here tells which is meant. If the derivative, say so: {_declaration(trial, role)}. If it is "
        f"handed dE/dY, it must multiply by that."
    )
    return Doubt("upstream-ignored" if constant else "wrong-local-derivative", text)


def _doubt_of_place(trial: _Trial, role: Role, other: Role) -> Doubt:
    """It is f', but not at what its parameter is called after."""
    who, name = trial.seen.who, role.name
    text = (
        f"{who[1]}({name}) is the derivative if {name} is {who[0]}'s {_place(other)}, and is not if it is the "
        f"{_place(role)}, as its name says. What it is handed, its caller knows. If the {_place(other)}, say so: "
        f"{_declaration(trial, other)}. If the {_place(role)}, it is wrong."
    )
    return Doubt("wrong-local-derivative", text)


def _declaration(trial: _Trial, role: Role) -> str:
    """The Convention under which it is read like that."""
    given = "output" if role.kind is Kind.OUTPUT else trial.driver.inputs.names[0]
    return f"Convention(backward=lambda layer, {given}: layer.{trial.seen.who[1].rpartition('.')[2]}({given}))"
