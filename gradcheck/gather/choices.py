"""What a constructor's parameter may be: told by its annotation, its default, the words it is compared with."""

import ast
import enum
import inspect
import textwrap
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

_PAIRS = ((1, 1), (2, 1), (1, 2))  # of tuple[int, int]: equal, and both orders of different ones
_FRACTION = 0.5  # of a float that is needed


def choices(cls: type, parameter: inspect.Parameter) -> tuple[Any, ...]:
    """Values that are known to be meant, the default first; empty where nothing is known of the parameter.

    Read from Literal, Enum, bool, Optional, tuple[int, int] and unions of these; of strings, the words with which
    the class compares the parameter; a default that is a bool or an Enum says as much as its annotation would.
    A float that is needed is a half.
    """
    default = parameter.default
    found = [] if default is inspect.Parameter.empty else [default]
    found += _of_type(annotation_of(cls, parameter), cls, parameter.name)
    if isinstance(default, bool | enum.Enum | str):
        found += _of_type(type(default), cls, parameter.name)
    if default is inspect.Parameter.empty and not found and annotation_of(cls, parameter) is float:
        found = [_FRACTION]
    told = _once(found)
    return told if len(told) > 1 or (told and default is inspect.Parameter.empty) else ()


def annotation_of(cls: type, parameter: inspect.Parameter) -> Any:
    """The annotation, looked up where it is written as a string."""
    if not isinstance(parameter.annotation, str):
        return parameter.annotation
    try:
        return typing.get_type_hints(cls.__init__).get(parameter.name)  # type: ignore[misc]  # a class's own __init__, no instance's
    except Exception:  # names that the user's module has only for a type checker
        return None


def _of_type(kind: Any, cls: type, name: str) -> list[Any]:
    """The values of a type that has few."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return list(inside)
    if origin in (Union, types.UnionType):
        inner = [value for part in inside for value in _of_type(part, cls, name)]
        return [*([None] if type(None) in inside else []), *inner]
    if kind == tuple[int, int]:
        return list(_PAIRS)
    return _of_class(kind, cls, name)


def _of_class(kind: Any, cls: type, name: str) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return list(kind)
    if kind is bool:
        return [True, False]
    return list(words(cls, name)) if kind is str else []


def words(cls: type, name: str) -> list[str]:
    """The strings with which the source of a class compares a name: `if mode == "same"`, `self.mode in ("a", "b")`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
        return []
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Compare | ast.Match)]
    nodes.sort(key=lambda node: node.lineno if isinstance(node, ast.Compare) else node.subject.lineno)
    return list(dict.fromkeys(word for node in nodes for word in _compared(node, name)))


def _compared(node: ast.AST, name: str) -> Iterator[str]:
    if isinstance(node, ast.Compare) and any(_names(side, name) for side in (node.left, *node.comparators)):
        for side in (node.left, *node.comparators):
            yield from _strings(side)
    elif isinstance(node, ast.Match) and _names(node.subject, name):
        for case in node.cases:
            yield from _strings(case.pattern)


def _names(node: ast.AST, name: str) -> bool:
    """`mode`, `self.mode`, `mode.lower()`."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and _names(node.func.value, name)
    return (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)


def _strings(node: ast.AST) -> Iterator[str]:
    """A constant alone or several in a tuple, list, set or pattern."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def _once(values: list[Any]) -> tuple[Any, ...]:
    """Each value once; True and 1 are two."""
    kept: dict[tuple[type, str], Any] = {}
    for value in values:
        kept.setdefault((type(value), repr(value)), value)
    return tuple(kept.values())
