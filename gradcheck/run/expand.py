"""The cases that `gradcheck run` adds to an author's or builder's own: a batch, points, parameters, the other mode."""

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

import numpy as np

from gradcheck.gather.cases import draw
from gradcheck.gather.specimen import Case, LayerSpecimen, Specimen
from gradcheck.run.modes import in_mode, modes_for
from gradcheck.run.parts import part_of, parts
from gradcheck.run.points import at_point, input_of, is_several, points_for
from gradcheck.run.redraw import hides_terms, redrawn

_ROWS = 3
_REDRAWN = "redrawn"
Change = Callable[[Specimen], Specimen]


def expand(case: Case, *, built: bool, points: bool = True, parameters: Collection[str] = ()) -> list[Case]:
    """The added cases of one case, in a fixed order; their index is set when they are run.

    built: the case was built by us, not by the module's author · points: with special points of the input
    parameters: names of the parameters that its check has found.
    """
    specimen = case.build()
    special = points_for(specimen) if points else []
    batch = [_changed(case, f"batch of {_ROWS}", batched)] if built and _row(specimen) else []
    modes = [replace(_changed(case, m, partial(in_mode, mode=m)), mode=m) for m in modes_for(specimen)]
    moved = [replace(_changed(case, p, partial(at_point, name=p)), point=p) for p in special]
    inside = [replace(_changed(case, p, partial(part_of, name=p)), part=p) for p in parts(specimen)]
    again = partial(redrawn, parameters=parameters)
    drawn = [_changed(case, _REDRAWN, again)] if hides_terms(specimen, parameters) else []
    return [*batch, *inside, *moved, *drawn, *modes]


def batched(specimen: Specimen) -> Specimen:
    """Three rows in place of one."""
    row = _row(specimen)
    if row is None or not isinstance(specimen, LayerSpecimen):
        return specimen
    return replace(specimen, x=draw((_ROWS, *row[1:])))


def _changed(case: Case, suffix: str, change: Change) -> Case:
    """The case with something changed after it is built."""
    build = partial(_built, case.build, change)
    return replace(case, name=f"{case.name} [{suffix}]", parent=case.index, build=build)


def _built(build: Callable[[], Specimen], change: Change) -> Specimen:
    return change(build())


def _row(specimen: Specimen) -> tuple[int, ...] | None:
    """The shape (1, i) of a layer's input, where it is one row of floats."""
    alone = isinstance(specimen, LayerSpecimen) and not is_several(specimen.x)
    x = input_of(specimen) if alone and isinstance(specimen, LayerSpecimen) else None
    if x is None or not np.issubdtype(x.dtype, np.floating):
        return None
    return x.shape if x.ndim == 2 and x.shape[0] == 1 else None
