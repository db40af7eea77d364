"""A float32 layer once more in float64: its arrays cast up, at the same point, where all of it then computes so.

What float32's noise leaves open float64 decides, and a formula that is wrong shows in both.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError, UsageError
from gradcheck.diagnose.finding import Severity
from gradcheck.gather.specimen import FunctionSpecimen, Specimen
from gradcheck.numeric.noise import Noise
from gradcheck.run.both import both
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult, Evaluations
from gradcheck.subjects.graph import slots
from gradcheck.subjects.guard import Snapshot
from gradcheck.subjects.subject import Gradients, Subject
from gradcheck.subjects.trees import filled, floats

_MOST = 10**6  # entries: twice the memory of a float32 layer is no small thing
_UNEVEN = (1.1, 0.7, 1.3)  # no powers of two: each rounds anew
_NOISE = 1e-9  # relative: less than float32 makes anywhere; 1e6 + N(0, 1) less its mean makes 1e-10 in float64
_DOUBLE = 2.0**-30  # of a gradient: roundings of float32 are larger, those of float64 far smaller
_LOW = (np.dtype(np.float32), np.dtype(np.float16))


class CoarseError(Exception):
    """What was cast up does not compute in float64 all the same."""


def in_double_too(
    specimen: Specimen, result: CheckResult, options: Options, check: Callable[[Specimen, Options], CheckResult]
) -> CheckResult:
    """The result, with what float64 tells besides. check: a check of a specimen that may raise CoarseError.

    The layer is left as it was.
    """
    if not _eligible(result, options):
        return result
    try:
        with _cast_up(specimen) as raised:
            double = check(raised, replace(options, double=True))
    except (CoarseError, LayerError, UsageError):
        return result
    if not _same_leaves(result, double):
        return result
    found = replace(both(result, double), evaluations=_added(result.evaluations, double.evaluations))
    return replace(found, notes=(*found.notes, _note(result)))


def refuse_coarse(subject: Subject, cotangent: Array, gradients: Gradients, noise: Noise) -> None:
    """Does all of it compute in float64: output, forward's noise, and backward (what rounds is not quite linear)?

    Raises:
        CoarseError: it does not.
    """
    if noise.relative > _NOISE or subject.output_dtype != "float64":
        raise CoarseError
    for c in _UNEVEN:
        scaled = subject.vjp(c * cotangent)
        for name, plain in gradients.items():
            again = scaled.get(name)
            if plain is None or again is None or plain.shape != again.shape or not plain.size:
                continue
            if np.max(np.abs(again / c - plain)) > _DOUBLE * np.max(np.abs(plain)):
                raise CoarseError


def _eligible(result: CheckResult, options: Options) -> bool:
    leaves = result.leaves.values()
    if options.fixed or options.double or result.error is not None or not leaves:
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


def _same_leaves(one: CheckResult, other: CheckResult) -> bool:
    """Was the layer understood the same way, and is every leaf float64 now?"""
    shapes = [{name: leaf.shape for name, leaf in result.leaves.items()} for result in (one, other)]
    return shapes[0] == shapes[1] and all(leaf.dtype == "float64" for leaf in other.leaves.values())


def _added(one: Evaluations, other: Evaluations) -> Evaluations:
    total: Mapping[str, int] = {name: getattr(one, name) + getattr(other, name) for name in vars(one)}
    return Evaluations(**total)


def _note(result: CheckResult) -> str:
    kinds = " and ".join(sorted({leaf.dtype for leaf in result.leaves.values()}, reverse=True))
    return f"{kinds}: checked in float64 too, at the same point, with the layer's arrays cast up"
