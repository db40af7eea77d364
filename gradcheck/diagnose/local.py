"""Element by element: backward gives dY times another function than f'."""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import LayerError
from gradcheck.base.randomness import stream
from gradcheck.diagnose.hypothesis import Prediction, Term, nothing, only
from gradcheck.diagnose.places import condition
from gradcheck.diagnose.rounding import rounded
from gradcheck.diagnose.scaling import point_hides_shape
from gradcheck.diagnose.slopes import place_of, slopes, truth
from gradcheck.diagnose.suspect import Suspect
from gradcheck.diagnose.words import indices, number

_FUSED = "a softmax whose backward is the identity is one fused with its loss"
_DIAGONAL = "y * (1 - y)"
_SAME = 1e-7


def wrong_local_derivative(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives dY times another known function of x or y than f'."""
    if not _shaped_alike(suspect) or suspect.entries < 3 or point_hides_shape(suspect):
        return
    right = truth(suspect)
    if right is None and suspect.evidence.time_axis is not None and not suspect.evidence.elementwise:
        return  # a recurrence: what looks like f' alone is a step that gets nothing from the step after it
    for label, slope in slopes(suspect):
        if label == right:
            continue
        diagonal = label == _DIAGONAL and not suspect.evidence.elementwise
        cause = "missing-term" if diagonal else "wrong-local-derivative"
        sentence = _diagonal(suspect) if diagonal else _sentence(suspect, label, right)
        yield Prediction(cause, 3, f"dY times {label}", sentence, nothing, _times_dy(slope))


def left_out_mask(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives dY unchanged, or dY times other zeros, where forward multiplies by a mask of 0 and c."""
    if not _shaped_alike(suspect) or suspect.entries < 3 or truth(suspect) is not None:
        return
    ours, theirs = _mask(suspect, suspect.view.n), _mask(suspect, suspect.view.a)
    if ours is None or theirs is None or not np.any(ours[0] & ~theirs[0]):
        return
    dropped, c = ours
    sentence = (
        f"forward multiplies the input by a mask, 0 at {int(np.sum(dropped))} of {dropped.size} entries and "
        f"{number(c)} at the others; in {suspect.symbol} "
    )
    sentence += "it is left out." if not np.any(theirs[0]) else "it is another one: keep forward's mask for backward."
    offset = only(suspect.view, suspect.view.cotangent * np.where(theirs[0], 0.0, theirs[1]))
    if suspect.evidence.mode is not None and not np.any(theirs[0]):
        sentence += f" The layer is in {suspect.evidence.mode} mode, and backward is that of the other one."
        yield Prediction("mode-mixup", 2, "the other mode's backward", sentence, nothing, offset)
        return
    # Of inverted dropout the mask is a factor, so where another mask has other zeros these are no ghosts of their own.
    rank = 0.25 if np.any(theirs[0]) and abs(c - 1) > _SAME else 2.0
    yield Prediction("elementwise-factor", rank, "another mask than forward's", sentence, nothing, offset)


def mask_in_eval(suspect: Suspect) -> Iterator[Prediction]:
    """In eval mode forward hands the input on, times one number, and backward still multiplies dY by a mask."""
    if not _shaped_alike(suspect) or suspect.entries < 3 or suspect.evidence.mode != "eval":
        return
    ours, theirs = _mask(suspect, suspect.view.n), _mask(suspect, suspect.view.a)
    if ours is None or theirs is None or np.any(ours[0]) or not np.any(theirs[0]):
        return
    dropped, c = theirs
    sentence = (
        f"In eval mode forward drops nothing, but {suspect.symbol} is 0 at {int(np.sum(dropped))} of {dropped.size} "
        f"entries and {number(c)} * dY at the others: backward still takes the mask of training. Let it look at the "
        f"mode too."
    )
    offset = only(suspect.view, suspect.view.cotangent * np.where(dropped, 0.0, c))
    yield Prediction("mode-mixup", 2, "the other mode's backward", sentence, nothing, offset)


def other_function(suspect: Suspect) -> Iterator[Prediction]:
    """Backward treats x entry by entry, as forward does, but dY is multiplied by no known function."""
    if not _shaped_alike(suspect) or suspect.entries < 3 or not suspect.evidence.elementwise:
        return
    place, wrong = condition(suspect), suspect.wrong
    if place is None and 2 * np.sum(wrong) <= np.sum(suspect.view.telling):
        return
    if point_hides_shape(suspect) or rounded(suspect) or not (_also_by_entry(suspect) and _follows_x(suspect)):
        return
    offset = only(suspect.view, suspect.view.a)
    yield Prediction("wrong-local-derivative", 8, "dY times another function", _where(suspect, place), nothing, offset)


def _shaped_alike(suspect: Suspect) -> bool:
    return suspect.name == "input" and suspect.evidence.output.shape == suspect.shape


def _times_dy(slope: Array) -> Term:
    return lambda view: view.cotangent * slope


def _mask(suspect: Suspect, gradient: Array) -> tuple[Array, float] | None:
    """(where it is 0, c) of a gradient that is 0 or c * dY at every entry, c > 0."""
    view = suspect.view
    if not np.all(view.known):
        return None
    dropped = np.abs(gradient) <= view.slack
    kept = (gradient / view.cotangent)[~dropped]
    if kept.size < 2 or kept[0] <= 0 or np.ptp(kept) > _SAME * kept[0]:
        return None
    return dropped, float(kept[0])


def _also_by_entry(suspect: Suspect) -> bool:
    """Under another cotangent, does backward multiply each entry of dY by the same number as before?"""
    g = suspect.evidence.further_cotangent(1)
    a = suspect.evidence.gradients(g).get(suspect.name)
    if a is None or a.shape != g.shape:
        return False
    first, again = suspect.view.a / suspect.view.cotangent, a / g
    return bool(np.all(np.abs(first - again) <= _SAME * (np.abs(first) + np.max(np.abs(first)))))


def _follows_x(suspect: Suspect) -> bool:
    """With the entries of the input in another order, does the number that multiplies dY go with them?"""
    leaf = suspect.evidence.leaf(suspect.name)
    if leaf is None:
        return False
    saved, g = leaf.values(), suspect.view.cotangent
    order = stream(0, "order").permutation(saved.size)
    try:
        leaf.write(saved.ravel()[order].reshape(saved.shape))
        a = suspect.evidence.subject.vjp(g).get(suspect.name)
    except LayerError:
        return False
    finally:
        leaf.write(saved)
    if a is None or a.shape != g.shape:
        return False
    first, again = (suspect.view.a / g).ravel()[order].reshape(g.shape), a / g
    return bool(np.all(np.abs(first - again) <= _SAME * (np.abs(first) + np.max(np.abs(first)))))


def _sentence(suspect: Suspect, label: str, right: str | None) -> str:
    wanted = f" where forward asks for dY * ({right})" if right else ", which is not the derivative of forward"
    if label == "1":
        fused = f" ({_FUSED})" if _is_softmax(suspect.evidence.output) else ""
        return f"{suspect.symbol} is dY unchanged{wanted}{fused}."
    return f"{suspect.symbol} is dY * ({label}){wanted}.{place_of(label, right)}"


def _is_softmax(output: Array) -> bool:
    """Do the rows of the output hold shares that sum to 1?"""
    if output.ndim == 0 or output.shape[-1] < 2 or np.any(output < 0):
        return False
    return bool(np.all(np.abs(output.sum(axis=-1) - 1) <= 1e-9))


def _diagonal(suspect: Suspect) -> str:
    return (
        f"{suspect.symbol} is dY * ({_DIAGONAL}), the diagonal of the derivative alone: every output of forward hangs "
        f"on its whole row, so that the term -y * sum(dY * y) over the row is missing."
    )


def _where(suspect: Suspect, place: str | None) -> str:
    view, wrong = suspect.view, suspect.wrong
    worst = np.unravel_index(int(np.argmax(np.where(wrong, np.abs(view.a - view.n), 0.0))), wrong.shape)
    slope, right = (float(array[worst] / view.cotangent[worst]) for array in (view.a, view.n))
    where = f"right but {place}" if place else "another function than forward's derivative"
    single = np.zeros(wrong.shape, dtype=bool)
    single[worst] = True
    return (
        f"The derivative that backward multiplies dY by is {where}: at {indices(single)}, where x is "
        f"{number(float(suspect.point[worst]))}, it takes {number(slope)} and the slope of forward is {number(right)}."
    )
