"""The cases that `gradcheck run` adds to an author's or builder's own: a batch, points, parameters, the other mode."""

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from gradcheck.gather.specimen import Case, Specimen
from gradcheck.run.modes import in_mode, modes_for
from gradcheck.run.options import Options
from gradcheck.run.parts import part_of, parts
from gradcheck.run.points import at_point, points_for
from gradcheck.run.redraw import hides_terms, redrawn
from gradcheck.run.rows import ONE, SEVERAL, is_batch, is_row, one_row, several_rows

_REDRAWN = "redrawn"
Change = Callable[[Specimen], Specimen]


def expand(
    case: Case,
    *,
    built: bool,
    points: bool = True,
    parameters: Collection[str] = (),
    options: Options = Options(),  # noqa: B008 -- plain immutable data
) -> list[Case]:
    """The added cases of one case, in a fixed order; their index is set when they are run.

    built: the case was built by us, not by the module's author · points: with special points of the input, and of an
    author's rows the first alone · parameters: names of the parameters that its check has found.
    """
    specimen = case.build()
    special = points_for(specimen) if points else []
    batch = [_changed(case, SEVERAL, several_rows)] if built and is_row(specimen) else []
    row = [_changed(case, ONE, one_row)] if not built and points and is_batch(specimen, options) else []
    modes = [replace(_changed(case, m, partial(in_mode, mode=m)), mode=m) for m in modes_for(specimen)]
    moved = [replace(_changed(case, p, partial(at_point, name=p)), point=p) for p in special]
    inside = [replace(_changed(case, p, partial(part_of, name=p)), part=p) for p in parts(specimen)]
    again = partial(redrawn, parameters=parameters)
    drawn = [_changed(case, _REDRAWN, again)] if hides_terms(specimen, parameters) else []
    return [*batch, *row, *inside, *moved, *drawn, *modes]


def _changed(case: Case, suffix: str, change: Change) -> Case:
    """The case with something changed after it is built."""
    build = partial(_built, case.build, change)
    return replace(case, name=f"{case.name} [{suffix}]", parent=case.index, build=build)


def _built(build: Callable[[], Specimen], change: Change) -> Specimen:
    return change(build())
