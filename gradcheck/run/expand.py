"""The cases that `gradcheck run` adds to an author's or builder's own: a batch, special points, the other mode."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from gradcheck.base.arrays import Array
from gradcheck.gather.cases import draw
from gradcheck.gather.specimen import Case, LayerSpecimen, Specimen
from gradcheck.run.points import modes_for, points_for

_ROWS = 3


def expand(case: Case, *, built: bool) -> list[Case]:
    """The added cases of one case, in a fixed order; their index is set when they are run.

    built: the case was built by us, not by the module's author.
    """
    specimen = case.build()
    batch = [_batch(case)] if built and _is_row(specimen) else []
    points = [replace(case, name=f"{case.name} [{p}]", parent=case.index, point=p) for p in points_for(specimen)]
    modes = [replace(case, name=f"{case.name} [{m}]", parent=case.index, mode=m) for m in modes_for(specimen)]
    return [*batch, *points, *modes]


def _is_row(specimen: Specimen) -> bool:
    """A layer whose input_shape is (1, i), at an input drawn for it."""
    if not isinstance(specimen, LayerSpecimen) or specimen.x is not None:
        return False
    shape: Any = getattr(specimen.layer, "input_shape", ())
    return isinstance(shape, tuple | list) and len(shape) == 2 and shape[0] == 1


def _batch(case: Case) -> Case:
    return replace(case, name=f"{case.name} [batch of {_ROWS}]", parent=case.index, build=partial(_batched, case.build))


def _batched(build: Callable[[], Specimen]) -> Specimen:
    specimen = build()
    if not isinstance(specimen, LayerSpecimen):
        return specimen
    return LayerSpecimen(specimen.layer, rows(specimen.layer.input_shape))


def rows(shape: tuple[int, ...]) -> Array:
    """Three rows in place of one."""
    return draw((_ROWS, *shape[1:]))
