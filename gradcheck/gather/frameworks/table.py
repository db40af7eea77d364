"""The frameworks that are known; a new one is one file and one line here."""

import sys
from dataclasses import fields, replace
from importlib import import_module
from typing import Any

from gradcheck.gather.specimen import Specimen
from gradcheck.subjects.convention import Convention

# The package that must be loaded, else nothing of it can have been handed over; the file that knows its things.
_FRAMEWORKS = (("torch", "torch_module"), ("torch", "torch_function"), ("jax", "jax_function"))
_DEPARTURES = frozenset({"scale", "fused", "clipped", "truncated", "notes"})  # what else may be said of them


def framework_specimen(thing: Any, x: Any, convention: Convention | None = None) -> Specimen | None:
    """A thing of a framework at x, with numpy arrays inside and out; None where it is of none.

    Raises:
        UsageError: it is one, but numpy cannot hold its numbers.
    """
    for package, name in _FRAMEWORKS:
        if package in sys.modules:
            made: Specimen | None = import_module(f"{__package__}.{name}").adapted(thing, x)
            if made is not None:
                return replace(made, convention=_joined(made.convention or Convention(), convention))
    return None


def _joined(own: Convention, given: Convention | None) -> Convention:
    """The departures that were declared, beside the framework's own way of calling."""
    if given is None:
        return own
    said = {field.name: getattr(given, field.name) for field in fields(given)}
    said = {name: value for name, value in said.items() if value not in (None, ())}
    idle = ", ".join(name for name in said if name not in _DEPARTURES)
    notes = (f"{idle} of the convention: not used, for the framework itself says how this is called",) if idle else ()
    chosen = {name: value for name, value in said.items() if name in _DEPARTURES}
    return replace(own, **chosen | {"notes": (*own.notes, *given.notes, *notes)})
