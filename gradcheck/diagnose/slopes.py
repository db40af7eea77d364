"""What people write as f'(t), where t is the input x or the output y."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import FEW
from gradcheck.diagnose.suspect import Suspect

Slope = Callable[[Array], Array]


def _sigmoid(t: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * t)))


SLOPES: Mapping[str, Slope] = {
    "1": np.ones_like,
    "0 where {t} <= 0, else 1": lambda t: np.where(t > 0, 1.0, 0.0),
    "1 where {t} <= 0, else 0": lambda t: np.where(t > 0, 0.0, 1.0),
    "1 - {t}**2": lambda t: 1 - t**2,
    "{t} * (1 - {t})": lambda t: t * (1 - t),
    "1 - tanh({t})**2": lambda t: 1 - np.tanh(t) ** 2,
    "1 - tanh({t})": lambda t: 1 - np.tanh(t),
    "sigmoid({t}) * (1 - sigmoid({t}))": lambda t: _sigmoid(t) * (1 - _sigmoid(t)),
    "tanh({t})": np.tanh,
    "sigmoid({t})": _sigmoid,
    "1 - sigmoid({t})": lambda t: 1 - _sigmoid(t),
    "1 - {t}": lambda t: 1 - t,
    "1 + {t}": lambda t: 1 + t,
    "{t}": lambda t: t,
    "2 * {t}": lambda t: 2 * t,
    "{t}**2": lambda t: t**2,
    "3 * {t}**2": lambda t: 3 * t**2,
    "1 / {t}": lambda t: 1 / t,
    "-1 / {t}**2": lambda t: -1 / t**2,
    "1 / (2 * {t})": lambda t: 1 / (2 * t),
    "1 / (1 + exp({t}))": lambda t: _sigmoid(-t),
    "exp({t})": np.exp,
    "exp(-{t})": lambda t: np.exp(-t),
    "cos({t})": np.cos,
    "sin({t})": np.sin,
    "-sin({t})": lambda t: -np.sin(t),
    "1 / (1 + {t}**2)": lambda t: 1 / (1 + t**2),
    "the sign of {t}": np.sign,
    "|{t}|": np.abs,
    "1 + tanh({t})**2": lambda t: 1 + np.tanh(t) ** 2,
    "sigmoid({t}) * (1 + sigmoid({t}))": lambda t: _sigmoid(t) * (1 + _sigmoid(t)),
    "sigmoid({t})**2": lambda t: _sigmoid(t) ** 2,
    "tanh({t})**2": lambda t: np.tanh(t) ** 2,
    "sigmoid({t}) + {t} * sigmoid({t})": lambda t: _sigmoid(t) * (1 + t),
    "sigmoid({t}) + {t} * sigmoid({t}) * (1 - sigmoid({t}))": lambda t: _sigmoid(t) * (1 + t * (1 - _sigmoid(t))),
}


def slopes(suspect: Suspect) -> Iterator[tuple[str, Array]]:
    """(`1 - x**2`, its values) of every formula, at the input and at the output."""
    with np.errstate(all="ignore"):
        for name, values in (("x", suspect.point), ("y", suspect.evidence.output)):
            for label, slope in SLOPES.items():
                yield label.format(t=name), np.asarray(slope(values), dtype=np.float64)


def truth(suspect: Suspect) -> str | None:
    """The formula that n / dY follows, where it is a known one."""
    view = suspect.view
    for label, slope in slopes(suspect):
        with np.errstate(invalid="ignore"):
            fits = np.abs(view.n - view.cotangent * slope)[view.known] <= FEW * view.slack[view.known]
        if np.all(fits):
            return label
    return None


def place_of(label: str, right: str | None) -> str:
    """Is it the right formula at the wrong place, the output in place of the input or the reverse?"""
    for form in SLOPES:
        if right is not None and label != right and {label, right} == {form.format(t="x"), form.format(t="y")}:
            return f" It is the right function, taken at {'the output' if 'y' in label else 'the input'}."
    taken_twice = label == "1 - tanh(y)**2" and right in ("1 - y**2", "1 - tanh(x)**2")
    if taken_twice or label == "sigmoid(y) * (1 - sigmoid(y))":
        return " The derivative is taken at the output in place of the input."
    if label in ("1 - x**2", "x * (1 - x)"):
        return f" That formula belongs to the output: {label.replace('x', 'y')}."
    return ""
