"""Another number of rows: three in place of one, or one in place of several, where they are a batch."""

from dataclasses import replace

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import GradcheckError
from gradcheck.gather.cases import draw
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.run.opened import subject_of
from gradcheck.run.options import Options
from gradcheck.run.points import input_of, is_several
from gradcheck.subjects.convention import Convention

_ROWS = 3
SEVERAL, ONE = f"batch of {_ROWS}", "batch of 1"


def is_row(specimen: Specimen) -> bool:
    """Is a layer's input one row of floats?"""
    x = _alone(specimen)
    return x is not None and x.ndim == 2 and x.shape[0] == 1 and np.issubdtype(x.dtype, np.floating)


def several_rows(specimen: Specimen) -> Specimen:
    """Three rows in place of one."""
    x = _alone(specimen)
    if x is None or not isinstance(specimen, LayerSpecimen):
        return specimen
    return replace(specimen, x=draw((_ROWS, *x.shape[1:])))


def one_row(specimen: Specimen) -> Specimen:
    """The first row alone."""
    x = _alone(specimen)
    if x is None:
        return specimen
    if isinstance(specimen, FunctionSpecimen):
        return replace(specimen, arguments=(x[:1].copy(order="K"), *specimen.arguments[1:]))
    return replace(specimen, x=x[:1].copy(order="K"))


def is_batch(specimen: Specimen, options: Options) -> bool:
    """Are there several rows, and does forward give a row of output for each, for one alone too?

    Where another array has rows as well (a state, a mask), one row of input is spread over all of them. A first axis
    that is no batch (channels, features) seldom can be cut, and its length is seldom the output's.
    """
    x = _alone(specimen)
    if x is None or x.ndim < 2 or x.shape[0] < 2 or _names_rows(specimen.convention):
        return False
    try:
        several, one = subject_of(specimen, options).forward(), subject_of(one_row(specimen), options)
        alone = one.forward()
        shapes = {g.shape for g in one.vjp(np.ones(alone.shape)).values() if g is not None}
    except GradcheckError:
        return False
    made_for_several = x.shape in shapes and all(leaf.shape != x.shape for leaf in one.leaves)
    return several.shape[:1] == x.shape[:1] and alone.shape == (1, *several.shape[1:]) and not made_for_several


def _names_rows(declared: Convention | None) -> bool:
    """A declared number such as 1/N, or truth that the layer holds, is of the rows that the author gave."""
    number = declared is not None and declared.scale is not None and not callable(declared.scale)
    return number or (declared is not None and declared.fused is not None)


def _alone(specimen: Specimen) -> Array | None:
    """A layer's input, where there is one; of functions, the first argument, where it is an array."""
    if isinstance(specimen, LayerSpecimen):
        return None if is_several(specimen.x) else input_of(specimen)
    first = specimen.arguments[0] if specimen.arguments else None
    return first if isinstance(first, np.ndarray) else None
