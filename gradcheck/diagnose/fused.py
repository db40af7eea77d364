"""A layer that ends in an activation, y = f(x W): backward multiplies dY by another function than f'.

Told by the user's own backward: it gives n for dY times (right slope / wrong slope). One backward a trial.
"""

from collections.abc import Iterator

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.hypothesis import Prediction, instead, same
from gradcheck.diagnose.suspect import Suspect


def fused_activation(suspect: Suspect) -> Iterator[Prediction]:
    """Backward would give n if it took f'(y) = 1 - y**2, y * (1 - y) or y > 0 where it takes another slope."""
    evidence = suspect.evidence
    if evidence.output.size < 2 or evidence.elementwise:
        return
    for right, wrong, factor in _slips(evidence.output):
        if not np.all(np.isfinite(factor)) or evidence.trials <= 0:
            continue
        evidence.trials -= 1
        gap = instead(suspect, evidence.gradients(evidence.cotangent * factor).get(suspect.name))
        if gap is None:
            continue
        sentence = (
            f"{suspect.symbol} would be right if backward multiplied dY by {right}, the slope of the activation that "
            f"forward ends in, where it {'multiplies by ' + wrong if wrong else 'does not'}: dZ = dY * {right}."
        )
        yield Prediction("wrong-local-derivative", 2, f"dY times {right}", sentence, same, gap)


def _slips(y: Array) -> Iterator[tuple[str, str, Array]]:
    """(f', what stands in its place, their quotient); "" where nothing does."""
    low, high = float(np.min(y)), float(np.max(y))
    if -1 < low < 0 < high < 1:
        right = 1 - y**2
        yield from _over(right, "(1 - y**2)", ("", 1.0 + 0 * y), ("1 - y", 1 - y), ("1 + y", 1 + y), ("y", y))
        yield from _over(right, "(1 - y**2)", ("y * (1 - y)", y * (1 - y)), ("1 + y**2", 1 + y**2), ("y**2", y**2))
        yield from _over(right, "(1 - y**2)", ("1 - tanh(y)**2", 1 - np.tanh(y) ** 2), ("its square", right**2))
    if low > 0 and high < 1:
        right, again = y * (1 - y), 1 / (1 + np.exp(-y))
        yield from _over(right, "(y * (1 - y))", ("", 1.0 + 0 * y), ("y", y), ("1 - y", 1 - y), ("1 - y**2", 1 - y**2))
        yield from _over(right, "(y * (1 - y))", ("s(y) * (1 - s(y))", again * (1 - again)), ("its square", right**2))
    if low == 0 < high:
        yield "(y > 0)", "", (y > 0) * 1.0


def _over(right: Array, name: str, *wrong: tuple[str, Array]) -> Iterator[tuple[str, str, Array]]:
    for words, values in wrong:
        with np.errstate(divide="ignore", invalid="ignore"):
            yield name, words, right / values
