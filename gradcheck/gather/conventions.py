"""A Convention that a module or the configuration declares, put into every case."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from types import ModuleType

from gradcheck.gather.family import Family, Reading
from gradcheck.gather.specimen import Case, Specimen
from gradcheck.subjects.convention import Convention, resolve_convention

NAME = "gradcheck_convention"


def module_convention(module: ModuleType) -> Convention | None:
    """The module's own gradcheck_convention.

    Raises:
        UsageError: it is neither a Convention nor the "module:name" of one.
    """
    return resolve_convention(vars(module).get(NAME))


def fits(cls: type, declared: Convention | None) -> bool:
    """Has a class everything that the convention names of it, forward and backward first of all?"""
    if declared is None or (declared.forward is None and declared.backward is None):
        return False
    fields = (declared.forward, declared.backward, declared.reset, declared.mode)
    return all(not isinstance(field, str) or callable(getattr(cls, field, None)) for field in fields)


def with_convention(family: Family, declared: Convention | None) -> Family:
    """The family, its cases under the convention; a case that has one of its own keeps it."""
    if declared is None:
        return family
    return replace(family, readings=partial(_readings, family, declared))


def _readings(family: Family, declared: Convention) -> Sequence[Reading]:
    return [replace(r, cases=tuple(_case(case, declared) for case in r.cases)) for r in family.readings()]


def _case(case: Case, declared: Convention) -> Case:
    return replace(case, build=partial(_built, case, declared))


def _built(case: Case, declared: Convention) -> Specimen:
    specimen = case.build()
    return specimen if specimen.convention is not None else replace(specimen, convention=declared)
