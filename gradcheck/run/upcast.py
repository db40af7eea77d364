"""A float32 layer once more in float64: its arrays cast up, at the same point, where all of it then computes so.

What float32's noise leaves open float64 decides, and a formula that is wrong shows in both.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError, UsageError
from gradcheck.base.precision import scale
from gradcheck.base.randomness import signed, stream
from gradcheck.diagnose.finding import Severity
from gradcheck.gather.specimen import FunctionSpecimen, Specimen
from gradcheck.judge.verdict import Verdict
from gradcheck.numeric.noise import Noise
from gradcheck.run.both import both
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult, Evaluations
from gradcheck.subjects.graph import slots
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.leaf import kept
from gradcheck.subjects.subject import Gradients, Subject
from gradcheck.subjects.trees import filled, floats

_MOST = 10**6  # entries: twice the memory of a float32 layer is no small thing
_UNEVEN = (1.1, 0.7, 1.3)  # no powers of two: each rounds anew
_NOISE = 1e-9  # relative: less than float32 makes anywhere; 1e6 + N(0, 1) less its mean makes 1e-10 in float64
_DOUBLE = 2.0**-30  # of a gradient: roundings of float32 are larger, those of float64 far smaller
_DOUBLE_SUMMED = 2.0**-40  # of sum |G_j y_j| / scale of the leaf, where the gradient is what that leaves over
_MOVES = 3
_LOW = (np.dtype(np.float32), np.dtype(np.float16))


class CoarseError(Exception):
    """What was cast up does not compute in float64 all the same."""


@dataclass(eq=False)
class Witness:
    """Looks at a layer that was cast up, before it is checked. low: the float type that it had.

    shaken: leaf name -> how much its gradient changes in float64 when all leaves move by a last place of `low`.
    """

    low: np.dtype[Any]
    shaken: dict[str, float] = field(default_factory=dict)

    def look(self, subject: Subject, cotangent: Array, output: Array, gradients: Gradients, noise: Noise) -> None:
        """Does all of it compute in float64: output, forward's noise, and backward (rounding is not quite linear)?

        Raises:
            CoarseError: it does not.
        """
        if noise.relative > _NOISE or subject.output_dtype != "float64":
            raise CoarseError
        unit = float(np.sum(np.abs(cotangent * output)))
        least = {leaf.name: _DOUBLE_SUMMED * unit / scale(leaf.array) for leaf in subject.leaves}
        least = {name: least[name] + _DOUBLE * float(np.max(np.abs(g))) for name, g, _ in _pairs(gradients, gradients)}
        offset = subject.vjp(0.0 * cotangent)  # of weight decay, which is a fault and no rounding
        moved = {name: plain - none for name, plain, none in _pairs(gradients, offset)}
        for c in _UNEVEN:
            scaled = {name: again - none for name, again, none in _pairs(subject.vjp(c * cotangent), offset)}
            for name, plain, again in _pairs(moved, scaled):
                if np.max(np.abs(again / c - plain)) > least[name]:
                    raise CoarseError
        self.shaken = _shaken(subject, cotangent, gradients, float(np.finfo(self.low).eps))


def _shaken(subject: Subject, cotangent: Array, gradients: Gradients, unit: float) -> dict[str, float]:
    generator, most = stream(0, "shaken"), dict.fromkeys(gradients, 0.0)
    try:
        with kept(subject.leaves) as saved:
            for _ in range(_MOVES):
                for leaf, values in saved:
                    leaf.write(values + unit * scale(values) * np.sign(signed(generator, values.shape)))
                for name, plain, moved in _pairs(gradients, subject.vjp(cotangent)):
                    most[name] = max(most[name], float(np.nan_to_num(np.max(np.abs(moved - plain)))))
    except LayerError:
        return most
    return most


def _pairs(one: Gradients, other: Gradients) -> Iterator[tuple[str, Array, Array]]:
    """The gradients that both have, in the same shape, by name."""
    for name, a in one.items():
        b = other.get(name)
        if a is not None and b is not None and a.shape == b.shape and a.size:
            yield name, a, b


def in_double_too(
    specimen: Specimen, result: CheckResult, options: Options, check: Callable[[Specimen, Options], CheckResult]
) -> CheckResult:
    """The result, with what float64 tells besides. check: a check of a specimen that may raise CoarseError.

    The layer is left as it was.
    """
    if not _eligible(result, options):
        return result
    witness = Witness(min((np.dtype(leaf.dtype) for leaf in result.leaves.values()), key=lambda d: d.itemsize))
    try:
        with _cast_up(specimen) as raised:
            double = check(raised, replace(options, witness=witness.look))
    except (CoarseError, LayerError, UsageError):
        return result
    double = _with_idle(double, result)
    if not _same_leaves(result, double):
        return result
    found = both(result, double, witness.low, witness.shaken)
    found = replace(found, evaluations=_added(result.evaluations, double.evaluations))
    return replace(found, notes=(*found.notes, _note(result)))


def _eligible(result: CheckResult, options: Options) -> bool:
    leaves = result.leaves.values()
    if options.fixed or options.witness is not None or result.error is not None or not leaves:
        return False
    if any(finding.severity is Severity.UNDECIDED for finding in result.findings):
        return False
    return all(np.dtype(leaf.dtype) in _LOW for leaf in leaves) and sum(leaf.entries for leaf in leaves) <= _MOST


@contextmanager
def _cast_up(specimen: Specimen) -> Iterator[Specimen]:
    """The specimen with float64 in place of float32: copies of its inputs; the layer's own places, while in here.

    Raises:
        CoarseError: two of its arrays are parts of one memory.
    """
    if isinstance(specimen, FunctionSpecimen):
        yield replace(specimen, arguments=_raised_tree(specimen.arguments))
        return
    before = Snapshot(specimen.layer)
    try:
        _raise_places(specimen.layer)
        yield replace(specimen, x=_raised_tree(specimen.x))
    finally:
        before.restore()


def _raise_places(layer: Any) -> None:
    """Names of one array stay names of one array."""
    places = [slot for slot in slots(layer) if not isinstance(slot.container, tuple)]
    arrays = {id(slot.get()): slot.get() for slot in places if _is_low(slot.get())}
    if len({id(_owner(array)) for array in arrays.values()}) < len(arrays):
        raise CoarseError
    raised = {key: array.astype(np.float64) for key, array in arrays.items()}
    for slot in places:
        value = slot.get()
        if id(value) in raised:
            slot.set(raised[id(value)])
        elif _is_low_type(value):
            slot.set(np.float64 if isinstance(value, type) else np.dtype(np.float64))


def _is_low(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype in _LOW


def _is_low_type(value: Any) -> bool:
    """A dtype that the layer keeps: np.float32 or np.dtype("float32")."""
    return (
        value in (np.float32, np.float16) if isinstance(value, type) else isinstance(value, np.dtype) and value in _LOW
    )


def _owner(array: Array) -> Any:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _raised_tree(tree: Any) -> Any:
    return filled(tree, iter([v.astype(np.float64) if _is_low(v) else v for v in floats(tree)]))


def _with_idle(double: CheckResult, single: CheckResult) -> CheckResult:
    """Leaves that are moved by rounding alone, gamma of equal values say, are none in float64: nothing to decide."""
    idle = {
        name: replace(leaf, dtype="float64", verdict=Verdict.PASS, note="vacuous")
        for name, leaf in single.leaves.items()
        if name not in double.leaves and leaf.verdict is not Verdict.FAIL and "vacuous" in leaf.note
    }
    return replace(double, leaves=MappingProxyType({**double.leaves, **idle}))


def _same_leaves(one: CheckResult, other: CheckResult) -> bool:
    """Was the layer understood the same way, and is every leaf float64 now?

    There may be more of them: a small bias moves no output in float16.
    """
    shapes = [{name: leaf.shape for name, leaf in result.leaves.items()} for result in (one, other)]
    return shapes[0].items() <= shapes[1].items() and all(leaf.dtype == "float64" for leaf in other.leaves.values())


def _added(one: Evaluations, other: Evaluations) -> Evaluations:
    total: Mapping[str, int] = {name: getattr(one, name) + getattr(other, name) for name in vars(one)}
    return Evaluations(**total)


def _note(result: CheckResult) -> str:
    kinds = " and ".join(sorted({leaf.dtype for leaf in result.leaves.values()}, reverse=True))
    return f"{kinds}: checked in float64 too, at the same point, with the layer's arrays cast up"
