"""A recurrence whose every dz is known (sums.py): each gradient of it is held against what people make of these.

Of one leaf alone: one step in place of the sum, too few steps, the state of another step. Of all: dz itself is wrong.
Then what the last step of the cotangent makes, which no other step has touched, says which derivative it is.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.hypothesis import Prediction, nothing, only
from gradcheck.diagnose.joined import apart
from gradcheck.diagnose.slopes import SLOPES
from gradcheck.diagnose.sums import Sums, of_step, sums_of
from gradcheck.diagnose.suspect import Suspect
from gradcheck.subjects.subject import Gradients

_SAME = 1e-6
_ENDS = 2
_LEAST = 3  # numbers that a formula must meet
_SQUASHES: Mapping[str, tuple[Callable[[Array], Array], str]] = {
    "tanh": (np.tanh, "1 - tanh({t})**2"),
    "sigmoid": (SLOPES["sigmoid({t})"], "sigmoid({t}) * (1 - sigmoid({t}))"),
}
_ORDER = "look where backward cuts the gates' gradients apart, or puts them together."


def weighted_sums(suspect: Suspect) -> Iterator[Prediction]:
    """What is wrong with this leaf's gradient, or with the dz that all of them come from."""
    sums = sums_of(suspect.evidence)
    if sums is None:
        return
    given = apart(suspect.evidence.gradients(sums.cotangent), sums.joined)
    found = _of_leaf(suspect, sums, given.get(suspect.name)) or _of_all(suspect, sums, given)
    if found is not None:
        cause, label, words = found
        sentence = f"{suspect.symbol} {words}"
        yield Prediction(cause, 1, label, sentence, nothing, only(suspect.view, suspect.view.a))


Found = tuple[str, str, str]  # cause, label, the sentence after the gradient's name


def _of_leaf(suspect: Suspect, sums: Sums, a: Array | None) -> Found | None:
    """The steps or the state that this leaf's own sum was taken over."""
    place = sums.model.columns(suspect.name)
    if a is None or a.shape != suspect.shape or _near(a, sums.numeric[suspect.name]):
        return None
    if place is None:
        return _ungated(suspect, sums, a)
    dz = sums.dz[..., place[0]]
    operand = {"w": sums.model.x, "u": sums.model.before, "b": np.ones((*dz.shape[:2], 1))}[place[1]]
    parts = np.einsum("tnd,tnk->tdk", operand, dz).reshape(len(sums.model.x), *suspect.shape)
    found = _of_steps(a, parts)
    if found is not None or place[1] != "u":
        return found
    states = ((label, np.einsum("tnd,tnk->dk", state, dz)) for label, state in _states(sums))
    label = next((label for label, values in states if _near(a, values)), None)
    words = f"is taken with {label}, where forward has that of the step before."
    return None if label is None else ("time-step-wrong", label, words)


def _of_steps(a: Array, parts: Array) -> Found | None:
    """One step's part alone, or those of some steps only."""
    steps = len(parts)
    for t in (0, steps - 1) if steps > _ENDS else (0,):  # of two, the last alone is a loop that ends too early
        if _near(a, parts[t]):
            words = f"is the contribution of step {t} alone: the steps overwrite each other. Add them up: += for =."
            return "overwritten-contribution", "one step alone", words
    for t in range(1, steps):
        for some, which in ((parts[t:], f"before step {t}"), (parts[:t], f"from step {t} on")):
            if _near(a, some.sum(0)):
                words = f"lacks the contributions of the steps {which}: look at the bounds of backward's loop."
                return "time-step-wrong", "some steps only", words
    return None


def _states(sums: Sums) -> Iterator[tuple[str, Array]]:
    yield "the state of the step itself", sums.model.y
    yield "the state of two steps before", np.concatenate([sums.model.before[:1], sums.model.before[:-1]])
    yield "zeros at the first step", np.concatenate([0 * sums.model.before[:1], sums.model.before[1:]])


def _ungated(suspect: Suspect, sums: Sums, a: Array) -> Found | None:
    """A matrix of the state that forward multiplies by a gate first, and backward does not."""
    for gate, start, width in zip(sums.model.gates, sums.model.starts, sums.model.widths, strict=True):
        if gate.u is None and suspect.shape == (sums.model.before.shape[2], width):
            plain = np.einsum("tnd,tnk->dk", sums.model.before, sums.dz[..., start : start + width])
            if _near(a, plain):
                words = (
                    "is the state of the step before times dz, but forward multiplies that state by a gate first: "
                    "that factor is missing in backward."
                )
                return "elementwise-factor", "the state without its gate", words
    return None


def _of_all(suspect: Suspect, sums: Sums, given: Gradients) -> Found | None:
    """All gradients come from one dz, and it is not the right one."""
    evidence = suspect.evidence
    return evidence.once("recurrence", lambda: _upstream(sums, given) or _at_first(evidence, sums))


def _upstream(sums: Sums, given: Gradients) -> Found | None:
    usable = {k: np.asarray(v, dtype=np.float64) for k, v in given.items() if v is not None}
    if any(v.shape != sums.numeric[k].shape for k, v in usable.items() if k in sums.numeric):
        return None
    wrong = sums.model.solve(usable)
    if wrong is None or _near(wrong, sums.dz):
        return None
    a, n = wrong[-1], sums.dz[-1]
    if _near(a, n):
        words = (
            "is right for what the last step of dY makes of it there, and wrong at the steps before: look at what "
            "backward hands from each step to the step before it, dh (and dc)."
        )
        return "time-step-wrong", "what a step hands on", words
    return _moved(sums, a, n) or _derivative(sums, a, n)


def _at_first(evidence: Evidence, sums: Sums) -> Found | None:
    """At the first step nothing was before, so that a gate's gradient is 0; backward has another one there."""
    first = of_step(evidence, sums.model.axis, 0)
    if first is None or np.any(sums.model.before[0]):
        return None
    g, numeric = first
    model = sums.model.until(1)
    given = {k: np.asarray(v, dtype=np.float64) for k, v in evidence.gradients(g).items() if v is not None}
    if any(v.shape != numeric[k].shape for k, v in given.items() if k in numeric):
        return None
    n, a = (model.solve(apart(gradients, sums.joined)) for gradients in (numeric, given))
    if n is None or a is None:
        return None
    width, size = sums.model.y.shape[2], float(np.max(np.abs(n), initial=0.0))
    gates = [slice(k, k + width) for k in range(0, n.shape[2], width)]
    still = [gate for gate in gates if np.all(np.abs(n[..., gate]) <= _SAME * size)]
    moved = [gate for gate in gates if gate not in still and not _near(a[..., gate], n[..., gate], size)]
    if moved or not any(np.all(np.abs(a[..., gate]) > _SAME * size) for gate in still):
        return None
    words = (
        "comes from a gate whose gradient is 0 at the first step, where what it multiplies (the cell or the state of "
        "the step before) is 0, and in backward it is not: take that of the step before, not of the step itself."
    )
    return "time-step-wrong", "the cell of the step itself", words


def _moved(sums: Sums, a: Array, n: Array) -> Found | None:
    """Gates side by side in another order."""
    width = sums.model.y.shape[2]
    if n.shape[1] % width or n.shape[1] == width:
        return None
    blocks = [n[:, k : k + width] for k in range(0, n.shape[1], width)]
    mine = [a[:, k : k + width] for k in range(0, n.shape[1], width)]
    order = [next((j for j, block in enumerate(blocks) if _near(part, block)), -1) for part in mine]
    if sorted(order) != list(range(len(blocks))):
        return None
    words = f"has the gates' gradients in the order {order} where forward has them in the order 0, 1, ...: {_ORDER}"
    return "permuted-entries", "gates exchanged", words


def _derivative(sums: Sums, a: Array, n: Array) -> Found | None:
    """The wrong gates' a / n at that step is a known function of the sums."""
    width, found = sums.model.y.shape[2], []
    for column, start in enumerate(sums.model.starts):
        for first in range(start, start + sums.model.widths[column], width):
            part = slice(first, first + width)
            if a[:, part].shape[1] == width and not _near(a[:, part], n[:, part], np.max(np.abs(n))):
                found.append(_ratio(sums, column, first - start, a[:, part] / n[:, part]))
    known = [f for f in found if f is not None]  # the others may lie behind these
    return known[0] if len({f[0] for f in known}) == 1 else None


def _ratio(sums: Sums, column: int, offset: int, ratio: Array) -> Found | None:
    """What makes a / n of one gate at the last step."""
    width, last = sums.model.y.shape[2], len(sums.model.x) - 1
    if ratio.size < _LEAST or np.ptp(ratio) <= _SAME * np.max(np.abs(ratio)):
        return None
    found = _other_slope(sums.model.z(column, last)[:, offset : offset + width], ratio)
    if found is not None:
        return found
    wholes = [
        (number, f, sums.model.z(number, last))
        for number in range(len(sums.model.gates))
        for f, _ in _SQUASHES.values()
    ]
    gates = (((number, k), f(z[:, k : k + width])) for number, f, z in wholes for k in range(0, z.shape[1], width))
    tried = (_by_gate(sums.model.y[last], gate, ratio, place) for place, gate in gates)
    return next((found for found in tried if found is not None), None)


def _other_slope(z: Array, ratio: Array) -> Found | None:
    """The derivative of the gate's own function is taken as another one."""
    for squash, (f, slope) in _SQUASHES.items():
        right = SLOPES[slope](z)
        for place, values in (("z", z), (f"{squash}(z)", f(z))):
            for form, wrong in SLOPES.items():
                if _near(ratio * right, wrong(values)):
                    words = (
                        f"comes from a gate, {squash}(z) with z = x W + h U + b, whose derivative "
                        f"{slope.format(t='z')} is taken as {form.format(t=place)}."
                    )
                    return "wrong-local-derivative", "another derivative at a gate", words
    return None


def _by_gate(y: Array, gate: Array, ratio: Array, place: tuple[int, int]) -> Found | None:
    """The ratio a / n is made of a gate, or of the cell behind an output gate, h = gate * tanh(c)."""
    forms = (gate, 1 - gate, 1 / gate, 1 / (1 - gate), gate / (1 - gate), (1 - gate) / gate)
    if gate.shape == ratio.shape and any(_near(ratio, form) for form in forms):
        words = "comes from a gate that has another gate, or 1 minus it, in the place of the right one."
        return "elementwise-factor", f"a factor of gate {place}", words
    bent = y / gate
    if gate.shape != ratio.shape or np.any(np.abs(bent) >= 1):
        return None
    if _near(ratio, 1 / (1 - bent**2)):
        words = "lacks the derivative of tanh(c), 1 - tanh(c)**2, between the output and the cell."
        return "wrong-local-derivative", "no tanh' at the cell", words
    if _near(ratio, np.arctanh(bent) / bent):
        words = "takes c where forward's output gate multiplies tanh(c)."
        return "wrong-local-derivative", "c for tanh(c)", words
    return None


def _near(a: Array, b: Array, size: float | None = None) -> bool:
    scale = float(np.max(np.abs(b), initial=0.0)) if size is None else size
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= _SAME * scale))
