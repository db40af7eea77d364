"""Element by element: the wrong local derivative, a factor that is an array at hand."""

from collections.abc import Callable, Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import FEW, Prediction
from gradcheck.diagnose.suspect import Suspect, View

Slope = Callable[[Array], Array]


def _sigmoid(t: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * t)))


# What people write as f'(t), with t to be filled in by x or y.
SLOPES: tuple[tuple[str, Slope], ...] = (
    ("1", np.ones_like),
    ("0 where {t} <= 0, else 1", lambda t: np.where(t > 0, 1.0, 0.0)),
    ("1 - {t}**2", lambda t: 1 - t**2),
    ("{t} * (1 - {t})", lambda t: t * (1 - t)),
    ("1 - tanh({t})**2", lambda t: 1 - np.tanh(t) ** 2),
    ("1 - tanh({t})", lambda t: 1 - np.tanh(t)),
    ("sigmoid({t}) * (1 - sigmoid({t}))", lambda t: _sigmoid(t) * (1 - _sigmoid(t))),
    ("tanh({t})", np.tanh),
    ("sigmoid({t})", _sigmoid),
    ("1 - sigmoid({t})", lambda t: 1 - _sigmoid(t)),
    ("1 - {t}", lambda t: 1 - t),
    ("1 + {t}", lambda t: 1 + t),
    ("{t}", lambda t: t),
    ("2 * {t}", lambda t: 2 * t),
    ("{t}**2", lambda t: t**2),
    ("1 / {t}", lambda t: 1 / t),
    ("exp({t})", np.exp),
    ("cos({t})", np.cos),
    ("sin({t})", np.sin),
    ("1 / (1 + {t}**2)", lambda t: 1 / (1 + t**2)),
    ("the sign of {t}", np.sign),
    ("|{t}|", np.abs),
    ("1 + tanh({t})**2", lambda t: 1 + np.tanh(t) ** 2),
    ("sigmoid({t}) * (1 + sigmoid({t}))", lambda t: _sigmoid(t) * (1 + _sigmoid(t))),
    ("tanh({t})**2", lambda t: np.tanh(t) ** 2),
)


def wrong_local_derivative(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives dY times another function of x or y than f'."""
    shape = suspect.view.n.shape
    if suspect.name != "input" or suspect.evidence.output.shape != shape or suspect.telling < 3:
        return
    truth = _truth(suspect)
    for label, slope in _slopes(suspect):
        if label == truth:
            continue
        yield Prediction(
            "wrong-local-derivative",
            3,
            f"dY times {label}",
            _sentence(suspect, label, truth),
            lambda n: 0.0 * n,
            lambda view, s=slope: view.cotangent * s,
        )


def elementwise_factor(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n times an array at hand, entry by entry."""
    shape = suspect.view.n.shape
    if suspect.telling < 3:
        return
    for label, values in _at_hand(suspect):
        if values.shape != shape:
            continue
        for name, factor in ((label, values), (f"1 / {label}", 1 / values), (f"(1 - {label})", 1 - values)):
            sentence = (
                f"{suspect.symbol} is the numeric gradient times {name}, entry by entry: a factor {name} is "
                f"one too many in backward."
            )
            yield Prediction(
                "elementwise-factor", 3, f"times {name}", sentence, lambda n, f=factor: np.where(f == 0, 0.0, n * f)
            )


def _slopes(suspect: Suspect) -> Iterator[tuple[str, Array]]:
    evidence = suspect.evidence
    with np.errstate(all="ignore"):
        for name, values in (("x", evidence.point[suspect.name]), ("y", evidence.output)):
            for label, slope in SLOPES:
                yield label.format(t=name), slope(np.asarray(values, dtype=np.float64))


def _truth(suspect: Suspect) -> str | None:
    """The formula that n / dY follows, where it is a known one."""
    view = suspect.view
    for label, slope in _slopes(suspect):
        with np.errstate(invalid="ignore"):
            fits = np.abs(view.n - view.cotangent * slope)[view.known] <= FEW * view.slack[view.known]
        if np.all(fits):
            return label
    return None


_FUSED = "a softmax whose backward is the identity is one fused with its loss"


def _sentence(suspect: Suspect, label: str, truth: str | None) -> str:
    wanted = f" where forward asks for dY * ({truth})" if truth else ", which is not the derivative of forward"
    if label == "1":
        rows = not _diagonal(suspect.view)
        fused = f" ({_FUSED})" if truth is None and rows else ""
        return f"{suspect.symbol} is dY unchanged{wanted}{fused}."
    point = _point(label, truth)
    return f"{suspect.symbol} is dY * ({label}){wanted}.{point}"


def _point(label: str, truth: str | None) -> str:
    """Is it the right formula at the wrong place, the output in place of the input or the reverse?"""
    for form, _ in SLOPES:
        if truth is not None and {label, truth} == {form.format(t="x"), form.format(t="y")}:
            return f" It is the right function, taken at {'the output' if 'y' in label else 'the input'}."
    if label == "1 - tanh(y)**2" and truth in ("1 - y**2", "1 - tanh(x)**2"):
        return " The derivative is taken at the output in place of the input."
    if label == "sigmoid(y) * (1 - sigmoid(y))":
        return " The derivative is taken at the output in place of the input."
    if label in ("1 - x**2", "x * (1 - x)"):
        return f" That formula belongs to the output: {label.replace('x', 'y')}."
    return ""


def _diagonal(view: View) -> bool:
    """Does each n hang on its own dY alone, as far as one cotangent shows? Rows of a softmax sum to 0."""
    sums = np.abs(np.sum(view.n, axis=-1)) if view.n.ndim else np.abs(view.n)
    return bool(np.any(sums > 1e-6 * np.nanmax(np.abs(view.n), initial=0.0)))


def _at_hand(suspect: Suspect) -> Iterator[tuple[str, Array]]:
    evidence = suspect.evidence
    for name, values in evidence.point.items():
        yield "x" if name == "input" else name, np.asarray(values, dtype=np.float64)
    yield "y", evidence.output
