"""The first causes: what one leaf's two gradients show by themselves."""

from collections.abc import Callable

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.diagnose.finding import Finding
from gradcheck.judge.comparison import Comparison

Cause = Callable[[Comparison], Finding | None]


def diagnose(comparison: Comparison) -> Finding:
    """The simplest cause that reproduces the analytic gradient; `unrecognised` where none does."""
    found = (cause(comparison) for cause in CAUSES)
    return next((finding for finding in found if finding is not None), _unrecognised(comparison))


def shape_mismatch(c: Comparison) -> Finding | None:
    """The gradient's shape is not its leaf's."""
    if c.analytic is None or c.analytic.shape == c.numeric.shape:
        return None
    text = f"backward supplies dE/d{c.name} of shape {c.analytic.shape}; {c.name} has shape {c.numeric.shape}."
    return Finding("shape-mismatch", c.name, text)


def non_finite(c: Comparison) -> Finding | None:
    """NaN or infinity where the slope is finite."""
    if c.analytic is None or np.isfinite(c.analytic).all():
        return None
    count = int((~np.isfinite(c.analytic)).sum())
    return Finding("non-finite", c.name, f"dE/d{c.name} is not finite at {count} entries where the slope is finite.")


def zero_gradient(c: Comparison) -> Finding | None:
    """Exactly zero, or nothing supplied, where the measured gradient is not zero."""
    if c.analytic is not None and np.any(c.analytic):
        return None
    text = f"backward supplies no gradient for {c.name}, but the output depends on it."
    return Finding("zero-gradient", c.name, text)


def constant_factor(c: Comparison) -> Finding | None:
    """A = k n at every entry; k = -1 is a flipped sign."""
    a, n = _known(c)
    if not np.any(n):
        return None
    k = float(a @ n) / float(n @ n)
    if np.any(np.abs(a - k * n) > max(1.0, abs(k)) * c.tolerance[np.isfinite(c.numeric)]) or a.size < 2:
        return None
    where = f"at all {a.size} entries"
    if abs(k + 1) < 1e-6:
        return Finding("sign-flipped", c.name, f"dE/d{c.name} has the wrong sign {where}.", factor=-1.0)
    text = f"dE/d{c.name} is {k:.4g} times the numeric gradient {where}."
    return Finding("constant-factor", c.name, text, factor=k)


def transposed(c: Comparison) -> Finding | None:
    """A square matrix of which the transpose was returned."""
    a, n = c.analytic, c.numeric
    if (
        a is None
        or n.ndim != 2
        or n.shape[0] != n.shape[1]
        or np.any(~(np.abs(a - n.T) <= c.tolerance + c.tolerance.T))
    ):
        return None
    return Finding("transposed", c.name, f"dE/d{c.name} is the transpose of the numeric gradient.")


def axis_flipped(c: Comparison) -> Finding | None:
    """Mirrored along one axis or all."""
    a, n = c.analytic, c.numeric
    if a is None or min(n.shape, default=0) < 3:
        return None
    for axis in (*((i,) for i in range(n.ndim)), tuple(range(n.ndim))):
        if np.all(np.abs(a - np.flip(n, axis)) <= c.tolerance + np.flip(c.tolerance, axis)):
            return Finding("axis-flipped", c.name, f"dE/d{c.name} is mirrored along axis {', '.join(map(str, axis))}.")
    return None


def located(c: Comparison) -> Finding | None:
    """A few entries are wrong, the rest right."""
    count, size = int(c.wrong.sum()), c.wrong.size
    if not 0 < count <= size // 4:
        return None
    first = tuple(int(i) for i in np.argwhere(c.wrong)[0])
    entries = "entry is" if count == 1 else "entries are"
    return Finding("located", c.name, f"{count} of {size} {entries} wrong in dE/d{c.name}, the first at {first}.")


def _unrecognised(c: Comparison) -> Finding:
    return Finding("unrecognised", c.name, f"dE/d{c.name} is wrong and no known cause reproduces it.")


def _known(c: Comparison) -> tuple[Array, Array]:
    keep = np.isfinite(c.numeric)
    a = c.analytic if c.analytic is not None else np.zeros(c.numeric.shape)
    return a[keep].astype(float), c.numeric[keep]


CAUSES: tuple[Cause, ...] = (
    shape_mismatch,
    non_finite,
    zero_gradient,
    constant_factor,
    transposed,
    axis_flipped,
    located,
)
