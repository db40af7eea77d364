"""Which classes are only bases: decided from source, without calling anything."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gradcheck.subjects.spelling import paired_method_names


def inherited_names(files: Iterable[Path]) -> frozenset[str]:
    """The names that classes in these files give as their bases; files that do not parse count for nothing."""
    return frozenset(name for file in files for name in _bases(file))


def is_unfinished(cls: type) -> bool:
    """Is forward or backward abstract, a lone NotImplementedError, or an empty body?"""
    names = paired_method_names(cls)
    return names is not None and any(_is_stub(getattr(cls, name)) for name in names)


def _bases(file: Path) -> list[str]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return [ast.unparse(base).rpartition(".")[2] for node in classes for base in node.bases]


def _is_stub(method: Callable[..., Any]) -> bool:
    if getattr(method, "__isabstractmethod__", False):
        return True
    body = _body(method)
    return body is not None and (not body or (_refuses(body[-1]) and not any(map(_returns, body))))


def _body(method: Callable[..., Any]) -> list[ast.stmt] | None:
    """The statements, without docstring, `pass` and `...`; None where the source is not to be had."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    function = tree.body[0] if tree.body else None
    if not isinstance(function, ast.FunctionDef):
        return None
    return [s for s in function.body if not isinstance(s, ast.Pass) and not _is_constant(s)]


def _is_constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _refuses(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Raise)
        and statement.exc is not None
        and "NotImplemented" in ast.unparse(statement.exc)
    )


def _returns(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Return) for node in ast.walk(statement))
