"""Backward gives n times an array that is at hand: a leaf, the input, the output, or one over it."""

from collections.abc import Iterator, Mapping

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.hypothesis import Prediction, times
from gradcheck.diagnose.scaling import point_hides_shape
from gradcheck.diagnose.suspect import Suspect

_WINDOW = " of its window"
_FEWEST = 3  # entries that stand above the noise


def parameter_factor(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n times another leaf, entry by entry or along an axis."""
    others = {name: values for name, values in suspect.evidence.point.items() if name not in ("input", suspect.name)}
    yield from _factors(suspect, others)


def point_factor(suspect: Suspect) -> Iterator[Prediction]:
    """Backward gives n times the leaf itself, the input or the output."""
    point = suspect.evidence.point
    own = {"x" if name == "input" else name: point[name] for name in ("input", suspect.name) if name in point}
    own["y"] = suspect.evidence.output
    kept = {f"the layer's {name}" if name in own else name: v for name, v in suspect.evidence.cached.items()}
    yield from _factors(suspect, {**own, **kept})
    if suspect.entries < _FEWEST or point_hides_shape(suspect):
        return
    for label, values in {**point, **kept}.items():
        if values.shape == suspect.shape and label not in ("input", suspect.name):
            for name, factor in _exponentials(label, np.asarray(values, dtype=np.float64)):
                yield _prediction(suspect, name, name, factor, rank=3.5)


def _factors(suspect: Suspect, arrays: Mapping[str, Array]) -> Iterator[Prediction]:
    if suspect.entries < _FEWEST or point_hides_shape(suspect):
        return
    for label, given in arrays.items():
        values = np.asarray(given, dtype=np.float64)
        for place, spread in _spread_over(values, suspect.shape):
            rank = 5.5 if place == _WINDOW else 3  # a factor for each index of an axis says as much, and is simpler
            for forms, more in ((_forms(label, spread), 0.0), (_slopes(label, spread), 0.5)):
                for name, factor in forms:
                    values = np.where(np.isnan(spread), 1.0, factor)
                    yield _prediction(suspect, f"{name}{place}", name, values, rank=rank + more)


def _prediction(suspect: Suspect, label: str, name: str, factor: Array, *, rank: float = 3) -> Prediction:
    inverse = name.removeprefix("1 / ") if name.startswith("1 / ") else None
    advice = (
        f"a factor {inverse} is missing in backward, or a division by it is one too many"
        if inverse
        else f"a factor {name} is one too many in backward, or a division by it is missing"
    )
    sentence = f"{suspect.symbol} is the numeric gradient times {label}, entry by entry: {advice}."
    return Prediction("elementwise-factor", rank, f"times {label}", sentence, times(factor))


def _forms(label: str, values: Array) -> Iterator[tuple[str, Array]]:
    with np.errstate(all="ignore"):
        yield label, values
        yield f"1 / {label}", 1 / values
        yield f"(1 - {label})", 1 - values
        yield f"{label}**2", values**2
        yield f"1 / {label}**2", 1 / values**2
        yield f"{label} * (1 - {label})", values * (1 - values)
        yield f"1 / (1 - {label})", 1 / (1 - values)
        yield f"1 / ({label} * (1 - {label}))", 1 / (values * (1 - values))


def _slopes(label: str, values: Array) -> Iterator[tuple[str, Array]]:
    """A sign that is lost, the derivative of an activation that is there twice or not at all."""
    with np.errstate(all="ignore"):
        if np.any(values < 0):  # of others it is a mask
            yield f"the sign of {label}", np.sign(values)
        sigmoid = 0.5 * (1 + np.tanh(0.5 * values))
        for name, slope in (
            (f"sigmoid({label}) * (1 - sigmoid({label}))", sigmoid * (1 - sigmoid)),
            (f"1 - tanh({label})**2", 1 - np.tanh(values) ** 2),
            (f"1 - {label}**2", 1 - values**2),
            (f"sigmoid({label})", sigmoid),
            (f"1 - sigmoid({label})", 1 - sigmoid),
        ):
            yield name, slope
            yield f"1 / ({name})", 1 / slope


def _exponentials(label: str, values: Array) -> Iterator[tuple[str, Array]]:
    """Of what is kept as a logarithm: a variance, a scale."""
    with np.errstate(all="ignore"):
        for name, power in ((label, 1.0), (f"{label} / 2", 0.5)):
            yield f"exp({name})", np.exp(power * values)
            yield f"1 / exp({name})", np.exp(-power * values)


def _spread_over(values: Array, shape: Index) -> Iterator[tuple[str, Array]]:
    """The array over the leaf's shape: as it is, or a vector along each axis of its length."""
    if values.shape == shape:
        yield "", values
        return
    yield from _in_block(values, shape)
    yield from _in_windows(values, shape)
    long = [length for length in values.shape if length > 1]
    if len(long) != 1:
        return
    for axis, length in enumerate(shape):
        if length == long[0] and sum(n > 1 for n in shape) > 1:
            line = values.reshape([-1 if a == axis else 1 for a in range(len(shape))])
            yield f" along axis {axis}", np.broadcast_to(line, shape)


def _in_block(values: Array, shape: Index) -> Iterator[tuple[str, Array]]:
    """An array that fits one of several equal parts of the leaf, as gates lie side by side; NaN at the other parts."""
    if values.ndim != len(shape) or values.size < 2:
        return
    odd = [axis for axis in range(len(shape)) if values.shape[axis] != shape[axis]]
    if len(odd) != 1 or values.shape[odd[0]] < 1 or shape[odd[0]] % values.shape[odd[0]]:
        return
    axis, length = odd[0], values.shape[odd[0]]
    for start in range(0, shape[axis], length):
        spread = np.full(shape, np.nan)
        np.moveaxis(spread, axis, 0)[start : start + length] = np.moveaxis(values, axis, 0)
        yield f" at the indices {start} to {start + length - 1} of axis {axis}", spread


def _in_windows(values: Array, shape: Index) -> Iterator[tuple[str, Array]]:
    """One number for each of equal windows that lie side by side, as those of a pool do."""
    if values.ndim != len(shape) or values.size < 2 or 0 in values.shape or 0 in shape:
        return
    if any(whole % part for whole, part in zip(shape, values.shape, strict=True)):
        return
    for axis, (whole, part) in enumerate(zip(shape, values.shape, strict=True)):
        values = np.repeat(values, whole // part, axis=axis)
    yield _WINDOW, values
