"""What a module has to be checked: its gradcheck_cases, or its classes and pairs of functions."""

import difflib
import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

from gradcheck.gather.authored import collect, families, own_cases
from gradcheck.gather.bases import is_unfinished
from gradcheck.gather.cases import readings
from gradcheck.gather.config import NamedConvention
from gradcheck.gather.conventions import Chooser, chooser_of, with_convention
from gradcheck.gather.family import Family, Offer
from gradcheck.gather.frameworks.classes import MODULE, framework_class, unbuilt_function
from gradcheck.gather.frameworks.modules import module_family
from gradcheck.gather.functions import activations, function_pairs, function_readings
from gradcheck.gather.naming import parameters_of
from gradcheck.gather.problem import Problem
from gradcheck.gather.specimen import LayerSpecimen
from gradcheck.gather.targets import Source
from gradcheck.subjects.spelling import BACKWARD_NAMES, FORWARD_NAMES, paired_method_names


def offer(
    module: ModuleType, source: Source, inherited: frozenset[str], configured: Sequence[NamedConvention] = ()
) -> Offer:
    """Everything in the module that can be checked, narrowed to the class asked for.

    inherited: names that classes of the target's files have as bases · configured: conventions of the configuration.
    """
    function = own_cases(module)
    chooser, problems = chooser_of(module, source.path, configured)
    if function is None:
        whole = _built(module, source, inherited, chooser)
    else:
        whole = _authored(module, source, inherited, function, chooser)
    families = tuple(with_convention(family, chooser) for family in whole.families)
    whole = replace(whole, families=families, problems=(*problems, *whole.problems))
    return whole if source.only is None else _narrowed(whole, source.only, source)


def is_layer_class(cls: type) -> bool:
    """Has it a forward and a backward of one spelling?"""
    return paired_method_names(cls) is not None


def own_classes(module: ModuleType) -> list[type]:
    """Classes defined in the module, each once, in order."""
    found = (v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__)
    return list(dict.fromkeys(found))


def _authored(
    module: ModuleType,
    source: Source,
    inherited: frozenset[str],
    function: Callable[[], object],
    chooser: Chooser,
) -> Offer:
    strategies: dict[str, list[Any]] = {}
    specimens, problems, notes = collect(function, source.spelled, chooser, strategies)
    covered = {type(s.layer) for _, s in specimens if isinstance(s, LayerSpecimen)}
    labels = {label for label, _ in specimens}
    left_out = [
        f"{source.label(cls.__name__)} is in no case of gradcheck_cases(): not checked"
        for cls in own_classes(module)
        if is_layer_class(cls) and not any(issubclass(c, cls) for c in covered) and not _excuse(cls, inherited)
        if cls.__name__ not in labels
    ]
    return Offer(tuple(families(specimens, strategies, chooser)), tuple(problems), (*notes, *left_out))


def _built(module: ModuleType, source: Source, inherited: frozenset[str], chooser: Chooser) -> Offer:
    """Classes built from their constructors, then pairs of functions."""
    made: list[Family] = []
    notes: list[str] = []
    problems: list[Problem] = []
    pairs = activations(module)
    for cls in own_classes(module):
        own = chooser.builds(cls)
        if framework_class(cls) == MODULE and not own:
            found = module_family(cls, partial(readings, cls, pairs, source.label(cls.__name__)))
            if isinstance(found, Family):
                made.append(found)
            else:
                notes.append(f"{source.label(cls.__name__)} {found}: not checked")
            continue
        excuse = "" if own else _excuse(cls, inherited)
        if excuse:
            notes.append(f"{source.label(cls.__name__)} {excuse}: not checked")
        elif own or is_layer_class(cls):
            target = source.label(cls.__name__)
            if framework_class(cls):
                problems.append(unbuilt_function(cls, target))
                continue
            made.append(Family(cls.__name__, False, partial(readings, cls, pairs, target)))
    for name, pair in function_pairs(module).items():
        made.append(Family(name, False, partial(function_readings, name, pair, source.label(name))))
    return Offer(tuple(made), tuple(problems), tuple(notes))


def _excuse(cls: type, inherited: frozenset[str]) -> str:
    """Why a class has nothing to check, or ""."""
    if not is_layer_class(cls):
        return _half(cls) or (_EMPTY if _is_container(cls) else "")
    if is_unfinished(cls) and (cls.__name__ in inherited or cls.__subclasses__()):
        return "is an abstract base"
    return _EMPTY if _is_container(cls) and not _required(cls) else ""


_EMPTY = "is empty until layers are added to it (yield a filled one from gradcheck_cases())"


def _half(cls: type) -> str:
    """A forward without a backward, or the reverse."""
    forward = [name for name in FORWARD_NAMES if callable(getattr(cls, name, None))]
    backward = [name for name in BACKWARD_NAMES if callable(getattr(cls, name, None))]
    if forward and backward:
        return f"has {forward[0]} and {backward[0]}, which are not of one spelling"
    if forward and not _is_container(cls):
        return f"has {forward[0]} but no backward"
    return f"has {backward[0]} but no forward" if backward else ""


def _is_container(cls: type) -> bool:
    """Does its constructor make `layers`, to which something is added later?"""
    code = getattr(vars(cls).get("__init__"), "__code__", None)
    return code is not None and "layers" in code.co_names and (hasattr(cls, "add") or "loss" in code.co_names)


def _required(cls: type) -> list[str]:
    return [p.name for p in parameters_of(cls) if p.default is inspect.Parameter.empty]


def _narrowed(whole: Offer, only: str, source: Source) -> Offer:
    """Only the class asked for; in a file named directly, its absence is a problem."""
    chosen = tuple(family for family in whole.families if family.label == only)
    notes = tuple(note for note in whole.notes if note.startswith(source.label(only) + " "))
    problems = whole.problems
    if not chosen and not notes and not problems and source.direct:
        problems = (absent(only, [family.label for family in whole.families], source),)
    return Offer(chosen, problems, notes)


def absent(only: str, labels: Iterable[str], source: Source) -> Problem:
    """There is no such class in the file: the likest of those that there are."""
    there = list(labels)
    close = difflib.get_close_matches(only, there, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there is {', '.join(there) or 'nothing to check'}"
    return Problem(source.target, "Missing", f"{source.spelled} has no {only} to check; {hint}")
