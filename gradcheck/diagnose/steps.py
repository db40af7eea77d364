"""One step of a sequence: cotangents that are zero but for one step tell which step's contribution is wrong.

An output of step t hangs on the inputs of steps 0 to t alone. The gap a - n under a cotangent of step t alone
is 0 where nothing that t has met is wrong. Where every t has a gap, a gap of the rank that one step of each
sample gives (dW = x_0' d_0) says that it is the first step's.
"""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.evidence import Columns
from gradcheck.diagnose.hypothesis import Prediction, nothing, only
from gradcheck.diagnose.suspect import Suspect

_LOOKED_AT = 4  # wrong entries
_RANK = 1e-6  # singular values below this share of the largest are none
_LEAST = 3  # steps
_MOST = 64


def time_step(suspect: Suspect) -> Iterator[Prediction]:
    """Backward is wrong in the contribution of one step, or in what a step hands to the step before."""
    axis = suspect.evidence.time_axis
    if axis is None and suspect.name == "input":
        yield from _many_to_one(suspect)
    if axis is None or not _LEAST <= suspect.evidence.output.shape[axis] <= _MOST:
        return
    words = _of_input(suspect, axis) if suspect.name == "input" else None
    if suspect.name != "input":
        if _wrong_at_last(suspect, axis):
            return  # so it is within a step, and nothing that the steps hand to each other
        faulty = _steps(suspect, axis)
        if faulty is None:
            return
        if not faulty[0] and np.all(faulty[1:]) and _one_step(suspect, suspect.view.a, axis):
            yield _first_alone(suspect)
            return
        words = _of_parameter(suspect, axis, faulty)
    if words is not None:
        sentence = f"{suspect.symbol} {words}"
        yield Prediction("time-step-wrong", 2, "one step", sentence, nothing, only(suspect.view, suspect.view.a))


def loop_too_short(suspect: Suspect) -> Iterator[Prediction]:
    """dE/dX is exactly 0 at the first steps and right after them: the loop ends before it has been through."""
    if suspect.name != "input" or len(suspect.shape) < 2:
        return
    for axis in (1, 0):
        others = tuple(a for a in range(len(suspect.shape)) if a != axis)
        wrong = np.flatnonzero(suspect.wrong.any(axis=others))
        first = list(wrong) == list(range(len(wrong))) and 1 < len(wrong) < suspect.shape[axis] - 1
        if not first or np.any(np.take(suspect.view.a, wrong, axis=axis)) or suspect.evidence.time_axis != axis:
            continue
        sentence = (
            f"{suspect.symbol} is exactly 0 at the first {len(wrong)} steps (axis {axis}) and right after them: "
            f"backward's loop over the steps ends too early."
        )
        yield Prediction("time-step-wrong", 1, "the last steps", sentence, nothing, only(suspect.view, suspect.view.a))


def _many_to_one(suspect: Suspect) -> Iterator[Prediction]:
    """The output has no steps: right at the last step of the input and wrong at every one before it."""
    shape = suspect.shape
    wrong_too = any(np.any(c.wrong) for name, c in suspect.evidence.comparisons.items() if name != "input")
    for axis in (a for a in (1, 0) if a < len(shape) - 1 and suspect.evidence.output.ndim):
        words = _of_input(suspect, axis) if _LEAST <= shape[axis] <= _MOST and wrong_too else None
        if words is not None and _HANDED in words and suspect.evidence.mixes(axis):
            sentence = f"{suspect.symbol} {words}"
            yield Prediction("time-step-wrong", 2, "one step", sentence, nothing, only(suspect.view, suspect.view.a))
            return


def _wrong_at_last(suspect: Suspect, axis: int) -> bool:
    """Is dE/dX wrong at the last step, to which nothing has been handed yet?"""
    of_input = suspect.evidence.comparisons.get("input")
    return of_input is not None and bool(np.any(np.take(of_input.wrong, -1, axis=axis)))


def _of_input(suspect: Suspect, axis: int) -> str | None:
    """One step's entries are wrong, or those of all steps but the last."""
    others = tuple(a for a in range(len(suspect.shape)) if a != axis)
    wrong, last = np.flatnonzero(suspect.wrong.any(axis=others)), suspect.shape[axis] - 1
    if len(wrong) == 1:
        return f"is wrong at step {wrong[0]} of {last + 1} alone (axis {axis}); {_LOOK.format(step=wrong[0])}"
    if list(wrong) == list(range(last)) and np.any(np.take(suspect.right, last, axis=axis)):
        return f"is right at the last step and wrong at all before it (axis {axis}); {_HANDED}"
    return None


_LOOK = "look which state, input or gate backward takes at step {step}, and at the bounds of its loop."
_HANDED = (
    "look at what backward hands from each step to the step before it: dh (and dc) must be added to dY of that step "
    "and pass through the derivative of the recurrence."
)


def _steps(suspect: Suspect, axis: int) -> Array | None:
    """For each step: is the gradient wrong for a cotangent that is zero but for that step?"""
    gap = np.where(suspect.wrong, np.nan_to_num(np.abs(suspect.view.a - suspect.view.n)), -1.0).ravel()
    chosen = [int(flat) for flat in np.argsort(-gap, kind="stable")[:_LOOKED_AT] if gap[flat] > 0]
    columns = [(flat, c) for flat in chosen if (c := suspect.evidence.column(suspect.name, flat)) is not None]
    if not columns:
        return None
    evidence = suspect.evidence
    alone = [evidence.of_slice(axis, step) for step in range(evidence.cotangent.shape[axis])]
    found = [_differs(suspect, columns, dy) for dy in alone]
    if any(f is None for f in found):
        return None
    faulty = np.array(found, dtype=bool)
    right = [_says(columns, dy) for dy, wrong in zip(alone, faulty, strict=True) if not wrong]
    return None if right and not any(right) else faulty  # where n is 0 too, "right" says nothing


def _differs(suspect: Suspect, columns: list[tuple[int, Columns]], g: Array) -> bool | None:
    a = suspect.evidence.gradients(g).get(suspect.name)
    if a is None or a.shape != suspect.shape:
        return None
    size = np.abs(g.ravel())
    for flat, column in columns:
        n = float(g.ravel() @ column.values[0])
        slack = 4 * float(size @ column.error[0]) + 1e-7 * float(size @ np.abs(column.values[0]))
        if abs(float(a.flat[flat]) - n) > slack:
            return True
    return False


def _says(columns: list[tuple[int, Columns]], g: Array) -> bool:
    """Is n well above its error bar for this cotangent, at one of the entries?"""
    sizes = np.abs(g.ravel())
    return any(abs(float(g.ravel() @ c.values[0])) > 100 * float(sizes @ c.error[0]) + 1e-290 for _, c in columns)


def _of_parameter(suspect: Suspect, axis: int, faulty: Array) -> str | None:
    steps, wrong = len(faulty), np.flatnonzero(faulty)
    if len(wrong) == 0:
        return None
    if len(wrong) == 1:
        return f"is wrong only where dY of step {wrong[0]} (axis {axis}) is not 0; {_LOOK.format(step=wrong[0])}"
    if len(wrong) < steps:
        first = int(wrong[0])
        of_input = suspect.evidence.comparisons.get("input")
        if list(wrong) != list(range(first, steps)) or (of_input is not None and not np.any(of_input.wrong)):
            return None  # where dE/dX is right, what the steps hand on is right too
        return f"is right for a dY of the steps before {first} alone, and wrong from step {first} on; {_HANDED}"
    gap = suspect.view.a - suspect.view.n
    if _one_step(suspect, gap, axis) and not _one_step(suspect, suspect.view.n, axis):
        return (
            f"is wrong by the contribution of the first step (axis {axis}) alone: a - n has the rank that one step "
            f"gives; {_LOOK.format(step=0)}"
        )
    return None


def _one_step(suspect: Suspect, values: Array, axis: int) -> bool:
    """Has a matrix no more rank than one step of every sample gives?"""
    if values.ndim != 2 or not np.all(np.isfinite(values)):
        return False
    shape = suspect.evidence.output.shape
    samples = int(np.prod([n for a, n in enumerate(shape[:-1]) if a != axis]))
    sizes = np.linalg.svd(values, compute_uv=False)
    return bool(sizes[0] > 0) and samples < len(sizes) and bool(sizes[samples] <= _RANK * sizes[0])


def _first_alone(suspect: Suspect) -> Prediction:
    sentence = (
        f"{suspect.symbol} is the contribution of the first step alone: in a loop that runs backwards the steps "
        f"overwrite each other. Add them up: += in place of =."
    )
    label = "the first step alone"
    return Prediction("overwritten-contribution", 2, label, sentence, nothing, only(suspect.view, suspect.view.a))
