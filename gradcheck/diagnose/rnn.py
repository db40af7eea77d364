"""What people make of the way back through a plain recurrence that unrolled.py has recognised.

Either what is handed from step to step is wrong, and with it every gradient before the output layer; or the sum over
the steps that one leaf's gradient is. Every prediction is exact: the way back is gone again with that one mistake.
"""

from collections.abc import Callable, Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.hypothesis import Prediction, nothing
from gradcheck.diagnose.suspect import Suspect
from gradcheck.diagnose.unrolled import Unrolled, Walk, unrolled

_SAME = 1e-6
_TWO = 2
_SLOPES: dict[str, list[tuple[str, Callable[[Array, Array], Array]]]] = {  # of z and h
    "tanh": [
        ("1", lambda _, h: np.ones_like(h)),
        ("1 - z**2, of z before tanh", lambda z, _: 1 - z**2),
        ("1 - h", lambda _, h: 1 - h),
        ("1 + h**2", lambda _, h: 1 + h**2),
        ("1 - tanh(h)**2, tanh taken twice", lambda _, h: 1 - np.tanh(h) ** 2),
        ("h * (1 - h), that of the sigmoid", lambda _, h: h * (1 - h)),
        ("(1 - h**2)**2, twice", lambda _, h: (1 - h**2) ** 2),
    ],
    "sigmoid": [
        ("1", lambda _, h: np.ones_like(h)),
        ("z * (1 - z), of z before the sigmoid", lambda z, _: z * (1 - z)),
        ("1 - h", lambda _, h: 1 - h),
        ("h", lambda _, h: h),
        ("s * (1 - s) with s = sigmoid(h), the sigmoid taken twice", lambda _, h: 0.25 / np.cosh(h / 2) ** 2),
        ("1 - h**2, that of tanh", lambda _, h: 1 - h**2),
    ],
    "relu": [("1", lambda _, h: np.ones_like(h))],
    "identity": [("1 - h**2, that of tanh", lambda _, h: 1 - h**2)],
}
_RIGHT = {"tanh": "1 - h[t]**2", "sigmoid": "h[t] * (1 - h[t])", "relu": "1 where h[t] > 0", "identity": "1"}

Fault = tuple[str, str, str, Callable[[Array], Array]]  # cause, label, the sentence after dE/d..., a by dY
Way = tuple[str, str, str, Walk]


def unrolled_back(suspect: Suspect) -> Iterator[Prediction]:
    """The leaf's gradient with one known mistake: of all leaves where they agree on one, else of this leaf alone."""
    model = unrolled(suspect.evidence)
    if model is None or suspect.name not in model.leaves:
        return
    shared = suspect.evidence.once("unrolled way", lambda: _shared(suspect.evidence, model))
    name = suspect.name
    if shared is not None and model.roles.role(name) not in "vc":
        yield _prediction(suspect, 1, _along(model, name, shared))
        return
    for fault in _own(model, name):
        yield _prediction(suspect, 1, fault)
    if model.roles.role(name) not in "vc":
        for way in _ways(model):
            yield _prediction(suspect, 2, _along(model, name, way))


def _prediction(suspect: Suspect, rank: float, fault: Fault) -> Prediction:
    cause, label, words, values = fault
    sentence = f"{suspect.symbol} {words}"
    return Prediction(cause, rank, label, sentence, nothing, lambda view: values(view.cotangent))


def _along(model: Unrolled, name: str, way: Way) -> Fault:
    cause, label, words, walk = way
    return cause, label, words, lambda g: model.gradient(name, g, walk)


def _shared(evidence: Evidence, model: Unrolled) -> Way | None:
    """The one mistake on the way that all gradients before the output layer agree with."""
    names = [k for k in model.leaves if model.roles.role(k) not in "vc"]
    given = {k: evidence.comparisons[k].analytic for k in names}

    def agrees(walk: Walk) -> bool:
        return all(_near(given[k], model.gradient(k, evidence.cotangent, walk)) for k in names)

    return None if agrees(Walk()) else next((way for way in _ways(model) if agrees(way[3])), None)


def _near(a: Array | None, b: Array) -> bool:
    return a is not None and a.shape == b.shape and bool(np.all(np.abs(a - b) <= _SAME * np.max(np.abs(b))))


def _ways(model: Unrolled) -> Iterator[Way]:
    yield from _slopes(model)
    yield from _hands(model)
    yield from _bounds(model)


def _slopes(model: Unrolled) -> Iterator[Way]:
    """Another derivative of f."""
    f, right = model.squash, _RIGHT[model.squash]
    asked = f"forward's {f} asks for {right}" if f != "identity" else "forward has no function there"
    for form, slope in _SLOPES[f]:
        words = f"takes the derivative of h[t] by its sum as {form}; {asked}. Look at dz in backward's loop."
        yield "wrong-local-derivative", form, words, Walk(slope(model.z, model.h))
    if f != "identity":
        words = f"has the right derivative, {right}, at step t, but dh goes to the step before without it: hand on dz."
        back = model.matrix(model.roles.u).T
        yield "wrong-local-derivative", "dh handed on without f'", words, Walk(hand=lambda _t, dh, _: dh @ back)
    for step, moved in (
        ("t-1", np.concatenate([model.before[:1], model.h[:-1]])),
        ("t+1", np.concatenate([model.h[1:], model.h[-1:]])),
    ):
        words = f"takes the derivative of {f} at the state h[{step}]; dz of step t needs {right}, of h[t]."
        yield "time-step-wrong", f"f' of h[{step}]", words, Walk(model.slope_at(moved))


def _hands(model: Unrolled) -> Iterator[Way]:
    """Something else than dz U.T goes to the step before."""
    u, turned = model.roles.u, model.matrix(model.roles.u)
    back = turned.T
    asked = f"forward multiplies h[t-1] by {u}, so that dz must go back through {u} transposed"
    words = (
        "is that of one step alone: backward hands nothing from a step to the step before it, but "
        f"{asked} and be added to dh there."
    )
    yield "time-step-wrong", "nothing handed on", words, Walk(hand=lambda _t, dh, _: 0 * dh)
    words = f"would be right if dz went back through {u} the other way round: {asked}. Mind .T."
    yield "transposed", f"{u} not transposed", words, Walk(hand=lambda _t, _, dz: dz @ turned)
    for label, what, hand in (
        (f"dz without {u}", f"hands dz itself to the step before, without {u}", lambda _t, _, dz: dz),
        ("dh not renewed", "keeps the same dh at all steps", lambda _t, dh, _: dh),
        ("dh added up", "adds to dh from step to step and never starts anew", lambda _t, dh, dz: dh + dz @ back),
    ):
        words = f"comes from a loop that {what}; {asked}, and replace dh."
        yield "time-step-wrong", label, words, Walk(hand=hand)
    words = f"comes from a loop that hands dz on with the wrong sign; {asked}, with a plus."
    yield "sign-flipped", "what is handed on", words, Walk(hand=lambda _t, _, dz: -dz @ back)
    if len(model.read) == 1:
        words = "adds the gradient of the last state at every step; forward's output has the last state alone in it."
        last = Walk(out=lambda out: np.broadcast_to(out[-1:], out.shape).copy())
        yield "time-step-wrong", "dY at every step", words, last


def _bounds(model: Unrolled) -> Iterator[Way]:
    """The loop ends too early, or begins one step late."""
    steps = len(model.h)
    for first in range(1, steps):
        words = f"lacks the steps before step {first}: backward's loop ends too early. Look at its bounds."
        here = (np.arange(steps) >= first)[:, np.newaxis, np.newaxis]
        yield "time-step-wrong", f"no step before {first}", words, Walk(model.slope * here)
    if len(model.read) == 1 and steps > 1:
        words = "comes from a loop that begins one step before the last: look at its bounds."
        late = Walk(out=lambda out: np.concatenate([out[1:], 0 * out[:1]]), slope=model.slope * _until(steps, 1))
        yield "time-step-wrong", "the last step left out", words, late


def _until(steps: int, missing: int) -> Array:
    """1 but for the last steps, to be multiplied by what is (T, N, H)."""
    return np.asarray(np.arange(steps) < steps - missing, dtype=np.float64)[:, np.newaxis, np.newaxis]


def _own(model: Unrolled, name: str) -> Iterator[Fault]:
    """Of this leaf's gradient alone; dz and what is handed on are right."""
    role = model.roles.role(name)
    if role == "start":
        yield from _at_start(model)
        return
    if role not in "vc":
        words = f"is made of dh, before the derivative of {model.squash}; it must be made of dz, behind it."
        yield "wrong-local-derivative", "dh for dz", words, lambda g: _of(model, name, _flow(model, g)[0])
    if role == "x":
        return
    right = model.operand(role)
    for where, operand in _operands(model, role):
        asked = {"u": "h[t-1], the state of the step before", "w": "x[t]", "v": "the state that y is made of"}[role]
        words = (
            f"multiplies {'dY' if role == 'v' else 'dz of each step'} by {where}; forward multiplies {name} by {asked}."
        )
        yield "time-step-wrong", where, words, _with(model, name, operand)
    yield from _steps(model, name, right, "steps" if role in "wub" else "outputs")


def _flow(model: Unrolled, cotangent: Array) -> tuple[Array, Array]:
    return model.walk(model.given(cotangent), Walk())


def _of(model: Unrolled, name: str, d: Array) -> Array:
    role = model.roles.role(name)
    return model.to_input(d) if role == "x" else model.summed(name, model.operand(role), d)


def _with(model: Unrolled, name: str, operand: Array) -> Callable[[Array], Array]:
    """The gradient that has this operand."""
    if model.roles.role(name) in "vc":
        return lambda g: model.summed(name, operand, model.given(g))
    return lambda g: model.summed(name, operand, _flow(model, g)[1])


def _steps(model: Unrolled, name: str, right: Array, what: str) -> Iterator[Fault]:
    """Some steps alone. Of two, the last alone is a loop that ends too early: sums.py says the same."""
    count = len(right)
    at = np.arange(count)[:, np.newaxis, np.newaxis]
    alone = {0} if count == _TWO else {0, count - 1}
    for t in sorted(alone) if count > 1 else ():
        words = f"is the contribution of step {t} alone: the {what} overwrite each other. Add them up: += for =."
        yield "overwritten-contribution", f"step {t} alone", words, _with(model, name, right * (at == t))
    for t in range(1, count):
        for some, left, which in (
            (at >= t, range(t, count), f"before step {t}"),
            (at < t, range(t), f"from step {t} on"),
        ):
            if len(left) > 1 or left[0] not in alone:
                words = f"lacks the contributions of the {what} {which}: look at the bounds of backward's loop."
                yield "time-step-wrong", f"none {which}", words, _with(model, name, right * some)


def _operands(model: Unrolled, role: str) -> Iterator[tuple[str, Array]]:
    """The states or inputs of other steps."""
    h, before = model.h, model.before
    if role == "u":
        yield "the state of that step, h[t]", h
        yield "the state of two steps before, h[t-2]", np.concatenate([before[:1], before[:-1]])
        yield "zeros at the first step (or leaves that step out)", np.concatenate([0 * before[:1], before[1:]])
        yield "the last state at the first step, hs[-1] of a list", np.concatenate([h[-1:], before[1:]])
        yield "the first state at every step", np.broadcast_to(before[:1], before.shape)
        yield "the states in reversed order", before[::-1]
    elif role == "w":
        yield "the input of the step before", np.concatenate([0 * model.x[:1], model.x[:-1]])
        yield "the input of the step after", np.concatenate([model.x[1:], 0 * model.x[:1]])
        yield "the inputs in reversed order", model.x[::-1]
        yield "the last input at every step", np.broadcast_to(model.x[-1:], model.x.shape)
    elif role == "v":
        yield "the state of the step before", np.einsum("st,tnh->snh", model.read, before)
        yield "the first state", np.broadcast_to(h[:1], model.seen.shape)


def _at_start(model: Unrolled) -> Iterator[Fault]:
    u = model.roles.u
    asked = f"forward makes h[0] of it through {u}, so that dz of step 0 must go through {u} transposed once more."
    words = f"is dh of step 0, the gradient of the state after it; {asked}"
    yield "time-step-wrong", "dh of the first step", words, lambda g: model.to_start(_flow(model, g)[0][0])
    words = f"is dz of step 0; {asked}"
    yield "time-step-wrong", "dz of the first step", words, lambda g: model.to_start(_flow(model, g)[1][0])
